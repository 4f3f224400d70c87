"""Train a model on a labelled corpus."""

import platform
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold
from spacy.language import Language
from spacy.tokens import Doc

from pmskills.calibration import best_thresholds, blend, calibrate, negligible
from pmskills.classifier import REGULARIZATION, Classifier, Way, adapt, fit
from pmskills.corpus import Example, corpus_hash
from pmskills.errors import CorpusError
from pmskills.evaluation import average_precision, measure, targets_for
from pmskills.facets import train_facets
from pmskills.features import FeatureSpace
from pmskills.pipeline import Analyzer, build, load, tagged
from pmskills.reader import Reader
from pmskills.rehearsal import Rehearsal
from pmskills.scoring import log_odds, names
from pmskills.skills import LABELS, skill

FOLDS = 5
MIN_EXAMPLES = 30
MIN_WITH_BASE = 10
MOST_LABELS = 50
FEW = 100
WORST = 10
SMALL = 5_000
REGULARIZATIONS = (0.0003, 0.001, 0.003, 0.01)
RUN_ON = 0.3

Progress = Callable[[str], None]


def train(
    examples: Sequence[Example],
    *,
    tagger: Language | None = None,
    base: Analyzer | None = None,
    rehearsal: Rehearsal | None = None,
    seed: int = 0,
    progress: Progress = lambda message: None,
) -> Analyzer:
    """Train a model.

    Calibration, thresholds and scores come from cross-validation in which no document stands on both
    sides; features too are collected anew in each fold. It also learns from some units joined with
    another of their document, as text extraction joins lines. The same corpus and seed give equal predictions.
    On fewer than 5,000 units the strength of regularization is chosen by cross-validation too.

    Parameters
    ----------
    examples
        The corpus, from `read_corpus`.
    tagger
        A pipeline with a part-of-speech tagger, from `train_tagger`; by default the base's, or the packaged model's.
    base
        A model to start from, of whatever labels: better with few units of one's own. 10 with and without a label
        are then enough, else 30.
    rehearsal
        An encoder trained on this corpus, from `Rehearsal.load`; calibration, thresholds and scores then come from the
        documents that its rehearsal has not seen, instead of cross-validation.
    seed
        Decides the folds.
    progress
        Called with a line of text before each step.

    Raises
    ------
    CorpusError
        A label has too few positive or negative examples, all examples are of one document, the encoder was trained on
        another corpus, or there is a base too.
    """
    nlp = tagger or (base or load()).nlp
    work = _Work.of(examples, nlp, base, seed, progress)
    labels, groups = work.labels, work.groups
    if rehearsal and base:
        raise CorpusError("an encoder goes with a model of its own. Leave out either the encoder or the base.")
    if rehearsal:
        regularization = REGULARIZATION
        rows, decisions, reader = work.rehearse(rehearsal, progress)
    else:
        rows, reader = np.arange(len(examples)), None
        regularization, decisions = work.decisions(seed, progress)
    judged, targets, weights = [examples[row] for row in rows], work.targets[rows], work.weights_of_labels[rows]
    progress("training on the whole corpus")
    space, (parts,) = work.fit(range(len(examples)), [regularization])
    model, reader, probabilities = calibrate(parts[0], reader or parts[1], targets, decisions, weights)
    thresholds = best_thresholds(targets, probabilities, labels, weights)
    facets = train_facets(space, space.transform(work.docs), examples, labels, seed)
    scores = measure(targets, probabilities, labels, thresholds, judged, seed).to_dict()
    meta = {
        "labels": list(labels),
        "thresholds": thresholds,
        "corpus": {
            "sha256": corpus_hash(examples),
            "units": len(examples),
            "documents": len(set(groups)),
            "positives": {label: int(work.targets[:, column].sum()) for column, label in enumerate(labels)},
        },
        "seed": seed,
        "judged_on": {
            "how": "documents held out" if rehearsal else "cross-validation",
            "units": len(judged),
            "documents": len({groups[row] for row in rows}),
        },
        "regularization": regularization,
        "base": base.meta["corpus"]["sha256"] if base else None,
        "versions": {"python": platform.python_version()}
        | {name: version(name) for name in ("spacy", "scikit-learn", "skops", "numpy", "scipy")},
        "cross_validation": {
            key: scores[key] for key in ("units", "labels", "micro", "macro", "slices") if key in scores
        },
    }
    return build(nlp, space, model, reader, thresholds, facets, meta)


