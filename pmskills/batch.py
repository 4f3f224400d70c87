"""Folders and tables of resumes: one result for every item, in order, whatever is wrong with it."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmskills import exports, sources, workers
from pmskills.documents import MAX_BYTES, reading_depends_on
from pmskills.errors import DocumentError, PMSkillsError
from pmskills.journal import Entry, Journal
from pmskills.model_files import fingerprint, folder_of, labels_of

if TYPE_CHECKING:
    import pandas

# Enough units for one fast matrix product, few enough that work is spread evenly.
BATCH_FILES = 8
BATCH_BYTES = 8_000_000
# How much content waits at a time, whatever its number.
WAITING_BYTES = 64_000_000
SECONDS = 60.0
MEMORY = 2_000_000_000
# What may have been the machine's fault is tried again by the next run.
RETRIED = ("missing", "unreadable", "timeout", "memory", "crashed", "error")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one resume.

    Attributes
    ----------
    path
        The file, ``archive.zip/member``, ``table.csv#row`` or URL.
    status
        ``ok``; the reason of a `DocumentError`; ``timeout``, ``memory`` or ``crashed`` if it broke a limit or
        its worker; ``error`` for a fault of pmskills.
    message
        What was found and what to do; empty if ok.
    record
        The line of the results: path, sha256, stamp, model, status, message, seconds and, if ok, what
        `Analysis.to_dict` gives without the units; in docs/schema.md.
    earlier
        It was scored by an earlier run.
    """

    path: str
    status: str
    message: str
    record: dict[str, Any]
    earlier: bool = False


