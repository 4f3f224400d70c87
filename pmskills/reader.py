"""What the encoder adds to the decisions of the classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmskills.arrays import read_arrays, write_arrays
from pmskills.encoder import LONGEST, Encoder
from pmskills.errors import ModelError

MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """An encoder, and how much each of its outputs counts for each label.

    Attributes
    ----------
    encoder
        Reads whole units.
    mixing
        What an output adds to the log-odds of each label, shape (n_labels, n_outputs).
    gate
        The classifier's log-odds of each label below which a unit need not be read, shape (n_labels,): most lines of a
        resume are plainly nothing, and reading takes longer than all else.
    unread
        The outputs that stand for those of units not read, shape (n_outputs,).
    """

    encoder: Encoder
    mixing: NDArray[np.float64]
    gate: NDArray[np.float64]
    unread: NDArray[np.float64]

    def read(self, units: Sequence[Sequence[str]], decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is added to the log-odds.

        Parameters
        ----------
        units
            The masked words of each unit.
        decisions
            The classifier's log-odds, shape (n_units, n_labels).

        Returns
        -------
        ndarray, shape (n_units, n_labels), float64
        """
        outputs = np.repeat(self.unread[None, :], len(units), axis=0)
        worth = np.flatnonzero((decisions >= self.gate).any(axis=1)).tolist()
        outputs[worth] = self.encoder.encode([units[row] for row in worth])
        return self.mixed(outputs)

    def mixed(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what outputs of the encoder add to the log-odds.

        Parameters
        ----------
        outputs
            Shape (n_units, n_outputs).

        Returns
        -------
        ndarray, shape (n_units, n_labels), float64
        """
        # Not BLAS, which rounds a row otherwise among other rows.
        return np.asarray(np.einsum("no,lo->nl", outputs, self.mixing), dtype=np.float64)

    def shares(self, words: Sequence[str], decisions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each word of one unit adds for each label: what is lost when it is masked.

        Parameters
        ----------
        words
            The masked words.
        decisions
            The classifier's log-odds of the unit, shape (n_labels,).

        Returns
        -------
        ndarray, shape (n_words, n_labels), float64
        """
        shares = np.zeros((len(words), len(self.mixing)))
        if (decisions >= self.gate).any():
            # Each word is a piece or more: none beyond can be read.
            seen = words[:LONGEST]
            without = [[*seen[:place], "<name>", *seen[place + 1 :]] for place in range(len(seen))]
            outputs = self.mixed(self.encoder.encode([seen, *without]).astype(np.float64))
            shares[: len(seen)] = outputs[0] - outputs[1:]
        return shares

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / "encoder.npz")
        write_arrays(folder / "mixing.npz", {"mixing": self.mixing, "gate": self.gate, "unread": self.unread})

    @classmethod
    def load(cls, folder: Path, labels: Sequence[str]) -> "Reader":
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            A file is missing or damaged, or does not fit the labels.
        """
        encoder = Encoder.load(folder / "encoder.npz")
        arrays = read_arrays(folder / "mixing.npz", MOST_BYTES)
        outputs = len(encoder.outputs)
        expected = {"mixing": (len(labels), outputs), "gate": (len(labels),), "unread": (outputs,)}
        if {name: array.shape for name, array in arrays.items()} != expected or not all(map(_sound, arrays.values())):
            raise ModelError(f"{folder}: not a reader for {len(labels)} labels. Build the model again.")
        return cls(encoder, **arrays)


def _sound(array: NDArray[Any]) -> bool:
    """Return whether an array holds numbers; minus infinity is the gate that lets all through."""
    return array.dtype == np.float64 and not bool((np.isnan(array) | (array == np.inf)).any())
