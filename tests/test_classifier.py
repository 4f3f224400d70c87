"""The classifier by itself: pools, long units, contributions, files."""

import numpy as np
import pytest
import skops.io
from scipy.sparse import csr_matrix

from pmskills.calibration import calibrate
from pmskills.classifier import Classifier, Way, adapt, fit
from pmskills.errors import ModelError

CHANCE = np.random.default_rng(0)
COUNTS = csr_matrix(CHANCE.poisson(0.4, (200, 12)))
FIRST, SECOND = COUNTS[:, [0]].toarray()[:, 0] > 0, COUNTS[:, [1]].toarray()[:, 0] > 0
TARGETS = np.column_stack([FIRST | SECOND, COUNTS[:, [2]].toarray()[:, 0] > 0])
EVERY = np.ones(200, dtype=bool)
WAYS = [Way(0, FIRST, EVERY), Way(0, SECOND, EVERY)]


def model(**options):
    return fit(COUNTS, TARGETS, ["a", "b"], np.ones(200), 0.1, **options)


def test_a_label_counts_its_best_way():
    plain, pooled = model(), model(ways=WAYS)
    assert pooled.mixing.tolist() == [[1, 0, 1], [0, 1, 0]]
    assert pooled.pools.tolist() == [0, 1, 2, 2]
    way = [fit(COUNTS, shown[:, None], ["w"], np.ones(200), 0.1).decision_function(COUNTS) for shown in (FIRST, SECOND)]
    expected = plain.decision_function(COUNTS)[:, 0] + np.hstack(way).max(axis=1)
    assert np.allclose(pooled.decision_function(COUNTS)[:, 0], expected)
    assert np.allclose(pooled.decision_function(COUNTS)[:, 1], plain.decision_function(COUNTS)[:, 1])


def test_a_way_that_no_unit_shows_is_left_out():
    assert model(ways=[Way(0, np.zeros(200, dtype=bool), EVERY)]).pools.tolist() == [0, 1]


def test_contributions_and_rest_sum_to_the_decision():
    pooled = model(ways=WAYS, length=3)
    for row in range(20):
        unit = COUNTS[[row]]
        columns = np.repeat(unit.indices, unit.data.astype(int)).astype(np.int64)
        shares, rest = pooled.contributions(unit, columns, [0, 1])
        assert np.allclose(shares.sum(axis=1) + rest, pooled.decision_function(unit)[0])


def test_long_units_are_damped_by_the_root_of_their_length():
    scales = np.where(np.arange(12) == 3, 0.0, 1.0)
    one = model(length=3, scales=scales)
    short, long = COUNTS[[0]].tolil(), COUNTS[[0]].tolil()
    short[0, 3], long[0, 3] = 16, 64
    bias = one.intercepts
    decisions = [one.decision_function(csr_matrix(unit))[0] - bias for unit in (short, long)]
    assert np.allclose(decisions[0], decisions[1] * 2)


def test_a_written_classifier_is_equal(tmp_path):
    pooled = model(ways=WAYS)
    pooled.save(tmp_path / "c.skops")
    read = Classifier.load(tmp_path / "c.skops", ["a", "b"])
    assert (read.decision_function(COUNTS) == pooled.decision_function(COUNTS)).all()


@pytest.mark.parametrize(
    "change",
    [
        {"steps": np.ones(9)},
        {"mixing": np.ones((2, 7))},
        {"biases": np.zeros(5)},
        {"pools": np.array([1, 0, 2, 2])},
        {"length": 99},
    ],
)
def test_parts_that_do_not_go_together_are_refused(tmp_path, change):
    pooled = model(ways=WAYS)
    names = ("weighting", "grid", "steps", "intercepts", "pools", "mixing", "biases", "length")
    skops.io.dump({name: getattr(pooled, name) for name in names} | change, tmp_path / "c.skops")
    with pytest.raises(ModelError, match="not a classifier for 2 labels"):
        Classifier.load(tmp_path / "c.skops", ["a", "b"])


def test_calibration_keeps_the_order_and_leaves_the_classifier_alone():
    pooled = model(ways=WAYS)
    before = pooled.decision_function(COUNTS)
    calibrated, _, probabilities = calibrate(pooled, None, TARGETS, before, np.ones((200, 2)))
    assert (pooled.decision_function(COUNTS) == before).all()
    assert np.allclose(calibrated.predict_proba(COUNTS), probabilities)
    assert (np.diff(probabilities[np.argsort(before[:, 0]), 0]) >= -1e-12).all()
    assert probabilities.mean(axis=0) == pytest.approx(TARGETS.mean(axis=0), abs=0.01)


def test_adapting_to_the_same_labels_keeps_what_the_base_knows():
    base = model(ways=WAYS)
    few, shares = adapt(base, COUNTS[:30], TARGETS[:30], ["a", "b"], np.ones(30))
    assert (few.mixing.shape, shares.shape) == ((2, 5), (2, 2))
    for column in range(2):
        known, new = base.decision_function(COUNTS)[:, column], few.decision_function(COUNTS)[:, column]
        assert np.corrcoef(known, new)[0, 1] > 0.95
