"""From log-odds to probabilities that hold and thresholds to decide by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from pmskills.classifier import Classifier

PLATEAU = 0.005


def calibrate(
    classifier: Classifier,
    targets: NDArray[np.bool_],
    decisions: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[Classifier, NDArray[np.float64]]:
    """Scale and shift the log-odds so that probabilities hold on units not trained on.

    Platt scaling (Platt 1999, Probabilistic outputs for support vector machines) on weighted examples.

    Parameters
    ----------
    classifier
        The classifier to calibrate; it is left as it is.
    targets, decisions
        Shape (n_units, n_labels); the decisions must come from units not trained on.
    weights
        How much each unit counts for each label, shape (n_units, n_labels).

    Returns
    -------
    tuple
        The calibrated classifier, and the calibrated probabilities of the given decisions.
    """
    columns = range(len(classifier.labels))
    fitted = [LogisticRegression(C=1e6).fit(decisions[:, [c]], targets[:, c], weights[:, c]) for c in columns]
    scales = np.array([platt.coef_[0, 0] for platt in fitted])
    shifts = np.array([platt.intercept_[0] for platt in fitted])
    calibrated = replace(
        classifier, mixing=classifier.mixing * scales[:, None], biases=classifier.biases * scales + shifts
    )
    return calibrated, expit(decisions * scales + shifts)


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
