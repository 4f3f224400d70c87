"""Labelled corpora: read and write them."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, overload

from pmskills import formats
from pmskills.errors import CorpusError

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".spacy")


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled unit.

    Attributes
    ----------
    text
        The unit.
    labels
        The labels it carries; empty for none.
    document
        Which resume it is from; units of one document are never split between training and test.
    section
        Section of the resume, where known.
    occupation
        Occupation of the person, where known.
    facets
        In which ways it shows its labels, where annotated.
    annotator
        Who labelled it, where known.
    weight
        How much it counts in training, above 0: less than 1 for text that is less like real resumes.
    """

    text: str
    labels: tuple[str, ...]
    document: str | None = None
    section: str | None = None
    occupation: str | None = None
    facets: tuple[str, ...] = ()
    annotator: str | None = None
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Corpus(Sequence[Example]):
    """Labelled units in the order of their files; equal to any sequence of the same examples.

    Attributes
    ----------
    examples
        The units.
    formats
        Names of the formats they were read from, in order, without repeats.
    skipped
        What was left out on purpose (ignored, cancelled, not annotated), each with file, line and reason.
    """

    examples: tuple[Example, ...]
    formats: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of units."""
        return len(self.examples)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Example, ...]: ...
    def __getitem__(self, index: int | slice) -> Example | tuple[Example, ...]:
        """Return a unit, or several."""
        return self.examples[index]

    def __eq__(self, other: object) -> bool:
        """Compare the units, whatever they were read from."""
        return isinstance(other, Sequence) and self.examples == tuple(other)

    def __hash__(self) -> int:
        """Hash the units."""
        return hash(self.examples)


def read_corpus(path: str | Path) -> Corpus:
    """Read a labelled corpus: a file, or a folder with such files in it or below it.

    Our own JSON lines are objects with ``text`` and ``labels`` (a list of names, empty for none), and, if
    known, ``document`` (or ``source``), ``section``, ``occupation``, ``facets``, ``annotator`` and ``weight``.
    Also read, told by the content: CSV and TSV (one column of names, or one for each label), Prodigy's and
    doccano's JSON lines, Argilla's records, Label Studio's JSON and JSON-MIN, spaCy's DocBin (``.spacy``), and
    folders saved by Hugging Face's `datasets`. What people answered counts; predictions and suggestions do not.

    Raises
    ------
    CorpusError
        Nothing is there, or something is not of such a form; every problem is named with file and line.
    PMSkillsError
        It is a `datasets` folder and the library is not installed.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = file.write_text('{"text": "Fixed the till.", "labels": ["problem_solving"]}\\n')
    >>> read_corpus(file)[0].labels
    ('problem_solving',)
    """
    root = Path(path)
    if (root / "dataset_dict.json").is_file() or (root / "dataset_info.json").is_file():
        readings = [(root, formats.read_dataset(root))]
    elif root.is_dir():
        files = sorted(file for file in root.rglob("*") if file.suffix in SUFFIXES and file.is_file())
        if not files:
            raise CorpusError(f"{root}: there is no {', '.join(SUFFIXES)} file in this folder or below it.")
        readings = [(file, formats.read_file(file)) for file in files]
    elif root.is_file():
        readings = [(root, formats.read_file(root))]
    else:
        raise CorpusError(f"{root}: there is no such file or folder.")
    examples = [_example(record) for _, reading in readings for record in reading.records]
    skipped = tuple(note for _, reading in readings for note in reading.skipped)
    if not examples:
        left_out = f" ({len(skipped)} were left out; the first: {skipped[0]})" if skipped else ""
        raise CorpusError(f"{root}: there is no labelled unit in it{left_out}.")
    return Corpus(tuple(examples), tuple(dict.fromkeys(reading.format for _, reading in readings)), skipped)


def write_corpus(examples: Sequence[Example], path: str | Path) -> None:
    """Write examples, one unit a line; `read_corpus` reads them back equal.

    Parameters
    ----------
    examples
        The units.
    path
        ``.tsv`` for a table, without facets and with labels between semicolons; else JSON lines.

    Raises
    ------
    CorpusError
        A label has a separator in its name, or there are facets, and the table could not be read back.
    """
    file = Path(path)
    defaults = asdict(Example("", ()))
    # Written whole or not at all: the file may be the one that was read.
    stream = io.StringIO(newline="")
    if file.suffix.lower() == ".tsv":
        names = [name for name in defaults if name != "facets"]
        writer = csv.DictWriter(stream, names, delimiter="\t", extrasaction="ignore")
        writer.writeheader()
        for example in examples:
            if example.facets or any(set(label) & set(";|,") for label in example.labels):
                raise CorpusError(f"{file}: a table holds no facets and no labels with ; | or ,: write .jsonl.")
            writer.writerow(asdict(example) | {"labels": ";".join(example.labels)})
    else:
        for example in examples:
            values = asdict(example).items()
            line = {key: value for key, value in values if key in ("text", "labels") or value != defaults[key]}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")
    try:
        file.write_bytes(stream.getvalue().encode())
    except UnicodeEncodeError as error:
        raise CorpusError(f"{file}: not written, a text holds half of a character ({error.reason}).") from None


def corpus_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of texts, labels and weights in order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps([example.text, sorted(example.labels), example.weight]).encode() + b"\n")
    return digest.hexdigest()


def _example(record: Mapping[str, Any]) -> Example:
    return Example(
        text=record["text"],
        labels=tuple(record["labels"]),
        document=_name(record.get("document", record.get("source"))),
        section=_name(record.get("section")),
        occupation=_name(record.get("occupation")),
        facets=tuple(map(str, record.get("facets", ()))),
        annotator=_name(record.get("annotator")),
        weight=float(record.get("weight", 1.0)),
    )


def _name(value: Any) -> str | None:
    return None if value is None else str(value)
