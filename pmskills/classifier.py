"""The multi-label classifier: fit, probabilities, thresholds, save and load. It knows no text."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skops.io
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

from pmskills.errors import ModelError

REGULARIZATION = 5.0


@dataclass(frozen=True, slots=True)
class Classifier:
    """One logistic regression per label over tf-idf weighted counts.

    Attributes
    ----------
    labels
        Label names in column order.
    weighting
        Turns counts into tf-idf weights of unit length.
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
        weights = self.weighting.transform(counts)
        coefficients = np.vstack([estimator.coef_ for estimator in self.estimators])
        intercepts = np.concatenate([estimator.intercept_ for estimator in self.estimators])
        return np.asarray(expit(weights @ coefficients.T + intercepts), dtype=np.float64)

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
            untrusted = skops.io.get_untrusted_types(file=path)
            if untrusted:
                raise ModelError(
                    f"{path}: refused, it holds types other than scikit-learn's and numpy's: {', '.join(untrusted)}. "
                    "Load models only from people you trust, built by `pmskills train`."
                )
            state = skops.io.load(path, trusted=[])
        except ModelError:
            raise
        except Exception as error:  # skops raises whatever zipfile, json and its own nodes raise
            raise ModelError(f"{path}: the classifier is damaged ({type(error).__name__}: {error}).") from error
        estimators = tuple(state.get("estimators", ())) if isinstance(state, dict) else ()
        if len(estimators) != len(labels):
            raise ModelError(f"{path}: {len(estimators)} classifiers for {len(labels)} labels. Build the model again.")
        return cls(tuple(labels), state["weighting"], estimators)


def fit(counts: csr_matrix, targets: NDArray[np.bool_], labels: Sequence[str]) -> Classifier:
    """Train a classifier.

    Parameters
    ----------
    counts
        Feature counts, shape (n_units, n_features).
    targets
        Which labels each unit carries, shape (n_units, n_labels).
    labels
        Label names in column order.
    """
    weighting = TfidfTransformer(sublinear_tf=True).fit(counts)
    weights = weighting.transform(counts)
    estimators = tuple(
        LogisticRegression(C=REGULARIZATION, max_iter=5000).fit(weights, targets[:, column])
        for column in range(len(labels))
    )
    return Classifier(tuple(labels), weighting, estimators)


def best_thresholds(
    targets: NDArray[np.bool_], probabilities: NDArray[np.float64], labels: Sequence[str]
) -> dict[str, float]:
    """Return for each label the threshold with the highest F1; of a plateau, its middle.

    Parameters
    ----------
    targets, probabilities
        Shape (n_units, n_labels); the probabilities must come from units not trained on.
    """
    thresholds = {}
    grid = np.linspace(0.02, 0.98, 193)
    for column, label in enumerate(labels):
        truth, scores = targets[:, column], probabilities[:, column]
        f1 = np.array([_f1(truth, scores >= threshold) for threshold in grid])
        best = grid[f1 >= f1.max() - 1e-9]
        thresholds[label] = round(float(best[len(best) // 2]), 3)
    return thresholds


def decide(
    probabilities: NDArray[np.float64], labels: Sequence[str], thresholds: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Return which labels reach their thresholds, shape (n_units, n_labels)."""
    limits = np.array([thresholds[label] for label in labels])
    return np.asarray(probabilities >= limits, dtype=np.bool_)


def _f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    hits = int(np.sum(truth & chosen))
    return 2 * hits / max(int(truth.sum() + chosen.sum()), 1)
