import json
import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

import pmskills
from pmskills import CorpusError, Example, compare, evaluate
from pmskills.evaluation import _areas, measure


class Told:
    """A model whose probabilities are known."""

    def __init__(self, labels, thresholds, probabilities):
        self.labels, self.thresholds, self.probabilities = labels, thresholds, probabilities

    def predict_proba(self, units):
        return np.array([self.probabilities[unit] for unit in units])


def made(count=400, seed=0, noise=0.3, labels=("a", "b")):
    """Units that carry labels by chance, and probabilities that are calibrated up to noise."""
    chance = np.random.default_rng(seed)
    strength = chance.random((count, len(labels))) ** 2
    truth = chance.random((count, len(labels))) < strength
    examples = [
        Example(
            "word " * (1 + row % 30) + str(row),
            tuple(label for label, yes in zip(labels, truth[row], strict=True) if yes),
            f"d{row % 40}",
            section=("experience", "summary")[row % 2],
        )
        for row in range(count)
    ]
    guesses = np.clip(strength + noise * chance.normal(size=strength.shape) * strength * (1 - strength), 0, 1)
    return examples, Told(
        labels, dict.fromkeys(labels, 0.5), dict(zip([e.text for e in examples], guesses, strict=True))
    )


def test_scores_are_those_of_scikit_learn():
    examples, model = made()
    result = evaluate(model, examples)
    truth = np.array([["a" in example.labels, "b" in example.labels] for example in examples])
    scores = model.predict_proba([example.text for example in examples])
    for column, label in enumerate(("a", "b")):
        found = result.labels[label]
        assert math.isclose(found.precision, precision_score(truth[:, column], scores[:, column] >= 0.5))
        assert math.isclose(found.recall, recall_score(truth[:, column], scores[:, column] >= 0.5))
        assert math.isclose(found.average_precision, average_precision_score(truth[:, column], scores[:, column]))
    assert math.isclose(result.macro.f1, f1_score(truth, scores >= 0.5, average="macro"))
    assert math.isclose(result.micro.f1, f1_score(truth, scores >= 0.5, average="micro"))
    assert math.isclose(result.micro.average_precision, average_precision_score(truth, scores, average="micro"))


def test_resampled_average_precision_is_scikit_learns_with_ties():
    chance = np.random.default_rng(0)
    truth, scores = chance.random(50) < 0.3, chance.integers(0, 8, 50) / 8
    weights = chance.integers(0, 4, (5, 50)).astype(float)
    expected = [average_precision_score(truth, scores, sample_weight=row) for row in weights]
    assert np.allclose(_areas(truth, scores, weights), expected)


def test_intervals_hold_the_score_and_shrink_with_more_units():
    widths = []
    for count in (200, 1800):
        examples, model = made(count)
        macro = evaluate(model, examples).macro
        low, high = macro.f1_interval
        assert low < macro.f1 < high
        widths.append(high - low)
    assert widths[1] < widths[0]


def test_interval_covers_the_truth_about_as_often_as_it_says():
    population = evaluate(*reversed(made(20_000, seed=99))).macro.f1
    inside = 0
    for seed in range(40):
        examples, model = made(200, seed=seed)
        low, high = evaluate(model, examples).macro.f1_interval
        inside += low <= population <= high
    assert inside >= 34, "40 intervals of 95%: fewer than 34 has a chance below 1 in 100"


def test_calibration_error_of_known_probabilities():
    truth = np.array([[True], [False], [False], [False]])
    probabilities = np.array([[0.75], [0.75], [0.05], [0.05]])
    examples = [Example(f"{row}", ()) for row in range(4)]
    result = measure(truth, probabilities, ("a",), {"a": 0.5}, examples, 0)
    assert result.calibration["a"]["ece"] == round(0.5 * 0.25 + 0.5 * 0.05, 4)
    assert result.calibration["a"]["bins"][1] == {"probability": 0.75, "share": 0.5, "units": 2}


def test_slices_label_sets_and_curves():
    examples, model = made()
    result = evaluate(model, examples).to_dict()
    assert {"section experience", "section summary", "1 to 7 words", "25 or more words"} <= set(result["slices"])
    assert sum(row["units"] for row in result["label_sets"]) == 400
    points = result["curves"]["a"]
    assert [point["threshold"] for point in points] == [round(0.05 * step, 2) for step in range(1, 20)]
    assert [point["recall"] for point in points] == sorted((point["recall"] for point in points), reverse=True)
    json.dumps(result)


def test_better_model_is_told_from_a_worse_one_and_equal_ones_are_not():
    examples, good = made(600)
    _, bad = made(600, noise=6)
    result = compare(bad, good, examples)
    assert result.f1_interval[0] > 0
    assert result.verdict.startswith("The second model is better")
    assert result.better > 0.97
    assert compare(good, bad, examples).verdict.startswith("The second model is worse")
    same = compare(good, good, examples)
    assert (same.f1_difference, same.f1_interval, same.better) == (0, (0, 0), 0.5)
    assert same.mcnemar["a"] == {"first_only": 0, "second_only": 0, "p": 1.0}
    assert same.verdict.startswith("The two cannot be told apart")


def test_comparison_does_not_care_for_the_order_of_labels():
    examples, model = made()
    turned = Told(("b", "a"), model.thresholds, {text: row[::-1] for text, row in model.probabilities.items()})
    assert compare(model, turned, examples).f1_difference == 0


def test_mcnemar_is_exact():
    examples = [Example(f"{row}", ("a",) if row < 10 else ()) for row in range(20)]
    right = {example.text: [0.9 if example.labels else 0.1] for example in examples}
    wrong = right | {f"{row}": [0.1] for row in range(8)}
    test = compare(Told(("a",), {"a": 0.5}, wrong), Told(("a",), {"a": 0.5}, right), examples).mcnemar["a"]
    assert test == {"first_only": 0, "second_only": 8, "p": round(2 * 0.5**8, 4)}


def test_wrong_labels_and_empty_corpora_are_named():
    examples, model = made()
    with pytest.raises(CorpusError, match="the corpus has the labels c; the model knows only a, b"):
        evaluate(model, [Example("x", ("c",))])
    with pytest.raises(CorpusError, match="there is no unit to score"):
        evaluate(model, [])
    with pytest.raises(CorpusError, match="the models know different labels: a, b and a"):
        compare(model, Told(("a",), {"a": 0.5}, {}), examples)
    with pytest.raises(CorpusError, match="nothing to compare models on"):
        compare(model, model, [Example(examples[0].text, ())])


def test_evaluation_prints_a_table(analyzer):
    examples = [Example("Resolved guest complaints.", ("customer_centric",)), Example("Filed papers.", ())]
    lines = str(pmskills.evaluate(analyzer, examples)).splitlines()
    assert lines[0].split() == ["precision", "recall", "F1", "(95%", "interval)", "AP", "ECE", "support"]
    assert lines[-1] == "2 units"
