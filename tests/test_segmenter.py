import re

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from pmskills import segment
from pmskills.segmenter import KINDS, SECTIONS


def cut(text):
    return [" ".join(text[unit.start : unit.end].split()) for unit in segment(text)]


GOLDEN = [
    ("Set up scopes.Liaised directly with vendors.", ["Set up scopes.", "Liaised directly with vendors."]),
    ("Earned a B.Sc. in Physics. Taught it.", ["Earned a B.Sc. in Physics.", "Taught it."]),
    ("Saved $2.5M a year. Cut costs.", ["Saved $2.5M a year.", "Cut costs."]),
    ("Nurse at St. Mary's Hospital for 2 years.", ["Nurse at St. Mary's Hospital for 2 years."]),
    ("Built sites in ASP.NET and Node.js for Acme Inc. and others.",) * 2,
    ("Wrote to jordan@example.com and www.Example.com daily.",) * 2,
    ("Sold tea, coffee, etc. Cleaned the shop.", ["Sold tea, coffee, etc.", "Cleaned the shop."]),
    ("Reported to J. R. Smith in the U.S. Army.", ["Reported to J. R. Smith in the U.S. Army."]),
    ("• Sold tea\n• Made coffee", ["Sold tea", "Made coffee"]),
    ("- Sold tea\n- Made coffee", ["Sold tea", "Made coffee"]),
    ("1. Sold tea\n2) Made coffee", ["Sold tea", "Made coffee"]),
    ("\uf0b7 Sold tea\n\uf0b7 Made coffee", ["Sold tea", "Made coffee"]),
    ("•\nSold tea\n•\nMade coffee", ["Sold tea", "Made coffee"]),
    ("Sold tea • Made coffee • Swept", ["Sold tea", "Made coffee", "Swept"]),
    ("Prepared monthly sales reports Trained new staff on tills", ["Prepared monthly sales reports", "Trained new staff on tills"]),
    ("Sold tea\n\nMade coffee", ["Sold tea", "Made coffee"]),
    ("• Explained the policy to callers and what\nit covers.\n• Filed", ["Explained the policy to callers and what it covers.", "Filed"]),
    ("Summary\nClerk for nine years.\nSkills\nExcel", ["Summary", "Clerk for nine years.", "Skills", "Excel"]),
    ("fixed tills. trained clerks.", ["fixed tills.", "trained clerks."]),
    ("", []),
    (" \n\t\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "units"), GOLDEN)
def test_segment_golden(text, units):
    assert cut(text) == ([units] if isinstance(units, str) else units)


WRAPPED = """\
Provided first line support to the staff of four regional offices by telephone and by mail and
wrote down what they asked most
Checked the stock of toner, paper and spare parts every Friday and ordered from three suppliers
when it fell below the minimum
Installed printers
"""


def test_wrapped_lines_are_joined_and_lost_bullets_split():
    assert [unit.split()[0] for unit in cut(WRAPPED)] == ["Provided", "Checked", "Installed"]


def test_headings_dates_and_lists_are_units_of_their_kind(resume):
    kinds = {resume[unit.start : unit.end]: unit.kind for unit in segment(resume)}
    assert kinds["Experience"] == "heading"
    assert kinds["Claims Handler, Company Name 03/2014 to Current"] == "entry"
    assert kinds["Guidewire, Excel, Word, Outlook, typing"] == "list"
    assert kinds["Entered new claims into Guidewire"] == "statement"


def test_sections_and_jobs_follow_headings_and_dates(resume):
    where = {resume[unit.start : unit.end].split()[0]: (unit.section, unit.job) for unit in segment(resume)}
    assert where["Answered"] == ("experience", 0)
    assert where["Rang"] == ("experience", 1)
    assert where["B.Sc."] == ("education", None)
    assert where["Guidewire,"] == ("skills", None)


def test_title_above_the_date_line_belongs_to_the_new_job():
    text = (
        "Experience\nClerk\n2001 - 2004\n• Sold tea to the guests of the bar\nShift Lead\n2004 - 2006\n• Made rosters"
    )
    jobs = {text[unit.start : unit.end]: unit.job for unit in segment(text)}
    assert (jobs["Clerk"], jobs["Shift Lead"], jobs["Made rosters"]) == (0, 1, 1)


# All that may stand between units: no letter or digit but those that mark a bullet.
MARKERS = re.compile(r"(?:[\W_]|o|\d{1,2}[.)]|[a-h]\)|[Ø§¢âÂÃïƒž])*")

LAYOUT = st.lists(
    st.sampled_from(
        [
            "Led ",
            "a team.",
            "Liaised with",
            "\n",
            "\n\n",
            "• ",
            "- ",
            "\t",
            "2010 - 2012",
            "Skills",
            "St. ",
            "e.g. ",
            "(",
            ").",
            "B.Sc.",
            "$2.5M",
            "\u00a0",
            "é",
            "😀",
            ".Next",
            "    ",
        ]
    )
).map("".join)


@given(st.one_of(LAYOUT, st.text()))
def test_units_are_ordered_disjoint_and_lose_no_word(text):
    units = segment(text)
    previous = 0
    for unit in units:
        assert previous <= unit.start < unit.end
        assert text[unit.start : unit.end].strip() == text[unit.start : unit.end]
        assert unit.kind in KINDS
        assert unit.section in SECTIONS
        assert MARKERS.fullmatch(text[previous : unit.start])
        previous = unit.end
    assert MARKERS.fullmatch(text[previous:])


@given(LAYOUT)
def test_segment_is_deterministic(text):
    assert segment(text) == segment(text)


@given(st.one_of(LAYOUT, st.text()))
def test_component_spans_have_the_offsets_of_the_units(text):
    nlp = spacy.blank("en")
    nlp.add_pipe("pm_segmenter")
    doc = nlp(text)
    spans = doc.spans["pm_units"]
    assert [(span.start_char, span.end_char, span.label_) for span in spans] == [
        (unit.start, unit.end, unit.kind) for unit in segment(text)
    ]


@pytest.mark.parametrize("text", ["." * 200_000, "(" * 200_000, "A." * 100_000, "Fixed it. Sold tea. " * 10_000])
def test_hostile_lines_without_end_are_cut_too(text):
    assert segment(text)


def test_each_date_range_opens_a_job_of_its_own():
    text = "Experience\n1999 - 2000\nLine Cook Company Name\nLine cook\n1997 - 1999\nWaiter Company Name\nWaiter"
    assert [unit.job for unit in segment(text)] == [None, 0, 0, 0, 1, 1, 1]
