"""A path or bytes to a `Document`: the text of a resume with its pages and warnings."""

import io
import json
import re
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kreuzberg
import pdf_oxide
from charset_normalizer import from_bytes

from pmskills.errors import DocumentError
from pmskills.pdf import read_page

MAX_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 300_000_000
MAX_PAGES = 2_000
MAX_CHARACTERS = 5_000_000

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"
PAGES = "application/x-iwork-pages-sffpages"
DOC = "application/msword"
RTF = "application/rtf"
HTML = "text/html"
MARKDOWN = "text/markdown"
JSON = "application/json"
TEXT = "text/plain"

KNOWN_TYPES = "PDF, DOCX, DOC, ODT, RTF, Pages, HTML, Markdown, plain text or JSON Resume"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

pdf_oxide.disable_logging()


@dataclass(frozen=True, slots=True)
class Document:
    """The text of one resume.

    Attributes
    ----------
    text
        The text; lines end with ``\\n``. Every offset of an analysis counts its characters.
    pages
        Offset of each page's first character, ascending; empty where the format has no pages.
    source
        The file's name or path as given; ``"<bytes>"`` or ``"<text>"`` otherwise.
    media_type
        What the content was found to be, whatever the name says.
    warnings
        What a reader should know: hidden text, guessed encoding, pages without text.
    """

    text: str
    pages: tuple[int, ...] = ()
    source: str = "<text>"
    media_type: str = TEXT
    warnings: tuple[str, ...] = ()

    def page_of(self, offset: int) -> int | None:
        """Return the number, from 1, of the page on which a character stands, if pages are known.

        Examples
        --------
        >>> Document("one\\ntwo", pages=(0, 4)).page_of(5)
        2
        """
        return bisect_right(self.pages, offset) or None if self.pages else None


def read_document(path_or_bytes: str | Path | bytes, *, name: str | None = None) -> Document:
    """Read a resume: PDF, DOCX, DOC, ODT, RTF, Pages, HTML, Markdown, plain text or JSON Resume.

    The type is told by the content, not by the name. Nothing is sent anywhere or cached, and no
    text is invented: a scanned page stays empty.

    Parameters
    ----------
    path_or_bytes
        A file's path, or a file's content.
    name
        What to call the document in messages; by default the path.

    Raises
    ------
    DocumentError
        The file is missing, unreadable, empty, larger than 50 MB or 5 million characters, a Word lock
        file, of a type that is not a text document, encrypted, corrupt, or holds no text (a scan).
        ``reason`` tells which.

    Examples
    --------
    >>> read_document(b"Barista\\r\\nServed 200 guests a day.").text
    'Barista\\nServed 200 guests a day.'
    """
    if isinstance(path_or_bytes, bytes):
        source, data = name or "<bytes>", path_or_bytes
    else:
        path = Path(path_or_bytes)
        source = name or str(path_or_bytes)
        data = read_bytes(path, source)
    if len(data) > MAX_BYTES:
        raise DocumentError(
            source,
            "too_large",
            f"it has {len(data) / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read",
            "Save the resume alone, without images, and try again.",
        )
    if not data.strip(b"\x00\r\n\t "):
        raise DocumentError(source, "empty", "the file is empty", "Export or download it again.")
    media_type = _sniff(data, source)
    try:
        text, pages, warnings = _READERS[media_type](data, source)
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust's readers raise; it has no importable name
            raise
        raise _corrupt(source, media_type, str(error)) from None
    if not re.search(r"\w", text):
        raise DocumentError(
            source,
            "no_text",
            f"the {_title(media_type)} holds no text" + (", only images" if media_type == PDF else ""),
            "If it is a scan, run OCR on it (for example ocrmypdf) or export the original as PDF or DOCX.",
        )
    check_length(text, source)
    return Document(text, pages, source, media_type, tuple(warnings))


def check_length(text: str, source: str) -> None:
    """Refuse text that no resume has.

    Raises
    ------
    DocumentError
        It has more than 5 million characters.
    """
    if len(text) > MAX_CHARACTERS:
        raise DocumentError(
            source,
            "too_large",
            f"it has {len(text):,} characters of text; at most {MAX_CHARACTERS:,} are analyzed",
            "Cut it into one file for each resume.",
        )


