import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import bad_files
import pytest

import pmskills
from pmskills.batch import plan


def statuses(results):
    return {Path(result.path).name: result.status for result in results}


def without_times(lines):
    records = [json.loads(line) if isinstance(line, str) else dict(line) for line in lines]
    for record in records:
        record.pop("seconds")
    return records


@pytest.fixture
def folder(tmp_path, resume):
    folder = tmp_path / "resumes"
    folder.mkdir()
    (folder / "a.txt").write_text(resume)
    (folder / "b.txt").write_text("Fixed the till.")
    (folder / "c.txt").write_text("Resolved guest complaints.")
    return folder


def test_score_gives_what_analyze_gives_in_the_order_of_the_files(folder):
    results = list(pmskills.score(folder, n_jobs=2, units=True))
    assert [result.path for result in results] == [str(folder / name) for name in ("a.txt", "b.txt", "c.txt")]
    for result in results:
        expected = pmskills.analyze(pmskills.read_document(result.path)).to_dict(why=False)
        assert {key: result.record[key] for key in expected if key != "source"} == {
            key: value for key, value in expected.items() if key != "source"
        }
        assert result.record["seconds"]["read"] >= 0
        assert len(result.record["sha256"]) == 64


def test_every_kind_of_bad_file_gives_its_status_and_the_others_go_on(tmp_path, docx_bytes):
    folder = tmp_path / "in"
    folder.mkdir()
    expected = bad_files.write_all(folder, docx_bytes)
    results = list(pmskills.score(folder, n_jobs=2))
    found = {os.path.relpath(result.path, folder): result.status for result in results}
    assert found == expected
    assert len(found) >= 35
    for result in results:
        assert bool(result.message) == (result.status != "ok")
        assert "\n" not in result.message.replace("line\nbreak", "")
        assert result.message.startswith(result.path) or not result.message
    by_name = {os.path.relpath(result.path, folder): result.record for result in results}
    assert by_name["10000-pages.pdf"]["warnings"] == ["only the first 2000 of 10000 pages were read"]


def test_file_that_hangs_kills_or_eats_is_named_and_the_others_go_on(folder, breakable):
    for word in ("HANG", "DIE", "EAT"):
        (folder / f"b-{word}.html").write_text(f"<html><body>{word}</body></html>")
    results = list(pmskills.score(folder, n_jobs=1, time_limit=3, memory_limit=1_000_000_000))
    assert statuses(results) == {
        "a.txt": "ok",
        "b-DIE.html": "crashed",
        "b-EAT.html": "memory",
        "b-HANG.html": "timeout",
        "b.txt": "ok",
        "c.txt": "ok",
    }
    messages = {Path(result.path).name: result.message for result in results}
    assert "took longer than 3 s and was stopped. Raise --time-limit" in messages["b-HANG.html"]
    assert "the process that read it died" in messages["b-DIE.html"]
    assert "needs more memory than is allowed. Raise --memory-limit" in messages["b-EAT.html"]


def test_passing_faults_are_tried_again_and_lasting_ones_are_not(folder, breakable, monkeypatch, tmp_path):
    (folder / "d.html").write_text("<html><body>DIE</body></html>")
    (folder / "e.pdf").write_bytes(b"")
    first = statuses(pmskills.score(folder, n_jobs=1, output=tmp_path / "out.jsonl"))
    assert (first["d.html"], first["e.pdf"]) == ("crashed", "empty")
    monkeypatch.delenv("PYTHONPATH")
    results = list(pmskills.score(folder, n_jobs=1, output=tmp_path / "out.jsonl"))
    assert statuses(results)["d.html"] == "ok"
    assert [Path(result.path).name for result in results if not result.earlier] == ["d.html"]


def test_file_that_disappears_during_the_run_is_reported(tmp_path):
    for number in range(60):
        (tmp_path / f"{number:02d}.txt").write_text(f"Fixed till {number}.")
    results = pmskills.score(tmp_path, n_jobs=1)
    found = [next(results)]
    (tmp_path / "59.txt").unlink()
    found += results
    assert [result.status for result in found] == ["ok"] * 59 + ["missing"]


def test_equal_contents_are_analyzed_once_and_reported_each(folder, tmp_path):
    shutil.copy(folder / "a.txt", folder / "a-copy.txt")
    shutil.copy(folder / "a.txt", folder / "z.md")
    (folder / "bad-1.pdf").write_bytes(b"%PDF-1.7 broken")
    (folder / "bad-2.pdf").write_bytes(b"%PDF-1.7 broken")
    results = {Path(result.path).name: result for result in pmskills.score(folder, n_jobs=1)}
    assert results["a.txt"].record["same_as"] == str(folder / "a-copy.txt")
    assert results["a.txt"].record["skills"] == results["a-copy.txt"].record["skills"]
    assert "same_as" not in results["z.md"].record, "Markdown is read in another way"
    assert results["bad-2.pdf"].record["same_as"] == str(folder / "bad-1.pdf")
    assert results["bad-2.pdf"].message.startswith(str(folder / "bad-2.pdf"))


