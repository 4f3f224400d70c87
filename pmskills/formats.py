"""What annotation tools write, to labelled units: each format told by its content, each problem by file and line."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pmskills.errors import CorpusError
from pmskills.extras import extra

TEXT_NAMES = ("text", "sentence", "unit", "content", "resume")
LABEL_NAMES = ("labels", "label", "categories", "category", "tags")
DETAILS = ("document", "source", "section", "occupation", "facets", "annotator", "weight")
EXPECTED = 'expected {"text": "…", "labels": ["…"]}, or what an annotation tool exports'
MOST_PROBLEMS = 20
_TRUE, _FALSE = ("1", "true", "yes", "y", "x"), ("0", "false", "no", "n", "")
_SEPARATORS = re.compile(r"\s*[;|,]\s*")


@dataclass(slots=True)
class Reading:
    """What a file holds, as plain records.

    Attributes
    ----------
    format
        Name of the format.
    records
        Each with ``text``, ``labels`` and, where known, `DETAILS`.
    skipped
        What was left out on purpose (ignored, cancelled, drafts), each with file and line and why.
    problems
        What could not be understood, each with file and line and what was expected.
    """

    format: str = ""
    records: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, place: str, text: Any, labels: Any, one_is_enough: bool = True, **details: Any) -> None:
        """Keep a unit, or the problem with it."""
        names = [labels] if isinstance(labels, str) and one_is_enough else labels
        if not isinstance(text, str) or not text.strip():
            self.problems.append(f"{place}: no text; {EXPECTED}.")
        elif any("\ud800" <= character <= "\udfff" for character in text):
            self.problems.append(f"{place}: the text holds half of a character (a lone surrogate); write it again.")
        elif not isinstance(names, list | tuple) or not all(isinstance(name, str) and name for name in names):
            found = json.dumps(labels, default=str, ensure_ascii=False)[:60]
            self.problems.append(f"{place}: labels are {found}; {EXPECTED}, [] for none.")
        elif not isinstance(details.get("facets") or [], list):
            found = json.dumps(details["facets"], default=str)[:60]
            self.problems.append(f"{place}: facets are {found}; expected a list of names.")
        elif not _is_weight(details.get("weight", 1)):
            found = json.dumps(details["weight"], default=str)[:60]
            self.problems.append(f"{place}: weight is {found}; expected a number above 0.")
        else:
            known = {name: value for name, value in details.items() if value is not None}
            self.records.append({"text": text, "labels": list(dict.fromkeys(names)), **known})


def _is_weight(value: Any) -> bool:
    try:
        return value is None or (not isinstance(value, bool) and 0 < float(value) < float("inf"))
    except (TypeError, ValueError):
        return False


def read_file(file: Path) -> Reading:
    """Read a file of labelled units.

    Parameters
    ----------
    file
        JSON lines (our own, Prodigy's, doccano's, Argilla's), a JSON list (Label Studio's two kinds, Argilla's),
        CSV or TSV, or a spaCy DocBin; which, is told by the content.

    Raises
    ------
    CorpusError
        The file cannot be read, is of no such kind, or has problems; they are listed, each with its line.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CorpusError(f"{file}: cannot be read ({error.strerror}).") from None
    reading = Reading()
    if file.suffix == ".spacy":
        _docbin(data, str(file), reading)
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            where = f"{error.reason} at byte {error.start}"
            raise CorpusError(f"{file}: not UTF-8 text ({where}). Save it as UTF-8.") from None
        if text.lstrip().startswith("[") and file.suffix != ".jsonl":
            _json_list(text, str(file), reading)
        elif text.lstrip().startswith("{") or file.suffix in (".jsonl", ".ndjson"):
            _json_lines(text, str(file), reading)
        else:
            _table(text, str(file), reading)
    if reading.problems:
        more = len(reading.problems) - MOST_PROBLEMS
        shown = reading.problems[:MOST_PROBLEMS] + ([f"... and {more} more problems."] if more > 0 else [])
        raise CorpusError("\n".join(shown))
    return reading


def read_dataset(folder: Path) -> Reading:
    """Read a folder that Hugging Face's `datasets` saved, all its splits.

    Raises
    ------
    CorpusError
        It has no text or label column.
    PMSkillsError
        The library is not installed.
    """
    datasets = extra("datasets", "datasets")
    found = datasets.load_from_disk(str(folder))
    splits = found.items() if hasattr(found, "items") else [("", found)]
    reading = Reading("Hugging Face datasets")
    for split, rows in splits:
        place = f"{folder}:{split}" if split else str(folder)
        text, label = _column(rows.column_names, TEXT_NAMES), _column(rows.column_names, LABEL_NAMES)
        if text is None or label is None:
            raise CorpusError(
                f"{place}: the columns are {', '.join(rows.column_names)}; expected a text ({' or '.join(TEXT_NAMES)}) "
                f"and labels ({' or '.join(LABEL_NAMES)})."
            )
        kind = rows.features[label]
        names = getattr(kind, "names", None) or getattr(getattr(kind, "feature", None), "names", None)
        for number, row in enumerate(rows):
            values = row[label] if isinstance(row[label], list) else [row[label]]
            labels = [names[value] if names and isinstance(value, int) else value for value in values]
            details = {name: row[name] for name in DETAILS if name in row}
            reading.add(f"{place}:{number + 1}", row[text], labels, **details)
    if reading.problems:
        raise CorpusError("\n".join(reading.problems[:MOST_PROBLEMS]))
    return reading


def _column(names: Sequence[str], wanted: Sequence[str]) -> str | None:
    return next((name for want in wanted for name in names if name.lower() == want), None)


# --- JSON lines ---------------------------------------------------------------------------------------------


def _json_lines(text: str, name: str, reading: Reading) -> None:
    rows: list[tuple[str, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        place = f"{name}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reading.problems.append(f"{place}: not JSON ({error}); {EXPECTED}.")
            continue
        if isinstance(row, dict):
            rows.append((place, row))
        else:
            reading.problems.append(f"{place}: no text; {EXPECTED}.")
    if rows:
        _objects(rows, reading)


def _objects(rows: list[tuple[str, dict[str, Any]]], reading: Reading) -> None:
    """Tell the tool by the keys that only its objects have."""
    keys = {key for _, row in rows for key in row}
    for name, marks, read in _TOOLS:
        if any(mark <= keys for mark in marks):
            reading.format = name
            if read is _prodigy:
                _read_rows(read, rows, reading)
            else:
                for one in rows:
                    _read_rows(read, [one], reading)
            return
    reading.format = "pmskills JSON lines"
    for place, row in rows:
        labels = row.get("labels")
        details = {key: row[key] for key in DETAILS if row.get(key) is not None}
        reading.add(place, row.get("text"), labels, one_is_enough=False, **details)


def _read_rows(
    read: Callable[[list[tuple[str, dict[str, Any]]], Reading], None],
    rows: list[tuple[str, dict[str, Any]]],
    reading: Reading,
) -> None:
    """Read what a tool wrote; what is not of its form is a problem of its place."""
    try:
        read(rows, reading)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        where = rows[0][0] if len(rows) == 1 else f"{rows[0][0]} or later"
        reading.problems.append(f"{where}: not of the form that {reading.format} writes ({error}).")


def _prodigy(rows: list[tuple[str, dict[str, Any]]], reading: Reading) -> None:
    """Read Prodigy's textcat (a row a text and label) and choice (a row a text); prodi.gy/docs/api-interfaces."""
    binary: dict[tuple[Any, Any], dict[str, Any]] = {}
    for place, row in rows:
        who = row.get("_annotator_id") or row.get("_session_id")
        details = {"annotator": who, **_meta(row.get("meta"))}
        if "spans" in row and "label" not in row and "accept" not in row:
            reading.problems.append(f"{place}: spans without labels of the text; expected textcat or choice tasks.")
        elif row.get("answer") not in ("accept", "reject", "ignore"):
            reading.problems.append(f"{place}: answer is {row.get('answer')!r}; expected accept, reject or ignore.")
        elif row["answer"] == "ignore":
            reading.skipped.append(f"{place}: ignored by the annotator")
        elif "options" in row or "accept" in row:
            if row["answer"] == "reject":
                reading.skipped.append(f"{place}: rejected by the annotator as a whole")
            else:
                accepted = row.get("accept")
                names = [str(value) for value in accepted] if isinstance(accepted, list) else accepted
                reading.add(place, row.get("text"), names if names is not None else [], **details)
        elif not isinstance(row.get("label"), str):
            reading.problems.append(f"{place}: label is {row.get('label')!r}; expected a name, or options with accept.")
        else:
            key = row.get("_input_hash", row.get("text")), who
            task = binary.setdefault(key, {"place": place, "text": row.get("text"), "yes": [], "details": details})
            if row["answer"] == "accept":
                task["yes"].append(row["label"])
    for task in binary.values():
        reading.add(task["place"], task["text"], task["yes"], **task["details"])


def _meta(meta: Any) -> dict[str, Any]:
    return (
        {name: meta[name] for name in DETAILS if name in meta and name != "annotator"} if isinstance(meta, dict) else {}
    )


def _argilla(rows: list[tuple[str, dict[str, Any]]], reading: Reading) -> None:
    """Read Argilla records, of version 2 and of 1's feedback datasets: responses are human, suggestions are not.

    Version 2 writes drafts like submitted responses; they cannot be told apart.
    """
    for place, row in rows:
        fields = row.get("fields") or {}
        text = fields.get(_column(list(fields), TEXT_NAMES) or next(iter(fields), ""))
        details = _meta(row.get("metadata"))
        answers = list(_argilla_answers(place, row.get("responses") or {}, reading))
        if not answers and not any(note.startswith(f"{place}:") for note in reading.skipped):
            reading.skipped.append(f"{place}: no response yet (suggestions do not count)")
        for who, labels in answers:
            reading.add(place, text, labels, annotator=who, **details)


def _argilla_answers(place: str, responses: Any, reading: Reading) -> Iterator[tuple[str | None, Any]]:
    if isinstance(responses, dict):  # version 2: question to responses
        given: dict[str | None, list[Any]] = {}
        for answers in responses.values():
            for answer in answers:
                if answer.get("status", "submitted") != "submitted":
                    reading.skipped.append(f"{place}: a response that is {answer['status']}")
                else:
                    given.setdefault(answer.get("user_id"), []).extend(_listed(answer.get("value")))
        yield from given.items()
        return
    for response in responses:  # version 1: a response has values
        if response.get("status", "submitted") != "submitted":
            reading.skipped.append(f"{place}: a response that is {response['status']}")
        else:
            values = (response.get("values") or {}).values()
            yield response.get("user_id"), [name for value in values for name in _listed(value.get("value"))]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _doccano(rows: list[tuple[str, dict[str, Any]]], reading: Reading) -> None:
    """Read doccano's text classification: ``label``, ``labels`` or ``annotations`` (github.com/doccano/doccano)."""
    for place, row in rows:
        if "annotations" in row:
            by_user: dict[Any, list[Any]] = {}
            for note in row["annotations"]:
                by_user.setdefault(note.get("user"), []).append(str(note.get("label")))
            for who, names in (by_user or {None: []}).items():
                reading.add(place, row.get("text"), names, annotator=None if who is None else str(who))
            continue
        labels = row.get("label", row.get("labels"))
        if isinstance(labels, list) and any(isinstance(label, list) for label in labels):
            reading.problems.append(f"{place}: labels are spans; expected names for the whole text.")
        else:
            reading.add(place, row.get("text"), labels, **_meta(row) | _meta(row.get("meta")))


_TOOLS: Sequence[tuple[str, Sequence[set[str]], Callable[[list[tuple[str, dict[str, Any]]], Reading], None]]] = (
    ("Prodigy", [{"answer"}], _prodigy),
    ("Argilla", [{"fields", "responses"}, {"fields", "suggestions"}], _argilla),
    ("doccano", [{"text", "label"}, {"text", "annotations"}, {"text", "labels", "Comments"}], _doccano),
)


# --- a JSON list --------------------------------------------------------------------------------------------


def _json_list(text: str, name: str, reading: Reading) -> None:
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CorpusError(f"{name}: not JSON ({error}).") from None
    rows = [(f"{name}:{number}", task) for number, task in enumerate(tasks, 1)]
    odd = [place for place, task in rows if not isinstance(task, dict)]
    if odd:
        raise CorpusError(f"{odd[0]}: not an object; expected a list of tasks or records.")
    keys = {key for _, task in rows for key in task}
    if "data" in keys and ("annotations" in keys or "completions" in keys):
        reading.format = "Label Studio JSON"
        for place, task in rows:
            _read_rows(lambda rows, to: _label_studio_task(*rows[0], to), [(place, task)], reading)
    elif {"annotation_id", "lead_time"} & keys:
        reading.format = "Label Studio JSON-MIN"
        _label_studio_min(rows, reading)
    else:
        _objects(rows, reading)


def _label_studio_task(place: str, task: Mapping[str, Any], reading: Reading) -> None:
    """Read a task: annotations count, unless cancelled; predictions never do (labelstud.io/guide/export)."""
    data = task.get("data") or {}
    text = data.get(_text_key(data) or "")
    done = 0
    for note in task.get("annotations") or task.get("completions") or []:
        if note.get("was_cancelled"):
            reading.skipped.append(f"{place}: skipped by the annotator")
            continue
        done += 1
        names: list[Any] = []
        for result in note.get("result") or []:
            if result.get("type") != "choices":
                kind = result.get("type")
                reading.problems.append(f"{place}: a result of type {kind!r}; expected choices for the whole text.")
            else:
                names += _choices(result.get("value"))
        who = note.get("completed_by")
        who = who.get("email") or who.get("id") if isinstance(who, dict) else who
        reading.add(place, text, names, annotator=None if who is None else str(who), **_meta(data))
    if not done and not task.get("annotations") and not task.get("completions"):
        reading.skipped.append(f"{place}: not annotated yet (predictions do not count)")


_MIN_KEYS = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement", *DETAILS}


def _label_studio_min(rows: list[tuple[str, dict[str, Any]]], reading: Reading) -> None:
    """Read JSON-MIN: a choice is a text, or an object if there are several; a task without one has no key for it."""
    text = _text_key({key: value for _, row in reversed(rows) for key, value in row.items()})
    rest = dict.fromkeys(key for _, row in rows for key in row if key not in _MIN_KEYS and key != text)
    chosen = [key for key in rest if any("choices" in row[key] for _, row in rows if isinstance(row.get(key), dict))]
    chosen = chosen or [key for key in rest if key.lower() in (*LABEL_NAMES, "choice", "choices")] or list(rest)
    if len(chosen) > 1:
        names = ", ".join(chosen)
        reading.problems.append(
            f"{rows[0][0]}: any of {names} could be the label; expected one choice besides the text."
        )
        return
    for place, row in rows:
        who = row.get("annotator")
        labels = _choices(row.get(chosen[0])) if chosen else []
        reading.add(place, row.get(text or ""), labels, annotator=None if who is None else str(who), **_meta(row))


def _choices(value: Any) -> list[Any]:
    return _listed(value.get("choices")) if isinstance(value, dict) else _listed(value)


def _text_key(data: Mapping[str, Any]) -> str | None:
    texts = [key for key, value in data.items() if isinstance(value, str) and key not in _MIN_KEYS]
    return _column(texts, TEXT_NAMES) or max(texts, key=lambda key: len(data[key]), default=None)


# --- tables and DocBin --------------------------------------------------------------------------------------


def _table(text: str, name: str, reading: Reading) -> None:
    """Read CSV or TSV: a text column and either one of label names or one of yes and no for each label."""
    header = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=header.count)
    reading.format = "TSV" if delimiter == "\t" else "CSV"
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [name for name in rows.fieldnames or [] if name]
    column = _column(names, TEXT_NAMES)
    if column is None:
        raise CorpusError(
            f"{name}:1: the columns are {', '.join(names) or 'none'}; expected a text ({' or '.join(TEXT_NAMES)}) and "
            "labels, or a column for each label."
        )
    listed = _column([name for name in names if name != column], LABEL_NAMES)
    each = [name for name in names if name != column and name.lower() not in (*DETAILS, "id")]
    if listed is None and not each:
        raise CorpusError(f"{name}:1: only a text column; expected labels as well.")
    try:
        for row in rows:
            place = f"{name}:{rows.line_num}"
            if None in row or None in row.values():
                reading.problems.append(f"{place}: {len(row)} cells; expected {len(names)} as in the first line.")
                continue
            details: dict[str, Any] = {key.lower(): row[key] for key in names if key.lower() in DETAILS and row[key]}
            if listed:
                labels = [label for label in _SEPARATORS.split(row[listed].strip()) if label]
                reading.add(place, row[column], labels, **details)
                continue
            odd = [label for label in each if row[label].strip().lower() not in (*_TRUE, *_FALSE)]
            if odd:
                reading.problems.append(f"{place}: {odd[0]} is {row[odd[0]][:40]!r}; expected 1 or 0, yes or no.")
            else:
                chosen = [label for label in each if row[label].strip().lower() in _TRUE]
                reading.add(place, row[column], chosen, **details)
    except csv.Error as error:
        reading.problems.append(f"{name}:{rows.line_num + 1}: not CSV ({error}).")


def _docbin(data: bytes, name: str, reading: Reading) -> None:
    """Read spaCy's binary training format: each Doc a unit, its ``cats`` of 0.5 and more its labels."""
    import spacy
    from spacy.tokens import DocBin

    reading.format = "spaCy DocBin"
    try:
        docs = list(DocBin().from_bytes(data).get_docs(spacy.blank("en").vocab))
    except Exception as error:  # zlib and msgpack raise errors of their own
        raise CorpusError(f"{name}: not a spaCy DocBin ({type(error).__name__}: {error}).") from None
    for number, doc in enumerate(docs, 1):
        place = f"{name}:{number}"
        if not doc.cats:
            reading.problems.append(f"{place}: the Doc has no cats; expected 0 or 1 for each label.")
        else:
            reading.add(place, doc.text, [label for label, value in doc.cats.items() if value >= 0.5])
