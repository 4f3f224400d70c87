"""Results as CSV, Parquet or SQLite, made in one step from the JSON lines."""

import csv
import itertools
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pmskills.errors import PMSkillsError
from pmskills.extras import extra
from pmskills.rows import evidence_of, row

Records = Callable[[], Iterator[dict[str, Any]]]
ROWS_AT_A_TIME = 1_000
_EVIDENCE = ("label", "text", "start", "end", "probability", "section", "page", "job")


def journal_of(output: Path) -> Path:
    """Return the file of JSON lines that stands behind an output: itself, or one beside it.

    Raises
    ------
    PMSkillsError
        The output's suffix is none that is known, or its extra is not installed.
    """
    suffix = output.suffix.lower()
    if suffix in (".jsonl", ".ndjson"):
        return output
    if suffix not in _WRITERS:
        raise PMSkillsError(
            f"{output}: results are written as .jsonl, .csv, .parquet or .sqlite; name one of these, or - for JSON "
            "lines on standard output."
        )
    if suffix == ".parquet":
        extra("pyarrow", "parquet")
    return output.with_name(f"{output.name}.jsonl")


def export(records: Records, output: Path, labels: Sequence[str]) -> None:
    """Write all records to a file of the kind that its suffix tells; it appears when it is complete.

    Parameters
    ----------
    records
        Called for the records.
    output
        ``.csv``: one row a resume, without lists; cells that a spreadsheet would calculate are defused by an
        apostrophe. ``.parquet``: the same with types, and evidence as a list of structs. ``.sqlite``: the
        same in a table ``documents``, and a table ``evidence``.
    labels
        The labels of the model.
    """
    handle, name = tempfile.mkstemp(dir=output.absolute().parent, prefix=f".{output.name}.")
    os.close(handle)
    try:
        _WRITERS[output.suffix.lower()](records(), Path(name), labels)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _csv(records: Iterator[dict[str, Any]], path: Path, labels: Sequence[str]) -> None:
    with path.open("w", encoding="utf8", newline="") as stream:
        writer = csv.DictWriter(stream, list(row({"path": "", "status": "", "message": ""}, labels)))
        writer.writeheader()
        for record in records:
            writer.writerow({key: defused(value) for key, value in row(record, labels).items()})


def defused(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (OWASP, CSV injection).

    Examples
    --------
    >>> defused("=HYPERLINK(1)"), defused(" -2+3"), defused("C+"), defused(-1)
    ("'=HYPERLINK(1)", "' -2+3", 'C+', -1)
    """
    if isinstance(value, str) and value.lstrip()[:1] in ("=", "+", "-", "@", "＝", "＋", "－", "＠"):
        return f"'{value}"
    return f"'{value}" if isinstance(value, str) and value[:1] in ("\t", "\r", "\n") else value


def _parquet(records: Iterator[dict[str, Any]], path: Path, labels: Sequence[str]) -> None:
    arrow, parquet = extra("pyarrow", "parquet"), extra("pyarrow.parquet", "parquet")
    kinds = {"text": arrow.string(), "whole": arrow.int64(), "part": arrow.float64()}
    columns = [(name, kinds[_kind(name)]) for name in row({"path": "", "status": "", "message": ""}, labels)]
    item = arrow.struct([(name, kinds[_kind(name)]) for name in _EVIDENCE])
    schema = arrow.schema([*columns, ("evidence", arrow.list_(item))])
    with parquet.ParquetWriter(path, schema) as writer:
        while some := list(itertools.islice(records, ROWS_AT_A_TIME)):
            rows = [row(record, labels) | {"evidence": evidence_of(record)} for record in some]
            writer.write_table(arrow.Table.from_pylist(rows, schema))


def _kind(column: str) -> str:
    if column.endswith("probability"):
        return "part"
    whole = ("pages", "characters", "statements", "jobs", "start", "end", "page", "job")
    return "whole" if column in whole or column.endswith(("_units", "_jobs")) else "text"


def _sqlite(records: Iterator[dict[str, Any]], path: Path, labels: Sequence[str]) -> None:
    types = {"text": "TEXT", "whole": "INTEGER", "part": "REAL"}
    names = list(row({"path": "", "status": "", "message": ""}, labels))
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}" {types[_kind(name)]}' for name in names]
    database = sqlite3.connect(path)
    try:
        database.execute(f"CREATE TABLE documents ({', '.join(quoted)}, PRIMARY KEY (path))")
        columns = ", ".join(f'"{name}" {types[_kind(name)]}' for name in _EVIDENCE)
        database.execute(f"CREATE TABLE evidence (path TEXT REFERENCES documents, {columns})")
        for record in records:
            values = list(row(record, labels).values())
            database.execute(f"INSERT INTO documents VALUES ({', '.join('?' * len(values))})", values)
            found = [[record["path"], *(item[name] for name in _EVIDENCE)] for item in evidence_of(record)]
            database.executemany(f"INSERT INTO evidence VALUES (?{', ?' * len(_EVIDENCE)})", found)
        database.execute("CREATE INDEX evidence_of ON evidence (label, path)")
        database.commit()
    finally:
        database.close()


_WRITERS: dict[str, Callable[[Iterator[dict[str, Any]], Path, Sequence[str]], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".sqlite": _sqlite,
    ".db": _sqlite,
}
