"""What features see of a unit, and what they do not."""

import random

import numpy as np
import pytest

from pmskills.features import FeatureSpace
from pmskills.pipeline import blank, tagged

UNITS = [
    "{name} resolved late deliveries for {employer} in {place}.",
    "Reported to {name}; answered questions from patients at {employer}.",
    "Convinced {name}, the finance director at {employer}, to fund the pilot.",
    "As {pronoun} manager wrote, I was the one who listened to guests.",
    "{name} noted in {pronoun} review that tenants trust me with their complaints.",
    "Negotiated the lease of the {place} office with {name} in {date}.",
    "Traced missing invoices of {employer} back to {date}.",
    "Moved to {place} in {date} to help families after the flood.",
    "Trained at {school}; taught neighbours to read.",
    "Prepared monthly reports for {name} and {pronoun} team.",
    "Maintained the database of {employer}, {place}.",
    "{employer}, {place}, {date}",
    "Bachelor of Science, {school}, {date}",
    "Mentored {name} and two other colleagues from sales.",
    "Surveyed users of {employer} in {place} and changed the form around what they said.",
    "Brought {employer} and {school} together to agree on one timetable.",
]
VALUES = {
    "name": [
        "Maria Gonzalez",
        "John Smith",
        "Aisha Khan",
        "Wei Zhang",
        "Oluwaseun Adebayo",
        "Priya Raghunathan",
        "Björn Lindqvist",
    ],
    "pronoun": ["her", "his"],
    "employer": [
        "Northwind Traders",
        "Oakfield Bakery",
        "Sundaram Textiles",
        "Kowalski Bau",
        "Lakshmi Stores",
        "Tanaka Motors",
    ],
    "place": ["Boston", "Lagos", "Hyderabad", "Leeds", "Guadalajara", "Winnipeg"],
    "school": ["Ohio University", "University of Nairobi", "Lincoln High School", "Anna University"],
    "date": ["June 2009", "03/2014", "October 1998", "2016", "Feb 2011"],
}


@pytest.mark.parametrize("unit", UNITS)
def test_swapping_who_where_and_when_changes_no_label(analyzer, unit):
    chance = random.Random(unit)
    texts = [unit.format(**{slot: chance.choice(values) for slot, values in VALUES.items()}) for _ in range(40)]
    decided = {
        tuple(value >= analyzer.thresholds[label] for label, value in zip(analyzer.labels, row, strict=True))
        for row in analyzer.predict_proba(texts)
    }
    assert len(decided) == 1


def test_names_months_and_pronouns_are_masked():
    nlp = blank()
    space = FeatureSpace.fit([nlp.make_doc("we met with the team and her manager")] * 2)
    named = space.describe(nlp.make_doc("met with Ngozi Okafor and his manager in June"))
    assert "w:<name>" in named
    assert "w:<person>" in named
    assert "w:<month>" in named
    assert not [name for name in named if "ngozi" in name or "okafor" in name]
    assert named.count("w:<name>") == 1


def test_amounts_numbers_and_addresses_are_masked():
    nlp = blank()
    words = FeatureSpace((), frozenset()).describe(
        nlp.make_doc("saved $40k in 2014, write to a@b.org or www.example.com")
    )
    assert {"w:<money>", "w:<num>", "w:<web>"} <= set(words)
    assert not [word for word in words if "2014" in word or "example" in word or "40k" in word]


def test_transform_counts_what_describe_names(analyzer):
    labeller = analyzer.nlp.get_pipe("pm_skills")
    space = labeller.space
    doc = analyzer.nlp("Resolved complaints from guests and trained the new staff at the Denver hotel.")
    row = space.transform([doc])
    known = [name for name in space.describe(doc) if name in set(space.names)]
    assert row.sum() == len(known)
    assert {space.names[column] for column in row.indices} == set(known)


def test_a_unit_without_tags_has_no_tag_features():
    nlp = blank()
    names = FeatureSpace((), frozenset()).describe(nlp.make_doc("Led a team"))
    assert not [name for name in names if name[:2] in ("p:", "f:", "o:", "m:", "g:")]


def test_words_of_a_class_share_its_features(analyzer):
    space = analyzer.parts[0]
    fixed, mended = (
        {name for name in space.describe(doc) if name[:2] in ("g:", "h:")}
        for doc in tagged(analyzer.nlp, ["Fixed billing errors for tenants", "Repaired billing defects for residents"])
    )
    assert fixed == mended
    assert {"g:resolve/VBD", "g:problem/NNS", "h:resolve problem", "h:problem customer"} <= fixed


def test_words_are_counted_but_weigh_nothing(analyzer):
    space = analyzer.parts[0]
    (doc,) = tagged(analyzer.nlp, ["Fixed billing errors for tenants"])
    assert space.describe(doc).count("n:word") == 5
    assert space.transform([doc])[0, space.length] == 5
    assert space.scales[space.length] == 0


def test_misspelt_words_count_as_the_words_that_are_meant(analyzer):
    space = analyzer.parts[0]
    right, wrong = (
        space.describe(doc)
        for doc in tagged(analyzer.nlp, ["Resolved customer complaints", "Reso1ved custoner complaimts"])
    )
    assert {"w:resolved", "w:customer"} <= set(right) & set(wrong)


def test_names_are_not_taken_for_misspelt_words(analyzer):
    (doc,) = tagged(analyzer.nlp, ["Reported to Custoner Managar"])
    assert "w:<name>" in analyzer.parts[0].describe(doc)


@pytest.mark.parametrize("mark", [".", "-", "–", "•", "■"])
def test_a_mark_glued_to_the_first_word_changes_nothing(analyzer, mark):
    plain, marked = analyzer.predict_proba(
        ["Mediated disputes among tenants", f"{mark}Mediated disputes among tenants"]
    )
    assert plain == pytest.approx(marked, abs=0.1)


def test_data_without_blanks_is_no_word(analyzer):
    """A file of megabytes without a blank would else be spelled, cut and encoded letter by letter."""
    blob = "Zm9vYmFy" * 50_000
    plain, with_blob = analyzer.predict_proba(["Resolved guest complaints", f"Resolved guest complaints {blob}"])
    assert np.array_equal(plain, with_blob)
