import shutil

import pytest

import pmskills
from pmskills import ModelError
from pmskills.model_files import packaged_model
from pmskills.skills import SKILLS


def test_facets_are_those_of_the_skill(analyzer, resume):
    for label, found in analyzer(resume).evidence.items():
        known = next(skill.facets for skill in SKILLS if skill.key == label)
        for item in found:
            assert set(item.facets) <= set(known)


@pytest.mark.parametrize(
    ("text", "label", "facet"),
    [
        ("Negotiated repair rates with three garages.", "influence", "negotiated"),
        ("Mentored new teachers of other schools in the evenings.", "influence", "raised"),
        ("Persuaded the head of finance to fund the pilot.", "influence", "persuaded"),
        ("Repaired printers and resolved network issues.", "problem_solving", "solved"),
        ("Answered calls from policyholders and helped them with claims.", "customer_centric", "served"),
        ("Interviewed patients about the waiting room and collected their feedback.", "customer_centric", "learned"),
    ],
)
def test_facets_golden(analyzer, text, label, facet):
    (item,) = analyzer(text).evidence[label]
    assert facet in item.facets


def test_facets_that_cannot_be_told_are_never_shown(analyzer, resume):
    analysis = analyzer(resume)
    counts = analysis.facets["problem_solving"]
    assert list(counts) == ["found", "decided", "solved", "verified"]
    assert counts["verified"] is None
    assert "verified" not in analysis.details.shown
    assert isinstance(counts["solved"], int)


def test_damaged_facets_are_refused(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(packaged_model(), folder)
    (folder / "pm_skills" / "facets" / "influence.skops").write_bytes(b"no")
    with pytest.raises(ModelError, match=r"influence\.skops: the classifier is damaged"):
        pmskills.load(folder)


def test_own_labels_have_no_facets():
    chance = [("Sold tea to guests", "a"), ("Filed mail for the office", None)]
    examples = [
        pmskills.Example(f"{text} number {row}", (label,) if label else (), f"d{row % 12}")
        for row in range(120)
        for text, label in [chance[row % 2]]
    ]
    model = pmskills.train(examples)
    (item, *_) = model("Sold tea to guests").evidence["a"]
    assert item.facets == ()
    assert model("Sold tea to guests").facets == {"a": {}}
