"""What the encoder adds to the decisions of the classifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pmskills.encoder import Encoder
from pmskills.errors import ModelError


@dataclass(frozen=True, slots=True)
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
        """Return what outputs of the encoder, shape (n_units, n_outputs), add: shape (n_units, n_labels)."""
        # Not BLAS, which rounds a row otherwise among other rows.
        return np.asarray(np.einsum("no,lo->nl", outputs, self.mixing), dtype=np.float64)

    def shares(self, words: Sequence[str], decisions: NDArray[np.float64], column: int) -> NDArray[np.float64]:
        """Return what each word of one unit adds for one label: what is lost when it is masked, shape (n_words,).

        Parameters
        ----------
        words
            The masked words.
        decisions
            The classifier's log-odds of the unit, shape (n_labels,).
        column
            The label.
        """
        if not (decisions >= self.gate).any():
            return np.zeros(len(words))
        without = [[*words[:place], "<name>", *words[place + 1 :]] for place in range(len(words))]
        outputs = self.encoder.encode([words, *without]) @ self.mixing[column]
        return np.asarray(outputs[0] - outputs[1:], dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / "encoder.npz")
        np.savez(folder / "mixing.npz", mixing=self.mixing, gate=self.gate, unread=self.unread)

    @classmethod
    def load(cls, folder: Path, labels: Sequence[str]) -> "Reader":
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            A file is missing or damaged, or does not fit the labels.
        """
        encoder = Encoder.load(folder / "encoder.npz")
        try:
            with np.load(folder / "mixing.npz", allow_pickle=False) as archive:
                reader = cls(encoder, archive["mixing"], archive["gate"], archive["unread"])
        except Exception as error:  # NumPy raises whatever zipfile and its own parser raise
            raise ModelError(f"{folder}: the reader is damaged ({type(error).__name__}: {error}).") from error
        shapes = (reader.mixing.shape, reader.gate.shape, reader.unread.shape)
        outputs = len(encoder.outputs)
        if shapes != ((len(labels), outputs), (len(labels),), (outputs,)):
            raise ModelError(f"{folder}: not a reader for {len(labels)} labels. Build the model again.")
        return reader
