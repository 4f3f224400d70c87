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
# How many units are read at a time, and how many rows multiplied.
TOGETHER = 256
BLOCK = 64
LINEAR = ("query", "key", "value", "mix", "inner", "outer")
_EPSILON = np.float32(1e-12)
_PARTS = re.compile(r"\[[A-Z]+\]|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """A transformer (Vaswani et al. 2017) over word pieces, cut from MiniLM (Wang et al. 2020), trained on the corpus.

    It sees words as `FeatureSpace` masks them: nothing of who somebody is. Each unit is read by itself, so that it gets
    the same whatever stands around it.

    Attributes
    ----------
    outputs
        Names of the outputs: labels and facets.
    pieces
        The vocabulary; those that go on a word begin with ``##``.
    weights
        Matrices in whole multiples of a step of each row (int8, with the steps under the name and ``.step``), and
        vectors; see `corpora/resume-encoder/make_encoder.py`.
    heads
        Number of attention heads.

    Raises
    ------
    ValueError
        The weights do not go together.
    """

    outputs: tuple[str, ...]
    pieces: tuple[str, ...]
    weights: dict[str, NDArray[np.generic]]
    heads: int
    _arrays: dict[str, Floats] = field(init=False, repr=False)
    _ids: dict[str, int] = field(init=False, repr=False)
    _cut: dict[str, tuple[int, ...]] = field(init=False, repr=False)
    _longest_piece: int = field(init=False, repr=False)

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
        object.__setattr__(self, "_arrays", arrays)
        _check(arrays, len(self.outputs), len(self.pieces), self.layers, self.heads)
        if len(self._ids) < len(self.pieces) or not {START, END, UNKNOWN, *STANDS_FOR.values()} <= self._ids.keys():
            raise ValueError("pieces are missing or stand twice")

    @property
    def layers(self) -> int:
        """Number of layers."""
        return sum(name.endswith(".query") for name in self.weights)

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
        order = np.arange(lengths.sum()) - np.repeat(starts, lengths)
        states = _times(a["pieces"][np.concatenate(units).astype(np.int64)], a["widen"]) + a["positions"][order]
        states = _normalized(states, a["begin.scale"], a["begin.shift"])
        for layer in range(self.layers):
            states = self._layer(states, alike, f"{layer}.")
        pooled = np.asarray(np.add.reduceat(states, starts, axis=0) / lengths[:, None], dtype=np.float32)
        return _times(pooled, a["head"]) + a["head.shift"]

    def _layer(self, states: Floats, alike: Sequence[NDArray[np.int64]], name: str) -> Floats:
        a = self._arrays
        query, key, value = (_times(states, a[f"{name}{part}"]) + a[f"{name}{part}.shift"] for part in LINEAR[:3])
        mixed = np.empty_like(states)
        for rows in alike:
            mixed[rows] = _attention(query[rows], key[rows], value[rows], self.heads)
        mixed = _times(mixed, a[f"{name}mix"]) + a[f"{name}mix.shift"]
        states = _normalized(states + mixed, a[f"{name}mixed.scale"], a[f"{name}mixed.shift"])
        inner = _gelu(_times(states, a[f"{name}inner"]) + a[f"{name}inner.shift"])
        outer = _times(inner, a[f"{name}outer"]) + a[f"{name}outer.shift"]
        return _normalized(states + outer, a[f"{name}done.scale"], a[f"{name}done.shift"])

    def save(self, path: Path) -> None:
        """Write it to a NumPy archive without pickled objects."""
        texts = {"outputs": np.array(self.outputs), "vocabulary": np.array("\n".join(self.pieces))}
        write_arrays(path, {"heads": np.array(self.heads), **texts, **self.weights})

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
            return cls(outputs, pieces, arrays, int(arrays.pop("heads")))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{path}: not an encoder ({error}). Build the model again.") from None


def packed(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return a matrix in whole multiples, -127 to 127, of a step of each row, and the steps, shape (n_rows,)."""
    steps = np.abs(matrix).max(axis=1) / STEPS
    steps[steps == 0] = 1.0
    return np.round(matrix / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _unpacked(values: NDArray[np.generic], steps: NDArray[np.generic] | None) -> Floats:
    found = values.astype(np.float32)
    if steps is not None:
        found *= steps.astype(np.float32)[:, None]
    return found


def _check(arrays: dict[str, Floats], outputs: int, pieces: int, layers: int, heads: int) -> None:
    """Raise ValueError unless arrays of a file, which may be damaged or a stranger's, go together."""
    narrow, width = arrays["widen"].shape
    expected: dict[str, tuple[int, ...]] = {
        "pieces": (pieces, narrow),
        "widen": (narrow, width),
        "positions": (LONGEST, width),
        "head": (width, outputs),
        "head.shift": (outputs,),
    }
    norms = ["begin"]
    for layer in range(layers):
        inner = arrays[f"{layer}.inner"].shape[-1]
        norms += [f"{layer}.mixed", f"{layer}.done"]
        for part in LINEAR:
            shape = {"inner": (width, inner), "outer": (inner, width)}.get(part, (width, width))
            expected |= {f"{layer}.{part}": shape, f"{layer}.{part}.shift": shape[1:]}
    expected |= {f"{norm}.{part}": (width,) for norm in norms for part in ("scale", "shift")}
    if {name: array.shape for name, array in arrays.items()} != expected or heads < 1 or width % heads:
        raise ValueError("shapes do not go together")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise ValueError("not all weights are finite")


def _attention(query: Floats, key: Floats, value: Floats, heads: int) -> Floats:
    """Return what each piece takes from all pieces of its unit; all of shape (n_units, length, width)."""
    units, length, width = query.shape
    query, key, value = (
        part.reshape(units, length, heads, width // heads).transpose(0, 2, 1, 3) for part in (query, key, value)
    )
    scores = query @ key.transpose(0, 1, 3, 2) * np.float32((width // heads) ** -0.5)
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
