"""Train a model on a labelled corpus, and evaluate one."""

import platform
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold
from spacy.language import Language
from spacy.tokens import Doc

from pmskills.classifier import Classifier, best_thresholds, calibrate, decide, fit
from pmskills.corpus import Example, corpus_hash
from pmskills.errors import CorpusError
from pmskills.features import FeatureSpace
from pmskills.pipeline import Analyzer, build, load, tagged
from pmskills.skills import LABELS

FOLDS = 5
MIN_EXAMPLES = 10
RUN_ON = 0.3

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Score:
    """How well one label, or all of them, are found; every figure is between 0 and 1.

    Attributes
    ----------
    precision, recall, f1
        At the model's thresholds.
    average_precision
        Area under the precision-recall curve, over all thresholds.
    support
        Number of units that carry the label.
    """

    precision: float
    recall: float
    f1: float
    average_precision: float
    support: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a model on labelled units.

    Attributes
    ----------
    labels
        Score of each label, in column order.
    micro, macro
        Over all decisions, and the mean over labels.
    units
        Number of units.
    """

    labels: dict[str, Score]
    micro: Score
    macro: Score
    units: int

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain dicts, rounded to 4 digits."""

        def plain(score: Score) -> dict[str, float]:
            return {name: round(getattr(score, name), 4) for name in Score.__dataclass_fields__}

        return {
            "units": self.units,
            "labels": {label: plain(score) for label, score in self.labels.items()},
            "micro": plain(self.micro),
            "macro": plain(self.macro),
        }

    def __str__(self) -> str:
        """Return a table."""
        width = max(len(label) for label in [*self.labels, "macro"])
        lines = [f"{'':{width}}  precision  recall     F1     AP  support"]
        for name, score in [*self.labels.items(), ("micro", self.micro), ("macro", self.macro)]:
            lines.append(
                f"{name:{width}}  {score.precision:9.3f}  {score.recall:6.3f}  {score.f1:5.3f}  "
                f"{score.average_precision:5.3f}  {score.support:7d}"
            )
        return "\n".join([*lines, f"{self.units} units"])


def train(
    examples: Sequence[Example],
    *,
    tagger: Language | None = None,
    seed: int = 0,
    progress: Progress = lambda message: None,
) -> Analyzer:
    """Train a model.

    Calibration, thresholds and scores come from cross-validation in which no document stands on both
    sides; features too are collected anew in each fold. It also learns from some units joined with
    another of their document, as text extraction joins lines. The same corpus and seed give equal predictions.

    Parameters
    ----------
    examples
        The corpus, from `read_corpus`.
    tagger
        A pipeline with a part-of-speech tagger, from `train_tagger`; by default the packaged model's.
    seed
        Decides the folds.
    progress
        Called with a line of text before each step.

    Raises
    ------
    CorpusError
        A label has too few positive or negative examples, or all examples are of one document.
    """
    labels = _labels(examples)
    groups = _groups(examples)
    targets = _targets(examples, labels)
    _check(targets, labels, groups)
    weights = np.array([example.weight for example in examples])
    nlp = tagger or load().nlp
    progress(f"tokenizing and tagging {len(examples)} units")
    docs = list(tagged(nlp, [example.text for example in examples]))
    run_on = _run_on(examples, groups, seed)
    extra_docs = list(tagged(nlp, [example.text for example in run_on]))
    extra_targets, extra_weights = _targets(run_on, labels), np.array([example.weight for example in run_on])
    decisions = np.zeros(targets.shape)
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed).split(docs, groups=groups)
    for number, (rest, held_out) in enumerate(folds, 1):
        progress(f"cross-validation {number} of {FOLDS}")
        learned = {groups[row] for row in rest}
        extra = [row for row, example in enumerate(run_on) if example.document in learned]
        space, model = _fit(
            [docs[row] for row in rest],
            [extra_docs[row] for row in extra],
            np.vstack([targets[rest], extra_targets[extra]]),
            labels,
            np.concatenate([weights[rest], extra_weights[extra]]),
        )
        decisions[held_out] = model.decision_function(space.transform([docs[row] for row in held_out]))
    progress("training on the whole corpus")
    space, model = _fit(
        docs, extra_docs, np.vstack([targets, extra_targets]), labels, np.concatenate([weights, extra_weights])
    )
    model, probabilities = calibrate(model, targets, decisions, weights)
    thresholds = best_thresholds(targets, probabilities, labels, weights)
    meta = {
        "labels": list(labels),
        "thresholds": thresholds,
        "corpus": {
            "sha256": corpus_hash(examples),
            "units": len(examples),
            "documents": len(set(groups)),
            "positives": {label: int(targets[:, column].sum()) for column, label in enumerate(labels)},
        },
        "seed": seed,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("spacy", "scikit-learn", "skops", "numpy", "scipy")},
        "cross_validation": _scores(targets, probabilities, labels, thresholds).to_dict(),
    }
    return build(nlp, space, model, thresholds, meta)


def evaluate(analyzer: Analyzer, examples: Sequence[Example]) -> Evaluation:
    """Score a model at its thresholds on labelled units that it was not trained on.

    Raises
    ------
    CorpusError
        The corpus has a label that the model does not know.
    """
    unknown = sorted({label for example in examples for label in example.labels} - set(analyzer.labels))
    if unknown:
        raise CorpusError(
            f"the corpus has the labels {', '.join(unknown)}; the model knows only {', '.join(analyzer.labels)}."
        )
    probabilities = analyzer.predict_proba([example.text for example in examples])
    return _scores(_targets(examples, analyzer.labels), probabilities, analyzer.labels, analyzer.thresholds)