def score(
    source: str | Path | Iterable[str | Path],
    *,
    model: str | Path | None = None,
    output: str | Path | None = None,
    n_jobs: int | None = None,
    time_limit: float = SECONDS,
    memory_limit: int = MEMORY,
    text: str | None = None,
    row_id: str | None = None,
    units: bool = False,
    since: float | None = None,
    limit: int | None = None,
    force: bool = False,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """Analyze files in worker processes; a bad file gives a result with its reason, never an exception.

    Parameters
    ----------
    source
        One or more of: a folder (with its subfolders, without hidden files), a file, a ZIP archive, a glob, a
        table (CSV, TSV, JSON lines, Parquet), a URL that fsspec knows.
    model
        A model folder; by default the packaged one.
    output
        Where to write the results as well: JSON lines, as they come; from these, when all are there, a
        ``.csv``, ``.parquet`` or ``.sqlite`` file. If results are there already, only what is new, has
        changed, was scored by another model or failed for a passing reason is scored.
    n_jobs
        Number of worker processes; by default one for each core that this process may use.
    time_limit
        Seconds that one resume may take.
    memory_limit
        Bytes that reading and analyzing may take beyond the loaded model; held on Linux.
    text
        The column of tables that holds the resumes.
    row_id
        A column of tables to add to the names of their rows.
    units
        Keep all units with their probabilities, not only the evidence.
    since
        Leave out what was last changed before this time, in seconds since 1970.
    limit
        Stop after scoring this many; what was scored before does not count.
    force
        Score again what was scored before.
    scheduler
        The address of a Dask scheduler: the work is done there, without the two limits and with the
        model folder of the workers.

    Yields
    ------
    Result
        In the order of the sources and, within one, of the paths or rows. Equal contents are analyzed once.

    Raises
    ------
    PMSkillsError
        A source, the model or the output cannot be used, or an extra is not installed.

    Examples
    --------
    >>> import pmskills
    >>> [result.status for result in pmskills.score("docs/example-resume.pdf", n_jobs=1)]
    ['ok']
    """
    run = _Run(model, output, units, force)
    found = sources.items(source, text=text, row_id=row_id, exclude=run.files)
    chosen = (item for item in found if since is None or item.modified is None or item.modified >= since)
    try:
        if scheduler is None:
            pool = workers.local_pool(n_jobs, run.folder, units, time_limit, memory_limit)
        else:
            pool = workers.dask_pool(scheduler, str(model) if model else None, units)
        try:
            yield from run.results(chosen, pool, limit)
        finally:
            pool.close()
        run.finish()
    finally:
        run.journal.close()


def plan(
    source: str | Path | Iterable[str | Path],
    *,
    model: str | Path | None = None,
    output: str | Path | None = None,
    text: str | None = None,
    row_id: str | None = None,
    since: float | None = None,
    force: bool = False,
) -> Iterator[tuple[str, str]]:
    """Tell what `score` would do, without doing it; the parameters are the same.

    Yields
    ------
    tuple of str
        The item's path, and why it would be scored (new, changed, other model, failed before, forced), or
        ``done``.
    """
    run = _Run(model, output, False, force, read_only=True)
    try:
        for item in sources.items(source, text=text, row_id=row_id, exclude=run.files):
            if since is None or item.modified is None or item.modified >= since:
                yield item.path, run.reason(item, run.journal.find(item.path)) or "done"
    finally:
        run.journal.close()


def score_frame(
    table: "pandas.DataFrame",
    text: str = "text",
    *,
    model: str | Path | None = None,
    n_jobs: int | None = None,
    time_limit: float = SECONDS,
    memory_limit: int = MEMORY,
) -> "pandas.DataFrame":
    """Score the resumes of a data frame.

    Parameters
    ----------
    table
        One resume a row; a column ``path``, where there is one, names the resumes.
    text
        The column with the resumes' text.
    model, n_jobs, time_limit, memory_limit
        As of `score`.

    Returns
    -------
    DataFrame
        As `pmskills.distributed.score_batch` gives: the table without the column ``text``, with its index,
        and for each row status, message, counts, the strongest evidence of each label and all evidence as JSON.

    Raises
    ------
    KeyError
        There is no such column.

    Examples
    --------
    >>> import pandas, pmskills
    >>> table = pandas.DataFrame({"who": ["a", "b"], "text": ["Resolved escalated guest complaints.", None]})
    >>> pmskills.score_frame(table, n_jobs=1)[["who", "status"]].values.tolist()
    [['a', 'ok'], ['b', 'empty']]
    """
    if text not in table.columns:
        raise KeyError(f"there is no column {text!r}; found {', '.join(map(str, table.columns))}")
    from pmskills.distributed import to_frame

    run = _Run(model, None, False, False)
    rows = (sources.text_item(f"row {number}", value) for number, value in enumerate(table[text]))
    pool = workers.local_pool(n_jobs, run.folder, False, time_limit, memory_limit)
    try:
        records = [result.record for result in run.results(rows, pool, None)]
    finally:
        pool.close()
        run.journal.close()
    if "path" in table.columns:
        records = [record | {"path": path} for record, path in zip(records, table["path"], strict=True)]
    return to_frame(table.drop(columns=text), records, labels_of(Path(run.folder)))


class _Slot:
    """A place in the order of results: a record that is there, a line to take it from, or one that is being made."""

    def __init__(self, item: sources.Item) -> None:
        self.item = item
        self.sha256: str | None = None
        self.record: dict[str, Any] | None = None
        self.entry: Entry | None = None
        self.same: Entry | None = None
        self.waits = False
        self.size = 0
        self.future: Future[list[workers.Record]] | None = None
        self.place = 0

    def is_there(self) -> bool:
        """Tell whether the result can be had without waiting, once those before it are out."""
        return not self.waits or (self.future is not None and self.future.done())


class _Run:
    def __init__(
        self, model: str | Path | None, output: str | Path | None, units: bool, force: bool, read_only: bool = False
    ) -> None:
        folder = folder_of(model or None)
        self.folder = str(folder)
        self.model = fingerprint(folder) + ("+units" if units else "")
        self.force = force
        self.output = Path(output) if output else None
        path = exports.journal_of(self.output) if self.output else None
        self.files = [file for file in (self.output, path) if file]
        if self.output and path and path != self.output and not (read_only or path.exists()) and self.output.exists():
            raise PMSkillsError(
                f"{self.output}: there is such a file, and no {path.name} beside it, so it is not of an earlier run. "
                "Name another output, or remove it."
            )
        self.journal = Journal(path, read_only=read_only)

    def reason(self, item: sources.Item, entry: Entry | None) -> str:
        """Tell why an item is to be scored; empty if it need not be."""
        if entry is None:
            return "new"
        if self.force:
            return "forced"
        if entry.stamp != item.stamp:
            return "changed"
        if entry.model != self.model:
            return "other model"
        return "failed before" if entry.status in RETRIED else ""

    def results(self, items: Iterable[sources.Item], pool: workers.Pool, limit: int | None) -> Iterator[Result]:
        """Give the results in order, while later items are read and scored."""
        slots: deque[_Slot] = deque()
        batch: list[_Slot] = []
        contents: list[workers.Content] = []
        under_way: dict[tuple[str, str], None] = {}
        scored = position = waiting = 0
        most = pool.size * BATCH_FILES * 3

        def submit() -> None:
            if batch:
                future = pool.submit(list(contents))
                for slot in batch:
                    slot.future = future
                batch.clear()
                contents.clear()

        def take() -> Result:
            nonlocal position, waiting
            slot = slots.popleft()
            position += 1
            waiting -= slot.size
            return self._result(slot, position, under_way)

        stream = iter(items)
        broken: PMSkillsError | None = None
        while True:
            try:
                item = next(stream)
            except StopIteration:
                break
            except PMSkillsError as error:  # a table that ends in rubbish, say: what came before is kept
                broken = error
                break
            entry = self.journal.find(item.path)
            if self.journal.seen(item.path) or any(slot.item.path == item.path for slot in slots):
                continue  # named twice
            if not self.reason(item, entry):
                slots.append(_Slot(item))
                slots[-1].entry = entry
            elif scored == limit:
                break
            else:
                scored += 1
                slot, content = self._open(item, under_way)
                slots.append(slot)
                if content is not None:
                    slot.waits = True
                    slot.size = len(content)
                    waiting += slot.size
                    slot.place = len(batch)
                    batch.append(slot)
                    contents.append((item.path, content))
                    if len(batch) == BATCH_FILES or sum(len(data) for _, data in contents) > BATCH_BYTES:
                        submit()
            while slots and (len(slots) >= most or waiting > WAITING_BYTES or slots[0].is_there()):
                if slots[0] in batch:
                    submit()
                yield take()
        submit()
        while slots:
            yield take()
        if broken:
            raise broken

    def _open(self, item: sources.Item, under_way: dict[tuple[str, str], None]) -> tuple[_Slot, bytes | str | None]:
        """Read an item; its content is None if it need not be scored."""
        slot = _Slot(item)
        try:
            content = item.read()
        except DocumentError as error:
            slot.record = {"status": error.reason, "message": str(error), "seconds": {}}
            return slot, None
        except Exception as error:  # whatever is wrong with one file, the others go on
            message = f"{item.path}: {type(error).__name__}: {error}"
            slot.record = {"status": "error", "message": message, "seconds": {}}
            return slot, None
        data = content if isinstance(content, bytes) else content.encode("utf8", "surrogatepass")
        if len(data) > MAX_BYTES:
            return slot, content
        slot.sha256 = hashlib.sha256(data).hexdigest()
        key = slot.sha256, reading_depends_on(item.path)
        slot.same = self._same(slot)
        if slot.same is not None or key in under_way:
            return slot, None
        under_way[key] = None
        return slot, content

    def _same(self, slot: _Slot) -> Entry | None:
        """Return the line of an equal content: of this run, or of an earlier one if that need not be done again."""
        assert slot.sha256 is not None
        kind = reading_depends_on(slot.item.path)
        for entry in self.journal.with_content(slot.sha256, self.model):
            again = self.force or entry.status in RETRIED
            if reading_depends_on(entry.path) == kind and (not again or self.journal.seen(entry.path)):
                return entry
        return None

    def _result(self, slot: _Slot, position: int, under_way: dict[tuple[str, str], None]) -> Result:
        if slot.entry is not None:
            self.journal.keep(slot.entry, position)
            record = self.journal.line(slot.entry)
            return Result(slot.item.path, record["status"], record["message"], record, True)
        if slot.record is not None:
            record = slot.record
        elif slot.future is not None:
            record = slot.future.result()[slot.place]
            under_way.pop((slot.sha256 or "", reading_depends_on(slot.item.path)), None)
        else:
            same = slot.same or self._same(slot)
            assert same is not None, slot.item.path
            record = self.journal.line(same)
            record["message"] = record["message"].replace(same.path, slot.item.path)
            record["seconds"] = {}
            record["same_as"] = record.get("same_as", same.path)
        head = {
            "path": slot.item.path,
            "sha256": slot.sha256,
            "stamp": slot.item.stamp,
            "model": self.model,
            "status": record["status"],
            "message": record["message"],
        }
        record = head | {key: value for key, value in record.items() if key not in head}
        self.journal.append(record, position)
        return Result(slot.item.path, record["status"], record["message"], record)

    def finish(self) -> None:
        """Put the results in order, and make the file from them that was asked for."""
        self.journal.finish()
        if self.output and self.journal.path != self.output:
            exports.export(self.journal.records, self.output, labels_of(Path(self.folder)))
