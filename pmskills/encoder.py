"""A small transformer that reads a whole unit: what a bag of features cannot tell, such as who does what to whom."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmskills.arrays import read_arrays, write_arrays
from pmskills.errors import ModelError
from pmskills.threads import one_thread

Floats = NDArray[np.float32]

LONGEST = 64
# The teacher's tokenizer takes longer words for unknown too.
LONGEST_WORD = 100
START, END, UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
# What stands for a masked word; all are pieces of the vocabulary.
STANDS_FOR = {
    "<name>": "[MASK]",
    "<person>": "they",
    "<num>": "10",
    "<money>": "$",
    "<month>": "june",
    "<web>": "website",
}
STEPS = 127
MOST_BYTES = 30_000_000
# Of what is computed for each piece.
MOST_NUMBERS = 100_000_000
# How many units are read at a time, and how many rows multiplied.
TOGETHER = 128
BLOCK = 64
TAKEN = ("query", "key", "value")
_EPSILON = np.float32(1e-12)
_PARTS = re.compile(r"\[[A-Z]+\]|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """A transformer layer (Vaswani et al. 2017) over word pieces, grown from MiniLM (Wang et al. 2020).

    Where a piece stands shows only in what it takes from its neighbours (convolution of queries, keys and values, So et
    al. 2021) and in a bias for each distance (Raffel et al. 2020): so what belongs to a piece alone is computed once.
    It sees words as `FeatureSpace` masks them: nothing of who somebody is. Each unit is read by itself, so that it gets
    the same whatever stands around it.

    Attributes
    ----------
    outputs
        Names of the outputs: labels and facets.
    pieces
        The vocabulary; those that go on a word begin with ``##``.
    weights
        Large matrices in whole multiples of a step of each row (int8, with the steps under the name and ``.step``),
        and what is small; see `corpora/resume-encoder/make_encoder.py`.

    Raises
    ------
    ValueError
        The weights do not go together.
    """

    outputs: tuple[str, ...]
    pieces: tuple[str, ...]
    weights: dict[str, NDArray[np.generic]]
    _arrays: dict[str, Floats] = field(init=False, repr=False)
    _ids: dict[str, int] = field(init=False, repr=False)
    _cut: dict[str, tuple[int, ...]] = field(init=False, repr=False)
    _longest_piece: int = field(init=False, repr=False)
    _states: Floats = field(init=False, repr=False)
    _taken: Floats = field(init=False, repr=False)
    _seen: NDArray[np.bool_] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the pieces, unpack the weights and check them."""
        object.__setattr__(self, "_ids", {piece: place for place, piece in enumerate(self.pieces)})
        object.__setattr__(self, "_cut", {})
        object.__setattr__(self, "_longest_piece", max(map(len, self.pieces)))
        arrays = {
            name: _unpacked(values, self.weights.get(f"{name}.step"))
            for name, values in self.weights.items()
            if not name.endswith(".step")
        }
        _check(arrays, len(self.outputs), len(self.pieces))
        if len(self._ids) < len(self.pieces) or not {START, END, UNKNOWN, *STANDS_FOR.values()} <= self._ids.keys():
            raise ValueError("pieces are missing or stand twice")
        arrays["taken"] = np.hstack([arrays.pop(part) for part in TAKEN])
        for part in ("shift", "taps"):
            arrays[f"taken.{part}"] = np.hstack([arrays.pop(f"{name}.{part}") for name in TAKEN])
        object.__setattr__(self, "_arrays", arrays)
        for name, matrix in (("_states", arrays["widen"]), ("_taken", arrays["taken"])):
            object.__setattr__(self, name, np.zeros((len(self.pieces), matrix.shape[1]), dtype=np.float32))
        object.__setattr__(self, "_seen", np.zeros(len(self.pieces), dtype=np.bool_))

    def encode(self, units: Sequence[Sequence[str]]) -> Floats:
        """Return log-odds of the outputs.

        Parameters
        ----------
        units
            For each unit its words, masked, as `FeatureSpace.words` names them; what is beyond 64 pieces is not read.

        Returns
        -------
        ndarray, shape (n_units, n_outputs), float32
        """
        found = np.zeros((len(units), len(self.outputs)), dtype=np.float32)
        for start in range(0, len(units), TOGETHER):
            places = [self.places(words) for words in units[start : start + TOGETHER]]
            with one_thread():
                found[start : start + len(places)] = self._read(places)
        return found

    def places(self, words: Sequence[str]) -> list[int]:
        """Return the places in the vocabulary of the pieces of a unit: at most 64, the first START, the last END."""
        found = [self._ids[START]]
        for word in words:
            if len(found) >= LONGEST - 1:
                break
            known = self._cut.get(word)
            if known is None:
                known = tuple(self._pieces_of(STANDS_FOR.get(word, word)))
                if len(self._cut) < 200_000:
                    self._cut[word] = known
            found += known
        return [*found[: LONGEST - 1], self._ids[END]]

    def _pieces_of(self, word: str) -> list[int]:
        """Cut a word at punctuation, then into the longest pieces from its beginning (WordPiece, Wu et al. 2016)."""
        if len(word) > LONGEST_WORD:
            return [self._ids[UNKNOWN]]
        bare = "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))
        return [place for part in _PARTS.findall(bare) for place in self._longest_first(part)]

    def _longest_first(self, part: str) -> list[int]:
        if part in self._ids:
            return [self._ids[part]]
        found, start = [], 0
        while start < len(part):
            for end in range(min(len(part), start + self._longest_piece), start, -1):
                piece = self._ids.get(("##" if start else "") + part[start:end])
                if piece is not None:
                    break
            else:
                return [self._ids[UNKNOWN]]
            found.append(piece)
            start = end
        return found

    def _read(self, units: Sequence[Sequence[int]]) -> Floats:
        """Return the outputs of units, shape (n_units, n_outputs); the pieces of all stand in one array of rows."""
        a = self._arrays
        lengths = np.array([len(places) for places in units])
        starts = np.cumsum(lengths) - lengths
        # The rows of the units of each length, shape (n_units, length).
        alike = [starts[lengths == length][:, None] + np.arange(length) for length in np.unique(lengths)]
        rows = np.concatenate(units).astype(np.int64)
        self._meet(rows)
        query, key, value = np.split(_neighbours(self._taken[rows], starts, a["taken.taps"]), 3, axis=1)
        mixed = np.empty_like(value)
        for these in alike:
            mixed[these] = _attention(query[these], key[these], value[these], a["distances"])
        states = self._states[rows] + _times(mixed, a["mix"]) + a["mix.shift"]
        states = _normalized(states, a["mixed.scale"], a["mixed.shift"])
        inner = _gelu(_times(states, a["inner"]) + a["inner.shift"])
        states = _normalized(states + _times(inner, a["outer"]) + a["outer.shift"], a["done.scale"], a["done.shift"])
        pooled = np.asarray(np.add.reduceat(states, starts, axis=0) / lengths[:, None], dtype=np.float32)
        return _times(pooled, a["head"]) + a["head.shift"]

    def _meet(self, rows: NDArray[np.int64]) -> None:
        """Compute what belongs to pieces not met before; threads that meet one at the same time write the same."""
        a = self._arrays
        new = np.unique(rows[~self._seen[rows]])
        if len(new):
            states = _normalized(_times(a["pieces"][new], a["widen"]) + a["begin"], a["begin.scale"], a["begin.shift"])
            self._states[new] = states
            self._taken[new] = _times(states, a["taken"]) + a["taken.shift"]
            # Last: another thread may look at any time.
            self._seen[new] = True

    def save(self, path: Path) -> None:
        """Write it to a NumPy archive without pickled objects."""
        texts = {"outputs": np.array(self.outputs), "vocabulary": np.array("\n".join(self.pieces))}
        write_arrays(path, {**texts, **self.weights})

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            The file is missing or damaged, its parts do not go together, or it unpacks to more than 30 MB.
        """
        arrays = read_arrays(path, MOST_BYTES)
        try:
            pieces = tuple(str(arrays.pop("vocabulary")).split("\n"))
            outputs = tuple(map(str, arrays.pop("outputs").tolist()))
            return cls(outputs, pieces, arrays)
        except (KeyError, TypeError, ValueError) as error:
            why = f"{error} is missing: made by another version" if isinstance(error, KeyError) else str(error)
            raise ModelError(f"{path}: not an encoder ({why}). Build the model again.") from None


def packed(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return a matrix in whole multiples, -127 to 127, of a step of each row, and the steps, shape (n_rows,)."""
    steps = np.abs(matrix).max(axis=1) / STEPS
    steps[steps == 0] = 1.0
    return np.round(matrix / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _unpacked(values: NDArray[np.generic], steps: NDArray[np.generic] | None) -> Floats:
    found = values.astype(np.float32)
    if steps is not None:
        if steps.shape != values.shape[:1]:
            raise ValueError("steps and rows do not go together")
        found *= steps.astype(np.float32)[:, None]
    return found


def _check(arrays: dict[str, Floats], outputs: int, pieces: int) -> None:
    """Raise ValueError unless arrays of a file, which may be damaged or a stranger's, go together."""
    if any(arrays[name].ndim != 2 for name in ("widen", "distances", "query", "inner")):
        raise ValueError("shapes do not go together")
    narrow, width = arrays["widen"].shape
    heads, distances = arrays["distances"].shape
    inside, inner = arrays["query"].shape[1], arrays["inner"].shape[1]
    expected: dict[str, tuple[int, ...]] = {
        "pieces": (pieces, narrow),
        "widen": (narrow, width),
        "begin": (width,),
        "distances": (heads, distances),
    }
    linear = {"mix": (inside, width), "inner": (width, inner), "outer": (inner, width), "head": (width, outputs)}
    for name in TAKEN:
        linear[name] = (width, inside)
        expected[f"{name}.taps"] = (3, inside)
    for name, shape in linear.items():
        expected |= {name: shape, f"{name}.shift": shape[1:]}
    expected |= {f"{norm}.{part}": (width,) for norm in ("begin", "mixed", "done") for part in ("scale", "shift")}
    found = {name: array.shape for name, array in arrays.items()}
    if found != expected or not heads * inside * width or inside % heads or distances % 2 == 0:
        raise ValueError("shapes do not go together")
    if pieces * (width + len(TAKEN) * inside) > MOST_NUMBERS:
        raise ValueError("it is too large")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("not all weights are finite")


def _neighbours(rows: Floats, starts: NDArray[np.int64], taps: Floats) -> Floats:
    """Return of each row the one before it, itself and the one after it, weighed by taps; units do not mix.

    Parameters
    ----------
    rows
        Shape (n_rows, width).
    starts
        The first row of each unit.
    taps
        Shape (3, width).
    """
    found: Floats = rows * taps[1]
    before = rows[:-1] * taps[0]
    before[starts[1:] - 1] = 0
    found[1:] += before
    after = rows[1:] * taps[2]
    after[starts[1:] - 1] = 0
    found[:-1] += after
    return found


def _attention(query: Floats, key: Floats, value: Floats, distances: Floats) -> Floats:
    """Return what each piece takes from all pieces of its unit, shape (n_units, length, width).

    Parameters
    ----------
    query, key, value
        Shape (n_units, length, width).
    distances
        What is added to the score of a piece so far away, shape (n_heads, n_distances), none in the middle.
    """
    units, length, width = query.shape
    heads, farthest = len(distances), distances.shape[1] // 2
    query, key, value = (
        part.reshape(units, length, heads, width // heads).transpose(0, 2, 1, 3) for part in (query, key, value)
    )
    places = np.arange(length)
    apart = np.clip(places[None, :] - places[:, None], -farthest, farthest) + farthest
    scores = query @ key.transpose(0, 1, 3, 2) * np.float32((width // heads) ** -0.5) + distances[:, apart]
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    return np.asarray((scores @ value).transpose(0, 2, 1, 3).reshape(units, length, width))


def _gelu(values: Floats) -> Floats:
    """Return the Gaussian error linear units by their tanh approximation (Hendrycks and Gimpel 2016)."""
    bent = np.tanh(np.float32((2 / np.pi) ** 0.5) * (values + np.float32(0.044715) * values * values * values))
    return np.asarray(values * (1 + bent) / 2, dtype=np.float32)


def _times(rows: Floats, matrix: Floats) -> Floats:
    """Return the product of rows and a matrix, in blocks of one size.

    BLAS rounds by the size of what it multiplies: so a row gets the same among whichever others.
    """
    full = len(rows) // BLOCK * BLOCK
    last = np.zeros((BLOCK, rows.shape[1]), dtype=np.float32)
    last[: len(rows) - full] = rows[full:]
    found = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    np.matmul(
        rows[:full].reshape(-1, BLOCK, rows.shape[1]), matrix, out=found[:full].reshape(-1, BLOCK, matrix.shape[1])
    )
    found[full:] = (last @ matrix)[: len(rows) - full]
    return found


def _normalized(states: Floats, scale: Floats, shift: Floats) -> Floats:
    states = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((states * states).mean(axis=-1, keepdims=True) + _EPSILON)
    return np.asarray(states / spread * scale + shift, dtype=np.float32)
