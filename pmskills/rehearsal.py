"""A trained encoder on disk, with its rehearsal: the same without some documents, to see how right it is there."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pmskills.corpus import Example
from pmskills.encoder import Encoder
from pmskills.errors import CorpusError, ModelError
from pmskills.model_files import read_json


@dataclass(frozen=True, slots=True, eq=False)
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
        What `digest` gives for the corpus.
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
            A file is missing or damaged, or the two encoders do not go together.
        """
        state = read_json(folder / "rehearsal.json")
        held_out, corpus = state.get("held_out"), state.get("corpus")
        named = isinstance(held_out, list) and all(isinstance(name, str) for name in held_out)
        encoder, rehearsed = (Encoder.load(folder / name) for name in ("encoder.npz", "rehearsed.npz"))
        if not named or not isinstance(corpus, str) or encoder.outputs != rehearsed.outputs:
            raise ModelError(f"{folder}: not a rehearsal. Make it again with make_encoder.py.")
        assert isinstance(held_out, list)
        return cls(encoder, rehearsed, frozenset(held_out), corpus)

    def check(self, examples: Sequence[Example]) -> None:
        """Refuse a corpus that the encoder was not trained on.

        Raises
        ------
        CorpusError
            It differs in a text, label, facet, document or weight.
        """
        here = digest(examples)
        if here != self.corpus:
            raise CorpusError(
                f"the encoder was trained on the corpus {self.corpus[:12]}, this is {here[:12]}. "
                "Train it again with corpora/resume-encoder/make_encoder.py."
            )


def digest(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of all that an encoder learns from, and of how its documents are told apart."""
    found = hashlib.sha256()
    for example in examples:
        seen = [example.text, sorted(example.labels), sorted(example.facets), example.document, example.weight]
        found.update(json.dumps(seen).encode() + b"\n")
    return found.hexdigest()