def out_of_fold(
    examples: Sequence[Example], *, seed: int = 0, progress: Progress = lambda message: None
) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return what a model says of each unit that was not trained on the unit's document.

    Returns
    -------
    tuple
        The labels, and calibrated probabilities, shape (n_units, n_labels).

    Raises
    ------
    CorpusError
        As `train`.
    """
    work = _Work.of(examples, load().nlp, None, seed, progress)
    regularization, decisions = work.decisions(seed, progress)
    _, ((model, _),) = work.fit(range(len(examples)), [regularization])
    return work.labels, calibrate(model, None, work.targets, decisions, work.weights_of_labels)[2]


@dataclass(frozen=True, slots=True)
class _Work:
    """A corpus made ready for training: tagged units, what they carry, and units joined as extraction joins lines."""

    examples: Sequence[Example]
    labels: tuple[str, ...]
    groups: list[str]
    docs: list[Doc]
    targets: NDArray[np.bool_]
    weights: NDArray[np.float64]
    run_on: list[Example]
    run_on_docs: list[Doc]
    base: Analyzer | None

    @classmethod
    def of(
        cls, examples: Sequence[Example], nlp: Language, base: Analyzer | None, seed: int, progress: Progress
    ) -> "_Work":
        labels, groups = _labels(examples), _groups(examples)
        targets = targets_for(examples, labels)
        _check(targets, labels, groups, MIN_WITH_BASE if base else MIN_EXAMPLES)
        progress(f"tokenizing and tagging {len(examples)} units")
        run_on = join(examples, groups, seed)
        docs = list(tagged(nlp, [example.text for example in examples]))
        run_on_docs = list(tagged(nlp, [example.text for example in run_on]))
        weights = np.array([example.weight for example in examples])
        return cls(examples, labels, groups, docs, targets, weights, run_on, run_on_docs, base)

    @property
    def weights_of_labels(self) -> NDArray[np.float64]:
        """The weight of each unit, once for each label, shape (n_units, n_labels)."""
        return np.repeat(self.weights[:, None], len(self.labels), axis=1)

    def fit(
        self, rows: Sequence[int] | NDArray[np.int_], regularizations: Sequence[float]
    ) -> tuple[FeatureSpace, list[tuple[Classifier, Reader | None]]]:
        """Train on some units, once for each strength of regularization."""
        learned = {self.groups[row] for row in rows}
        extra = [row for row, example in enumerate(self.run_on) if example.document in learned]
        joined = [self.run_on[row] for row in extra]
        docs = [self.docs[row] for row in rows]
        space = self.base.parts[0] if self.base else FeatureSpace.fit(docs)
        counts = space.transform(docs + [self.run_on_docs[row] for row in extra])
        targets = np.vstack([self.targets[rows], targets_for(joined, self.labels)])
        weights = np.concatenate([self.weights[rows], [example.weight for example in joined]])
        if self.base:
            everything = docs + [self.run_on_docs[row] for row in extra]
            return space, self._adapted(everything, counts, targets, weights, regularizations)
        ways = _ways([self.examples[row] for row in rows] + joined, targets, self.labels)
        start = partial(fit, scales=space.scales, length=space.length, ways=ways)
        return space, [(start(counts, targets, self.labels, weights, value), None) for value in regularizations]

    def _adapted(
        self,
        docs: Sequence[Doc],
        counts: csr_matrix,
        targets: NDArray[np.bool_],
        weights: NDArray[np.float64],
        regularizations: Sequence[float],
    ) -> list[tuple[Classifier, Reader | None]]:
        assert self.base is not None
        space, classifier, reader = self.base.parts
        added: NDArray[np.float64] | float = 0.0
        if reader:
            # What the new labels will need is not known: all is read, here and by the model made.
            reader = replace(reader, gate=np.full(len(classifier.labels), -np.inf))
            added = reader.read(names([list(space.words(doc)) for doc in docs]), classifier.decision_function(counts))
        found = []
        for value in regularizations:
            model, shares = adapt(classifier, counts, targets, self.labels, weights, value, added=added)
            own = reader and replace(reader, mixing=shares @ reader.mixing, gate=np.full(len(self.labels), -np.inf))
            found.append((model, own))
        return found

    def rehearse(
        self, rehearsal: Rehearsal, progress: Progress
    ) -> tuple[NDArray[np.int_], NDArray[np.float64], Reader]:
        """Find how classifier and encoder go together, on documents that neither has learned from.

        Returns
        -------
        tuple
            The rows of these documents, n_rows; the log-odds of both together there, shape (n_rows, n_labels); and the
            reader for the whole corpus, whose mixing fits a classifier that is not yet calibrated.
        """
        rehearsal.check(self.examples)
        progress("rehearsing on documents that the encoder has not seen")
        held = np.array([group in rehearsal.held_out for group in self.groups])
        rows, rest = np.flatnonzero(held), np.flatnonzero(~held)
        for part in (rows, rest):
            _check(self.targets[part], self.labels, [self.groups[row] for row in part], MIN_EXAMPLES)
        space, ((model, _),) = self.fit(rest, [REGULARIZATION])
        docs = [self.docs[row] for row in rows]
        plain, _ = log_odds(space, model, None, docs)
        outputs = rehearsal.rehearsed.encode(names([list(space.words(doc)) for doc in docs])).astype(np.float64)
        targets, weights = self.targets[rows], self.weights_of_labels[rows]
        gate = negligible(plain, targets, weights)
        skipped = np.all(plain < gate, axis=1)
        unread = outputs[skipped].mean(axis=0) if skipped.any() else outputs.min(axis=0)
        outputs[skipped] = unread
        columns = [
            rehearsal.encoder.outputs.index(label) if label in rehearsal.encoder.outputs else None
            for label in self.labels
        ]
        reader = Reader(rehearsal.encoder, blend(plain, outputs, columns, targets, weights), gate, unread)
        return rows, plain + reader.mixed(outputs), reader

    def decisions(self, seed: int, progress: Progress) -> tuple[float, NDArray[np.float64]]:
        """Return the best regularization and the log-odds of each unit by a model that has not seen its document."""
        small = len(self.docs) < SMALL
        values = REGULARIZATIONS if small else (REGULARIZATION,)
        found = np.zeros((len(values), *self.targets.shape))
        for number, (rest, held_out) in enumerate(self._folds(seed, small), 1):
            progress(f"cross-validation {number} of {FOLDS}")
            space, models = self.fit(rest, values)
            docs = [self.docs[row] for row in held_out]
            for place, (model, reader) in enumerate(models):
                found[place, held_out] = log_odds(space, model, reader, docs)[0]
        areas = [
            np.mean([average_precision(t, d) for t, d in zip(self.targets.T, one.T, strict=True)]) for one in found
        ]
        best = int(np.argmax(areas))
        return values[best], found[best]

    def _folds(self, seed: int, stratified: bool) -> Iterator[tuple[NDArray[np.int_], NDArray[np.int_]]]:
        if not stratified:
            yield from GroupKFold(FOLDS, shuffle=True, random_state=seed).split(self.docs, groups=self.groups)
            return
        # Spread the rarest label that each unit carries.
        rarity = np.argsort(self.targets.sum(axis=0), kind="stable")
        stratum = np.zeros(len(self.docs), dtype=int)
        for place, column in enumerate(rarity[::-1], 1):
            stratum[self.targets[:, column]] = place
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
            splits = list(folds.split(stratum, stratum, self.groups))
        for rest, held_out in splits:
            for label, carried in zip(self.labels, self.targets[rest].T, strict=True):
                if carried.all() or not carried.any():
                    raise CorpusError(
                        f"the units with and without the label {label} are of too few documents to cross-validate. "
                        "Label more documents."
                    )
            yield rest, held_out


def write_readme(analyzer: Analyzer, folder: Path) -> None:
    """Write a model's card, README.md, from its meta data: what it learned from, how right it is, what it is for."""
    meta = analyzer.meta
    corpus, scores, judged = meta["corpus"], meta["cross_validation"], meta["judged_on"]
    rows = []
    for label, score in [*scores["labels"].items(), ("macro", scores["macro"])]:
        low, high = score.get("f1_interval", (None, None))
        threshold = f"{meta['thresholds'][label]:.3f}" if label in meta["thresholds"] else ""
        rows.append(
            f"| {label} | {threshold} | {score['precision']:.3f} | {score['recall']:.3f} | {score['f1']:.3f} | "
            f"{f'{low:.3f} to {high:.3f}' if low is not None else ''} | {score['average_precision']:.3f} | "
            f"{score['support']} |"
        )
    parts = sorted(scores.get("slices", {}).items(), key=lambda item: item[1]["f1"])
    shown = [name for name, _ in parts if name.startswith("occupation")][:WORST] + [
        name for name, _ in parts if not name.startswith("occupation")
    ]
    slices = [f"| {name} | {part['units']} | {part['f1']:.3f} |" for name, part in parts if name in shown]
    versions = ", ".join(f"{name} {number}" for name, number in meta["versions"].items())
    base = f" It started from the model of corpus `{meta['base']}`." if meta.get("base") else ""
    few = [label for label, score in scores["labels"].items() if score["support"] < FEW]
    lines = [
        f"# {analyzer.nlp.meta['name']}",
        "",
        "A pmskills model (generated file). Load it with `pmskills.load(folder)`.",
        "",
        f"Format {meta['format']}. Trained on {corpus['units']} units of {corpus['documents']} documents, "
        f"corpus SHA-256 `{corpus['sha256']}`, seed {meta['seed']}, with {versions}.{base}",
        "",
        f"Scores on {judged['units']} units of {judged['documents']} documents not trained on ({judged['how']}; "
        "calibration and thresholds come from the same units; on text from elsewhere the scores are lower):",
        "",
        "| label | threshold | precision | recall | F1 | 95% interval | AP | support |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        *(["| part (of occupations the worst) | units | macro F1 |", "|---|---|---|", *slices, ""] if slices else []),
        "Use: to show people, and those who help them, where a text says that they did something. Not for: rejecting "
        "or ranking people; languages other than English; texts unlike its corpus.",
        *([f"Few examples, so take with care: {', '.join(few)}."] if few else []),
        "",
    ]
    folder.joinpath("README.md").write_text("\n".join(lines), encoding="utf8")


