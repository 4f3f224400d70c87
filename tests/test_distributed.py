import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import pmskills
from pmskills.distributed import columns, score_batch

pandas = pytest.importorskip("pandas")
ROOT = Path(__file__).parent.parent
BLOCKS = dict(re.findall(r"```python (\w+)\n(.*?)```", (ROOT / "docs" / "batch.md").read_text(), re.S))
# Dies once, in the middle of the work, then does what score_batch does.
FRAGILE = """
import os, pathlib
import pmskills.distributed
def score_batch(table, **options):
    died = pathlib.Path({died!r})
    if not died.exists() and "who 120" in set(table["who"]):
        died.touch()
        os.kill(os.getpid(), 9)
    return pmskills.distributed.score_batch(table, **options)
"""


@pytest.fixture(scope="module")
def table():
    units = (ROOT / "corpora" / "pm-evidence" / "units.jsonl").read_text().splitlines()
    texts = ["\n".join(json.loads(line)["text"] for line in units[row * 30 : row * 30 + 30]) for row in range(199)]
    return pandas.DataFrame({"who": [f"who {row}" for row in range(200)], "cv": [*texts, ""]})


@pytest.fixture(scope="module")
def alone(table):
    return plain(score_batch(table, text="cv"))


def plain(scored):
    scored = scored.sort_values("who", key=lambda names: names.str[4:].astype(int))
    rows = scored[sorted(scored)].to_dict("records")
    return [{name: None if pandas.isna(value) else value for name, value in row.items()} for row in rows]


def test_score_batch_gives_every_row_back(table, alone):
    assert [row["status"] for row in alone] == ["ok"] * 199 + ["empty"]
    for row in alone[:20]:
        analysis = pmskills.analyze(table["cv"][int(row["who"][4:])])
        assert row["influence_units"] == len(analysis.evidence["influence"])
        found = [(item["label"], item["start"], item["end"]) for item in json.loads(row["evidence"])]
        assert found == [(item.label, item.start, item.end) for items in analysis.evidence.values() for item in items]


def test_score_batch_takes_bytes_of_files_and_keeps_index_and_path():
    data = (ROOT / "docs" / "example-resume.pdf").read_bytes()
    table = pandas.DataFrame({"path": ["x.pdf", "y.pdf"], "text": [data, b""]}, index=[5, 3])
    scored = score_batch(table)
    assert scored.index.tolist() == [5, 3]
    assert scored[["path", "status"]].values.tolist() == [["x.pdf", "ok"], ["y.pdf", "empty"]]


def test_score_batch_takes_an_empty_table(table):
    assert score_batch(table.iloc[:0], text="cv").columns.tolist() == score_batch(table[:1], text="cv").columns.tolist()


def test_score_batch_names_a_missing_column():
    with pytest.raises(KeyError, match="no column 'text'; found cv"):
        score_batch(pandas.DataFrame({"cv": ["x"]}))


def test_score_batch_can_be_pickled_and_columns_are_those_it_adds(table):
    scored = pickle.loads(pickle.dumps(score_batch))(table[:2], text="cv")
    assert set(scored) - {"who"} == set(columns())
    for name, kind in columns().items():
        assert scored[name].dtype == {"double": "float64", "string": "string"}[kind]


@pytest.mark.parametrize("engine", sorted(BLOCKS))
@pytest.mark.parametrize("worker", ["lives", "dies"])
def test_engine_gives_what_one_machine_gives(tmp_path, table, alone, engine, worker):
    pytest.importorskip({"spark": "pyspark", "dask": "distributed"}.get(engine, engine))
    table.to_parquet(tmp_path / "resumes.parquet")
    code = BLOCKS[engine]
    if worker == "dies":
        fragile = FRAGILE.format(died=str(tmp_path / "died"))
        code = re.sub(
            r"^from pmskills.distributed import (.*)score_batch\n",
            r"from pmskills.distributed import \1columns\n",
            code,
            flags=re.M,
        )
        code = code.replace("import columns, columns", "import columns")
        # Cluster workers do not import the main script: the function goes there by value.
        code = f"{fragile}\n{code}"
    code += "\nif __name__ == '__main__':\n    scored.to_parquet('scored.parquet')\n"
    (tmp_path / "script.py").write_text(code)
    hosts = {"SPARK_LOCAL_IP": "127.0.0.1", "RAY_USAGE_STATS_ENABLED": "0", "PYSPARK_PYTHON": sys.executable}
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env={**os.environ, **hosts}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (tmp_path / "died").exists() == (worker == "dies")
    assert plain(pandas.read_parquet(tmp_path / "scored.parquet")) == alone


@pytest.fixture
def cluster(tmp_path):
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    start = [
        [*dask, "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file],
        *[
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                "--scheduler-file",
                file,
                "--nthreads",
                "1",
                "--no-dashboard",
            ]
            for _ in range(2)
        ],
    ]
    processes = [
        subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
        for command in start
    ]
    deadline = time.monotonic() + 60
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    yield json.loads(file.read_text())["address"], processes
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()


def without_times(file):
    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        del record["seconds"]
    return records


def test_command_on_dask_gives_what_one_machine_gives_though_a_worker_is_killed(tmp_path, table, cluster):
    address, processes = cluster
    folder = tmp_path / "in"
    folder.mkdir()
    for row, text in enumerate(table["cv"]):
        (folder / f"{row:03d}.txt").write_text(text)
    list(pmskills.score(folder, output=tmp_path / "local.jsonl", n_jobs=2))
    command = [sys.executable, "-m", "pmskills", "score", str(folder), "-o", str(tmp_path / "dask.jsonl")]
    run = subprocess.Popen([*command, "--backend", "dask", "--scheduler", address], stderr=subprocess.PIPE, text=True)
    output = tmp_path / "dask.jsonl"
    while run.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.02)
    # The worker's own process, below the nanny that starts another.
    child = subprocess.run(["pgrep", "-P", str(processes[1].pid)], capture_output=True, text=True).stdout.split()
    for process in child:
        os.kill(int(process), signal.SIGKILL)
    _, err = run.communicate(timeout=120)
    assert run.returncode == 1, err
    assert "200 resumes: 199 scored, 1 failed" in err
    assert without_times(output) == without_times(tmp_path / "local.jsonl")