def read_bytes(path: Path, source: str) -> bytes:
    """Return a file's content, of a file that is too large one byte more than is allowed.

    Raises
    ------
    DocumentError
        The file is missing, is a folder or a lock file, or cannot be read.
    """
    if path.name.startswith("~$"):
        raise DocumentError(
            source, "lock_file", "this is the lock file of a document open in Word", "Name the document itself."
        )
    try:
        if path.is_dir():
            raise DocumentError(source, "unreadable", "this is a folder", "Use `pmskills score` for folders.")
        if path.stat().st_size > MAX_BYTES:
            with path.open("rb") as stream:
                return stream.read(MAX_BYTES + 1)
        return path.read_bytes()
    except FileNotFoundError:
        raise DocumentError(source, "missing", "there is no such file", "Check the path.") from None
    except OSError as error:
        raise DocumentError(
            source, "unreadable", f"the file cannot be read ({error.strerror})", "Check its permissions."
        ) from None


def _title(media_type: str) -> str:
    return {PDF: "PDF", DOCX: "DOCX", ODT: "ODT", DOC: "DOC", RTF: "RTF", HTML: "HTML", PAGES: "Pages file"}.get(
        media_type, "file"
    )


def _corrupt(source: str, media_type: str, detail: str) -> DocumentError:
    detail = re.sub(r"\s+", " ", detail).strip(" .")[:200]
    return DocumentError(
        source,
        "corrupt",
        f"the {_title(media_type)} is damaged or incomplete ({detail})",
        "Open it in its own program and save or export it again.",
    )


def _encrypted(source: str, media_type: str) -> DocumentError:
    return DocumentError(
        source, "encrypted", f"the {_title(media_type)} is protected by a password", "Save a copy without password."
    )


def _sniff(data: bytes, source: str) -> str:
    head = data[:1024].lstrip(b"\xef\xbb\xbf\r\n\t ")
    if b"%PDF-" in data[:1024]:
        return PDF
    if head.startswith(b"{\\rtf"):
        return RTF
    if data.startswith(_OLE):
        return _sniff_ole(data, source)
    if data.startswith(b"PK\x03\x04"):
        return _sniff_zip(data, source)
    lowered = head.lower()
    if lowered.startswith((b"<!doctype html", b"<html")) or (
        lowered.startswith((b"<?xml", b"<!--")) and b"<html" in data[:4096].lower()
    ):
        return HTML
    if head.startswith(b"{"):
        return JSON
    if not data.startswith(tuple(bom for bom, _ in _BOMS)) and _is_binary(data):
        raise _unsupported(source, "it is neither text nor a known document format")
    return reading_depends_on(source) or TEXT


def reading_depends_on(name: str) -> str:
    """Return the media type that the end of a name gives to plain text; empty if it gives none."""
    if name.lower().endswith((".md", ".markdown")):
        return MARKDOWN
    return HTML if name.lower().endswith((".html", ".htm")) else ""


def _unsupported(source: str, found: str) -> DocumentError:
    return DocumentError(source, "unsupported", found, f"pmskills reads {KNOWN_TYPES}.")


def _sniff_ole(data: bytes, source: str) -> str:
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise _encrypted(source, DOCX)
    for stream, kind in (("Workbook", "an Excel workbook"), ("PowerPoint Document", "a PowerPoint file")):
        if stream.encode("utf-16-le") in data:
            raise _unsupported(source, f"it is {kind}")
    return DOC


