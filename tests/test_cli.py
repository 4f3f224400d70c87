import json
import os
import subprocess
import sys

import pytest

import pmskills


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
    code, out, err = run("score", folder, "--output", tmp_path / "out.jsonl")
    assert (code, out) == (0, "")
    assert err == "2 files: 2 ok\n"
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["path"] for line in lines] == [str(folder / "a.txt"), str(folder / "b.txt")]


def test_score_goes_on_after_a_bad_file_and_exits_1(folder):
    (folder / "aa.pdf").write_bytes(b"")
    code, out, err = run("score", folder, "--output", "-")
    assert code == 1
    assert [json.loads(line)["status"] for line in out.splitlines()] == ["ok", "empty", "ok"]
    assert "aa.pdf: the file is empty" in err
    assert err.endswith("3 files: 2 ok, 1 empty\n")


def test_score_into_its_own_folder_leaves_the_old_output_out(folder):
    for _ in range(2):
        code, _, err = run("score", folder, "--output", folder / "out.jsonl")
        assert (code, err) == (0, "2 files: 2 ok\n")


def test_score_names_what_is_no_folder(tmp_path):
    assert "not a folder" in run("score", tmp_path / "none", "--output", "-")[2]
    assert "there is no file in this folder" in run("score", tmp_path, "--output", "-")[2]


def test_score_names_a_missing_output_folder(folder, tmp_path):
    code, _, err = run("score", folder, "--output", tmp_path / "no" / "out.jsonl")
    assert code == 1
    assert "its folder does not exist" in err


def test_train_evaluate_and_analyze_with_the_new_model(tmp_path, folder):
    corpus = tmp_path / "corpus.jsonl"
    lines = [
        {"text": text, "labels": labels, "document": f"d{row}"}
        for row in range(12)
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
    assert out.splitlines()[-1] == "24 units"
    assert "REPAIR" in run("analyze", folder / "a.txt", "--model", tmp_path / "model")[1]


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


@pytest.mark.parametrize("command", ["analyze", "score", "train", "evaluate"])
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
