"""From log-odds to probabilities that hold and thresholds to decide by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from pmskills.classifier import Classifier
from pmskills.errors import CorpusError
from pmskills.reader import Reader

PLATEAU = 0.005
# At 1% more than half of the real units are read, at 3% a third, and on 2,789 of them no F1 changes.
NEGLIGIBLE = 0.03


def calibrate(
    classifier: Classifier,
    reader: Reader | None,
    targets: NDArray[np.bool_],
    decisions: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[Classifier, Reader | None, NDArray[np.float64]]:
    """Scale and shift the log-odds so that probabilities hold on units not trained on.

    Platt scaling (Platt 1999, Probabilistic outputs for support vector machines) on weighted examples.

    Parameters
    ----------
    classifier, reader
        What to calibrate; they are left as they are.
    targets, decisions
        Shape (n_units, n_labels); the decisions must come from units not trained on.
    weights
        How much each unit counts for each label, shape (n_units, n_labels).

    Returns
    -------
    tuple
        The calibrated classifier and reader, and the calibrated probabilities of the given decisions.
    """
    columns = range(len(classifier.labels))
    fitted = [LogisticRegression(C=1e6).fit(decisions[:, [c]], targets[:, c], weights[:, c]) for c in columns]
    scales = np.array([platt.coef_[0, 0] for platt in fitted])
    shifts = np.array([platt.intercept_[0] for platt in fitted])
    calibrated = replace(
        classifier, mixing=classifier.mixing * scales[:, None], biases=classifier.biases * scales + shifts
    )
    if reader:
        # Where the order is turned round no gate holds.
        gate = np.where(scales > 0, reader.gate * np.abs(scales) + shifts, -np.inf)
        reader = replace(reader, mixing=reader.mixing * scales[:, None], gate=gate)
    return calibrated, reader, expit(decisions * scales + shifts)


def best_thresholds(
    targets: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    weights: NDArray[np.float64],
) -> dict[str, float]:
    """Return for each label the middle of the thresholds whose F1 is within 0.005 of the highest.

    The highest itself stands on a few units and moves much more from one training to the next.

    Parameters
    ----------
    targets, probabilities
        Shape (n_units, n_labels); the probabilities must come from units not trained on.
    weights
        How much each unit counts for each label, shape (n_units, n_labels).
    """
    thresholds = {}
    grid = np.linspace(0.02, 0.98, 193)
    for column, label in enumerate(labels):
        truth, scores = targets[:, column], probabilities[:, column]
        f1 = np.array([_f1(truth, scores >= threshold, weights[:, column]) for threshold in grid])
        best = grid[f1 >= f1.max() - PLATEAU]
        thresholds[label] = round(float(best[len(best) // 2]), 3)
    return thresholds


def decide(
    probabilities: NDArray[np.float64], labels: Sequence[str], thresholds: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Return which labels reach their thresholds, shape (n_units, n_labels)."""
    limits = np.array([thresholds[label] for label in labels])
    return np.asarray(probabilities >= limits, dtype=np.bool_)


def _f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_], weights: NDArray[np.float64]) -> float:
    return float(2 * weights[truth & chosen].sum() / (weights[truth].sum() + weights[chosen].sum()))


def blend(
    decisions: NDArray[np.float64],
    outputs: NDArray[np.float64],
    columns: Sequence[int | None],
    targets: NDArray[np.bool_],
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what each output of an encoder counts beside the log-odds of a classifier.

    Logistic regression over both (stacking, Wolpert 1992).

    Parameters
    ----------
    decisions
        The classifier's log-odds, shape (n_units, n_labels).
    outputs
        The encoder's log-odds, shape (n_units, n_outputs); both must come from units not trained on.
    columns
        For each label the column of the output that counts for it, if there is one.
    targets, weights
        Shape (n_units, n_labels).

    Returns
    -------
    ndarray, shape (n_labels, n_outputs), float64
        To be added to log-odds that count once.

    Raises
    ------
    CorpusError
        Where the encoder is known the classifier says nothing, or the contrary, of a label.
    """
    mixing = np.zeros((targets.shape[1], outputs.shape[1]))
    for label, column in enumerate(columns):
        if column is None:
            continue
        both = np.column_stack([decisions[:, label], outputs[:, column]])
        stacked = LogisticRegression(C=1.0).fit(both, targets[:, label], weights[:, label])
        if stacked.coef_[0, 0] <= 0:
            raise CorpusError("beside the encoder the classifier tells nothing. Train without the encoder.")
        mixing[label, column] = stacked.coef_[0, 1] / stacked.coef_[0, 0]
    return mixing


def negligible(
    decisions: NDArray[np.float64], targets: NDArray[np.bool_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the log-odds at which a label's probability is 3%.

    Parameters
    ----------
    decisions, targets, weights
        Shape (n_units, n_labels); the decisions must come from units not trained on.

    Returns
    -------
    ndarray, shape (n_labels,), float64
        Minus infinity where higher log-odds do not mean a higher probability.
    """
    found = np.full(targets.shape[1], -np.inf)
    for label in range(targets.shape[1]):
        platt = LogisticRegression(C=1e6).fit(decisions[:, [label]], targets[:, label], weights[:, label])
        if platt.coef_[0, 0] > 0:
            found[label] = (logit(NEGLIGIBLE) - platt.intercept_[0]) / platt.coef_[0, 0]
    return found
