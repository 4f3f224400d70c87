"""Classifier and encoder put together."""

import numpy as np
import pytest
from scipy.special import expit
from test_classifier import COUNTS, TARGETS, model
from test_reader import reader

from pmskills.calibration import blend, calibrate, negligible
from pmskills.errors import CorpusError

CHANCE = np.random.default_rng(1)
ONES = np.ones((4000, 1))


def drawn(log_odds):
    return CHANCE.random(log_odds.shape) < expit(log_odds)


def test_a_known_blend_is_found():
    decisions, outputs = CHANCE.normal(0, 2, (4000, 1)), CHANCE.normal(0, 2, (4000, 3))
    targets = drawn(decisions + 0.5 * outputs[:, [1]] - 1)
    mixing = blend(decisions, outputs, [1], targets, ONES)
    assert mixing == pytest.approx(np.array([[0, 0.5, 0]]), abs=0.1)
    assert np.count_nonzero(mixing) == 1


def test_a_label_without_an_output_gets_nothing_from_the_encoder():
    decisions, outputs = CHANCE.normal(0, 2, (4000, 1)), CHANCE.normal(0, 2, (4000, 3))
    assert not blend(decisions, outputs, [None], drawn(decisions), ONES).any()


def test_a_classifier_that_tells_nothing_beside_the_encoder_is_refused():
    outputs = CHANCE.normal(0, 2, (4000, 1))
    targets = drawn(2 * outputs)
    with pytest.raises(CorpusError, match="beside the encoder the classifier tells nothing"):
        blend(-outputs, outputs, [0], targets, ONES)


def test_below_negligible_log_odds_a_label_is_rarer_than_three_in_a_hundred():
    decisions = CHANCE.normal(-3, 2, (4000, 1))
    limit = negligible(decisions, drawn(decisions), ONES)
    assert limit == pytest.approx([-3.48], abs=0.3)


def test_log_odds_that_speak_against_a_label_have_no_gate():
    decisions = CHANCE.normal(0, 2, (4000, 1))
    assert negligible(decisions, drawn(-decisions), ONES).tolist() == [-np.inf]


def test_reader_and_classifier_are_calibrated_together():
    pooled = model()
    one = reader(mixing=np.array([[0.5, 0.0], [0.0, 2.0]]), gate=np.zeros(2))
    units = [["fixed", "till"]] * 100 + [["fix"]] * 100
    plain = pooled.decision_function(COUNTS)
    total = plain + one.read(units, plain)
    calibrated, other, probabilities = calibrate(pooled, one, TARGETS, total, np.ones((200, 2)))
    again = calibrated.decision_function(COUNTS)
    assert np.allclose(expit(again + other.read(units, again)), probabilities)
    assert ((again >= other.gate) == (plain >= one.gate)).all()


def test_a_reader_whose_order_is_turned_round_reads_everything():
    pooled = model()
    plain = pooled.decision_function(COUNTS)
    one = reader(mixing=np.zeros((2, 2)), gate=np.full(2, -np.inf))
    _, other, _ = calibrate(pooled, one, ~TARGETS, plain, np.ones((200, 2)))
    assert np.isneginf(other.gate).all()
