import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import pmskills
from pmskills.model_files import packaged_model


def run(*arguments, stdin=None, cwd=None):
    done = subprocess.run(
        [sys.executable, "-m", "pmskills", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "120"},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.fixture
def folder(tmp_path, resume):
    folder = tmp_path / "resumes"
    folder.mkdir()
    (folder / "a.txt").write_text(resume)
    (folder / "b.txt").write_text("Fixed the till.")
    return folder


def test_analyze_prints_what_the_library_prints(folder, resume):
    code, out, err = run("analyze", folder / "a.txt")
    assert (code, err) == (0, "")
    assert out == str(pmskills.analyze(pmskills.read_document(folder / "a.txt"))) + "\n"


def test_analyze_reads_standard_input_and_writes_json(resume):
    code, out, err = run("analyze", "-", "--json", stdin=resume.encode())
    assert (code, err) == (0, "")
    assert json.loads(out)["source"] == "<stdin>"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("none.pdf", None, "there is no such file"),
        ("e.pdf", b"", "the file is empty"),
        ("~$x.docx", b"lock", "this is the lock file of a document open in Word"),
        ("x.pdf", b"%PDF-1.7 broken", "the PDF is damaged or incomplete"),
    ],
)
def test_analyze_tells_what_is_wrong_in_one_line(tmp_path, name, data, message):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    code, out, err = run("analyze", tmp_path / name)
    assert (code, out) == (1, "")
    assert err.startswith(f"pmskills: {tmp_path / name}: {message}")
    assert err.count("\n") == 1


def test_score_writes_a_line_for_every_file(folder, tmp_path):
    code, out, err = run("score", folder, "--output", tmp_path / "out.jsonl", "-j", 1)
    assert (code, out) == (0, "")
    assert re.fullmatch(r"2 resumes: 2 scored, 0 failed; [\d.]+ s, [\d.]+ files/s\n", err)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [str(folder / "a.txt"), str(folder / "b.txt")]


def test_score_goes_on_after_a_bad_file_and_ends_with_a_table_and_exit_1(folder):
    (folder / "aa.pdf").write_bytes(b"")
    code, out, err = run("score", folder, "--output", "-", "-j", 1)
    assert code == 1
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["ok", "empty", "ok"]
    lines = err.splitlines()
    assert lines[0] == f"{folder}/aa.pdf: the file is empty. Export or download it again."
    assert lines[1].startswith("3 resumes: 2 scored, 1 failed; ")
    assert lines[2].split() == ["reason", "files", "the", "first"]
    assert lines[3].split()[:2] == ["empty", "1"]


def test_score_again_says_what_an_earlier_run_did_and_still_exits_1(folder, tmp_path):
    (folder / "aa.pdf").write_bytes(b"")
    run("score", folder, "-o", tmp_path / "out.csv", "-j", 1)
    code, _, err = run("score", folder, "-o", tmp_path / "out.csv", "-j", 1)
    assert code == 1
    assert err.startswith("3 resumes: 2 scored, 1 failed; 3 from an earlier run; ")


@pytest.mark.parametrize("suffix", ["csv", "sqlite", "parquet"])
def test_score_writes_the_kind_of_file_that_is_named(folder, tmp_path, suffix):
    assert run("score", folder, "-o", tmp_path / f"out.{suffix}", "-j", 1)[0] == 0
    assert sorted(path.name for path in tmp_path.glob("out*")) == [f"out.{suffix}", f"out.{suffix}.jsonl"]


def test_score_reads_a_table(tmp_path):
    (tmp_path / "t.csv").write_text("who,cv\nAnn,Resolved guest complaints.\nBo,\n")
    code, out, _ = run("score", tmp_path / "t.csv", "--text", "cv", "--id", "who", "-o", "-", "-j", 1)
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, [line["status"] for line in lines]) == (1, ["ok", "empty"])
    assert [line["path"].split("#")[1] for line in lines] == ["1:Ann", "2:Bo"]


def test_score_dry_run_lists_what_would_be_done_and_writes_nothing(folder, tmp_path):
    code, out, err = run("score", folder, "-o", tmp_path / "out.jsonl", "--dry-run")
    assert (code, err) == (0, "2 new\n")
    assert out == f"new\t{folder}/a.txt\nnew\t{folder}/b.txt\n"
    assert not (tmp_path / "out.jsonl").exists()


