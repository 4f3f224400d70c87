import csv
import json
import os
import subprocess
import sys
import warnings
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmskills import PMSkillsError
from pmskills.sources import items


def paths(*args, **kwargs):
    return [item.path for item in items(*args, **kwargs)]


def write(folder, *names, text="x"):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_folder_is_walked_in_order_without_hidden_files(tmp_path):
    write(tmp_path, "b/2.txt", "a.txt", ".hidden", ".git/x.txt", "b/1.txt", "b.txt", "b/c/3.txt")
    expected = ["a.txt", "b/1.txt", "b/2.txt", "b/c/3.txt", "b.txt"]
    assert [os.path.relpath(path, tmp_path) for path in paths(tmp_path)] == expected


def test_symlinked_folders_are_followed_but_loops_are_not(tmp_path):
    write(tmp_path, "in/a.txt", "other/b.txt")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "beside").symlink_to(tmp_path / "other")
    found = [os.path.relpath(path, tmp_path / "in") for path in paths(tmp_path / "in")]
    assert found == ["a.txt", "beside/b.txt", "up/other/b.txt"]


def test_very_deep_folders_are_walked(tmp_path):
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(os.open("a.txt", os.O_CREAT, dir_fd=here))
    os.close(here)
    assert len(paths(tmp_path)) == 1
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)  # pytest cannot


def test_globs_files_and_folders_keep_the_order_in_which_they_are_named(tmp_path):
    write(tmp_path, "b/2.txt", "a/1.txt", "c.txt", "d.md")
    found = paths([tmp_path / "c.txt", f"{tmp_path}/**/*.txt", tmp_path / "a"])
    assert [os.path.relpath(path, tmp_path) for path in found] == ["c.txt", "a/1.txt", "b/2.txt", "c.txt", "a/1.txt"]


def test_name_that_looks_like_a_glob_is_a_file_if_there_is_one(tmp_path):
    write(tmp_path, "cv[1].txt")
    assert paths(tmp_path / "cv[1].txt") == [str(tmp_path / "cv[1].txt")]


@pytest.mark.parametrize(("name", "message"), [("none.pdf", "no such file or folder"), ("*.pdf", "nothing matches")])
def test_source_that_is_not_there_is_named(tmp_path, name, message):
    with pytest.raises(PMSkillsError, match=message):
        paths(tmp_path / name)


def test_archive_members_are_items_each_under_a_name_of_its_own(tmp_path):
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        warnings.filterwarnings("ignore", message="Duplicate name")
        for name in ("b.txt", "a/c.txt", "__MACOSX/b.txt", ".DS_Store", "b.txt"):
            archive.writestr(name, f"Text {len(archive.infolist())}")
    found = [(item.path[len(str(tmp_path)) + 1 :], item.read()) for item in items(tmp_path)]
    assert found == [("a.zip/a/c.txt", b"Text 1"), ("a.zip/b.txt", b"Text 0"), ("a.zip/b.txt#2", b"Text 4")]


def test_archive_with_impossible_dates_is_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "Sold tea")
    data = bytearray((tmp_path / "a.zip").read_bytes())
    place = data.index(b"PK\x01\x02") + 14
    data[place : place + 2] = b"\xff\x01"  # month 15
    (tmp_path / "a.zip").write_bytes(data)
    assert [(item.modified, item.read()) for item in items(tmp_path)] == [(None, b"Sold tea")]


ROWS = [{"who": "Ann", "cv": "Fixed the till,\nsold tea"}, {"who": "Bo", "cv": "=1+1"}]


def table(path, rows=ROWS):
    if path.suffix == ".parquet":
        arrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet

        pyarrow.parquet.write_table(arrow.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="", encoding="utf-8-sig") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_table_rows_are_items(tmp_path, suffix):
    file = table(tmp_path / f"t{suffix}")
    found = [(item.path, item.read()) for item in items(file, text="cv", row_id="who")]
    assert found == [(f"{file}#1:Ann", ROWS[0]["cv"]), (f"{file}#2:Bo", ROWS[1]["cv"])]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_table_without_the_column_names_those_it_has(tmp_path, suffix):
    file = table(tmp_path / f"t{suffix}")
    with pytest.raises(PMSkillsError, match=r"no column 'resume'. Found: who, cv"):
        paths(file, text="resume")