def _labels(examples: Sequence[Example]) -> tuple[str, ...]:
    found = {label for example in examples for label in example.labels}
    return tuple(label for label in LABELS if label in found) + tuple(sorted(found - set(LABELS)))


def _groups(examples: Sequence[Example]) -> list[str]:
    """Name the document of each example; one without a document is a document of its own."""
    return [example.document or f"unit {row}" for row, example in enumerate(examples)]


def join(examples: Sequence[Example], groups: Sequence[str], seed: int) -> list[Example]:
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
                        facets=tuple(dict.fromkeys([*first.facets, *second.facets])),
                        document=group,
                        weight=min(first.weight, second.weight) / 2,
                    )
                )
    return joined


def _ways(examples: Sequence[Example], targets: NDArray[np.bool_], labels: Sequence[str]) -> list[Way]:
    """Return the facets in which units show the labels; one of fewer than 30 units is too rare to learn."""
    ways = []
    for column, label in enumerate(labels):
        facets = skill(label).facets
        known = ~targets[:, column] | np.array([bool(set(facets) & set(example.facets)) for example in examples])
        for facet in facets:
            shown = np.array([facet in example.facets for example in examples]) & targets[:, column]
            if shown.sum() >= MIN_EXAMPLES:
                ways.append(Way(column, shown, known))
    return ways


def _check(targets: NDArray[np.bool_], labels: Sequence[str], groups: Sequence[str], least: int) -> None:
    if not labels:
        raise CorpusError("no unit of the corpus carries a label; there is nothing to learn.")
    if len(labels) > MOST_LABELS:
        raise CorpusError(f"{len(labels)} different labels; at most {MOST_LABELS} are learned. Is each unit's its own?")
    for column, label in enumerate(labels):
        positives = int(targets[:, column].sum())
        for count, kind in ((positives, "with"), (len(targets) - positives, "without")):
            if count < least:
                raise CorpusError(
                    f"{count} units {kind} the label {label}; at least {least} are needed. "
                    "Label more, or drop the label."
                )
        documents = len({group for group, yes in zip(groups, targets[:, column], strict=True) if yes})
        if documents < 2:
            raise CorpusError(f"all units with the label {label} are of one document; at least 2 are needed.")
    if len(set(groups)) < FOLDS:
        raise CorpusError(f"the units are of {len(set(groups))} documents; at least {FOLDS} are needed.")
