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
    return plain + read(reader, names([parts[start] for start in starts]), plain), counts[starts]


def parts_of(
    space: FeatureSpace, classifier: Classifier, units: Sequence[Doc | Span]
) -> tuple[Parts, NDArray[np.int64]]:
    """Return what is decided on, as `FeatureSpace.cut` does: without windows for models that know none."""
    if classifier.length is None:
        return [list(space.words(unit)) for unit in units], np.arange(len(units))
    return space.cut(units)


def read(reader: Reader | None, units: Sequence[Sequence[str]], plain: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what the reader, where there is one, adds to the classifier's log-odds, shape (n_units, n_labels).

    Parameters
    ----------
    reader
        Of the model.
    units
        The masked words of whole units.
    plain
        The classifier's log-odds, shape (n_units, n_labels).
    """
    return np.zeros_like(plain) if reader is None else reader.read(units, plain)


def names(parts: Parts) -> list[list[str]]:
    """Return the masked words of parts by name."""
    return [[word.name for word in part] for part in parts]
