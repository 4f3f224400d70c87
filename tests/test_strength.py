from pathlib import Path

import pytest
from sklearn.metrics import cohen_kappa_score

from pmskills.pipeline import tagged
from pmskills.strength import claims, strength


def of(analyzer, text):
    return next(tagged(analyzer.nlp, [text]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Excellent problem solver", "claimed"),
        ("Strong communication and negotiation skills.", "claimed"),
        ("Proven ability to calm upset customers", "claimed"),
        ("I am a good listener.", "claimed"),
        ("Handled 40 calls a day.", "described"),
        ("Supervised a team of 12 and a budget of $2M.", "described"),
        ("Introduced checklists to reduce errors.", "described"),
        ("Successfully organized visits between two schools, detail-oriented.", "described"),
        ("Responsible for answering questions of tenants.", "described"),
        ("Cut returns by 30%.", "demonstrated"),
        ("Shortened the close from 10 days to 4.", "demonstrated"),
        ("Moved the desk next to the door, which ended the queue.", "demonstrated"),
        ("Persuaded two partners to share one list.", "demonstrated"),
        ("Answered within a day, keeping satisfaction above 95%.", "demonstrated"),
        ("Reduced mistakes by colour coding the trays.", "demonstrated"),
    ],
)
def test_strength_golden(analyzer, text, expected):
    assert strength(of(analyzer, text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Excellent problem solver with people skills", ("problem_solving", "customer_centric")),
        ("Strong negotiator, customer-focused", ("customer_centric", "influence")),
        ("Resolved customer service complaints.", ()),
        ("Negotiated rates with three carriers.", ()),
        ("Typing, filing", ()),
    ],
)
def test_claims_golden(analyzer, text, expected):
    assert claims(of(analyzer, text)) == expected


def test_strength_agrees_with_a_person(analyzer):
    """200 units of our corpus, judged by somebody who did not see the rule; docs/evidence.md tells how."""
    lines = Path(__file__).with_name("strength.tsv").read_text(encoding="utf8").splitlines()
    judged = [line.split("\t") for line in lines]
    said = [strength(unit) for unit in tagged(analyzer.nlp, [text for _, text in judged])]
    pairs = [(person, rule) for (person, _), rule in zip(judged, said, strict=True) if person != "none"]
    assert len(judged) == 200
    assert cohen_kappa_score(*zip(*pairs, strict=True)) > 0.75


@pytest.mark.parametrize(
    "text",
    [
        "Helped customers with Windows and Office problems 40 hours a week.",
        "Moved furniture for elderly clients up to 8 hours a day.",
        "Served freelance clients 20 hours a week.",
        "Answered calls from movie theatres within 2 days.",
        "Handled complaints from customers who joined the loyalty programme.",
        "Resolved complaints of guests who stopped at the front desk.",
        "Handled claims with a third party administrator and cut glass.",
    ],
)
def test_volume_time_and_words_that_only_look_like_outcomes_demonstrate_nothing(analyzer, text):
    (doc,) = tagged(analyzer.nlp, [text])
    assert strength(doc) == "described"