def write_readme(analyzer: Analyzer, folder: Path) -> None:
    """Write a model's README from its meta data."""
    meta = analyzer.meta
    corpus, scores = meta["corpus"], meta["cross_validation"]
    rows = [
        f"| {label} | {meta['thresholds'][label]:.3f} | {score['precision']:.3f} | {score['recall']:.3f} | "
        f"{score['f1']:.3f} | {score['average_precision']:.3f} | {score['support']} |"
        for label, score in scores["labels"].items()
    ]
    versions = ", ".join(f"{name} {number}" for name, number in meta["versions"].items())
    folder.joinpath("README.md").write_text(
        "\n".join(
            [
                f"# {analyzer.nlp.meta['name']}",
                "",
                "A pmskills model (generated file). Load it with `pmskills.load(folder)`.",
                "",
                f"Format {meta['format']}. Trained on {corpus['units']} units of {corpus['documents']} documents, "
                f"corpus SHA-256 `{corpus['sha256']}`, seed {meta['seed']}, with {versions}.",
                "",
                f"Scores on units of documents not trained on ({FOLDS}-fold cross-validation over the same corpus; "
                "on text from elsewhere they are lower):",
                "",
                "| label | threshold | precision | recall | F1 | AP | support |",
                "|---|---|---|---|---|---|---|",
                *rows,
                "",
            ]
        ),
        encoding="utf8",
    )


def _labels(examples: Sequence[Example]) -> tuple[str, ...]:
    found = {label for example in examples for label in example.labels}
    return tuple(label for label in LABELS if label in found) + tuple(sorted(found - set(LABELS)))


def _groups(examples: Sequence[Example]) -> list[str]:
    """Name the document of each example; one without a document is a document of its own."""
    return [example.document or f"unit {row}" for row, example in enumerate(examples)]


def _targets(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.bool_]:
    return np.array([[label in example.labels for label in labels] for example in examples], dtype=np.bool_).reshape(
        len(examples), len(labels)
    )


def _fit(
    docs: list[Doc],
    run_on: list[Doc],
    targets: NDArray[np.bool_],
    labels: Sequence[str],
    weights: NDArray[np.float64],
) -> tuple[FeatureSpace, Classifier]:
    space = FeatureSpace.fit(docs)
    return space, fit(space.transform(docs + run_on), targets, labels, weights)


def _run_on(examples: Sequence[Example], groups: Sequence[str], seed: int) -> list[Example]:
    """Join some units with another of their document, as extraction joins lines; the labels are those of either."""
    chance = random.Random(seed)
    of_document: dict[str, list[Example]] = {}
    for example, group in zip(examples, groups, strict=True):
        if example.section in (None, "experience"):
            of_document.setdefault(group, []).append(example)
    joined = []
    for group, members in of_document.items():
        for first in members:
            second = chance.choice(members)
            if chance.random() < RUN_ON and second is not first and len(first.text) + len(second.text) < 400:
                joined.append(
                    Example(
                        text=first.text.rstrip(".") + chance.choice([" ", ". ", "; "]) + second.text,
                        labels=tuple(dict.fromkeys([*first.labels, *second.labels])),
                        document=group,
                        weight=min(first.weight, second.weight) / 2,
                    )
                )
    return joined


def _check(targets: NDArray[np.bool_], labels: Sequence[str], groups: Sequence[str]) -> None:
    if not labels:
        raise CorpusError("no unit of the corpus carries a label; there is nothing to learn.")
    for column, label in enumerate(labels):
        positives = int(targets[:, column].sum())
        for count, kind in ((positives, "with"), (len(targets) - positives, "without")):
            if count < MIN_EXAMPLES:
                raise CorpusError(
                    f"{count} units {kind} the label {label}; at least {MIN_EXAMPLES} are needed. "
                    "Label more, or drop the label."
                )
        documents = len({group for group, yes in zip(groups, targets[:, column], strict=True) if yes})
        if documents < 2:
            raise CorpusError(f"all units with the label {label} are of one document; at least 2 are needed.")
    if len(set(groups)) < FOLDS:
        raise CorpusError(f"the units are of {len(set(groups))} documents; at least {FOLDS} are needed.")


def _scores(
    targets: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    thresholds: dict[str, float],
) -> Evaluation:
    chosen = decide(probabilities, labels, thresholds)
    scores = {
        label: _score(targets[:, column], chosen[:, column], probabilities[:, column])
        for column, label in enumerate(labels)
    }
    micro = _score(targets.ravel(), chosen.ravel(), probabilities.ravel())
    means = {name: float(np.mean([getattr(score, name) for score in scores.values()])) for name in _FIGURES}
    macro = Score(support=micro.support, **means)
    return Evaluation(scores, micro, macro, len(targets))


_FIGURES = ("precision", "recall", "f1", "average_precision")


def _score(truth: NDArray[np.bool_], chosen: NDArray[np.bool_], scores: NDArray[np.float64]) -> Score:
    hits, positives, found = int((truth & chosen).sum()), int(truth.sum()), int(chosen.sum())
    return Score(
        precision=hits / found if found else 0.0,
        recall=hits / positives if positives else 0.0,
        f1=2 * hits / (found + positives) if found + positives else 0.0,
        average_precision=float(average_precision_score(truth, scores)) if positives else 0.0,
        support=positives,
    )