def test_next_run_scores_only_what_is_new_or_changed(folder, tmp_path):
    output = tmp_path / "out.jsonl"
    list(pmskills.score(folder, output=output, n_jobs=1))
    (folder / "b.txt").write_text("Sold the till.")
    (folder / "ab.txt").write_text("Traced a fault in the till and fixed it.")
    results = list(pmskills.score(folder, output=output, n_jobs=1))
    assert {Path(result.path).name: result.earlier for result in results} == {
        "a.txt": True,
        "ab.txt": False,
        "b.txt": False,
        "c.txt": True,
    }
    fresh = list(pmskills.score(folder, n_jobs=1))
    assert without_times(output.read_text().splitlines()) == without_times(result.record for result in fresh)


def test_other_model_scores_again(folder, tmp_path, analyzer):
    analyzer.to_disk(tmp_path / "model")
    meta = json.loads((tmp_path / "model" / "meta.json").read_text())
    (tmp_path / "model" / "meta.json").write_text(json.dumps(meta | {"description": "another"}))
    output = tmp_path / "out.jsonl"
    list(pmskills.score(folder, output=output, n_jobs=1))
    assert {reason for _, reason in plan(folder, output=output)} == {"done"}
    assert {reason for _, reason in plan(folder, output=output, model=tmp_path / "model")} == {"other model"}
    results = list(pmskills.score(folder, output=output, model=tmp_path / "model", n_jobs=1))
    assert not any(result.earlier for result in results)
    assert len(output.read_text().splitlines()) == 3


def test_force_since_and_limit_choose_what_is_scored(folder, tmp_path):
    output = tmp_path / "out.jsonl"
    assert len(list(pmskills.score(folder, output=output, n_jobs=1, limit=1))) == 1
    assert len(list(pmskills.score(folder, output=output, n_jobs=1, limit=1))) == 2
    os.utime(folder / "c.txt", (1, 1))
    recent = pmskills.score(folder, output=output, n_jobs=1, force=True, since=time.time() - 3600)
    assert [(Path(result.path).name, result.earlier) for result in recent] == [("a.txt", False), ("b.txt", False)]
    assert dict(plan(folder, output=output)) == {
        str(folder / "a.txt"): "done",
        str(folder / "b.txt"): "done",
        str(folder / "c.txt"): "new",
    }
    assert {reason for _, reason in plan(folder, output=output, force=True)} == {"forced", "new"}


def test_results_of_other_folders_in_the_same_output_are_kept(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.txt").write_text("Sold tea.")
    list(pmskills.score(folder, output=tmp_path / "out.jsonl", n_jobs=1))
    list(pmskills.score(other, output=tmp_path / "out.jsonl", n_jobs=1))
    names = [Path(json.loads(line)["path"]).name for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert names == ["a.txt", "b.txt", "c.txt", "x.txt"]


def test_file_named_twice_is_scored_once(folder):
    assert len(list(pmskills.score([folder, folder / "b.txt", folder], n_jobs=1))) == 3


def test_run_may_be_left_early_and_leaves_no_process(folder, tmp_path):
    results = pmskills.score(folder, output=tmp_path / "out.jsonl", n_jobs=1)
    next(results)
    results.close()
    assert subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "popen_loky"], capture_output=True).stdout == b""
    assert len(list(pmskills.score(folder, output=tmp_path / "out.jsonl", n_jobs=1))) == 3


def test_output_inside_the_folder_is_not_scored(folder):
    for _ in range(2):
        assert len(list(pmskills.score(folder, output=folder / "out.csv", n_jobs=1))) == 3


def test_table_and_frame_give_the_same(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"who": ["x", "y", "z"], "cv": ["Resolved guest complaints.", None, "Fixed the till.\nSold tea."]},
        index=[7, 3, 5],
    )
    frame.to_csv(tmp_path / "t.csv", index=False)
    scored = pmskills.score_frame(frame, text="cv", n_jobs=1)
    assert scored.index.tolist() == [7, 3, 5]
    assert scored["status"].tolist() == ["ok", "empty", "ok"]
    results = list(pmskills.score(tmp_path / "t.csv", text="cv", n_jobs=1))
    for label in pmskills.load().labels:
        units = [result.record["skills"][label]["coverage"]["units"] for result in results if result.status == "ok"]
        assert scored[f"{label}_units"].dropna().tolist() == units
    with pytest.raises(KeyError, match="no column 'text'; found who, cv"):
        pmskills.score_frame(frame)


def test_frame_keeps_its_paths_and_takes_no_other_options():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"path": ["p.md"], "text": ["Fixed the till."]})
    assert pmskills.score_frame(frame, n_jobs=1)["path"].tolist() == ["p.md"]
    with pytest.raises(TypeError, match="time_limt"):
        pmskills.score_frame(frame, time_limt=5)