def test_score_log_json_tells_start_failures_and_end(folder):
    (folder / "aa.pdf").write_bytes(b"")
    _, _, err = run("score", folder, "-o", "-", "-j", 1, "--log-json")
    # On a slow machine progress is told too.
    events = [event for line in err.splitlines() if (event := json.loads(line))["event"] != "progress"]
    assert [event["event"] for event in events] == ["start", "failed", "end"]
    assert events[1]["status"] == "empty"
    assert events[2]["statuses"] == {"ok": 2, "empty": 1}


@pytest.mark.parametrize("name", ["results.csv", "results.sqlite", "results.PARQUET"])
def test_report_of_a_table_is_refused(tmp_path, name):
    (tmp_path / name).write_text("path,status")
    code, _, err = run("report", tmp_path / name, "-o", tmp_path / "r.html")
    assert code == 1
    assert "this is a table. Score it with" in " ".join(err.split())


@pytest.mark.parametrize(("since", "count"), [("2001-01-01", 2), ("1d", 1), ("2999-01-01T00:00", 0)])
def test_score_since_takes_dates_and_ages(folder, since, count):
    os.utime(folder / "a.txt", (1_500_000_000, 1_500_000_000))
    assert len(run("score", folder, "-o", "-", "--dry-run", "--since", since)[1].splitlines()) == count


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none", "-o", "-"], 1, "none: there is no such file or folder. Check the path."),
        (["empty", "-o", "-"], 1, "there is nothing to score in what was named."),
        (["resumes", "-o", "out.xlsx"], 1, "results are written as .jsonl, .csv, .parquet or .sqlite"),
        (["resumes", "-o", "no/out.jsonl"], 1, "its folder does not exist"),
        (["resumes", "-o", "-", "--model", "empty"], 1, "no model here"),
        (["resumes", "-o", "-", "--since", "Tuesday"], 2, "expected 2026-01-31"),
        (["resumes", "-o", "-", "--backend", "dask"], 2, "--scheduler ADDRESS go together"),
        (["resumes", "-o", "-", "--backend", "dask", "--scheduler", "tcp://127.0.0.1:1"], 1, "no Dask scheduler"),
        (["resumes"], 2, "--output"),
    ],
)
def test_score_says_what_is_wrong(folder, tmp_path, arguments, code, message):
    (tmp_path / "empty").mkdir()
    found, out, err = run("score", *arguments, cwd=tmp_path)
    assert (found, out) == (code, "")
    assert message in " ".join(err.replace("│", " ").split())


def test_score_stopped_by_ctrl_c_tells_how_to_go_on(tmp_path):
    for number in range(3000):
        (tmp_path / f"{number}.txt").write_text(f"Fixed till {number}. Sold tea.")
    command = [sys.executable, "-m", "pmskills", "score", str(tmp_path), "-o", str(tmp_path / "out.jsonl"), "-j", "1"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "out.jsonl").exists() or not (tmp_path / "out.jsonl").stat().st_size:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err == "pmskills: stopped. What is done is kept; the same command goes on from there.\n"


def test_train_evaluate_and_analyze_with_the_new_model(tmp_path, folder):
    corpus = tmp_path / "corpus.jsonl"
    lines = [
        {"text": text, "labels": labels, "document": f"d{row}"}
        for row in range(30)
        for text, labels in (("Fixed the till", ["repair"]), ("Swept the floor", []))
    ]
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, out, err = run("train", corpus, "--output", tmp_path / "model")
    assert (code, out) == (0, "")
    assert err.endswith(f"wrote {tmp_path / 'model'}\n")
    assert (tmp_path / "model" / "README.md").exists()
    code, out, _ = run("evaluate", corpus, "--model", tmp_path / "model", "--json")
    assert (code, json.loads(out)["macro"]["f1"]) == (0, 1.0)
    code, out, _ = run("evaluate", corpus, "--model", tmp_path / "model")
    assert out.splitlines()[-1] == "60 units"
    assert "REPAIR" in run("analyze", folder / "a.txt", "--model", tmp_path / "model")[1]


