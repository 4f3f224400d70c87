"""The results of a run, JSON lines, which a run that was killed goes on from."""

import json
import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pmskills.errors import PMSkillsError

try:
    import fcntl
except ImportError:  # Windows: two runs at once into one file are not noticed there
    fcntl = None  # type: ignore[assignment]

HEAD = ("path", "sha256", "stamp", "model", "status")
_COLUMNS = ", ".join((*HEAD, "offset", "length"))
_HEAD_BEGINS = b'{"path": '
_HEAD_ENDS = b', "message": '


@dataclass(frozen=True, slots=True)
class Entry:
    """What a line says of an item: the first keys of the line, and where it stands.

    Attributes
    ----------
    path, sha256, stamp, model, status
        As in the line.
    offset, length
        Bytes.
    """

    path: str
    sha256: str | None
    stamp: str
    model: str
    status: str
    offset: int
    length: int


class Journal:
    """A file of results, one JSON object a line, written as they come.

    There is no second file to get out of step with it: what is done is read from the lines. A last line
    without an end, of a run that was killed, is cut off. Of two lines with one path the later counts. Where
    things stand in the file is kept in a temporary SQLite database, so that memory does not grow.

    Parameters
    ----------
    path
        The file, made if needed; None for one that nobody else sees and that goes with the process.
    read_only
        Look, but make and change nothing.

    Raises
    ------
    PMSkillsError
        The folder does not exist, the file is not one of results, or another run is writing to it.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """Open the file and read what it holds."""
        self.path = path
        self._end = 0
        self._stale = False
        self._file: IO[bytes]
        if path is None or (read_only and not path.exists()):
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed by close()
        else:
            if not path.absolute().parent.is_dir():
                raise PMSkillsError(f"{path}: its folder does not exist. Make it first.")
            self._file = self._open(path, read_only)
        self._index = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._index.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
            "CREATE TABLE lines (offset INTEGER PRIMARY KEY, length INTEGER, path TEXT UNIQUE, sha256 TEXT, "
            "stamp TEXT, model TEXT, status TEXT, position INTEGER); CREATE INDEX content ON lines (sha256)"
        )
        try:
            self._read(f"{path}")
            if not read_only:
                self._file.truncate(self._end)
        except BaseException:
            self.close()
            raise

    def find(self, path: str) -> Entry | None:
        """Return the line of a path, if there is one."""
        row = self._index.execute(f"SELECT {_COLUMNS} FROM lines WHERE path = ?", (path,)).fetchone()
        return Entry(*row) if row else None

    def with_content(self, sha256: str, model: str) -> Iterator[Entry]:
        """Go through the lines with this content, scored by this model."""
        chosen = f"SELECT {_COLUMNS} FROM lines WHERE sha256 = ? AND model = ?"
        return (Entry(*row) for row in self._index.execute(chosen, (sha256, model)))

    def line(self, entry: Entry) -> dict[str, Any]:
        """Return a line's object."""
        self._file.seek(entry.offset)
        value: dict[str, Any] = json.loads(self._file.read(entry.length))
        return value

    def keep(self, entry: Entry, position: int) -> None:
        """Give a line of an earlier run its place in the order of this one."""
        self._index.execute("UPDATE lines SET position = ? WHERE offset = ?", (position, entry.offset))

    def seen(self, path: str) -> bool:
        """Tell whether this run has a place for a path already."""
        found = self._index.execute("SELECT 1 FROM lines WHERE path = ? AND position IS NOT NULL", (path,))
        return found.fetchone() is not None

    def append(self, record: dict[str, Any], position: int) -> None:
        """Write a result; its first keys are those of `HEAD`, then ``message``."""
        line = json.dumps(record, ensure_ascii=False).encode() + b"\n"
        try:
            self._file.seek(self._end)
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise PMSkillsError(
                f"{self.path}: cannot be written ({error.strerror}). What was written is kept; make room and give the "
                "same command again."
            ) from None
        self._insert(record, len(line), position)

    def finish(self) -> None:
        """Put the lines into the order of the items and leave out those that were replaced, in one step."""
        self._file.flush()
        order = "position IS NOT NULL, position, offset"
        expected = 0
        in_order = not self._stale
        for offset, length in self._index.execute(f"SELECT offset, length FROM lines ORDER BY {order}"):
            in_order = in_order and offset == expected
            expected += length
        if in_order or self.path is None:
            os.fsync(self._file.fileno())
            return
        handle, name = tempfile.mkstemp(dir=self.path.resolve().parent, prefix=f".{self.path.name}.")
        try:
            with os.fdopen(handle, "wb") as copy:
                for offset, length in self._index.execute(f"SELECT offset, length FROM lines ORDER BY {order}"):
                    self._file.seek(offset)
                    copy.write(self._file.read(length))
                copy.flush()
                os.fsync(copy.fileno())
            # Where a link points to, not the link.
            Path(name).replace(self.path.resolve())
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._file.close()
        self._file = self._open(self.path, read_only=True)
        self._index.execute("DELETE FROM lines")
        self._end = 0
        self._read(f"{self.path}")

    def records(self) -> Iterator[dict[str, Any]]:
        """Go through the objects of all lines that count, in the order of the file."""
        for row in self._index.execute("SELECT offset, length FROM lines ORDER BY offset"):
            self._file.seek(row[0])
            yield json.loads(self._file.read(row[1]))

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        self._index.close()

    def _open(self, path: Path, read_only: bool) -> IO[bytes]:
        try:
            flags = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT
            # Results quote people's resumes: a new file is for its owner alone.
            stream = os.fdopen(os.open(path, flags, 0o600), "rb" if read_only else "r+b")
        except OSError as error:
            raise PMSkillsError(f"{path}: cannot be opened ({error.strerror}). Name another output.") from None
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise PMSkillsError(f"{path}: not a regular file. Name another output, or - for standard output.")
        if fcntl and not read_only:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                stream.close()
                raise PMSkillsError(
                    f"{path}: another run is writing to it. Wait for it or name another output."
                ) from None
        return stream

    def _read(self, name: str) -> None:
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            begun = line.startswith(_HEAD_BEGINS) or _HEAD_BEGINS.startswith(line)
            if not line.endswith(b"\n") and begun:
                break  # of a run that was killed
            try:
                head = json.loads(line[: line.index(_HEAD_ENDS)] + b"}")
                record = {key: head[key] for key in HEAD}
            except (ValueError, KeyError, TypeError):
                raise PMSkillsError(
                    f"{name}:{number}: not a line of `pmskills score`. Name another output, or remove this file."
                ) from None
            self._insert(record, len(line), None)

    def _insert(self, record: dict[str, Any], length: int, position: int | None) -> None:
        path = record["path"]
        replaced = self._index.execute("DELETE FROM lines WHERE path = ?", (path,)).rowcount
        self._stale = self._stale or replaced > 0
        self._index.execute(
            f"INSERT INTO lines ({_COLUMNS}, position) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*(record[key] for key in HEAD), self._end, length, position),
        )
        self._end += length
