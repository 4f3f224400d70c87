import csv
import sqlite3
import sys
from pathlib import Path

import pytest

import pmskills
from pmskills import PMSkillsError
from pmskills.exports import defused, export, journal_of

LABELS = ("problem_solving", "customer_centric", "influence")
HOSTILE = "=cmd|'/C calc'!A0"


@pytest.fixture(scope="module")
def records():
    good = pmskills.analyze("Experience\nClerk 2010 - 2012\nResolved escalated guest complaints.").to_dict()
    del good["units"]
    head = {"sha256": "0" * 64, "stamp": "1", "model": "m"}
    return [
        {"path": HOSTILE, **head, "status": "ok", "message": "", **good},
        {"path": "b.pdf", **head, "status": "empty", "message": "b.pdf: the file is empty.", "seconds": {}},
    ]


def test_csv_has_a_row_a_resume_and_nothing_a_spreadsheet_would_run(tmp_path, records):
    export(lambda: iter(records), tmp_path / "out.csv", LABELS)
    with (tmp_path / "out.csv").open(newline="") as stream:
        good, bad = csv.DictReader(stream)
    assert good["path"] == "'" + HOSTILE
    assert (good["status"], good["customer_centric_units"], good["influence_units"]) == ("ok", "1", "0")
    assert good["customer_centric_strongest"] == "Resolved escalated guest complaints."
    assert 0.5 < float(good["customer_centric_probability"]) <= 1
    assert (bad["status"], bad["message"], bad["influence_units"]) == ("empty", "b.pdf: the file is empty.", "")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", " =1", "\t=1", "\n=1", "\r=1", "\tx", "＝1"])
def test_formulas_are_defused(text):
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "", 5, -5, None, "Led a team"])
def test_other_cells_stay_as_they_are(value):
    assert defused(value) == value


def test_sqlite_has_documents_and_evidence(tmp_path, records):
    export(lambda: iter(records), tmp_path / "out.sqlite", LABELS)
    database = sqlite3.connect(tmp_path / "out.sqlite")
    counts = database.execute("SELECT path, status, customer_centric_units FROM documents ORDER BY status").fetchall()
    assert counts == [("b.pdf", "empty", None), (HOSTILE, "ok", 1)]
    found = database.execute("SELECT label, text FROM evidence JOIN documents USING (path)").fetchall()
    assert ("customer_centric", "Resolved escalated guest complaints.") in found
    database.close()


def test_parquet_has_types_and_nested_evidence(tmp_path, records):
    parquet = pytest.importorskip("pyarrow.parquet")
    export(lambda: iter(records), tmp_path / "out.parquet", LABELS)
    table = parquet.read_table(tmp_path / "out.parquet")
    types = {field.name: str(field.type) for field in table.schema}
    assert types["pages"] == types["influence_units"] == "int64"
    assert types["influence_probability"] == "double"
    good, bad = table.to_pylist()
    assert good["evidence"][0]["text"] == "Resolved escalated guest complaints."
    assert bad["evidence"] == []


def test_failed_export_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "out.csv").write_text("old")

    def broken():
        yield {"path": "a", "status": "ok", "message": ""}
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        export(broken, tmp_path / "out.csv", LABELS)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.csv", "old")]


def test_export_is_for_its_owner_alone(tmp_path, records):
    for name in ("out.csv", "out.sqlite"):
        export(lambda: iter(records), tmp_path / name, LABELS)
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_results_stand_in_the_output_or_beside_it():
    assert journal_of(Path("a/b.jsonl")) == Path("a/b.jsonl")
    assert journal_of(Path("a/b.csv")) == Path("a/b.csv.jsonl")


def test_unknown_suffix_is_named_with_those_that_are_known():
    with pytest.raises(PMSkillsError, match=r"out.xlsx: results are written as .jsonl, .csv, .parquet or .sqlite"):
        journal_of(Path("out.xlsx"))


def test_missing_parquet_extra_is_told_before_the_work(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PMSkillsError, match=r"pip install 'pmskills\[parquet\]'"):
        journal_of(Path("out.parquet"))


def test_a_table_of_somebody_else_is_not_replaced(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "people.csv"
    table.write_text("id,cv\n1,Resolved escalated guest complaints.\n")
    with pytest.raises(PMSkillsError, match=r"people\.csv: there is such a file, and no people\.csv\.jsonl beside it"):
        list(pmskills.score(table, text="cv", output=table, n_jobs=1))
    assert table.read_text().startswith("id,cv")
