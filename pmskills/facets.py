"""In which ways a unit shows its skill: one small classifier for each skill, over some of the features."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.model_selection import GroupKFold

from pmskills.classifier import Classifier, fit
from pmskills.corpus import Example
from pmskills.features import FeatureSpace
from pmskills.model_files import read_json
from pmskills.skills import skill

# Stems, verbs, objects, classes and pairs: on held-out documents as right as all features, at a fourteenth.
KINDS = "svfotlgh"
MIN_UNITS = 8
MIN_EXAMPLES = 30
REGULARIZATION = 0.005
FOLDS = 5
LEAST_PRECISION = 0.8


@dataclass(frozen=True, slots=True)
class FacetModel:
    """The facets of evidence.

    Attributes
    ----------
    columns
        Which features of the space are used, ascending.
    classifiers
        For each skill the classifier of its facets.
    thresholds
        For each facet the probability from which it is shown; facets that cannot be shown with a precision of 0.8
        have none.
    """

    columns: NDArray[np.int64]
    classifiers: Mapping[str, Classifier]
    thresholds: Mapping[str, float]

    def predict(self, label: str, counts: csr_matrix) -> list[tuple[str, ...]]:
        """Return the facets of units that show a skill.

        Parameters
        ----------
        label
            The skill.
        counts
            Counts of all features of the units, shape (n_units, n_features).
        """
        classifier = self.classifiers.get(label)
        if classifier is None:
            return [()] * counts.shape[0]
        limits = np.array([self.thresholds.get(facet, np.inf) for facet in classifier.labels])
        chosen = classifier.predict_proba(counts[:, self.columns]) >= limits
        return [tuple(facet for facet, yes in zip(classifier.labels, row, strict=True) if yes) for row in chosen]

    def to_disk(self, folder: Path) -> None:
        """Write to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for label, classifier in self.classifiers.items():
            classifier.save(folder / f"{label}.skops")
        facets = {label: list(classifier.labels) for label, classifier in self.classifiers.items()}
        state = {"columns": self.columns.tolist(), "facets": facets, "thresholds": dict(self.thresholds)}
        (folder / "facets.json").write_text(json.dumps(state) + "\n", encoding="utf8")

    @classmethod
    def from_disk(cls, folder: Path) -> "FacetModel":
        """Read what `to_disk` wrote.

        Raises
        ------
        ModelError
            A file is missing, damaged or untrusted.
        """
        state = read_json(folder / "facets.json")
        # The name of a file is made of a label that a stranger may have written.
        classifiers = {
            label: Classifier.load(folder / f"{label}.skops", facets)
            for label, facets in state["facets"].items()
            if skill(label).facets
        }
        return cls(np.array(state["columns"], dtype=np.int64), classifiers, state["thresholds"])


def train_facets(
    space: FeatureSpace, counts: csr_matrix, examples: Sequence[Example], labels: Sequence[str], seed: int
) -> FacetModel | None:
    """Train the facets of the labels that have them, on the units that carry a label and say how.

    Thresholds are chosen on documents not trained on: the one with the highest F1 among those with a precision of
    which one standard error less is still 0.8, over at least 30 units found.

    Parameters
    ----------
    space
        The features.
    counts
        Their counts, shape (n_units, n_features).
    examples
        The units.
    labels
        The labels of the model.
    seed
        Decides the folds.

    Returns
    -------
    FacetModel or None
        None where no label has a facet of which 30 units are known.
    """
    annotated = np.array([bool(example.facets) for example in examples])
    frequency = np.asarray((counts[annotated] > 0).sum(axis=0)).ravel()
    kinds = np.array([name[0] in KINDS for name in space.names], dtype=bool)
    columns = np.flatnonzero(kinds & (frequency >= MIN_UNITS))
    scales = space.scales[columns]
    classifiers: dict[str, Classifier] = {}
    thresholds: dict[str, float] = {}
    for label in labels:
        rows = [row for row, example in enumerate(examples) if label in example.labels and example.facets]
        known = [
            facet
            for facet in skill(label).facets
            if MIN_EXAMPLES <= sum(facet in examples[row].facets for row in rows) <= len(rows) - MIN_EXAMPLES
        ]
        groups = [examples[row].document or f"unit {row}" for row in rows]
        if not known or len(set(groups)) < FOLDS:
            continue
        features = counts[rows][:, columns]
        truth = np.array([[facet in examples[row].facets for facet in known] for row in rows])
        weights = np.array([examples[row].weight for row in rows])
        probabilities = np.zeros(truth.shape)
        for rest, held_out in GroupKFold(FOLDS, shuffle=True, random_state=seed).split(rows, groups=groups):
            model = fit(features[rest], truth[rest], known, weights[rest], REGULARIZATION, scales=scales)
            probabilities[held_out] = model.predict_proba(features[held_out])
        classifiers[label] = fit(features, truth, known, weights, REGULARIZATION, scales=scales)
        for column, facet in enumerate(known):
            threshold = _threshold(truth[:, column], probabilities[:, column])
            if threshold is not None:
                thresholds[facet] = threshold
    return FacetModel(columns, classifiers, thresholds) if classifiers else None


def _threshold(truth: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> float | None:
    best, threshold = 0.0, None
    for limit in np.linspace(0.05, 0.95, 91):
        chosen = probabilities >= limit
        hits, found = int((truth & chosen).sum()), int(chosen.sum())
        f1 = 2 * hits / (found + int(truth.sum()))
        if f1 > best and found >= MIN_EXAMPLES and _lower_bound(hits, found) >= LEAST_PRECISION:
            best, threshold = f1, round(float(limit), 3)
    return threshold


def _lower_bound(hits: int, found: int) -> float:
    """Return what a share is one standard error below (the score interval of Wilson 1927)."""
    share = hits / found
    middle = share + 1 / (2 * found)
    return float((middle - (share * (1 - share) / found + 1 / (4 * found * found)) ** 0.5) / (1 + 1 / found))
