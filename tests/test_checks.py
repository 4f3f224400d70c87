import json
import random
from pathlib import Path

import pytest

from pmskills import CorpusError, Example
from pmskills.checks import check, cleaned

WORDS = "till report guest shelf order phone truck drill plan form floor cable meal class coat sample".split()
CORPUS = Path(__file__).parent.parent / "corpora" / "pm-evidence" / "units.jsonl"
VOCABULARY = sorted(
    {
        word
        for line in CORPUS.read_text().splitlines()[:3000]
        for word in json.loads(line)["text"].lower().split()
        if word.isalpha()
    }
)


def ordinary(count, label="a", seed=0):
    """Word salad with a verb that tells the label, as the checks should see it: no two alike."""
    chance = random.Random(seed)
    verbs = {True: ["fixed", "mended", "traced", "repaired"], False: ["swept", "sold", "filed", "carried"]}
    units = []
    for number in range(count):
        yes = number % 3 == 0
        text = " ".join([verbs[yes][number // 3 % 4], *chance.sample(VOCABULARY, chance.randrange(6, 14))])
        units.append(Example(text, (label,) if yes else (), document=f"d{number % 20}"))
    return units


def kinds(examples, **options):
    return [finding.kind for finding in check(examples, label_errors=False, **options).findings]


def findings(examples, kind, **options):
    return [finding for finding in check(examples, label_errors=False, **options).findings if finding.kind == kind]


def test_nothing_cannot_be_checked():
    with pytest.raises(CorpusError, match="there are no units to check"):
        check([])


def test_ordinary_corpus_has_no_problems():
    assert check(ordinary(150), label_errors=False).problems == 0


def test_repeats_and_contradictions_are_found_whatever_case_and_punctuation():
    examples = [
        *ordinary(150),
        Example("Sold tea.", (), "d1"),
        Example("sold TEA", (), "d2"),
        Example("Ran a shop", ("a",), "d1"),
        Example("Ran a shop!", (), "d2"),
    ]
    assert [finding.rows for finding in findings(examples, "duplicate")] == [(150, 151)]
    (contradiction,) = findings(examples, "contradiction")
    assert contradiction.rows == (152, 153)
    assert "Settle which is right" in contradiction.message


def test_annotators_who_differ_are_told_to_be_merged():
    examples = [
        *ordinary(150),
        Example("Sold tea.", ("a",), "d1", annotator="x"),
        Example("Sold tea.", (), "d1", annotator="y"),
    ]
    assert "pmskills convert --merge" in findings(examples, "contradiction")[0].message


def test_near_duplicates_are_found_across_numbers_and_a_changed_word():
    long = "answered calls from guests of the hotel and wrote down every complaint about rooms in the book"
    examples = [
        *ordinary(150),
        Example(f"{long} 12", (), "d1"),
        Example(f"{long} 77", (), "d2"),
        Example(f"daily {long}", ("a",), "d3"),
    ]
    (near,) = findings(examples, "near_duplicate")
    assert near.rows == (150, 151, 152)
    assert "with different labels" in near.message


def test_leakage_into_the_test_corpus_is_found_by_document_and_text():
    examples = ordinary(150)
    held_out = [Example("Another", (), "d3"), Example(examples[4].text.upper(), (), "other")]
    found = findings(examples, "leakage", against=held_out)
    assert {row for finding in found for row in finding.rows} == {4, *range(3, 150, 20)}
    nameless = [Example(example.text, example.labels) for example in examples]
    assert "no unit names its document" in findings(nameless, "leakage")[0].message


def test_labels_that_cannot_be_learned_are_named():
    assert "a: 10 units with it, 20 without; at least 30" in findings(ordinary(30), "few_examples")[0].message
    assert "no unit carries a label" in findings([Example("x", ())], "few_examples")[0].message
    few = [Example(example.text, example.labels, f"d{row % 4}") for row, example in enumerate(ordinary(150))]
    assert "from 4 documents only" in findings(few, "few_examples")[0].message


def test_a_word_or_a_length_that_gives_the_label_away_is_a_shortcut():
    marked = [
        Example(f"{example.text} zebra" if example.labels else example.text, example.labels, example.document)
        for example in ordinary(150)
    ]
    (shortcut,) = findings(marked, "shortcut")
    assert "a: the word 'zebra' alone finds 100% of its units at precision 100%" in shortcut.message
    long = [
        Example(f"{example.text} " * (3 if example.labels else 1), example.labels, example.document)
        for example in ordinary(150)
    ]
    assert any(
        "number of words alone ranks its units at 1.00" in finding.message for finding in findings(long, "shortcut")
    )


def test_patterns_and_personal_data_are_found():
    examples = [
        *ordinary(150),
        *(Example(f"responsible for the daily {word} work there", (), f"d{word}") for word in WORDS),
    ]
    assert "16 units begin with 'responsible for the daily'" in findings(examples, "template")[0].message
    private = ["Write to ann.b@mail.example please", "Call (555) 123-4567", "SSN 123-45-6789", "linkedin.com/in/ann-b"]
    found = findings(
        [
            *ordinary(150),
            *(Example(text, (), "d1") for text in private),
            Example("Raised 1,555 to 2,123 in 2010-2014", (), "d1"),
        ],
        "personal_data",
    )
    assert [finding.rows[0] for finding in found] == [150, 151, 152, 153]


def test_corpus_unlike_resumes_is_remarked_on():
    short = [Example(f"Word {number}", ("influence",) if number % 2 else (), f"d{number % 9}") for number in range(90)]
    messages = [finding.message for finding in findings(short, "unlike_resumes")]
    assert any("half of the units have up to 2 words; on real resumes 12" in message for message in messages)
    assert any("influence: 50% of the units carry it, on real resumes 3%" in message for message in messages)


def test_label_errors_are_found_by_a_model_of_the_rest():
    pytest.importorskip("cleanlab")
    examples = ordinary(600)
    wrong = (30, 61, 122)
    for row in wrong:
        flipped = () if examples[row].labels else ("a",)
        examples[row] = Example(examples[row].text, flipped, examples[row].document)
    found = [finding for finding in check(examples).findings if finding.kind == "label_error"]
    rows = {finding.rows[0] for finding in found}
    assert set(wrong) <= rows
    assert len(rows) <= 10
    assert not any(finding.problem for finding in found)


def test_label_errors_are_skipped_with_the_reason_where_nothing_can_be_trained():
    pytest.importorskip("cleanlab")
    assert check(ordinary(30)).skipped[0].startswith("label errors: 10 units with the label a")


def test_cleaned_leaves_out_repeats_and_contradictions_and_says_so():
    examples = [
        *ordinary(150),
        Example("Sold tea.", (), "d1"),
        Example("Sold tea.", (), "d2"),
        Example("Ran a shop", ("a",), "d1"),
        Example("Ran a shop", (), "d2"),
    ]
    kept, removed = cleaned(check(examples, label_errors=False))
    assert kept == examples[:151]
    assert removed == [(151, "duplicate of unit 151"), (152, "contradiction"), (153, "contradiction")]
    assert check(kept, label_errors=False).problems == 0


def test_report_is_readable_and_plain():
    report = check([*ordinary(150), Example("Sold tea.", (), "d1"), Example("Sold tea.", (), "d2")], label_errors=False)
    lines = str(report).splitlines()
    assert lines[0] == "152 units, 1 problem, 1 remark"
    assert lines[2:5] == [
        "DUPLICATE  1",
        "  ! the same text more than once. Keep one (--fix).",
        "      151: Sold tea.  [none]",
    ]
    assert report.to_dict()["findings"][0]["units"][1] == {"row": 151, "text": "Sold tea.", "labels": []}


def test_short_units_that_differ_in_signs_alone_are_no_repeats():
    examples = [*ordinary(150), Example("C", ()), Example("C++", ()), Example("C#", ())]
    assert findings(examples, "duplicate") == []
