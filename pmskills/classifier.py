"""The multi-label classifier: fit, probabilities, thresholds, save and load. It knows no text."""

import warnings
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skops.io
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pmskills.errors import ModelError

REGULARIZATION = 0.003
# The penalty on a base model's log-odds is the square of this smaller than that on other features.
PRIOR_SCALE = 10.0
PLATEAU = 0.005
MOST_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Classifier:
    """One logistic regression per label over tf-idf weighted counts.

    Attributes
    ----------
    labels
        Label names in column order.
    weighting
        Turns counts into tf-idf weights; not scaled to unit length, so that long units keep what their parts say.
    estimators
        One per label, in column order.
    """

    labels: tuple[str, ...]
    weighting: TfidfTransformer
    estimators: tuple[LogisticRegression, ...]

    def predict_proba(self, counts: csr_matrix) -> NDArray[np.float64]:
        """Return the probability of each label.

        Parameters
        ----------
        counts
            Feature counts, shape (n_units, n_features).

        Returns
        -------
        ndarray, shape (n_units, n_labels), float64
            Probabilities between 0 and 1, columns in the order of `labels`.
        """
        if counts.shape[0] == 0:
            return np.zeros((0, len(self.labels)))
        return np.asarray(expit(self.decision_function(counts)), dtype=np.float64)

    def decision_function(self, counts: csr_matrix) -> NDArray[np.float64]:
        """Return log-odds, shape (n_units, n_labels)."""
        features = self.weighting.transform(counts)
        coefficients = np.vstack([estimator.coef_ for estimator in self.estimators])
        intercepts = np.concatenate([estimator.intercept_ for estimator in self.estimators])
        return np.asarray(features @ coefficients.T + intercepts, dtype=np.float64)

    def shares(self, columns: NDArray[np.int64], labels: Sequence[int]) -> NDArray[np.float64]:
        """Return what each occurrence of a feature adds to the log-odds of one unit.

        Parameters
        ----------
        columns
            Columns of the unit's features, repeated as often as they occur.
        labels
            Columns of the labels.

        Returns
        -------
        ndarray, shape (n_labels, n_occurrences), float64
            With the intercepts they sum to `decision_function`.
        """
        known, where, times = np.unique(columns, return_inverse=True, return_counts=True)
        weights = self.weighting.idf_[known] * ((1 + np.log(times)) / times if self.weighting.sublinear_tf else 1)
        coefficients = np.vstack([self.estimators[label].coef_[0, known] for label in labels])
        return np.asarray((coefficients * weights)[:, where], dtype=np.float64)

    def save(self, path: Path) -> None:
        """Write the estimators to a skops file."""
        state = {"weighting": self.weighting, "estimators": list(self.estimators)}
        skops.io.dump(state, path, compression=zipfile.ZIP_DEFLATED)

    @classmethod
    def load(cls, path: Path, labels: Sequence[str]) -> "Classifier":
        """Read what `save` wrote; only stock scikit-learn and numpy types are let in.

        Raises
        ------
        ModelError
            The file is missing, damaged, holds other types, or does not fit the labels.
        """
        if not path.is_file():
            raise ModelError(f"{path}: the classifier is missing. Build the model again with `pmskills train`.")
        try:
            with zipfile.ZipFile(path) as archive:
                unpacked = sum(info.file_size for info in archive.infolist())
            if unpacked > MOST_BYTES:
                raise ModelError(f"{path}: refused, it unpacks to {unpacked / 1e6:.0f} MB. Load only models you trust.")
            untrusted = skops.io.get_untrusted_types(file=path)
            if untrusted:
                raise ModelError(
                    f"{path}: refused, it holds types other than scikit-learn's and numpy's: {', '.join(untrusted)}. "
                    "Load models only from people you trust, built by `pmskills train`."
                )
            with warnings.catch_warnings():
                # Coefficients and idf weights mean the same in every version; golden tests hold that on each Python.
                warnings.simplefilter("ignore", InconsistentVersionWarning)
                state = skops.io.load(path, trusted=[])
        except ModelError:
            raise
        except Exception as error:  # skops raises whatever zipfile, json and its own nodes raise
            raise ModelError(f"{path}: the classifier is damaged ({type(error).__name__}: {error}).") from error
        estimators = tuple(state.get("estimators", ())) if isinstance(state, dict) else ()
        if len(estimators) != len(labels):
            raise ModelError(f"{path}: {len(estimators)} classifiers for {len(labels)} labels. Build the model again.")
        return cls(tuple(labels), state["weighting"], estimators)


