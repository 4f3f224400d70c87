"""A scikit-learn estimator over raw texts, for grid searches and cross-validation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from pmskills.calibration import best_thresholds, decide
from pmskills.classifier import REGULARIZATION, fit
from pmskills.features import FeatureSpace
from pmskills.pipeline import load, tagged
from pmskills.scoring import log_odds


class PMSkillClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """The features and the classifier of pmskills behind scikit-learn's interface.

    It cross-validates nothing itself: probabilities are not calibrated, and thresholds are those that fit the training
    units best. `pmskills.train` does both out of fold, and saves.

    Parameters
    ----------
    regularization
        Inverse strength of the penalty on large coefficients, above 0.
    min_units
        In how many units a feature must stand to be kept, at least 1.

    Attributes
    ----------
    classes_
        The labels, in column order: integers from 0 for an indicator matrix, else the names.
    n_features_
        Number of features.

    Examples
    --------
    >>> from sklearn.model_selection import cross_val_predict
    >>> from pmskills import PMSkillClassifier
    >>> texts = ["Fixed the till", "Sold tea", "Fixed the door", "Sold milk"] * 6
    >>> cross_val_predict(PMSkillClassifier(), texts, [[1], [0], [1], [0]] * 6, cv=3).sum()
    np.int64(12)
    """

    def __init__(self, regularization: float = REGULARIZATION, min_units: int = 2) -> None:
        self.regularization = regularization
        self.min_units = min_units

    def fit(self, X: Sequence[str], y: ArrayLike | Sequence[Sequence[str]]) -> "PMSkillClassifier":
        """Learn from texts.

        Parameters
        ----------
        X
            Units of text, n_units.
        y
            An indicator matrix, shape (n_units, n_labels), or for each unit its label names.

        Raises
        ------
        ValueError
            X holds no texts, the lengths differ, or a label is on every unit or on none.
        """
        texts = _texts(X)
        targets, self.classes_, self._names = _targets(y)
        if len(targets) != len(texts):
            raise ValueError(f"X has {len(texts)} units and y {len(targets)}; expected as many.")
        for label, carried in zip(self.classes_, targets.T, strict=True):
            if carried.all() or not carried.any():
                raise ValueError(f"label {label!r} is on all units or on none: there is nothing to tell apart.")
        docs = list(tagged(load().nlp, texts))
        self.space_ = FeatureSpace.fit(docs, self.min_units)
        self.n_features_ = len(self.space_.names)
        names, weights = [str(label) for label in self.classes_], np.ones(len(texts))
        counts = self.space_.transform(docs)
        space = self.space_
        self.classifier_ = fit(
            counts, targets, names, weights, self.regularization, scales=space.scales, length=space.length
        )
        probabilities = expit(log_odds(space, self.classifier_, None, docs)[0])
        self.thresholds_ = best_thresholds(targets, probabilities, names, np.ones(targets.shape))
        return self

    def predict_proba(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return probabilities, shape (n_units, n_labels)."""
        check_is_fitted(self)
        return np.asarray(expit(self.decision_function(X)), dtype=np.float64)

    def decision_function(self, X: Sequence[str]) -> NDArray[np.float64]:
        """Return log-odds, shape (n_units, n_labels)."""
        check_is_fitted(self)
        return log_odds(self.space_, self.classifier_, None, list(tagged(load().nlp, _texts(X))))[0]

    def predict(self, X: Sequence[str]) -> Any:
        """Return what `fit` was given: an indicator matrix, or a list of tuples of names."""
        chosen = decide(self.predict_proba(X), self.classifier_.labels, self.thresholds_)
        if not self._names:
            return chosen.astype(int)
        return [tuple(label for label, yes in zip(self.classes_, row, strict=True) if yes) for row in chosen]

    def __sklearn_tags__(self) -> Any:
        """Say that it takes texts and gives several labels."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array = True, False
        tags.target_tags.multi_output = tags.classifier_tags.multi_label = True
        tags.no_validation = True
        return tags


def _texts(X: Any) -> list[str]:
    texts = list(X)
    odd = next((text for text in texts if not isinstance(text, str)), None)
    if odd is not None or not texts:
        found = "nothing" if not texts else type(odd).__name__
        raise ValueError(f"X must be a sequence of texts, one a unit; found {found}.")
    return [str(text) for text in texts]


def _targets(y: Any) -> tuple[NDArray[np.bool_], NDArray[Any], bool]:
    rows = list(y)
    if rows and all(isinstance(row, list | tuple | set | frozenset) for row in rows):
        members = [member for row in rows for member in row]
        if members and all(isinstance(member, str) for member in members):
            names = sorted(set(members))
            return np.array([[name in row for name in names] for row in rows], dtype=bool), np.array(names), True
    matrix = np.asarray(rows)
    if matrix.ndim != 2 or not np.isin(matrix, (0, 1)).all():
        raise ValueError(
            "y must be an indicator matrix of 0 and 1, shape (n_units, n_labels), or lists of label names."
        )
    return matrix.astype(bool), np.arange(matrix.shape[1]), False