def test_labels_go_from_an_export_to_a_package(tmp_path):
    tasks = [
        {
            "id": row,
            "data": {"text": f"{verb} the {thing} {row % 20}", "document": f"d{row % 9}"},
            "annotations": [
                {
                    "completed_by": who,
                    "was_cancelled": False,
                    "result": [{"type": "choices", "value": {"choices": ["repair"]}}] if verb == "Fixed" else [],
                }
                for who in (1, 2)
            ],
        }
        for row, (verb, thing) in enumerate(
            (verb, thing) for thing in ("till", "scale", "door") * 15 for verb in ("Fixed", "Swept")
        )
    ]
    (tmp_path / "export.json").write_text(json.dumps([*tasks, {"data": {"text": "Open"}, "annotations": []}]))
    code, _, err = run("convert", "export.json", "--output", "all.jsonl", "--merge", cwd=tmp_path)
    assert code == 0
    assert err.splitlines()[0].startswith("left out: export.json:91: not annotated yet")
    assert "repair: kappa 1.00, Krippendorff's alpha 1.00, F1 1.00 on 90 units" in err
    code, out, _ = run("check", "all.jsonl", "--no-label-errors", "--fix", "clean.jsonl", cwd=tmp_path)
    assert code == 1, "numbers differ only: nearly the same texts"
    assert "NEAR DUPLICATE" in out
    assert (tmp_path / "clean.jsonl.removed").read_text().count("\n") == 90 - len(
        (tmp_path / "clean.jsonl").read_text().splitlines()
    )
    assert run("train", "all.jsonl", "--output", "model", cwd=tmp_path)[0] == 0
    assert run("train", "all.jsonl", "--output", "adapted", "--base", "packaged", cwd=tmp_path)[0] == 0
    code, out, _ = run("compare", "model", "adapted", "all.jsonl", "--json", cwd=tmp_path)
    assert (code, json.loads(out)["first"]["units"]) == (0, 90)
    (tmp_path / "units.txt").write_text("Fixed the lamp\nSold tea\n")
    code, out, _ = run("suggest", "units.txt", "--model", "model", "-n", 1, "--format", "doccano", cwd=tmp_path)
    assert (code, len(out.splitlines())) == (0, 1)
    code, _, err = run("package", "model", "--output", "dist", "--name", "repairs", cwd=tmp_path)
    assert (code, err) == (0, "wrote dist/repairs-1.0.0-py3-none-any.whl\n")


def test_train_does_not_write_into_a_folder_of_something_else(tmp_path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    code, _, err = run("train", tmp_path, "--output", tmp_path)
    assert code == 1
    assert "not empty and not a model" in err


def test_evaluate_names_a_bad_corpus_line(tmp_path):
    (tmp_path / "c.jsonl").write_text("{")
    code, _, err = run("evaluate", tmp_path / "c.jsonl")
    assert code == 1
    assert "c.jsonl:1: not JSON" in err


def test_evaluate_and_compare_write_pages(tmp_path):
    units = tmp_path / "c.jsonl"
    rows = [("Resolved guest complaints.", ["customer_centric"]), ("Filed mail.", [])]
    units.write_text("".join(json.dumps({"text": text, "labels": labels}) + "\n" for text, labels in rows))
    model = packaged_model()
    for command in (("evaluate", units), ("compare", model, model, units)):
        code, out, err = run(*command, "--html", tmp_path / "page.html")
        assert code == 0
        assert "macro" in out
        assert "wrote " in err
        assert "<svg" in (tmp_path / "page.html").read_text()
    code, _, err = run("evaluate", units, "--html", tmp_path / "nowhere" / "page.html")
    assert code == 1
    assert "page.html: cannot be written (No such file or directory)" in err


@pytest.mark.parametrize(
    "command", ["analyze", "score", "train", "evaluate", "compare", "convert", "check", "suggest", "package"]
)
def test_help_shows_an_example(command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f"Example: pmskills {command}" in out


def test_wrong_usage_exits_2():
    assert run("analyze")[0] == 2
    assert run("score", ".", "--what")[0] == 2


def test_output_can_be_cut_short(folder):
    done = subprocess.run(
        f"{sys.executable} -m pmskills analyze {folder / 'a.txt'} --json | head -1",
        shell=True,
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"{\n", b"")


def test_help_does_not_wait_for_the_libraries():
    code = "import sys, pmskills.cli; assert not {'spacy', 'sklearn', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_report_does_not_replace_the_resume(tmp_path):
    file = tmp_path / "m.md"
    file.write_text("# Jane\n- Resolved escalated guest complaints.\n")
    code, _, told = run("report", file, "-o", file)
    assert code == 1
    assert "this is the resume itself" in told
    assert file.read_text().startswith("# Jane")


def test_outputs_in_missing_folders_are_told_without_a_traceback(tmp_path):
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"text": "Fixed it", "labels": ["a"]}\n')
    for command in (("convert", corpus, "-o"), ("check", corpus, "--fix")):
        code, _, told = run(*command, tmp_path / "no" / "x.jsonl")
        assert code == 1
        assert "Name another file or folder" in told