def test_number_of_workers_is_checked(folder):
    with pytest.raises(pmskills.PMSkillsError, match="n_jobs is -1; expected at least 1"):
        list(pmskills.score(folder, n_jobs=-1))


def test_rows_before_a_broken_one_are_kept_and_the_fault_is_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"cv\nFixed the till.\nSold tea.\n" + b"x" * 6_000_000)
    with pytest.raises(pmskills.PMSkillsError, match="line 4 is not CSV"):
        list(pmskills.score(tmp_path / "t.csv", text="cv", output=tmp_path / "out.jsonl", n_jobs=1))
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


def test_full_disk_is_told_and_the_next_run_goes_on(folder, tmp_path):
    limited = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500)); import pmskills.cli as c; c.app()"
    )
    command = [sys.executable, "-c", limited, *run(folder, tmp_path / "out.jsonl")[3:]]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "out.jsonl: cannot be written (File too large). What was written is kept" in done.stderr
    assert len(list(pmskills.score(folder, output=tmp_path / "out.jsonl", n_jobs=1))) == 3
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 3


def run(folder, output, *more):
    return [sys.executable, "-m", "pmskills", "score", str(folder), "-o", str(output), "-j", "2", *more]


def killed_until_done(folder, output, pause, rounds):
    """Start the command, kill it after a random time, until it ends by itself; return how often it was killed."""
    kills = 0
    while True:
        process = subprocess.Popen(run(folder, output), stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            # A run that is never left alone would never end.
            process.wait(pause() if kills < rounds else None)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            return kills


def check_killed_runs(tmp_path, rounds, seed):
    folder = tmp_path / "in"
    folder.mkdir()
    corpus = Path(__file__).parent.parent / "corpora" / "pm-evidence" / "units.jsonl"
    units = [json.loads(line)["text"] for line in corpus.read_text().splitlines()]
    for number in range(400):
        (folder / f"{number:03d}.txt").write_text("\n".join(units[number * 20 : number * 20 + 20]))
    (folder / "000-copy.txt").write_text((folder / "399.txt").read_text())
    (folder / "empty.pdf").write_bytes(b"")
    expected = without_times(result.record for result in pmskills.score(folder, n_jobs=2))
    chance = random.Random(seed)
    kills = killed_until_done(folder, tmp_path / "out.jsonl", lambda: chance.uniform(0.2, 7), rounds)
    assert without_times((tmp_path / "out.jsonl").read_text().splitlines()) == expected
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["out.jsonl"]
    return kills


def test_run_that_is_killed_goes_on_where_it_was(tmp_path):
    assert check_killed_runs(tmp_path, rounds=3, seed=1) > 0


@pytest.mark.soak
def test_run_that_is_killed_fifty_times_loses_nothing_and_repeats_nothing(tmp_path):
    kills = 0
    for seed in range(100):
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        kills += check_killed_runs(folder, rounds=6, seed=seed)
        if kills >= 50:
            return


@pytest.mark.soak
def test_twenty_thousand_files_come_out_once_in_order_in_the_same_memory(tmp_path):
    folder, count = tmp_path / "in", 20_000
    corpus = Path(__file__).parent.parent / "corpora" / "pm-evidence" / "units.jsonl"
    units = [json.loads(line)["text"] for line in corpus.read_text().splitlines()]
    chance = random.Random(0)
    for number in range(count):
        file = folder / f"{number // 1000:02d}" / f"{number:05d}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([f"No. {number} {chance.random()}", *chance.sample(units, 5)]))
    process = subprocess.Popen(run(folder, tmp_path / "out.jsonl"), stderr=subprocess.DEVNULL)
    memory = []
    while process.poll() is None:
        time.sleep(1)
        pids = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout.split()
        pages = [Path(f"/proc/{pid}/statm") for pid in [process.pid, *pids]]
        memory.append(sum(int(file.read_text().split()[1]) for file in pages if file.exists()))
    assert process.returncode == 0
    with (tmp_path / "out.jsonl").open() as lines:
        assert [json.loads(line)["path"] for line in lines] == sorted(map(str, folder.rglob("*.txt")))
    middle = len(memory) // 2
    assert max(memory[middle:]) < 1.15 * max(memory[:middle])


def test_workers_end_when_their_parent_is_killed(tmp_path, folder):
    process = subprocess.Popen(run(folder, tmp_path / "out.jsonl"), stderr=subprocess.DEVNULL)
    children = ""
    while not children and process.poll() is None:
        children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True).stdout
    time.sleep(4)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and any(Path(f"/proc/{child}").exists() for child in children.split()):
        time.sleep(0.2)
    assert not any(Path(f"/proc/{child}").exists() for child in children.split())
