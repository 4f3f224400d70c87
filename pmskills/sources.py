"""What is to be scored: folders, globs, files, ZIP archives, tables and URLs to a stream of items in a stable order."""

import csv
import glob
import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import IO, Any

from pmskills.documents import MAX_BYTES, MAX_CHARACTERS, read_bytes
from pmskills.errors import DocumentError, PMSkillsError
from pmskills.extras import extra

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
ROWS_AT_A_TIME = 1_000


@dataclass(frozen=True, slots=True)
class Item:
    """One resume that is to be scored.

    Attributes
    ----------
    path
        What names it in the results: a path, ``archive.zip/member``, ``table.csv#row`` or a URL.
    stamp
        Changes when the content may have changed: size and time, or a checksum.
    modified
        Seconds since 1970, None where no time is known.
    read
        Gives the content, bytes of a file or text of a table; raises `DocumentError`. To be called
        before the next item is taken.
    """

    path: str
    stamp: str
    modified: float | None
    read: Callable[[], bytes | str]


def items(
    sources: str | Path | Iterable[str | Path],
    *,
    text: str | None = None,
    row_id: str | None = None,
    exclude: Iterable[str | Path] = (),
) -> Iterator[Item]:
    """Go through everything below the sources, in the order of the sources and, within one, of the paths or rows.

    Parameters
    ----------
    sources
        Each a folder (with its subfolders, without hidden files), a file, a ZIP archive, a glob, a table
        (CSV, TSV, JSON lines, Parquet) or a URL that fsspec knows.
    text
        The column of tables that holds the resumes.
    row_id
        A column to add to the name of a row.
    exclude
        Files to leave out.

    Raises
    ------
    PMSkillsError
        A source does not exist, a glob matches nothing, a table cannot be read or has no such column, or an
        extra is not installed.
    """
    left_out = {os.path.realpath(path) for path in exclude}
    names = [os.fspath(source) for source in ([sources] if isinstance(sources, str | Path) else sources)]
    for name in names:  # told before an hour's work, not after it
        if "://" not in name and not os.path.lexists(name) and not glob.has_magic(name):
            raise PMSkillsError(f"{name}: there is no such file or folder. Check the path.")
        if text is None and name.lower().endswith(TABLES) and not os.path.isdir(name):
            raise PMSkillsError(f"{name}: a table needs the name of the column that holds the resumes: --text COLUMN.")
    for name in names:
        if "://" in name:
            yield from _remote(name, text, row_id)
        elif os.path.isdir(name):
            yield from _folder(name, left_out)
        elif os.path.lexists(name):
            yield from _named(name, text, row_id)
        else:
            found = sorted(glob.glob(name, recursive=True))
            if not found:
                raise PMSkillsError(f"{name}: nothing matches this pattern.")
            for path in found:
                yield from _folder(path, left_out) if os.path.isdir(path) else _file(path, left_out)


def _named(name: str, text: str | None, row_id: str | None) -> Iterator[Item]:
    """Give the items of a file that was named itself: here a table is a table."""
    if name.lower().endswith(TABLES):
        yield from _table(name, partial(open, name, "rb"), text, row_id)
    else:
        yield from _file(name, set())


