"""A small transformer that reads a whole unit: what a bag of features cannot tell, such as who does what to whom."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf
from threadpoolctl import threadpool_limits

from pmskills.errors import ModelError

Floats = NDArray[np.float32]

LONGEST = 64
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
_EPSILON = 1e-12


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
    """

    outputs: tuple[str, ...]
    pieces: tuple[str, ...]
    weights: dict[str, NDArray[np.generic]]
    heads: int
    _arrays: dict[str, Floats] = field(init=False, repr=False)
    _ids: dict[str, int] = field(init=False, repr=False)
    _cut: dict[str, tuple[int, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the pieces and unpack the weights."""
        object.__setattr__(self, "_ids", {piece: place for place, piece in enumerate(self.pieces)})
        object.__setattr__(self, "_cut", {})
        arrays = {
            name: _unpacked(values, self.weights.get(f"{name}.step"))
            for name, values in self.weights.items()
            if not name.endswith(".step")
        }
        object.__setattr__(self, "_arrays", arrays)

    @property
    def layers(self) -> int:
        """Number of layers."""
        return sum(name.endswith(".query") for name in self.weights)

    def encode(self, units: Sequence[Sequence[str]]) -> Floats:
        """Return log-odds of the outputs.

        Parameters
        ----------
        units
            For each unit its words, masked, as `FeatureSpace.words` gives them.

        Returns
        -------
        ndarray, shape (n_units, n_outputs), float32
        """
        found = np.zeros((len(units), len(self.outputs)), dtype=np.float32)
        # The matrices are small: more threads only wait for each other.
        with threadpool_limits(1, user_api="blas"):
            for row, words in enumerate(units):
                found[row] = self._read(self._places(words))
        return found

    def _places(self, words: Sequence[str]) -> list[int]:
        places = [self._ids[START]]
        for word in words:
            known = self._cut.get(word)
            if known is None:
                known = tuple(self._pieces_of(STANDS_FOR.get(word, word)))
                if len(self._cut) < 200_000:
                    self._cut[word] = known
            places += known
        return [*places[: LONGEST - 1], self._ids[END]]

    def _pieces_of(self, word: str) -> list[int]:
        """Cut a word into the longest pieces from its beginning (WordPiece, Wu et al. 2016)."""
        found, start = [], 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = self._ids.get(("##" if start else "") + word[start:end])
                if piece is not None:
                    break
            else:
                return [self._ids[UNKNOWN]]
            found.append(piece)
            start = end
        return found

    def _read(self, places: list[int]) -> Floats:
        a = self._arrays
        states = a["pieces"][places] @ a["widen"] + a["positions"][: len(places)]
        states = _normalized(states, a["begin.scale"], a["begin.shift"])
        for layer in range(self.layers):
            states = self._layer(states, f"{layer}.")
        return np.asarray(states.mean(axis=0) @ a["head"] + a["head.shift"], dtype=np.float32)

    def _layer(self, states: Floats, name: str) -> Floats:
        a = self._arrays
        length, width = states.shape
        size = width // self.heads

        def apart(part: str) -> Floats:
            values = states @ a[f"{name}{part}"] + a[f"{name}{part}.shift"]
            return np.asarray(values.reshape(length, self.heads, size).transpose(1, 0, 2))

        query, key, value = apart("query"), apart("key"), apart("value")
        scores = query @ key.transpose(0, 2, 1) * np.float32(size**-0.5)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(length, width)
        mixed = mixed @ a[f"{name}mix"] + a[f"{name}mix.shift"]
        states = _normalized(states + mixed, a[f"{name}mixed.scale"], a[f"{name}mixed.shift"])
        inner = states @ a[f"{name}inner"] + a[f"{name}inner.shift"]
        bent = np.asarray(inner * (1 + erf(inner * np.float32(2**-0.5))) / 2, dtype=np.float32)
        outer = bent @ a[f"{name}outer"] + a[f"{name}outer.shift"]
        return _normalized(states + outer, a[f"{name}done.scale"], a[f"{name}done.shift"])

    def save(self, path: Path) -> None:
        """Write it to a NumPy archive without pickled objects."""
        texts = {"outputs": np.array(self.outputs), "vocabulary": np.array("\n".join(self.pieces))}
        np.savez_compressed(path, heads=np.array(self.heads), **texts, **self.weights)  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            The file is missing or damaged.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            pieces = tuple(str(arrays.pop("vocabulary")).split("\n"))
            outputs = tuple(map(str, arrays.pop("outputs").tolist()))
            encoder = cls(outputs, pieces, arrays, int(arrays.pop("heads")))
            encoder.encode([["fixed", "<name>"]])
        except Exception as error:  # NumPy raises whatever zipfile and its own parser raise; a part may not fit
            raise ModelError(f"{path}: the encoder is missing or damaged ({type(error).__name__}: {error}).") from error
        return encoder


def packed(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Return a matrix in whole multiples, -127 to 127, of a step of each row, and the steps."""
    steps = np.abs(matrix).max(axis=1) / STEPS
    steps[steps == 0] = 1.0
    return np.round(matrix / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def _unpacked(values: NDArray[np.generic], steps: NDArray[np.generic] | None) -> Floats:
    found = values.astype(np.float32)
    return found if steps is None else np.ascontiguousarray(found * steps.astype(np.float32)[:, None])


def _normalized(states: Floats, scale: Floats, shift: Floats) -> Floats:
    states = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((states * states).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return np.asarray(states / spread * scale + shift, dtype=np.float32)
