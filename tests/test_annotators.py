import numpy as np
import pytest

from pmskills import CorpusError, Example
from pmskills.annotators import agreement, krippendorff_alpha, merge


def votes(*answers, text="Sold tea.", document=None):
    return [Example(text, tuple(labels), document, annotator=f"n{row}") for row, labels in enumerate(answers)]


def test_alpha_is_that_of_krippendorffs_own_example():
    # Krippendorff 2011, section C: four observers, values 1 to 5, missing data; nominal alpha 0.743.
    table = """
        1 2 3 3 2 1 4 1 2 . . .
        1 2 3 3 2 2 4 1 2 5 . 3
        . 3 3 3 2 3 4 2 2 5 1 .
        1 2 3 3 2 4 4 1 2 5 1 ."""
    columns = zip(*(line.split() for line in table.split("\n") if line.strip()), strict=True)
    counts = np.array([[column.count(str(value)) for value in range(1, 6)] for column in columns])
    assert round(krippendorff_alpha(counts), 3) == 0.743


def test_kappa_is_that_of_a_textbook_table():
    # Both yes 20, first only 5, second only 10, neither 15: kappa 0.4.
    counts = {(True, True): 20, (True, False): 5, (False, True): 10, (False, False): 15}
    examples, number = [], 0
    for (one, other), count in counts.items():
        for _ in range(count):
            number += 1
            examples += votes(["a"] * one, ["a"] * other, text=f"Unit {number}")
    found = agreement(examples)["a"]
    assert round(found.kappa, 6) == 0.4
    assert round(found.f1, 6) == round(2 * 20 / (25 + 30), 6)
    assert found.units == 50


def test_agreement_needs_two_annotators():
    with pytest.raises(CorpusError, match="no unit has more than one annotator"):
        agreement([Example("a", ()), Example("b", ())])


def test_merge_takes_the_majority_and_names_ties():
    examples = votes(["a", "b"], ["a"], ["c"]) + votes(["a"], [], text="Swept.") + [Example("Alone", ("b",))]
    merged, ties = merge(examples)
    assert [(example.text, example.labels) for example in merged] == [
        ("Sold tea.", ("a",)),
        ("Swept.", ()),
        ("Alone", ("b",)),
    ]
    assert [example.text for example in ties] == ["Swept."]


def test_merge_takes_what_was_settled():
    merged, ties = merge(votes(["a"], []), [Example("Sold tea.", ("b",))])
    assert (merged[0].labels, merged[0].annotator, ties) == (("b",), "adjudicated", [])


def test_same_words_in_two_documents_are_two_units():
    merged, _ = merge(votes(["a"], ["a"], document="d1") + votes([], [], document="d2"))
    assert [example.labels for example in merged] == [("a",), ()]