def _folder(root: str, left_out: set[str]) -> Iterator[Item]:
    """Walk a folder; one that was met on the way down, a symlink loop, is not entered again."""
    way: list[tuple[Iterator[os.DirEntry[str]], tuple[int, int]]] = []
    folder: str | None = root
    while folder or way:
        if folder:
            try:
                here = _identity(folder)
                with os.scandir(folder) as found:
                    entries = sorted(found, key=lambda entry: entry.name)
            except OSError as error:
                how = f"the folder cannot be read ({error.strerror})"
                yield _broken(_readable(folder), "unreadable", how, "Check its permissions.")
            else:
                if here not in (above for _, above in way):
                    way.append((iter(entries), here))
            folder = None
            continue
        entry = next(way[-1][0], None)
        if entry is None:
            way.pop()
        elif entry.name.startswith("."):
            continue
        elif os.path.isdir(entry.path):
            folder = entry.path
        elif entry.name.lower().endswith(TABLES) and os.path.realpath(entry.path) not in left_out:
            # Read as one text its rows, which may be results of an earlier run, would be one strong resume.
            advice = "Name it itself, with --text COLUMN, or move it elsewhere."
            yield _broken(_readable(entry.path), "unsupported", "it is a table among resumes", advice)
        else:
            yield from _file(entry.path, left_out)


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _file(path: str, left_out: set[str]) -> Iterator[Item]:
    name = _readable(path)
    try:
        status = os.stat(path)
    except OSError as error:
        yield _broken(
            name, "missing", f"the file cannot be reached ({error.strerror})", "Check what the link points to."
        )
        return
    if os.path.realpath(path) in left_out:
        return
    if not os.path.isfile(path):
        yield _broken(name, "unsupported", "it is no regular file (a pipe, socket or device)", "Move it elsewhere.")
    elif path.lower().endswith(".zip"):
        yield from _archive(name, partial(open, path, "rb"))
    else:
        stamp = f"{status.st_size}:{status.st_mtime_ns}"
        yield Item(name, stamp, status.st_mtime, partial(read_bytes, Path(path), name))


def _archive(name: str, opened: Callable[[], Any]) -> Iterator[Item]:
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(stack.enter_context(opened())))
        except Exception as error:  # zipfile raises whatever it trips over
            yield _broken(name, "corrupt", f"the ZIP archive is damaged or incomplete ({error})", "Pack it again.")
            return
        seen: dict[str, int] = {}
        for info in sorted(archive.infolist(), key=lambda info: info.filename):
            parts = info.filename.split("/")
            if info.is_dir() or any(part.startswith(".") for part in parts) or parts[0] == "__MACOSX":
                continue
            path = f"{name}/{info.filename}"
            seen[path] = seen.get(path, 0) + 1
            if seen[path] > 1:
                path += f"#{seen[path]}"
            read = partial(_member, archive, info, path)
            yield Item(_readable(path), f"{info.file_size}:{info.CRC:08x}", _changed(info), read)


def _changed(info: zipfile.ZipInfo) -> float | None:
    try:
        return datetime(*info.date_time, tzinfo=timezone.utc).timestamp()
    except ValueError:  # archives hold dates like month 0
        return None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: str) -> bytes:
    if info.flag_bits & 1:
        raise DocumentError(path, "encrypted", "this part of the archive has a password", "Pack it without password.")
    try:
        with archive.open(info) as stream:
            # What the directory says of its size can be a lie: a bomb stops at the limit.
            return stream.read(MAX_BYTES + 1)
    except Exception as error:  # zipfile and its decompressors raise whatever they trip over
        raise DocumentError(path, "corrupt", f"it cannot be unpacked ({error})", "Pack the archive again.") from None


def _table(name: str, opened: Callable[[], Any], text: str | None, row_id: str | None) -> Iterator[Item]:
    assert text is not None
    suffix = os.path.splitext(name)[1].lower()
    rows: Iterator[Mapping[str, Any] | DocumentError]
    if suffix == ".parquet":
        rows = _parquet_rows(name, opened, [text, *([row_id] if row_id else [])])
    elif suffix in (".csv", ".tsv"):
        rows = _csv_rows(name, opened, "\t" if suffix == ".tsv" else ",")
    else:
        rows = _json_rows(name, opened)
    for number, row in enumerate(rows, 1):
        path = f"{name}#{number}"
        if isinstance(row, DocumentError):
            yield _broken(path, row.reason, row.found, row.advice)
            continue
        for column in filter(None, (text, row_id)):
            if column not in row and not (suffix in (".jsonl", ".ndjson") and number > 1):
                raise PMSkillsError(f"{name}: there is no column {column!r}. Found: {', '.join(map(str, row))}.")
        if row_id:
            path += f":{row.get(row_id)}"
        value = row.get(text)
        if isinstance(value, str) and re.search("[\udc80-\udcff]", value):
            yield _broken(_readable(path), "corrupt", "its text is not UTF-8", "Save the table in UTF-8.")
        else:
            yield text_item(_readable(path), value)


