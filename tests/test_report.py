import json
from html import unescape

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pmskills
from pmskills import PMSkillsError
from pmskills.cohort import read_cohort
from pmskills.report import numbers, stretches

HOSTILE = 'Resolved <script>alert(1)</script> complaints of guests "><img src=x onerror=alert(1)> {{ 7*7 }}\n'


def test_stretches_join_to_the_text(analyzer, resume):
    result = analyzer(resume).to_dict()
    found = stretches(resume, numbers(result))
    assert "".join(piece.text for pieces in found for piece in pieces) == resume
    marked = {n: "".join(p.text for p in pieces) for pieces in found for n in pieces[0].evidence}
    assert marked == {n: item["text"] for n, item in numbers(result).items()}


@settings(max_examples=30)
@given(st.text(alphabet="ab .\n•Résolved guests", max_size=200))
def test_any_text_has_a_report(text):
    analysis = pmskills.analyze(text)
    found = stretches(text, numbers(analysis.to_dict()))
    assert "".join(piece.text for pieces in found for piece in pieces) == text
    assert "</html>" in analysis.to_html()


def test_hostile_text_and_names_are_escaped():
    analysis = pmskills.analyze(pmskills.Document(HOSTILE * 2, source="<img src=x>.pdf"))
    assert analysis.evidence["customer_centric"]
    for page in (analysis.to_html(), analysis._repr_html_()):
        assert "<script>alert" not in page
        assert "<img" not in page
    page = analysis.to_html()
    assert page.count("<script>") == 1
    assert "{{ 7*7 }}" in page
    assert "default-src 'none'" in unescape(page)
    assert 'sandbox="allow-scripts"' in analysis._repr_html_()
    markdown = analysis.to_markdown()
    assert "<script>" not in markdown
    assert "\\<script\\>" in markdown


@pytest.mark.parametrize("mark", ["#", "+", "-", "=", "3."])
def test_markdown_of_a_line_with_a_mark_before_it_stays_a_line(mark):
    text = f"Experience\n{mark} Resolved complaints of guests about late rooms\n"
    lines = pmskills.analyze(text).to_markdown().splitlines()
    found = [line for line in lines if "Resolved complaints" in line]
    assert found
    assert not [line for line in found if line.startswith(f"- {mark} ")]


def test_markdown_golden():
    text = "Experience\nClerk 2001 - 2004\n• Cut queues by 30% by moving the till.\nSkills\nStrong negotiator"
    assert pmskills.analyze(pmskills.Document(text, source="clerk.txt")).to_markdown() == GOLDEN


GOLDEN = """\
# clerk.txt

## Problem solving

1 of 1 statements. solved 1; never found, decided

- Cut queues by 30% by moving the till. (99%; job 1, demonstrated, solved)

## Customer centricity

0 of 1 statements.

Silent. *When, where and how did you put the customer's view above your own?*

## Leading through influence

0 of 1 statements.

Silent. *Where did you move people you do not command, so that they left the meeting with the plan you came for?*

You claim it; show it. *When did you do it, and what came of it?*

- Strong negotiator (skills)
"""


def test_docx_holds_the_evidence(tmp_path, analyzer, resume):
    analysis = analyzer(resume)
    analysis.to_docx(tmp_path / "report.docx")
    text = "\n".join(paragraph.text for paragraph in docx.Document(tmp_path / "report.docx").paragraphs)
    for label, found in analysis.evidence.items():
        for item in found:
            assert " ".join(item.text.split()) in text, label
    with pytest.raises(PMSkillsError, match="cannot be written"):
        analysis.to_docx(tmp_path / "nowhere" / "report.docx")


def test_claims_near_and_jobs(analyzer):
    text = (
        "Summary\nExcellent negotiator and team player.\nExperience\nClerk, Company Name 2001 - 2004\n"
        "• Resolved guest complaints at the desk.\n• Helped with the yearly stock count.\nLead 2004 to Current\n• Filed mail."
    )
    analysis = analyzer(text)
    assert [item.text for item in analysis.claims["influence"]] == ["Excellent negotiator and team player."]
    assert [(job.number, job.first, job.last) for job in analysis.jobs] == [(0, 2001, 2004), (1, 2004, None)]
    for label, found in analysis.near.items():
        assert len(found) <= 3
        probabilities = [item.probability for item in found]
        assert probabilities == sorted(probabilities, reverse=True)
        assert all(probability < analysis.thresholds[label] for probability in probabilities)
        assert not {item.start for item in found} & {item.start for item in analysis.evidence[label]}


@pytest.fixture
def scored(tmp_path, resume):
    for name, text in (
        ("nurse/a.txt", resume),
        ("clerk/b.txt", "Filed mail."),
        ("clerk/c.txt", ""),
        ("clerk/<b>.txt", HOSTILE),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    list(pmskills.score(tmp_path, output=tmp_path / "out.jsonl", n_jobs=1))
    return tmp_path / "out.jsonl"


def test_cohort_counts_resumes_by_group(scored):
    cohort = read_cohort(scored)
    assert (cohort.resumes, cohort.all.resumes, dict(cohort.failures)) == (4, 3, {"empty": 1})
    assert list(cohort.groups) == ["clerk", "nurse"]
    assert cohort.groups["nurse"].showing["influence"] == 1
    assert cohort.groups["clerk"].showing["influence"] == 0
    assert cohort.groups["nurse"].demonstrated["problem_solving"] == 1
    assert list(read_cohort(scored, r"/(\w+)\.txt").groups) == ["a", "b", "none"]


def test_cohort_page_is_escaped_and_names_failures(scored):
    page = read_cohort(scored).to_html("Team")
    assert "<script>alert" not in page
    assert "empty" in page
    assert "Traced duplicate payments" in page
    assert "1 of 3" in page


@pytest.mark.parametrize(
    ("content", "group", "message"),
    [
        (None, None, r"none\.jsonl: cannot be read"),
        ("{}\n", None, r"none\.jsonl:1: expected a result of `pmskills score` as JSON, got '{}'"),
        ("x\n", None, r"none\.jsonl:1: expected a result"),
        ("", "(", r"'\(' is not a regular expression"),
    ],
)
def test_cohort_of_something_else_is_refused(tmp_path, content, group, message):
    if content is not None:
        (tmp_path / "none.jsonl").write_text(content)
    with pytest.raises(PMSkillsError, match=message):
        read_cohort(tmp_path / "none.jsonl", group)


def test_json_of_results_is_json(analyzer, resume):
    assert json.loads(analyzer(resume).to_json())["skills"]["influence"]["missing"]


def test_cohort_counts_the_last_result_of_a_resume_and_any_labels(scored, tmp_path):
    lines = scored.read_text().splitlines()
    first = json.loads(lines[0])
    other = {**first, "path": "other.txt", "skills": {"grit": first["skills"]["influence"]}}
    again = tmp_path / "again.jsonl"
    again.write_text("\n".join([*lines, lines[0], json.dumps(other)]) + '\n{"path": "torn')
    cohort = read_cohort(again)
    assert cohort.resumes == read_cohort(scored).resumes + 1
    assert cohort.labels == [*first["skills"], "grit"]
    assert "Grit" in cohort.to_html("Team")
