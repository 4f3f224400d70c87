import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmskills import PMSkillsError
from pmskills.journal import Journal


def record(path, status="ok", stamp="1", model="m", **more):
    head = {"path": path, "sha256": f"hash of {path}", "stamp": stamp, "model": model, "status": status}
    return {**head, "message": "", **more}


def paths_in(file):
    return [json.loads(line)["path"] for line in file.read_text().splitlines()]


def test_lines_are_found_again_by_a_later_run(tmp_path):
    file = tmp_path / "out.jsonl"
    journal = Journal(file)
    for position, path in enumerate(['a, "message": b', "ü\n", "c"]):
        journal.append(record(path, extra=path), position)
    journal.close()
    journal = Journal(file)
    entry = journal.find("ü\n")
    assert (entry.stamp, entry.model, entry.status) == ("1", "m", "ok")
    assert journal.line(entry)["extra"] == "ü\n"
    assert journal.find('a, "message": b') is not None
    assert journal.find("d") is None
    assert [entry.path for entry in journal.with_content("hash of c", "m")] == ["c"]
    assert list(journal.with_content("hash of c", "other")) == []
    journal.close()


@given(st.data())
def test_file_cut_anywhere_keeps_its_whole_lines(tmp_path_factory, data):
    file = tmp_path_factory.mktemp("journal") / "out.jsonl"
    journal = Journal(file)
    for number in range(5):
        journal.append(record(f"ü{number}"), number)
    journal.close()
    whole = file.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    file.write_bytes(whole[:cut])
    journal = Journal(file)
    kept = whole[:cut].count(b"\n")
    assert [entry["path"] for entry in journal.records()] == [f"ü{number}" for number in range(kept)]
    for number in range(kept, 5):
        journal.append(record(f"ü{number}"), number)
    journal.close()
    assert file.read_bytes() == whole


def test_finish_puts_lines_in_order_and_drops_replaced_ones(tmp_path):
    file = tmp_path / "out.jsonl"
    journal = Journal(file)
    for position, path in enumerate("zca"):
        journal.append(record(path), position)
    journal.close()
    journal = Journal(file)
    journal.keep(journal.find("a"), 0)
    journal.append(record("b"), 1)
    journal.append(record("c", stamp="2"), 2)
    assert paths_in(file) == ["z", "c", "a", "b", "c"]
    journal.finish()
    assert paths_in(file) == ["z", "a", "b", "c"], "z, which this run does not know, is kept, in front"
    assert [entry["path"] for entry in journal.records()] == ["z", "a", "b", "c"]
    assert journal.find("c").stamp == "2"
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_file_of_something_else_is_refused_and_untouched(tmp_path):
    file = tmp_path / "notes.jsonl"
    file.write_text('{"path": "a"}\n')
    with pytest.raises(PMSkillsError, match=r"notes.jsonl:1: not a line of `pmskills score`"):
        Journal(file)
    assert file.read_text() == '{"path": "a"}\n'


def test_second_run_into_the_same_file_is_refused(tmp_path):
    file = tmp_path / "out.jsonl"
    journal = Journal(file)
    code = f"from pathlib import Path; from pmskills.journal import Journal; Journal(Path({str(file)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "another run is writing to it" in done.stderr
    journal.close()
    Journal(file).close()


def test_new_file_is_for_its_owner_alone(tmp_path):
    Journal(tmp_path / "out.jsonl").close()
    assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o600


def test_folder_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(PMSkillsError, match="its folder does not exist"):
        Journal(tmp_path / "no" / "out.jsonl")


def test_output_that_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "out.jsonl").mkdir()
    with pytest.raises(PMSkillsError, match="cannot be opened"):
        Journal(tmp_path / "out.jsonl")


def test_output_that_is_no_regular_file_is_named(tmp_path):
    (tmp_path / "out.jsonl").symlink_to("/dev/full")
    with pytest.raises(PMSkillsError, match="not a regular file"):
        Journal(tmp_path / "out.jsonl")


def test_read_only_journal_changes_nothing(tmp_path):
    file = tmp_path / "out.jsonl"
    Journal(file, read_only=True).close()
    assert not file.exists()
    file.write_text(json.dumps(record("a")) + '\n{"path": "to')
    journal = Journal(file, read_only=True)
    assert journal.find("a") is not None
    journal.close()
    assert file.read_text().endswith('{"path": "to')


def test_a_line_without_an_end_that_is_nobodys_result_is_kept(tmp_path):
    file = tmp_path / "mine.jsonl"
    file.write_text('{"cv": "my only copy"}')
    with pytest.raises(PMSkillsError, match=r"mine\.jsonl:1: not a line of `pmskills score`"):
        Journal(file)
    assert file.read_text() == '{"cv": "my only copy"}'


def test_link_to_a_file_of_results_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    file, link = tmp_path / "real" / "out.jsonl", tmp_path / "link.jsonl"
    file.touch()
    link.symlink_to(file)
    journal = Journal(link)
    for position, path in ((1, "b"), (0, "a")):
        journal.append(record(path), position)
    journal.finish()
    journal.close()
    assert link.is_symlink()
    assert paths_in(file) == ["a", "b"]
