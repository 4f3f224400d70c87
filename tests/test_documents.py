import json
import os
import re
import zipfile
from io import BytesIO

import pdf_oxide
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pdf_files import dot_at, pdf, text_at

import pmskills
from pmskills import DocumentError, read_document

LINES = ["Experience", "Fixed the till.", "Trained 5 clerks."]


def reason_of(data, **kwargs):
    with pytest.raises(DocumentError) as caught:
        read_document(data, **kwargs)
    return caught.value


def test_pdf_lines_and_pages_are_kept():
    document = read_document(pdf(text_at(50, 800, "Page one"), text_at(50, 800, "Page two")))
    assert document.text == "Page one\nPage two"
    assert document.pages == (0, 9)
    assert [document.page_of(0), document.page_of(9)] == [1, 2]
    assert document.media_type == "application/pdf"


def test_pdf_bullets_drawn_as_shapes_become_characters():
    content = "\n".join([dot_at(52, 792), text_at(60, 790, "Fixed the till"), text_at(60, 776, "and the scale")])
    assert read_document(pdf(content)).text == "• Fixed the till\nand the scale"


def test_pdf_table_cells_stand_on_lines_of_their_own():
    content = "\n".join([text_at(50, 790, "Budget planning"), text_at(300, 790, "Team player")])
    assert read_document(pdf(content)).text == "Budget planning\nTeam player"


def test_pdf_paragraph_gap_becomes_a_blank_line():
    content = "\n".join(text_at(50, y, f"Line {y}") for y in (790, 777, 764, 730, 717))
    assert read_document(pdf(content)).text == "Line 790\nLine 777\nLine 764\n\nLine 730\nLine 717"


def test_pdf_hidden_text_is_flagged_and_kept():
    content = "\n".join(
        [text_at(50, 790, "Clerk"), text_at(50, 700, "java python", 1), text_at(50, 600, "agile", color="1 1 1")]
    )
    document = read_document(pdf(content))
    assert "hidden text (2 words smaller than 3 points): java python" in document.warnings
    assert "hidden text (1 words white on white): agile" in document.warnings
    assert "agile" in document.text


def test_pdf_white_text_on_a_dark_panel_is_not_flagged():
    content = "0.1 0.1 0.3 rg 40 580 300 60 re f\n" + text_at(50, 600, "Jordan Example", color="1 1 1")
    assert read_document(pdf(content + "\n" + text_at(50, 500, "Clerk"))).warnings == ()


def test_pdf_without_text_layer_says_so():
    error = reason_of(pdf("0 0 0 rg 50 50 100 100 re f", fonts=False), name="scan.pdf")
    assert error.reason == "no_text"
    assert str(error).startswith("scan.pdf: the PDF holds no text, only images. If it is a scan, run OCR")


def test_pdf_with_password_says_so(tmp_path):
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(pdf(text_at(50, 790, "Secret")))
    pdf_oxide.PdfDocument(str(plain)).save_encrypted(str(locked), "user", "owner")
    error = reason_of(locked)
    assert error.reason == "encrypted"
    assert str(error) == f"{locked}: the PDF is protected by a password. Save a copy without password."


def test_pdf_with_owner_password_only_is_read(tmp_path):
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(pdf(text_at(50, 790, "Open to read")))
    pdf_oxide.PdfDocument(str(plain)).save_encrypted(str(locked), "", "owner")
    assert read_document(locked).text == "Open to read"


def test_pdf_truncated_says_so():
    error = reason_of(pdf(text_at(50, 790, "Half"))[:300], name="half.pdf")
    assert error.reason == "corrupt"
    assert "half.pdf: the PDF is damaged or incomplete" in str(error)


def test_docx_with_table_is_read_and_hidden_runs_are_flagged(docx_bytes):
    document = read_document(docx_bytes)
    for line in ("Experience", "Claims Handler, Company Name", "2014 - 2019", "Resolved escalated complaints"):
        assert line in document.text
    assert document.warnings == ("hidden text (3 words white, tiny or marked as hidden): kubernetes leadership agile",)


