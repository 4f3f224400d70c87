"""From units to log-odds: the classifier's, of a unit or a window of it, and what the reader adds for the unit."""

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
    """Decide on units; a unit carries a label when any of its parts does, so of the classifier the highest part counts.

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
    counts = space.count(parts)
    plain = classifier.decision_function(counts)
    if not units:
        return plain, counts
    plain = np.maximum.reduceat(plain, starts, axis=0)
    if reader is not None:
        plain += reader.read(names([parts[start] for start in starts]), plain)
    return plain, counts[starts]


def parts_of(
    space: FeatureSpace, classifier: Classifier, units: Sequence[Doc | Span]
) -> tuple[Parts, NDArray[np.int64]]:
    """Return what is decided on, as `FeatureSpace.cut` does: without windows for models that know none."""
    if classifier.length is None:
        return [list(space.words(unit)) for unit in units], np.arange(len(units))
    return space.cut(units)


def names(parts: Parts) -> list[list[str]]:
    """Return the masked words of parts by name."""
    return [[word.name for word in part] for part in parts]
