"""A unit carries a label when any of its parts does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmskills.features import WIDE, WINDOW, windows
from pmskills.pipeline import tagged
from pmskills.scoring import log_odds, names

DUTY = "Typed letters, filed invoices, ordered paper, sorted the mail and kept the calendar of the office"
DEED = "Resolved complaints of guests about late rooms"


@given(st.integers(0, 500))
def test_windows_cover_every_word(words):
    found = windows(words)
    assert bool(found) == (words > WIDE)
    assert all(0 < last - first <= WINDOW and last <= words for first, last in found)
    if found:
        assert {place for first, last in found for place in range(first, last)} == set(range(words))


@pytest.mark.parametrize("text", [f"{DUTY} {DEED}", f"{DEED} {DUTY}", f"{DUTY}; {DEED}; {DUTY.lower()}"])
def test_a_deed_within_a_long_line_is_found(analyzer, text):
    alone, duty, within = analyzer.predict_proba([DEED, DUTY, text])
    limits = np.array([analyzer.thresholds[label] for label in analyzer.labels])
    assert (alone >= limits).tolist() == (within >= limits).tolist() == [True, True, False]
    assert not (duty >= limits).any()


def test_log_odds_are_the_highest_of_the_parts_and_what_the_reader_adds_for_the_whole(analyzer):
    space, classifier, reader = analyzer.parts
    units = list(tagged(analyzer.nlp, [f"{DUTY} {DEED}", DEED, f"{DUTY}. {DUTY}", ""]))
    decisions, counts = log_odds(space, classifier, reader, units)
    for unit, row, whole in zip(units, decisions, counts, strict=True):
        parts, starts = space.cut([unit])
        assert starts.tolist() == [0]
        assert len(parts) == 1 + len(windows(int(whole[0, space.length])))
        best = classifier.decision_function(space.count(parts)).max(axis=0, keepdims=True)
        assert np.allclose(row, (best + reader.read(names(parts[:1]), best))[0])
        assert (whole != space.transform([unit])).nnz == 0


def test_no_units_have_no_log_odds(analyzer):
    decisions, counts = log_odds(*analyzer.parts, [])
    assert decisions.shape == (0, 3)
    assert counts.shape[0] == 0