def fit(
    counts: csr_matrix,
    targets: NDArray[np.bool_],
    labels: Sequence[str],
    weights: NDArray[np.float64],
    regularization: float = REGULARIZATION,
) -> Classifier:
    """Train a classifier.

    Parameters
    ----------
    counts
        Feature counts, shape (n_units, n_features).
    targets
        Which labels each unit carries, shape (n_units, n_labels).
    labels
        Label names in column order.
    weights
        How much each unit counts, shape (n_units,).
    regularization
        Inverse strength of the penalty on large coefficients, above 0.
    """
    weighting = TfidfTransformer(sublinear_tf=True, norm=None).fit(counts)
    features = weighting.transform(counts)
    estimators = tuple(
        _regression(features, targets[:, column], weights, regularization) for column in range(len(labels))
    )
    return Classifier(tuple(labels), weighting, estimators)


def _regression(
    features: csr_matrix, target: NDArray[np.bool_], weights: NDArray[np.float64], regularization: float
) -> LogisticRegression:
    # Its vectors are short: more threads only wait for each other, on a busy machine for minutes.
    with threadpool_limits(1):
        return LogisticRegression(C=regularization, max_iter=5000).fit(features, target, weights)


def adapt(
    base: Classifier,
    counts: csr_matrix,
    targets: NDArray[np.bool_],
    labels: Sequence[str],
    weights: NDArray[np.float64],
    regularization: float = REGULARIZATION,
) -> Classifier:
    """Train a classifier that starts from another: its log-odds are features that cost next to nothing to use.

    The parameters are those of `fit`, with the counts in the feature space of the base. As all is linear, the result
    is one set of coefficients in that space.
    """
    features = base.weighting.transform(counts)
    prior = base.decision_function(counts)
    both = hstack([features, csr_matrix(prior * PRIOR_SCALE)], format="csr")
    size = features.shape[1]
    coefficients = np.vstack([estimator.coef_ for estimator in base.estimators])
    intercepts = np.concatenate([estimator.intercept_ for estimator in base.estimators])
    estimators = []
    for column in range(len(labels)):
        estimator = _regression(both, targets[:, column], weights, regularization)
        shares = estimator.coef_[0, size:] * PRIOR_SCALE
        estimator.coef_ = estimator.coef_[:, :size] + shares @ coefficients
        estimator.intercept_ = estimator.intercept_ + shares @ intercepts
        estimator.n_features_in_ = size
        estimators.append(estimator)
    return Classifier(tuple(labels), base.weighting, tuple(estimators))


def calibrate(
    classifier: Classifier,
    targets: NDArray[np.bool_],
    decisions: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[Classifier, NDArray[np.float64]]:
    """Scale and shift the log-odds so that probabilities hold on units not trained on.

    Platt scaling (Platt 1999, Probabilistic outputs for support vector machines) on weighted
    examples; the scale goes into the coefficients, so that the estimators stay stock ones.

    Parameters
    ----------
    classifier
        The classifier to calibrate; it is changed.
    targets, decisions
        Shape (n_units, n_labels); the decisions must come from units not trained on.
    weights
        How much each unit counts, shape (n_units,).

    Returns
    -------
    tuple
        The classifier, and the calibrated probabilities of the given decisions.
    """
    probabilities = np.zeros_like(decisions)
    for column, estimator in enumerate(classifier.estimators):
        scores = decisions[:, [column]]
        platt = LogisticRegression(C=1e6).fit(scores, targets[:, column], sample_weight=weights)
        scale, shift = float(platt.coef_[0, 0]), float(platt.intercept_[0])
        estimator.coef_ = estimator.coef_ * scale
        estimator.intercept_ = estimator.intercept_ * scale + shift
        probabilities[:, column] = expit(scores[:, 0] * scale + shift)
    return classifier, probabilities


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
        How much each unit counts, shape (n_units,).
    """
    thresholds = {}
    grid = np.linspace(0.02, 0.98, 193)
    for column, label in enumerate(labels):
        truth, scores = targets[:, column], probabilities[:, column]
        f1 = np.array([_f1(truth, scores >= threshold, weights) for threshold in grid])
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
