import io
import json
import re

import numpy as np
from rich.console import Console

from pmskills import render
from pmskills.analysis import SCHEMA, Analysis
from pmskills.documents import Document
from pmskills.segmenter import segment

LABELS = ("problem_solving", "customer_centric", "influence")
THRESHOLDS = {"problem_solving": 0.5, "customer_centric": 0.5, "influence": 0.5}


def analysis_of(text, rows, **document):
    return Analysis(Document(text, **document), tuple(segment(text)), np.array(rows), LABELS, THRESHOLDS)


TEXT = "Experience\nClerk 2001 - 2004\n• Fixed the till.\n• Asked guests.\nLead 2004 - 2006\n• Repaired <b>scales</b>."
ROWS = [[0.9, 0, 0], [0.9, 0, 0], [0.7, 0.1, 0], [0.2, 0.6, 0], [0, 0, 0], [0.8, 0, 0]]


def test_evidence_is_what_reaches_the_threshold_in_text_order():
    found = analysis_of(TEXT, ROWS).evidence
    assert [(item.text, item.job) for item in found["problem_solving"]] == [
        ("Fixed the till.", 0),
        ("Repaired <b>scales</b>.", 1),
    ]
    assert [item.text for item in found["customer_centric"]] == ["Asked guests."]


def test_headings_entries_and_lists_are_never_evidence():
    decisions = analysis_of(TEXT, ROWS).decisions
    assert not decisions[:2].any()
    text = "Skills\nCustomer service\nExcel, Word, Outlook, SAP"
    assert not analysis_of(text, [[0.9, 0.9, 0.9]] * 3).decisions.any()


def test_coverage_counts_units_and_jobs():
    coverage = analysis_of(TEXT, ROWS).coverage["problem_solving"]
    assert (coverage.units, coverage.statements, coverage.jobs, coverage.of_jobs) == (2, 3, (0, 1), 2)


def test_strongest_is_the_most_probable():
    strongest = analysis_of(TEXT, ROWS).strongest
    assert strongest["problem_solving"].text == "Repaired <b>scales</b>."
    assert strongest["influence"] is None


def test_silent_skills_come_with_their_question():
    silent = analysis_of(TEXT, ROWS).silent
    assert [skill.key for skill in silent] == ["influence"]
    assert silent[0].question.startswith("Where did you move people you do not command")


def test_to_dict_has_the_documented_keys_and_is_json():
    result = analysis_of(TEXT, ROWS, source="a.pdf", pages=(0,)).to_dict()
    assert json.loads(json.dumps(result)) == result
    assert result["schema"] == SCHEMA == "pmskills.analysis/1"
    assert list(result) == [
        "schema", "source", "media_type", "characters", "pages", "warnings", "jobs", "skills", "units",
    ]  # fmt: skip
    assert list(result["units"][2]) == [
        "start", "end", "text", "kind", "section", "job", "page", "probabilities", "labels",
    ]  # fmt: skip
    assert result["units"][2]["page"] == 1
    assert result["skills"]["influence"]["question"]
    assert result["skills"]["problem_solving"]["question"] is None


GOLDEN = """\
clerk.txt
  ! the encoding was guessed: cp1252

PROBLEM SOLVING  2 of 3 statements, 2 of 2 jobs
    80% Repaired <b>scales</b>.  [job 2]
    70% Fixed the till.  [job 1]

CUSTOMER CENTRICITY  1 of 3 statements, 1 of 2 jobs
    60% Asked guests.  [job 1]

LEADING THROUGH INFLUENCE  0 of 3 statements, 0 of 2 jobs
        Silent. Where did you move people you do not command, so that they left the meeting with the
        plan you came for?"""


def test_print_golden():
    analysis = analysis_of(TEXT, ROWS, source="clerk.txt", warnings=("the encoding was guessed: cp1252",))
    assert str(analysis) == GOLDEN


def test_repr_tells_nothing_of_the_resume():
    assert repr(analysis_of(TEXT, ROWS)) == "<Analysis of 6 units: problem_solving 2, customer_centric 1, influence 0>"


def test_print_shows_no_terminal_commands():
    analysis = analysis_of("Fixed \x1b[31mthe till\x07.", [[0.9, 0, 0]])
    assert "\x1b" not in str(analysis)
    assert "\x07" not in str(analysis)


def test_terminal_shows_the_same_words_in_colour(analyzer, resume):
    analysis = analyzer(resume)
    console = Console(file=io.StringIO(), force_terminal=True, width=200, color_system="standard")
    console.print(render.to_rich(analysis.to_dict()))
    shown = console.file.getvalue()
    word = analysis.evidence["influence"][0].why.top[0].text
    assert re.search(rf"\x1b\[1;3\dm{word}\x1b\[0m", shown)
    plain = " ".join(re.sub(r"\x1b\[[\d;]*m", "", shown).split())
    for line in str(analysis).splitlines():
        assert line.split("  ")[-1].strip()[:60] in plain


def test_terminal_in_colour_shows_no_commands_of_the_resume():
    analysis = analysis_of("Fixed \x1b[31mthe till\x07.", [[0.9, 0, 0]], source="\x1b]0;title")
    console = Console(file=io.StringIO(), force_terminal=True, width=200, color_system=None)
    console.print(render.to_rich(analysis.to_dict()))
    assert "\x07" not in console.file.getvalue()
    assert "\x1b" not in console.file.getvalue()


def test_empty_text_has_an_analysis():
    analysis = analysis_of("", np.zeros((0, 3)))
    assert len(analysis.silent) == 3
    assert analysis.to_dict()["units"] == []