def _sniff_zip(data: bytes, source: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            unpacked = sum(info.file_size for info in archive.infolist())
            manifest = b""
            if "META-INF/manifest.xml" in names and archive.getinfo("META-INF/manifest.xml").file_size < 1_000_000:
                manifest = archive.read("META-INF/manifest.xml")
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise _corrupt(source, DOCX if b"word/" in data else TEXT, str(error)) from None
    if unpacked > MAX_UNPACKED_BYTES:
        raise DocumentError(
            source,
            "too_large",
            f"it unpacks to {unpacked / 1e6:.0f} MB; at most {MAX_UNPACKED_BYTES / 1e6:.0f} MB are read",
            "Save the resume alone, without images, and try again.",
        )
    if any(name.startswith("word/") for name in names):
        return DOCX
    if "content.xml" in names and "mimetype" in names:
        if b"encryption-data" in manifest:
            raise _encrypted(source, ODT)
        return ODT
    if any(name.endswith(".iwa") for name in names):
        return PAGES
    raise _unsupported(source, "it is a ZIP archive, not a document")


def _is_binary(data: bytes) -> bool:
    sample = data[:8192]
    control = sum(byte < 9 or 13 < byte < 27 for byte in sample)
    looks_utf16 = sample.count(0) > len(sample) * 0.3 and max(sample[::2].count(0), sample[1::2].count(0)) > (
        len(sample) * 0.3
    )
    return control > 2 + len(sample) * 0.01 and not looks_utf16


Read = tuple[str, tuple[int, ...], list[str]]


def _read_pdf(data: bytes, source: str) -> Read:
    try:
        pdf = pdf_oxide.PdfDocument.from_bytes(data)
        if b"/Encrypt" in data and not pdf.authenticate(""):
            raise _encrypted(source, PDF)
        count = pdf.page_count()
        pages = [read_page(pdf, number) for number in range(min(count, MAX_PAGES))]
    except (OSError, RuntimeError, ValueError) as error:
        raise _corrupt(source, PDF, str(error)) from None
    starts, parts, offset = [], [], 0
    for page in pages:
        text = _clean(page.text)
        starts.append(offset)
        parts.append(text)
        offset += len(text) + 1
    warnings = []
    if count > MAX_PAGES:
        warnings.append(f"only the first {MAX_PAGES} of {count} pages were read")
    without = [number for number, page in enumerate(pages, 1) if not page.text.strip()]
    if without and len(without) < len(pages):
        warnings.append(f"no text on page {', '.join(map(str, without))}: perhaps scanned")
    for words, how in (
        (" ".join(page.tiny for page in pages), "smaller than 3 points"),
        (" ".join(page.white for page in pages), "white on white"),
    ):
        if words.strip():
            warnings.append(_hidden(words, how))
    return "\n".join(parts), tuple(starts), warnings


def _hidden(words: str, how: str) -> str:
    shown = " ".join(words.split())
    return f"hidden text ({len(shown.split())} words {how}): {shown[:60]}{'…' if len(shown) > 60 else ''}"


def _extract(data: bytes, media_type: str, source: str) -> str:
    config = kreuzberg.ExtractionConfig(use_cache=False)
    try:
        return str(kreuzberg.extract_bytes_sync(data, media_type, config=config).content)
    except kreuzberg.KreuzbergError as error:
        raise _corrupt(source, media_type, str(error)) from None


def _read_office(media_type: str) -> Callable[[bytes, str], Read]:
    def read(data: bytes, source: str) -> Read:
        return _clean(_extract(data, media_type, source)), (), []

    return read


def _read_docx(data: bytes, source: str) -> Read:
    text = _clean(_extract(data, DOCX, source))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        body = archive.read("word/document.xml").decode("utf8", "replace") if text else ""
    hidden = " ".join(
        "".join(re.findall(r"<w:t[ >][^<]*", run))
        for run in re.findall(r"<w:r[ >].*?</w:r>", body, re.S)
        if _is_hidden(run)
    )
    hidden = re.sub(r"<w:t[^>]*>", "", hidden)
    return text, (), [_hidden(hidden, "white, tiny or marked as hidden")] if hidden.strip() else []


def _is_hidden(run: str) -> bool:
    return bool(re.search(r'<w:vanish(?:/>| />)|<w:color w:val="FFFFFF"|<w:sz w:val="[1-5]"', run)) and "<w:t" in run


def _read_html(data: bytes, source: str) -> Read:
    markup, warnings = _decode(data, source)
    hidden = re.findall(
        r"""<(\w+)[^>]*style=["'][^"']*(?:display:\s*none|visibility:\s*hidden|font-size:\s*[0-2](?:px|pt)|(?<!-)color:\s*(?:white|\#fff(?:fff)?)\b)[^"']*["'][^>]*>(.*?)</\1>""",
        markup,
        re.S | re.I,
    )
    words = " ".join(re.sub(r"<[^>]*>", " ", inner) for _, inner in hidden)
    if words.strip():
        warnings.append(_hidden(words, "white, tiny or not displayed"))
    if "<pre" not in markup.lower():
        markup = re.sub(r"\s*\n\s*", " ", markup)
    return _clean(_extract(markup.encode(), HTML, source)), (), warnings


def _read_markdown(data: bytes, source: str) -> Read:
    markup, warnings = _decode(data, source)
    return _clean(_extract(markup.encode(), MARKDOWN, source)), (), warnings


def _read_text(data: bytes, source: str) -> Read:
    text, warnings = _decode(data, source)
    return _clean(text), (), warnings


def _read_json(data: bytes, source: str) -> Read:
    text, warnings = _decode(data, source)
    try:
        resume = json.loads(text)
    except ValueError:
        return _clean(text), (), warnings
    except RecursionError:
        raise _corrupt(source, JSON, "nested too deeply") from None
    if not isinstance(resume, dict) or not {"basics", "work", "education", "skills"} & resume.keys():
        raise _unsupported(source, "it is JSON, but not a JSON Resume (no basics, work, education or skills)")
    return _clean("\n".join(_json_lines(resume))), (), warnings


def _json_lines(resume: dict[str, Any]) -> Iterator[str]:
    """Give a JSON Resume's values, a line each, under the names of its sections."""
    for key, value in resume.items():
        if key in ("meta", "$schema"):
            continue
        if key != "basics":
            yield f"\n{'Experience' if key == 'work' else key.capitalize()}"
        for entry in value if isinstance(value, list) else [value]:
            yield from _json_entry(entry)


def _json_entry(entry: Any) -> Iterator[str]:
    if isinstance(entry, str | int | float) and not isinstance(entry, bool):
        yield str(entry)
    if not isinstance(entry, dict):
        return
    dates = " - ".join(str(entry[key]) for key in ("startDate", "endDate") if entry.get(key))
    names = ("position", "name", "company", "organization", "institution", "studyType", "area", "title", "awarder")
    head = [str(entry[key]) for key in names if isinstance(entry.get(key), str)] + ([dates] if dates else [])
    if head:
        yield "\n" + ", ".join(head)
    for key, value in entry.items():
        if key in names or key in ("startDate", "endDate"):
            continue
        if isinstance(value, list) and key == "keywords":
            yield ", ".join(str(word) for word in value)
        elif isinstance(value, list):
            for item in value:
                yield from (f"• {line}" for line in _json_entry(item) if line.strip())
        elif isinstance(value, dict):
            yield ", ".join(str(part) for part in value.values() if isinstance(part, str))
        elif isinstance(value, str):
            yield value


def _decode(data: bytes, source: str) -> tuple[str, list[str]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace"), []
    if b"\x00" not in data:
        try:
            return data.decode("utf8"), []
        except UnicodeDecodeError:
            pass
    for encoding, zeros in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if zeros.count(0) > len(zeros) * 0.6:
            return data.decode(encoding, "replace"), []
    guess = from_bytes(data, cp_isolation=["cp1252", "mac_roman", "cp437"]).best()
    if guess is None:
        raise _unsupported(source, "its text encoding is unknown")
    return str(guess), [f"the encoding was guessed: {guess.encoding}"]


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\x0b", "\n")
    # Control characters and lone surrogates are no text and break JSON, HTML and terminals.
    text = re.sub(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufeff]", "", text)
    return re.sub(r"[ \t]+(?=\n)", "", text)


_READERS: dict[str, Callable[[bytes, str], Read]] = {
    PDF: _read_pdf,
    DOCX: _read_docx,
    ODT: _read_office(ODT),
    PAGES: _read_office(PAGES),
    DOC: _read_office(DOC),
    RTF: _read_office(RTF),
    HTML: _read_html,
    MARKDOWN: _read_markdown,
    TEXT: _read_text,
    JSON: _read_json,
}
