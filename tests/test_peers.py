import importlib.util
from pathlib import Path

import pytest

from pmskills.corpus import Example, read_corpus, write_corpus
from pmskills.skills import LABELS

for package in ("sklearn", "packaging", "joblib"):
    pytest.importorskip(package)

LINES = {
    "Traced late invoices to a faulty export in office {} and fixed it.": ("problem_solving",),
    "Answered questions from patients of ward {} and explained their bills.": ("customer_centric",),
    "Negotiated room {} with the landlord and persuaded two teams to share it.": ("influence",),
    "Entered orders of branch {} into the system.": (),
    "Filed the records of year {} and ordered paper.": (),
}


@pytest.fixture(scope="module")
def peers():
    spec = importlib.util.spec_from_file_location("peers", Path(__file__).parent / "benchmarks" / "peers.py")
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # The script sets these for its own process; the tests' processes keep theirs.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            patch.setenv(variable, "1")
        patch.setenv("TOKENIZERS_PARALLELISM", "false")
        patch.setenv("OMP_WAIT_POLICY", "PASSIVE")
        spec.loader.exec_module(module)
    module.TIMED_SECONDS = 0.0
    return module


@pytest.fixture
def corpus(tmp_path):
    examples = [
        Example(line.format(number), labels, document=f"resume {number}")
        for number in range(10)
        for line, labels in LINES.items()
    ]
    write_corpus(examples, tmp_path / "tiny.jsonl")
    return tmp_path / "tiny.jsonl"


def test_help_gives_an_example(peers, capsys):
    with pytest.raises(SystemExit) as stop:
        peers.main(["--help"])
    assert stop.value.code == 0
    assert "Example:" in capsys.readouterr().out


def test_lexicon_and_tfidf_are_scored_in_one_table(peers, corpus, tmp_path, capsys):
    output = tmp_path / "table.md"
    peers.main([str(corpus), "--test", str(corpus), "--peers", "lexicon,tfidf", "--output", str(output)])
    printed = capsys.readouterr().out
    assert output.read_text(encoding="utf8") == printed
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines())
    table = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(table) == ["lexicon", "tfidf"]
    assert float(table["tfidf"]["tiny macro F1"]) == 1.0
    assert float(table["lexicon"]["tiny macro AP"]) > 0.9
    assert table["lexicon"]["install MB"] == "0"
    assert int(table["tfidf"]["install MB"]) > 50
    assert {row["folds"] for row in table.values()} == {"5"}


def test_what_cannot_be_compared_is_told_in_one_line(peers, corpus, tmp_path, capsys):
    single = tmp_path / "single.jsonl"
    write_corpus(read_corpus(corpus)[:5], single)
    for arguments, message in (
        ([corpus, "--test", corpus, "--peers", "gpt"], "no such peer: gpt"),
        ([single, "--test", corpus], "fewer than 5 documents"),
        ([tmp_path / "none.jsonl", "--test", corpus], "no such file"),
    ):
        with pytest.raises(SystemExit) as stop:
            peers.main([str(argument) for argument in arguments])
        assert stop.value.code == 2
        assert message in capsys.readouterr().err


def test_a_peer_whose_package_is_missing_is_skipped(peers, corpus, capsys):
    if importlib.util.find_spec("fasttext"):
        pytest.skip("fasttext-community is installed")
    peers.main([str(corpus), "--test", str(corpus), "--peers", "fasttext,lexicon"])
    printed = capsys.readouterr()
    assert "fasttext: skipped, not installed: fasttext-community. Install with: pip install" in printed.err
    assert "| lexicon |" in printed.out
    assert "| fasttext |" not in printed.out


def test_the_lexicon_has_25_to_40_stems_for_each_skill(peers):
    assert {label: 25 <= len(stems) <= 40 for label, stems in peers.LEXICON.items()} == dict.fromkeys(LABELS, True)