def test_table_needs_the_name_of_a_column(tmp_path):
    with pytest.raises(PMSkillsError, match="needs the name of the column"):
        paths(table(tmp_path / "t.csv"))


def test_table_in_a_folder_is_no_resume(tmp_path):
    table(tmp_path / "t.csv")
    (item,) = items(tmp_path)
    with pytest.raises(PMSkillsError, match="it is a table among resumes"):
        item.read()


def test_blank_lines_of_a_table_are_no_rows(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"cv": "Sold tea"}\n\n  \n{"cv": "Sold tin"}\n\n')
    assert [item.read() for item in items(tmp_path / "t.jsonl", text="cv")] == ["Sold tea", "Sold tin"]


def test_table_line_that_is_no_json_fails_alone(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"cv": "Sold tea"}\n{"cv": \n[1]\n{"cv": 7}\n{"who": 1}\n')
    reasons = []
    for item in items(tmp_path / "t.jsonl", text="cv"):
        try:
            reasons.append(item.read())
        except PMSkillsError as error:
            reasons.append(error.reason)
    assert reasons == ["Sold tea", "corrupt", "corrupt", "unsupported", "empty"]


def test_table_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(PMSkillsError, match=r"t.parquet: not a Parquet file"):
        paths(tmp_path / "t.parquet", text="cv")
    (tmp_path / "t.csv").write_text("cv\nSold tea\n" + "x" * 6_000_000)
    with pytest.raises(PMSkillsError, match=r"t.csv: line 3 is not CSV \(field larger than field limit"):
        paths(tmp_path / "t.csv", text="cv")


def test_table_row_that_is_not_utf8_fails_alone(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"cv\nSold tea\nCaf\xe9\n")
    first, second = items(tmp_path / "t.csv", text="cv")
    assert first.read() == "Sold tea"
    with pytest.raises(PMSkillsError, match=r"its text is not UTF-8. Save the table in UTF-8"):
        second.read()


def test_url_is_read_through_fsspec(tmp_path):
    write(tmp_path, "b/2.txt", "a.txt", ".hidden", text="Sold tea")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("in.txt", "Sold coffee")
    found = [(item.path[len(f"file://{tmp_path}/") :], item.read()) for item in items(f"file://{tmp_path}")]
    assert found == [("a.txt", b"Sold tea"), ("b/2.txt", b"Sold tea"), ("c.zip/in.txt", b"Sold coffee")]
    file = table(tmp_path / "t.csv")
    assert [item.read() for item in items(f"file://{file}", text="cv")] == [row["cv"] for row in ROWS]


@pytest.mark.parametrize(
    ("url", "message"), [("file:///nowhere/at/all", "nothing here"), ("odd://x", "cannot be opened")]
)
def test_url_that_gives_nothing_is_named(url, message):
    with pytest.raises(PMSkillsError, match=message):
        paths(url)


def test_extra_that_is_missing_is_named_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(PMSkillsError, match=r"pip install 'pmskills\[remote\]'"):
        paths("s3://bucket/resumes")


def test_name_that_is_no_utf8_becomes_text(tmp_path):
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "w") as stream:
        stream.write("Sold tea")
    (item,) = items(tmp_path)
    assert item.path == f"{tmp_path}/caf\\udce9.txt"
    assert item.read() == b"Sold tea"


def test_stamp_changes_with_the_content(tmp_path):
    write(tmp_path, "a.txt")
    before = next(items(tmp_path)).stamp
    assert next(items(tmp_path)).stamp == before
    write(tmp_path, "a.txt", text="y")
    assert next(items(tmp_path)).stamp != before


@given(
    st.lists(
        st.text(
            st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
        ),
        unique=True,
    )
)
def test_files_of_any_name_come_back_once_and_sorted(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("names")
    kept = sorted(name for name in names if not name.startswith(".") and len(name.encode()) < 200)
    kept = [name for name in kept if not name.lower().endswith(".zip")]
    for name in kept:
        (folder / name).write_text("x")
    assert [os.path.basename(item.path) for item in items(folder)] == kept
