"""A trained encoder on disk, with its rehearsal: the same without some documents, to see how right it is there."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pmskills.encoder import Encoder
from pmskills.model_files import read_json


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """An encoder and what is needed to train a model around it.

    Attributes
    ----------
    encoder
        Trained on a whole corpus.
    rehearsed
        Trained in the same way on all but the documents held out.
    held_out
        Names of these documents.
    corpus
        SHA-256 of the corpus.
    """

    encoder: Encoder
    rehearsed: Encoder
    held_out: frozenset[str]
    corpus: str

    def save(self, folder: Path) -> None:
        """Write to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.save(folder / "encoder.npz")
        self.rehearsed.save(folder / "rehearsed.npz")
        state = {"corpus": self.corpus, "held_out": sorted(self.held_out)}
        (folder / "rehearsal.json").write_text(json.dumps(state, indent=0) + "\n", encoding="utf8")

    @classmethod
    def load(cls, folder: Path) -> "Rehearsal":
        """Read what `save` wrote.

        Raises
        ------
        ModelError
            A file is missing or damaged.
        """
        state = read_json(folder / "rehearsal.json")
        held_out: Iterable[str] = state["held_out"]
        encoder, rehearsed = (Encoder.load(folder / name) for name in ("encoder.npz", "rehearsed.npz"))
        return cls(encoder, rehearsed, frozenset(held_out), str(state["corpus"]))
