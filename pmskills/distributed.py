"""The work itself, in any process of any engine: contents in, records out; a table in, a table out."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pmskills.documents import Document, read_document
from pmskills.errors import DocumentError
from pmskills.model_files import folder_of, labels_of
from pmskills.pipeline import Analyzer, load
from pmskills.rows import evidence_of, row

if TYPE_CHECKING:
    import pandas

Content = tuple[str, bytes | str]
Record = dict[str, Any]

# The vocabulary of a spaCy pipeline grows with every new word; loading it afresh takes 0.3 s and frees it.
DOCUMENTS_PER_LOAD = 5_000
_here = threading.local()


def score_contents(contents: Sequence[Content], model: str | None = None, units: bool = False) -> list[Record]:
    """Analyze resumes; a bad one gives a record with its reason, never an exception.

    Parameters
    ----------
    contents
        Pairs of the name and the content: bytes of a file, or text.
    model
        A model folder; by default the packaged one. It is loaded once in a process (and thread).
    units
        Keep all units with their probabilities, not only the evidence.

    Returns
    -------
    list of dict
        In the order of the contents: path, status, message, seconds and, if ok, what `Analysis.to_dict` gives.

    Raises
    ------
    ModelError
        The model cannot be loaded.
    """
    analyzer = _analyzer(model, len(contents))
    records: list[Record] = []
    documents: list[tuple[int, Document]] = []
    for number, (path, data) in enumerate(contents):
        started = time.perf_counter()
        record: Record = {"path": path, "status": "ok", "message": "", "seconds": {}}
        try:
            documents.append((number, _document(path, data)))
        except Exception as error:  # whatever is wrong with one file, the others go on
            record |= failure(path, error)
        record["seconds"]["read"] = round(time.perf_counter() - started, 4)
        records.append(record)
    _analyze(analyzer, documents, records, units)
    return records


def _analyze(analyzer: Analyzer, documents: Sequence[tuple[int, Document]], records: list[Record], units: bool) -> None:
    started = time.perf_counter()
    try:
        found = [analysis.to_dict(why=False) for analysis in analyzer.pipe(document for _, document in documents)]
    except Exception as error:
        if len(documents) > 1:
            for one in documents:
                _analyze(analyzer, [one], records, units)
            return
        number, document = documents[0]
        records[number] |= failure(document.source, error)
        return
    each = (time.perf_counter() - started) / max(1, sum(len(document.text) for _, document in documents))
    for (number, document), analysis in zip(documents, found, strict=True):
        records[number]["seconds"]["analyze"] = round(each * len(document.text), 4)
        if not units:
            del analysis["units"]
        del analysis["source"]
        records[number] |= analysis


def failure(path: str, error: BaseException) -> Record:
    """Return status and message of a resume that could not be analyzed."""
    if isinstance(error, DocumentError):
        return {"status": error.reason, "message": str(error)}
    if isinstance(error, MemoryError):
        return {"status": "memory", "message": f"{path}: needs more memory than is allowed. Raise --memory-limit."}
    return {"status": "error", "message": f"{path}: {type(error).__name__}: {error}"}


def _document(path: str, data: bytes | str) -> Document:
    if isinstance(data, bytes):
        return read_document(data, name=path)
    if not data.strip():
        raise DocumentError(path, "empty", "the text is empty", "Fill it or leave the row out.")
    # Lone surrogates are no characters; one for one, so that offsets hold.
    return Document(data.encode("utf8", "replace").decode("utf8"), source=path)


def _analyzer(model: str | None, more: int) -> Analyzer:
    if getattr(_here, "model", "") != model or _here.documents > DOCUMENTS_PER_LOAD:
        _here.analyzer = None
        _here.analyzer, _here.model, _here.documents = load(model), model, 0
    _here.documents += more
    analyzer: Analyzer = _here.analyzer
    return analyzer


def score_batch(table: "pandas.DataFrame", *, model: str | None = None, text: str = "text") -> "pandas.DataFrame":
    """Score the resumes of a table; for Ray Data's `map_batches`, Spark's `mapInPandas`, Dask or a loop.

    It can be pickled, keeps the model from one call to the next, and gives every row back.

    Parameters
    ----------
    table
        One resume a row.
    model
        A model folder that every worker can reach; by default the packaged one.
    text
        The column with the resume: text, or a file's bytes. If there is a column ``path``, it names the
        resume, and the end of the name tells Markdown and HTML from plain text.

    Returns
    -------
    DataFrame
        The table without the column ``text``, with the same index and the columns of `row`, and
        ``evidence``, a JSON list. Numbers are float64, texts pandas' string; missing where a resume failed.

    Raises
    ------
    KeyError
        There is no such column.
    ModelError
        The model cannot be loaded.

    Examples
    --------
    >>> import pandas
    >>> from pmskills.distributed import score_batch
    >>> scored = score_batch(pandas.DataFrame({"text": ["Resolved escalated guest complaints.", ""]}))
    >>> scored[["status", "customer_centric_units"]].values.tolist()
    [['ok', 1.0], ['empty', nan]]
    """
    if text not in table.columns:
        raise KeyError(f"there is no column {text!r}; found {', '.join(map(str, table.columns))}")
    values = table[text].tolist()
    paths = table["path"].astype(str).tolist() if "path" in table.columns else ["this row"] * len(table)
    contents = [
        (path, value if isinstance(value, bytes | str) else "") for path, value in zip(paths, values, strict=True)
    ]
    records = score_contents(contents, model)
    return to_frame(table.drop(columns=text), records, _analyzer(model, 0).labels)


def columns(model: str | None = None) -> dict[str, str]:
    """Return the columns that `score_batch` adds, each with its SQL type, string or double.

    Parameters
    ----------
    model
        A model folder; by default the packaged one.

    Examples
    --------
    >>> from pmskills.distributed import columns
    >>> columns()["influence_units"], columns()["evidence"]
    ('double', 'string')
    """
    labels = labels_of(folder_of(model or None))
    names = [*row({"path": "", "status": "", "message": ""}, labels), "evidence"]
    return {name: "string" if _is_text(name) else "double" for name in names if name != "path"}


def _is_text(column: str) -> bool:
    return column in ("path", "status", "message", "media_type", "warnings", "evidence") or column.endswith(
        "_strongest"
    )


def to_frame(
    table: "pandas.DataFrame", records: Sequence[Mapping[str, Any]], labels: Sequence[str]
) -> "pandas.DataFrame":
    """Put the rows of records beside a table with as many rows; columns of the table with such names are replaced."""
    import pandas

    names = list(row({"path": "", "status": "", "message": ""}, labels))
    rows = pandas.DataFrame([row(record, labels) for record in records], columns=names, index=table.index)
    rows = rows.astype({name: "string" if _is_text(name) else "float64" for name in rows})
    evidence = [json.dumps(evidence_of(record), ensure_ascii=False) for record in records]
    # A type of its own, so that engines know it where all values are missing.
    rows["evidence"] = pandas.array(evidence, dtype="string")
    if "path" not in table.columns:
        rows = rows.drop(columns="path")
    return pandas.concat([table.drop(columns=[name for name in rows if name in table.columns]), rows], axis=1)
