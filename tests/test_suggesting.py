import json

import pytest
from scipy.special import logit

from pmskills import CorpusError
from pmskills.suggesting import WRITERS, read_units, suggest

TEXTS = [
    "Resolved escalated guest complaints.",
    "Microsoft Excel",
    "Handled guest questions about rooms",
    "handled guest  questions about rooms",
    "",
    "Worked with sales on the new plan",
    "Coordinated with vendors and stores",
    "Reviewed reports for errors",
    "Filed invoices",
    "Updated the process for returns",
]


def test_doubtful_units_come_first_and_repeats_are_left_out(analyzer):
    chosen = suggest(TEXTS, analyzer, n=20)
    assert sorted(one.row for one in chosen) == [0, 1, 2, 5, 6, 7, 8, 9]
    assert all(one.text == TEXTS[one.row] for one in chosen)
    distances = [
        min(abs(logit(one.probabilities[label]) - logit(limit)) for label, limit in analyzer.thresholds.items())
        for one in chosen
    ]
    assert distances[0] == min(distances)
    first = chosen[0]
    assert abs(logit(first.probabilities[first.label]) - logit(analyzer.thresholds[first.label])) == distances[0]
    assert {one.label for one in chosen[:3]} <= set(analyzer.labels)


def test_as_many_as_asked_for_and_the_same_each_time(analyzer):
    texts = [
        f"{text} in the {place}" for text in TEXTS if text for place in ("shop", "office", "clinic", "yard", "bank")
    ]
    chosen = suggest(texts, analyzer, n=4)
    assert len(chosen) == 4
    assert chosen == suggest(texts, analyzer, n=4)


def test_near_repeats_are_not_all_chosen(analyzer):
    texts = [f"Coordinated with vendors and stores {number}" for number in range(30)] + [text for text in TEXTS if text]
    chosen = suggest(texts, analyzer, n=5)
    assert sum(one.text.startswith("Coordinated with vendors") for one in chosen) <= 2


def test_nothing_to_choose_from_is_told(analyzer):
    with pytest.raises(CorpusError, match="there is no text to choose from"):
        suggest([" "], analyzer)
    with pytest.raises(CorpusError, match="n is 0; expected at least 1"):
        suggest(TEXTS, analyzer, n=0)


def test_units_are_read_from_text_and_json_lines(tmp_path):
    (tmp_path / "u.txt").write_text("\ufeffSold tea.\n\nSwept.\n")
    (tmp_path / "u.jsonl").write_text('{"text": "Sold tea."}\n{"text": "Swept."}\n')
    assert read_units(tmp_path / "u.txt") == read_units(tmp_path / "u.jsonl") == ["Sold tea.", "Swept."]
    (tmp_path / "u.jsonl").write_text('{"text": "Sold tea."}\n{"txt": 1}\n')
    with pytest.raises(CorpusError, match=r"u.jsonl:2: no text"):
        read_units(tmp_path / "u.jsonl")
    with pytest.raises(CorpusError, match="cannot be read as UTF-8 text"):
        read_units(tmp_path / "none.txt")


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_every_tool_gets_all_texts(analyzer, name):
    chosen = suggest(TEXTS, analyzer, n=3)
    written = WRITERS[name](chosen)
    rows = json.loads(written) if name == "label-studio" else [json.loads(line) for line in written.splitlines()]
    assert [row.get("text") or row["data"]["text"] for row in rows] == [one.text for one in chosen]
