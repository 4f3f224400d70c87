"""From units to log-odds: those of the unit itself or, where one is higher, of a window of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from spacy.tokens import Doc, Span

from pmskills.classifier import Classifier
from pmskills.features import FeatureSpace


def log_odds(
    space: FeatureSpace, classifier: Classifier, units: Sequence[Doc | Span]
) -> tuple[NDArray[np.float64], csr_matrix]:
    """Decide on units; a unit carries a label when any of its parts does, so the highest of its parts counts.

    Models made before long units counted less look at whole units only.

    Parameters
    ----------
    space, classifier
        The model.
    units
        The units, with tags.

    Returns
    -------
    tuple
        Log-odds, shape (n_units, n_labels), and the feature counts of the whole units, shape (n_units, n_features).
    """
    if classifier.length is None or not units:
        counts = space.transform(units)
        return classifier.decision_function(counts), counts
    parts, starts = space.transform_parts(units)
    return np.maximum.reduceat(classifier.decision_function(parts), starts, axis=0), parts[starts]


def winners(space: FeatureSpace, classifier: Classifier, unit: Doc | Span) -> tuple[csr_matrix, NDArray[np.int64]]:
    """Return the counts of a unit's parts, shape (n_parts, n_features), and which decides on each label."""
    parts = space.transform([unit]) if classifier.length is None else space.transform_parts([unit])[0]
    return parts, classifier.decision_function(parts).argmax(axis=0)
