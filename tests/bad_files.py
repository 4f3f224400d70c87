"""Files that go wrong, each in a way of its own, with the status that a run must give them."""

import json
import os
import zipfile
from io import BytesIO
from pathlib import Path

import pdf_oxide
from pdf_files import pdf, text_at

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GOOD = "Resolved escalated guest complaints within a day.\n"


def packed(**members: bytes) -> bytes:
    """Return a ZIP archive; `__` in a name stands for a slash, `_dot_` for a dot."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return stream.getvalue()


def write_all(folder: Path, docx: bytes) -> dict[str, str]:
    """Write every kind of file and return the status of each."""
    page = pdf(text_at(50, 790, "Resolved guest complaints."))
    (folder / "plain.tmp").write_bytes(page)
    pdf_oxide.PdfDocument(str(folder / "plain.tmp")).save_encrypted(str(folder / "locked.pdf"), "user", "owner")
    (folder / "plain.tmp").unlink()
    contents: dict[str, tuple[str, bytes]] = {
        "garbage.pdf": ("corrupt", b"%PDF-1.7 nothing of the kind"),
        "truncated.pdf": ("corrupt", page[:300]),
        "scan.pdf": ("no_text", pdf("0 0 0 rg 50 50 100 100 re f", fonts=False)),
        "photo.pdf": ("unsupported", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8),
        "10000-pages.pdf": ("ok", pdf(*[text_at(50, 790, f"Page {number}") for number in range(10_000)])),
        "truncated.docx": ("corrupt", docx[: len(docx) // 2]),
        "hollow.docx": ("corrupt", packed(word__nothing_dot_xml=b"<x/>")),
        "password.docx": ("encrypted", OLE + bytes(600) + "EncryptedPackage".encode("utf-16-le")),
        "bomb.docx": ("too_large", packed(word__document_dot_xml=b" " * 301_000_000)),
        "table.xls": ("unsupported", OLE + bytes(600) + "Workbook".encode("utf-16-le")),
        "slides.ppt": ("unsupported", OLE + bytes(600) + "PowerPoint Document".encode("utf-16-le")),
        "~$letter.docx": ("lock_file", b"\x05user"),
        "empty.pdf": ("empty", b""),
        "zeros.txt": ("empty", bytes(5_000)),
        "spaces.txt": ("empty", b" \n\t\r\n"),
        "dashes.txt": ("no_text", b"-----\n"),
        "large.txt": ("too_large", b"a " * 25_000_001),
        "novel.txt": ("too_large", b"word " * 1_000_001),
        "program": ("unsupported", b"\x7fELF" + bytes(range(256)) * 8),
        "other.json": ("unsupported", json.dumps({"a": 1}).encode()),
        "deep.json": ("corrupt", b'{"work":' + b"[" * 200_000),
        "script.html": ("no_text", b"<html><script>alert(1)</script></html>"),
        "hostile.txt": ("ok", b'=HYPERLINK("http://x")\n' + GOOD.encode()),
        "latin-1.txt": ("ok", "Résumé: served café guests, naïve façade, déjà vu.\n".encode("latin-1")),
        "utf-16.txt": ("ok", GOOD.encode("utf-16")),
        "really-rtf.doc": ("ok", b"{\\rtf1\\ansi Resolved guest complaints.}"),
        "really-a-page.pdf": ("ok", b"<html><body><p>Resolved guest complaints.</p></body></html>"),
        "line\nbreak.txt": ("ok", GOOD.encode()),
        "damaged.zip": ("corrupt", packed(a_dot_txt=b"hello")[:-30]),
    }
    expected = {name: status for name, (status, _) in contents.items()} | {"locked.pdf": "encrypted"}
    for name, (_, data) in contents.items():
        (folder / name).write_bytes(data)
    with zipfile.ZipFile(folder / "many.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.txt", GOOD)
        archive.writestr("bomb.txt", b" " * 60_000_000)
        archive.writestr("inner.zip", packed(a_dot_txt=b"hello"))
        archive.writestr("wrong.txt", b"checksum of this will be wrong " * 40)
        archive.writestr("z-password.txt", b"locked")
    damage(folder / "many.zip")
    expected |= {
        "many.zip/good.txt": "ok",
        "many.zip/bomb.txt": "too_large",
        "many.zip/inner.zip": "unsupported",
        "many.zip/wrong.txt": "corrupt",
        "many.zip/z-password.txt": "encrypted",
    }
    (folder / "dangling.pdf").symlink_to(folder / "nowhere.pdf")
    (folder / "itself.txt").symlink_to(folder / "itself.txt")
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")
    # A file that says it is there and cannot be read, even by root.
    (folder / "unreadable.txt").symlink_to("/proc/self/mem")
    return expected | {
        "dangling.pdf": "missing",
        "itself.txt": "missing",
        "pipe.txt": "unsupported",
        "unreadable.txt": "unreadable",
    }


def damage(archive: Path) -> None:
    """Spoil the checksum of wrong.txt and mark z-password.txt as encrypted, in the archive's directory."""
    data = bytearray(archive.read_bytes())
    place = data.index(b"PK\x01\x02")
    while place != -1:
        name = data[place + 46 : place + 46 + data[place + 28]]
        if name == b"wrong.txt":
            data[place + 16] ^= 0xFF
        if name == b"z-password.txt":
            data[place + 8] |= 1
        place = data.find(b"PK\x01\x02", place + 1)
    archive.write_bytes(data)
