"""The multi-label classifier: fit, probabilities, save and load. It knows no text."""

import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from scipy.special import expit
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from pmskills.errors import ModelError

REGULARIZATION = 0.001
IDF_POWER = 1.5
# Units longer than this count less, by the square root of how much longer: much in them speaks for nothing.
LONG = 16
# Coefficients are whole multiples, -127 to 127, of a step of their row: an eighth of the size, and as right.
STEPS = 127
# The penalty on a base model's log-odds is the square of this smaller than that on other features.
PRIOR_SCALE = 10.0
MOST_BYTES = 1_000_000_000
STATE = ("weighting", "grid", "steps", "intercepts", "pools", "mixing", "biases", "length")


@dataclass(frozen=True, slots=True)
class Classifier:
    """Logistic regressions over tf-idf weighted counts, some of them alternatives: of a pool the highest counts.

    A label has a pool of one regression, learned on all its units, and, where units say in which way they show it, a
    pool with a regression for each way; its log-odds are the sum of both (maxout units, Goodfellow et al. 2013).

    Attributes
    ----------
    labels
        Label names in column order.
    weighting
        Turns counts into tf-idf weights; not scaled to unit length, so that long units keep what their parts say.
    grid
        Coefficients in steps, shape (n_rows, n_features).
    steps
        The size of a step of each row, shape (n_rows,).
    intercepts
        Shape (n_rows,).
    pools
        The pool of each row, ascending from 0, shape (n_rows,).
    mixing
        What each pool adds to each label, shape (n_labels, n_pools).
    biases
        Shape (n_labels,).
    length
        The column of the counts with the number of words; None where long units count as much as others.
    """

    labels: tuple[str, ...]
    weighting: TfidfTransformer
    grid: NDArray[np.int8 | np.float64]
    steps: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    pools: NDArray[np.int64]
    mixing: NDArray[np.float64]
    biases: NDArray[np.float64]
    length: int | None = None
    _coefficients: NDArray[np.float64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Work out the coefficients, shape (n_features, n_rows)."""
        object.__setattr__(self, "_coefficients", np.ascontiguousarray((self.grid * self.steps[:, None]).T))

    @property
    def width(self) -> int:
        """The number of features."""
        return int(self.grid.shape[1])

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
        return np.asarray(expit(self.decision_function(counts)), dtype=np.float64)

    def decision_function(self, counts: csr_matrix) -> NDArray[np.float64]:
        """Return log-odds, shape (n_units, n_labels)."""
        if counts.shape[0] == 0:
            return np.zeros((0, len(self.labels)))
        pooled = np.maximum.reduceat(self._rows(counts), self._starts, axis=1)
        # Not BLAS, which rounds a row otherwise among other rows: a unit is to get the same whatever stands around it.
        return np.asarray(np.einsum("np,lp->nl", pooled, self.mixing) + self.biases, dtype=np.float64)

    def contributions(
        self, counts: csr_matrix, columns: NDArray[np.int64], labels: Sequence[int]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each occurrence of a feature adds to the log-odds of one unit, and what is added by none.

        Parameters
        ----------
        counts
            The unit, shape (1, n_features).
        columns
            Columns of its features, repeated as often as they occur.
        labels
            Columns of the labels.

        Returns
        -------
        tuple
            Shares, shape (n_labels, n_occurrences), and the rest, shape (n_labels,); they sum to `decision_function`.
        """
        rows = self._rows(counts)[0]
        ends = [*self._starts[1:], len(rows)]
        winners = [start + int(rows[start:end].argmax()) for start, end in zip(self._starts, ends, strict=True)]
        mixing = self.mixing[list(labels)]
        known, where, times = np.unique(columns, return_inverse=True, return_counts=True)
        values = weighted(self.weighting, counts, self.length)[0, known].toarray()[0] / times
        coefficients = mixing @ self._coefficients[known][:, winners].T
        rest = mixing @ self.intercepts[winners] + self.biases[list(labels)]
        return np.asarray((coefficients * values)[:, where], dtype=np.float64), np.asarray(rest, dtype=np.float64)

    @property
    def _starts(self) -> NDArray[np.int64]:
        return np.searchsorted(self.pools, np.arange(self.mixing.shape[1]))

    def _rows(self, counts: csr_matrix) -> NDArray[np.float64]:
        return np.asarray(weighted(self.weighting, counts, self.length) @ self._coefficients + self.intercepts)

    def save(self, path: Path) -> None:
        """Write it to a skops file."""
        state = {name: getattr(self, name) for name in STATE}
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
        if isinstance(state, dict) and "estimators" in state:
            state = _of_estimators(**state)
        if not isinstance(state, dict) or set(state) != set(STATE) or not _fit_together(len(labels), **state):
            raise ModelError(f"{path}: not a classifier for {len(labels)} labels. Build the model again.")
        return cls(tuple(labels), **state)


def _of_estimators(weighting: TfidfTransformer, estimators: Sequence[LogisticRegression]) -> dict[str, Any]:
    """Return the parts of a classifier of formats 2 and 3: one regression for each label."""
    count = len(estimators)
    return {
        "weighting": weighting,
        "grid": np.vstack([estimator.coef_ for estimator in estimators]),
        "steps": np.ones(count),
        "intercepts": np.concatenate([estimator.intercept_ for estimator in estimators]),
        "pools": np.arange(count),
        "mixing": np.eye(count),
        "biases": np.zeros(count),
        "length": None,
    }


def _fit_together(
    labels: int,
    weighting: Any,
    grid: Any,
    steps: Any,
    intercepts: Any,
    pools: Any,
    mixing: Any,
    biases: Any,
    length: Any,
) -> bool:
    """Return whether parts of a file, which may be damaged or a stranger's, are of shapes that go together."""
    arrays = (grid, steps, intercepts, pools, mixing, biases)
    if not isinstance(weighting, TfidfTransformer) or not all(isinstance(array, np.ndarray) for array in arrays):
        return False
    rows, last = len(pools), int(pools.max(initial=-1))
    return (
        grid.ndim == 2
        and [array.shape for array in (steps, intercepts, pools)] == [(grid.shape[0],)] * 3
        and mixing.shape == (labels, last + 1)
        and biases.shape == (labels,)
        and sorted(set(pools.tolist())) == list(range(last + 1))
        and pools.tolist() == sorted(pools.tolist())
        and rows > 0
        and (length is None or length in range(grid.shape[1]))
    )


def weighted(weighting: TfidfTransformer, counts: csr_matrix, length: int | None) -> csr_matrix:
    """Return tf-idf weights of counts, long units damped."""
    features = weighting.transform(counts)
    if length is None:
        return features
    words = counts[:, [length]].toarray()[:, 0]
    return csr_matrix(diags((np.maximum(words, LONG) / LONG) ** -0.5) @ features)


def fit(
    counts: csr_matrix,
    targets: NDArray[np.bool_],
    labels: Sequence[str],
    weights: NDArray[np.float64],
    regularization: float = REGULARIZATION,
    *,
    scales: NDArray[np.float64] | None = None,
    length: int | None = None,
    ways: Sequence["Way"] = (),
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
    scales
        What each feature counts beside the others, shape (n_features,); all the same where not given.
    length
        The column of the counts with the number of words.
    ways
        Ways to show a label, each of which gets a regression of its own; one that no unit shows is left out.
    """
    weighting = TfidfTransformer(sublinear_tf=True, norm=None).fit(counts)
    weighting.idf_ = weighting.idf_**IDF_POWER * (1 if scales is None else scales)
    features = weighted(weighting, counts, length)
    fitted = [_regression(features, targets[:, column], weights, regularization) for column in range(len(labels))]
    pools = list(range(len(labels)))
    mixing = [np.eye(len(labels))]
    for column in range(len(labels)):
        alternatives = [way for way in ways if way.label == column and way.shown[way.known].any()]
        if alternatives:
            fitted += [
                _regression(features[way.known], way.shown[way.known], weights[way.known], regularization)
                for way in alternatives
            ]
            pools += [pools[-1] + 1] * len(alternatives)
            mixing.append(np.eye(len(labels))[:, [column]])
    grid, steps = _quantized(np.vstack([one.coef_ for one in fitted]))
    return Classifier(
        tuple(labels),
        weighting,
        grid,
        steps,
        np.concatenate([one.intercept_ for one in fitted]),
        np.array(pools),
        np.hstack(mixing),
        np.zeros(len(labels)),
        length,
    )


@dataclass(frozen=True, slots=True)
class Way:
    """A way to show a label.

    Attributes
    ----------
    label
        Column of the label.
    shown
        Which units show the label in this way, shape (n_units,).
    known
        Of which units that is known: those without the label, and those that say how, shape (n_units,).
    """

    label: int
    shown: NDArray[np.bool_]
    known: NDArray[np.bool_]


def _quantized(coefficients: NDArray[np.float64]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    steps = np.abs(coefficients).max(axis=1) / STEPS
    steps[steps == 0] = 1.0
    return np.round(coefficients / steps[:, None]).astype(np.int8), steps


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
    *,
    added: NDArray[np.float64] | float = 0.0,
) -> tuple[Classifier, NDArray[np.float64]]:
    """Train a classifier that starts from another: its log-odds are features that cost next to nothing to use.

    The parameters are those of `fit`, with the counts in the feature space of the base, whose pools become pools of
    the new classifier; ``added`` is what a reader adds to the log-odds of the base, shape (n_units, n_base_labels).

    Returns
    -------
    tuple
        The classifier, and what each label of the base counts for each new one, shape (n_labels, n_base_labels).
    """
    features = weighted(base.weighting, counts, base.length)
    prior = base.decision_function(counts) + added
    both = hstack([features, csr_matrix(prior * PRIOR_SCALE)], format="csr")
    fitted = [_regression(both, targets[:, column], weights, regularization) for column in range(len(labels))]
    grid, steps = _quantized(np.vstack([one.coef_[:, : base.width] for one in fitted]))
    shares = np.vstack([one.coef_[:, base.width :] for one in fitted]) * PRIOR_SCALE
    adapted = Classifier(
        tuple(labels),
        base.weighting,
        np.vstack([grid, base.grid]),
        np.concatenate([steps, base.steps]),
        np.concatenate([*(one.intercept_ for one in fitted), base.intercepts]),
        np.concatenate([np.arange(len(labels)), base.pools + len(labels)]),
        np.hstack([np.eye(len(labels)), shares @ base.mixing]),
        shares @ base.biases,
        base.length,
    )
    return adapted, shares