def test_docx_damaged_says_so(docx_bytes):
    assert reason_of(docx_bytes[: len(docx_bytes) // 2], name="a.docx").reason == "corrupt"


def odt(body: str, manifest: str = "") -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        archive.writestr(
            "content.xml",
            '<?xml version="1.0"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:text>'
            f"{body}</office:text></office:body></office:document-content>",
        )
    return stream.getvalue()


def test_odt_is_read():
    assert read_document(odt("<text:p>Fixed the till.</text:p>")).text.strip() == "Fixed the till."


def test_odt_with_password_says_so():
    assert reason_of(odt("<text:p>x</text:p>", "<encryption-data/>")).reason == "encrypted"


def test_rtf_named_doc_is_read_as_rtf(tmp_path):
    file = tmp_path / "resume.doc"
    file.write_bytes(rb"{\rtf1\ansi Fixed the till.\par Trained clerks.}")
    document = read_document(file)
    assert document.media_type == "application/rtf"
    assert document.text.split("\n")[0] == "Fixed the till."


def test_html_is_read_and_source_wraps_are_no_lines():
    markup = "<html><body><h1>Experience</h1><p>Fixed the\n   till.</p><ul><li>Led</li></ul></body></html>"
    document = read_document(markup.encode())
    assert "Fixed the till." in document.text
    assert document.media_type == "text/html"


def test_html_hidden_text_is_flagged():
    markup = '<html><body><p>Clerk</p><span style="color:#fff">java agile</span></body></html>'
    assert read_document(markup.encode()).warnings == (
        "hidden text (2 words white, tiny or not displayed): java agile",
    )


def test_markdown_is_read_without_its_marks(tmp_path):
    file = tmp_path / "resume.md"
    file.write_text("# Experience\n\n- Fixed **the till**\n")
    text = read_document(file).text
    assert "Fixed the till" in text
    assert "#" not in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "mac_roman"])
def test_text_encodings_are_told_apart(encoding):
    text = "Résumé – served café guests’ needs • “first class”\nManaged the till.\n"
    assert read_document(text.encode(encoding)).text == text


def test_text_line_ends_are_unified():
    assert read_document(b"one\r\ntwo\rthree").text == "one\ntwo\nthree"


def test_text_control_characters_are_dropped():
    assert read_document(b"Fixed\x1b the\x07 till").text == "Fixed the till"


def test_json_resume_is_read_under_section_names():
    resume = {
        "basics": {"name": "J", "summary": "Clerk."},
        "work": [{"name": "Shop", "position": "Clerk", "startDate": "2001", "endDate": "2004", "highlights": LINES}],
        "skills": [{"name": "Web", "keywords": ["HTML", "CSS"]}],
    }
    text = read_document(json.dumps(resume).encode()).text
    for line in ("Experience", "Clerk, Shop, 2001 - 2004", "• Fixed the till.", "Skills", "HTML, CSS"):
        assert line in text.split("\n")


def test_json_of_another_kind_is_refused():
    error = reason_of(b'{"a": 1}', name="a.json")
    assert error.reason == "unsupported"
    assert "not a JSON Resume (no basics, work, education or skills)" in str(error)


def test_json_nested_without_end_is_refused():
    assert reason_of(b'{"work":' + b"[" * 200_000).reason in ("corrupt", "no_text")


@pytest.mark.parametrize("data", [b"", b" \n\n", b"\x00" * 50])
def test_empty_file_says_so(data):
    error = reason_of(data, name="e.txt")
    assert error.reason == "empty"
    assert str(error) == "e.txt: the file is empty. Export or download it again."


def test_word_lock_file_says_so(tmp_path):
    file = tmp_path / "~$resume.docx"
    file.write_bytes(b"\x05user")
    assert reason_of(file).reason == "lock_file"


def test_missing_file_says_so(tmp_path):
    error = reason_of(tmp_path / "none.pdf")
    assert error.reason == "missing"
    assert str(error).endswith("there is no such file. Check the path.")


def test_folder_says_so(tmp_path):
    assert "this is a folder. Use `pmskills score` for folders." in str(reason_of(tmp_path))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_says_so(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("x")
    file.chmod(0)
    assert reason_of(file).reason == "unreadable"


def test_image_is_refused_with_the_known_types():
    error = reason_of(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4, name="me.png")
    assert error.reason == "unsupported"
    assert "pmskills reads PDF, DOCX, DOC, ODT, RTF" in str(error)


def test_excel_workbook_is_refused():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "Workbook".encode("utf-16-le")
    assert "it is an Excel workbook" in str(reason_of(data))


def test_docx_with_password_says_so():
    data = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert reason_of(data).reason == "encrypted"


def test_zip_archive_is_refused():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert "it is a ZIP archive, not a document" in str(reason_of(stream.getvalue()))


def test_decompression_bomb_is_refused():
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * 301_000_000)
    error = reason_of(stream.getvalue(), name="bomb.docx")
    assert error.reason == "too_large"
    assert "it unpacks to 301 MB; at most 300 MB are read" in str(error)


def test_large_file_is_refused():
    assert "it has 50 MB; at most 50 MB are read" in str(reason_of(b"a" * 50_000_001, name="big.txt"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused_with_our_error(data):
    try:
        assert re.search(r"\w", read_document(data).text)
    except DocumentError as refused:
        message = str(refused)
        assert "\n" not in message


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1))
def test_plain_text_comes_back_as_it_is(text):
    prefix = "Clerk "
    expected = prefix + text.replace("\ufeff", "")
    assert read_document((prefix + text).encode()).text == expected


def test_errors_are_of_one_family():
    for kind in (pmskills.DocumentError, pmskills.CorpusError, pmskills.ModelError):
        assert issubclass(kind, pmskills.PMSkillsError)
