import socket
from io import BytesIO

import docx
import hypothesis
import pytest
from docx.shared import Pt, RGBColor

import pmskills

# How long an example takes says nothing about whether it is right.
hypothesis.settings.register_profile("pmskills", deadline=None)
hypothesis.settings.load_profile("pmskills")

RESUME = """\
JORDAN EXAMPLE

Summary
Claims handler with nine years of service in motor and property insurance.

Experience
Claims Handler, Company Name 03/2014 to Current
• Answered 60 calls a day from policyholders and explained in plain language what their
policy covers.
• Traced duplicate payments to a nightly batch job and cut them by 90%.
• Negotiated repair rates with three garages, saving $40K a year.
• Entered new claims into Guidewire

Sales Assistant, Company Name 2010 - 2014
• Rang up purchases and balanced the drawer.

Education
B.Sc. Economics, State College, 2010

Skills
Guidewire, Excel, Word, Outlook, typing
"""


@pytest.fixture
def resume() -> str:
    return RESUME


@pytest.fixture(scope="session")
def analyzer() -> pmskills.Analyzer:
    return pmskills.load()


@pytest.fixture
def breakable(tmp_path, monkeypatch):
    """Give every new Python process a reader (kreuzberg, for HTML) that some words make hang, die or eat memory."""
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import ctypes, kreuzberg, os, signal\n"
        "read = kreuzberg.extract_bytes_sync\n"
        "def broken(data, *args, **kwargs):\n"
        "    if b'HANG' in data: ctypes.PyDLL(None).sleep(600)\n"  # holds the interpreter lock, as native code can
        "    if b'DIE' in data: os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if b'EAT' in data: data = bytes(data) * 10**9\n"
        "    return read(data, *args, **kwargs)\n"
        "kreuzberg.extract_bytes_sync = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("network call")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture
def docx_bytes() -> bytes:
    document = docx.Document()
    document.add_heading("Experience", 1)
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text = "Claims Handler, Company Name"
    table.cell(0, 1).text = "2014 - 2019"
    document.add_paragraph("Resolved escalated complaints within 48 hours.", style="List Bullet")
    paragraph = document.add_paragraph("Entered claims. ")
    hidden = paragraph.add_run("kubernetes leadership")
    hidden.font.color.rgb = RGBColor(255, 255, 255)
    tiny = paragraph.add_run(" agile")
    tiny.font.size = Pt(1)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()
