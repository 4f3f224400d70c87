"""From units to log-odds: those of the unit itself or, where one is higher, of a window of it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from spacy.tokens import Doc, Span

from pmskills.classifier import Classifier
from pmskills.features import FeatureSpace, MaskedWord
from pmskills.reader import Reader

Parts = Sequence[Sequence[MaskedWord]]


def log_odds(
    space: FeatureSpace, classifier: Classifier, reader: Reader | None, units: Sequence[Doc | Span]
) -> tuple[NDArray[np.float64], csr_matrix]:
    """Decide on units; a unit carries a label when any of its parts does, so the highest of its parts counts.

    Parameters
    ----------
    space, classifier, reader
        The model.
    units
        The units, with tags.

    Returns
    -------
    tuple
        Log-odds, shape (n_units, n_labels), and the feature counts of the whole units, shape (n_units, n_features).
    """
    parts, starts = parts_of(space, classifier, units)
    counts, plain, added = decisions(space, classifier, reader, parts)
    if not units:
        return plain, counts
    return np.maximum.reduceat(plain + added, starts, axis=0), counts[starts]


def parts_of(
    space: FeatureSpace, classifier: Classifier, units: Sequence[Doc | Span]
) -> tuple[Parts, NDArray[np.int64]]:
    """Return what is decided on, as `FeatureSpace.cut` does: without windows for models that know none."""
    if classifier.length is None:
        return [list(space.words(unit)) for unit in units], np.arange(len(units))
    return space.cut(units)


def decisions(
    space: FeatureSpace, classifier: Classifier, reader: Reader | None, parts: Parts
) -> tuple[csr_matrix, NDArray[np.float64], NDArray[np.float64]]:
    """Return the feature counts of parts, the classifier's log-odds, and what the reader adds to them.

    Parameters
    ----------
    space, classifier, reader
        The model.
    parts
        From `parts_of`.

    Returns
    -------
    tuple
        Shapes (n_parts, n_features), (n_parts, n_labels), (n_parts, n_labels).
    """
    counts = space.count(parts)
    plain = classifier.decision_function(counts)
    if reader is None:
        return counts, plain, np.zeros_like(plain)
    return counts, plain, reader.read(names(parts), plain)


def names(parts: Parts) -> list[list[str]]:
    """Return the masked words of parts by name."""
    return [[word.name for word in part] for part in parts]