def text_item(path: str, value: Any) -> Item:
    """Return the item of a text from a table; what is no text becomes an item that fails."""
    if value is None or value != value:  # NaN, the missing text of a data frame
        return _broken(path, "empty", "there is no text in this row", "Fill it or leave the row out.")
    if not isinstance(value, str):
        found = f"expected a text, found {type(value).__name__}"
        return _broken(path, "unsupported", found, "Name the column that holds the resumes.")
    return Item(path, hashlib.sha256(value.encode("utf8", "surrogatepass")).hexdigest()[:16], None, lambda: value)


def _csv_rows(
    name: str, opened: Callable[[], IO[bytes]], delimiter: str
) -> Iterator[Mapping[str, Any] | DocumentError]:
    csv.field_size_limit(MAX_CHARACTERS)
    with opened() as raw, io.TextIOWrapper(raw, "utf-8-sig", "surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream, delimiter=delimiter)
        try:
            yield from reader
        except csv.Error as error:
            raise PMSkillsError(
                f"{name}: line {reader.line_num + 1} is not CSV ({error}). Mend the line, or export the table again."
            ) from None


def _json_rows(name: str, opened: Callable[[], IO[bytes]]) -> Iterator[Mapping[str, Any] | DocumentError]:
    with opened() as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if not isinstance(row, dict):
                row = DocumentError(f"{name}#{number}", "corrupt", "this line is not a JSON object", "Mend the line.")
            yield row


def _parquet_rows(
    name: str, opened: Callable[[], IO[bytes]], columns: list[str]
) -> Iterator[Mapping[str, Any] | DocumentError]:
    parquet = extra("pyarrow.parquet", "parquet")
    with opened() as stream:
        try:
            table = parquet.ParquetFile(stream)
        except (ValueError, OSError) as error:
            raise PMSkillsError(f"{name}: not a Parquet file ({error}).") from None
        known = table.schema_arrow.names
        for batch in table.iter_batches(ROWS_AT_A_TIME, columns=[column for column in columns if column in known]):
            for row in batch.to_pylist():
                yield row if set(columns) <= set(known) else dict.fromkeys(known)


def _remote(url: str, text: str | None, row_id: str | None) -> Iterator[Item]:
    fsspec = extra("fsspec", "remote")
    try:
        system, root = fsspec.core.url_to_fs(url)
        found = system.find(root, detail=True)
    except (ImportError, OSError, ValueError) as error:
        raise PMSkillsError(f"{url}: cannot be opened ({type(error).__name__}: {error}).") from None
    if not found:
        raise PMSkillsError(f"{url}: there is nothing here. Check the address and your rights to it.")
    for path in sorted(found):
        name = system.unstrip_protocol(path)
        opened = partial(system.open, path, "rb")
        if path == root and path.lower().endswith(TABLES):
            yield from _table(name, opened, text, row_id)
        elif path.lower().endswith(".zip"):
            yield from _archive(name, opened)
        elif not os.path.basename(path).startswith("."):
            yield _remote_file(name, found[path], opened)


def _remote_file(name: str, info: Mapping[str, Any], opened: Callable[[], IO[bytes]]) -> Item:
    when = next((info[key] for key in ("mtime", "LastModified", "last_modified", "updated") if info.get(key)), None)
    mark = info.get("ETag") or info.get("etag") or when

    def read() -> bytes:
        try:
            with opened() as stream:
                return stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise DocumentError(name, "missing", "there is no such file", "Check the address.") from None
        except Exception as error:  # each file system has errors of its own
            found = f"the file cannot be read ({type(error).__name__}: {error})"
            raise DocumentError(name, "unreadable", found, "Check your rights to it, and the network.") from None

    if isinstance(when, datetime):
        when = when.timestamp()
    return Item(name, f"{info.get('size')}:{mark}", when if isinstance(when, int | float) else None, read)


def _broken(path: str, reason: str, found: str, advice: str) -> Item:
    def read() -> bytes:
        raise DocumentError(path, reason, found, advice)

    return Item(path, reason, None, read)


def _readable(path: str) -> str:
    """Return a path as text that every format can hold; bytes that are no UTF-8 become escapes."""
    return path.encode("utf8", "backslashreplace").decode("utf8")
