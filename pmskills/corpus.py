"""Labelled corpora: read and write them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pmskills.errors import CorpusError


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


def read_corpus(path: str | Path) -> list[Example]:
    """Read a labelled corpus: a JSON Lines file, or a folder with such files in it or below it.

    A line is an object with ``text`` and ``labels`` (a list of names, empty for none), and, if
    known, ``document`` (or ``source``), ``section``, ``occupation``, ``facets``, ``annotator`` and ``weight``.

    Raises
    ------
    CorpusError
        Nothing is there, or a line is not of that form; the message names file and line.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = file.write_text('{"text": "Fixed the till.", "labels": ["problem_solving"]}\\n')
    >>> read_corpus(file)[0].labels
    ('problem_solving',)
    """
    root = Path(path)
    if root.is_dir():
        files = sorted(root.rglob("*.jsonl"))
        if not files:
            raise CorpusError(f"{root}: there is no .jsonl file in this folder or below it.")
    elif root.is_file():
        files = [root]
    else:
        raise CorpusError(f"{root}: there is no such file or folder.")
    examples = [example for file in files for example in _read_lines(file)]
    if not examples:
        raise CorpusError(f"{root}: there is no labelled unit in it.")
    return examples


def write_corpus(examples: Sequence[Example], path: str | Path) -> None:
    """Write examples as JSON Lines, one unit a line; `read_corpus` reads them back equal."""
    with Path(path).open("w", encoding="utf8") as stream:
        defaults = asdict(Example("", ()))
        for example in examples:
            values = asdict(example).items()
            line = {key: value for key, value in values if key in ("text", "labels") or value != defaults[key]}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")


def corpus_hash(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of texts, labels and weights in order, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps([example.text, sorted(example.labels), example.weight]).encode() + b"\n")
    return digest.hexdigest()


def _read_lines(file: Path) -> Iterator[Example]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(f"{file}: not UTF-8 text ({error.reason} at byte {error.start}). Save it as UTF-8.") from None
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read ({error.strerror}).") from None
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _example(line, f"{file}:{number}")


def _example(line: str, place: str) -> Example:
    expected = 'expected {"text": "…", "labels": ["…"]}'
    try:
        record = json.loads(line)
    except ValueError as error:
        raise CorpusError(f"{place}: not JSON ({error}); {expected}.") from None
    if not isinstance(record, dict) or not isinstance(record.get("text"), str) or not record["text"].strip():
        raise CorpusError(f"{place}: no text; {expected}.")
    labels = record.get("labels")
    if not isinstance(labels, list) or not all(isinstance(label, str) and label for label in labels):
        raise CorpusError(f"{place}: labels are {json.dumps(labels)[:60]}; {expected}, [] for none.")
    facets = record.get("facets") or []
    if not isinstance(facets, list):
        raise CorpusError(f"{place}: facets are {json.dumps(facets)[:60]}; expected a list of names.")
    weight = record.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < float("inf"):
        raise CorpusError(f"{place}: weight is {json.dumps(weight)[:60]}; expected a number above 0.")
    return Example(
        text=record["text"],
        labels=tuple(dict.fromkeys(labels)),
        document=_name(record.get("document", record.get("source"))),
        section=_name(record.get("section")),
        occupation=_name(record.get("occupation")),
        facets=tuple(map(str, facets)),
        annotator=_name(record.get("annotator")),
        weight=float(weight),
    )


def _name(value: Any) -> str | None:
    return None if value is None else str(value)
