"""Misspelt words are found again; what is a word, or may be two, is left alone."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmskills.spelling import SHORTEST, Speller

WORDS = ["customer", "customers", "resolved", "complaints", "manager", "managed", "computer", "clients"]
SPELLER = Speller(WORDS)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("custmer", "customer"),
        ("custoomer", "customer"),
        ("cutsomer", "customer"),
        ("res0lved", "resolved"),
        ("complamts", "complamts"),
        ("cornputer", "computer"),
        ("cl1ents", "clients"),
        ("dients", "dients"),
        ("conplaints", "complaints"),
    ],
)
def test_correct_finds_the_word_that_is_meant(wrong, right):
    assert SPELLER.correct(wrong) == right


def test_correct_leaves_a_word_that_may_be_two():
    assert SPELLER.correct("manages") == "manages"


def test_correct_leaves_known_and_short_words():
    assert [SPELLER.correct(word) for word in ("managed", "clent", "")] == ["managed", "clent", ""]
    assert len("clent") < SHORTEST


@given(st.sampled_from(WORDS), st.data())
def test_correct_gives_a_known_word_or_the_word_itself(word, data):
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from(string.ascii_lowercase))
    for wrong in (word[:place] + word[place + 1 :], word[:place] + letter + word[place:]):
        found = SPELLER.correct(wrong)
        assert found in WORDS or found == wrong


@given(st.text(max_size=30))
def test_correct_takes_any_text(text):
    assert SPELLER.correct(text) in (*WORDS, text)
