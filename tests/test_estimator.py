import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pmskills import PMSkillClassifier

LABELS = ("problem_solving", "customer_centric", "influence")


@pytest.fixture(scope="module")
def corpus():
    lines = (Path(__file__).parent.parent / "corpora" / "pm-evidence" / "units.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines[:900]]
    targets = np.array([[label in row["labels"] for label in LABELS] for row in rows], dtype=int)
    return [row["text"] for row in rows], targets, [row["document"] for row in rows]


def test_cross_val_predict_over_raw_texts(corpus):
    texts, targets, groups = corpus
    found = cross_val_predict(PMSkillClassifier(), texts, targets, groups=groups, cv=GroupKFold(3))
    assert found.shape == targets.shape
    guess = np.ones_like(targets)
    assert f1_score(targets, found, average="macro") > f1_score(targets, guess, average="macro") + 0.1
    scores = cross_val_predict(PMSkillClassifier(), texts, targets, cv=3, method="predict_proba")
    assert scores.shape == targets.shape
    assert ((scores >= 0) & (scores <= 1)).all()


def test_grid_search_over_raw_texts_in_a_pipeline(corpus):
    texts, targets, _ = corpus
    steps = make_pipeline(FunctionTransformer(lambda units: [unit.strip() for unit in units]), PMSkillClassifier())
    grid = {"pmskillclassifier__regularization": [0.001, 0.01], "pmskillclassifier__min_units": [2]}
    search = GridSearchCV(steps, grid, scoring="f1_macro", cv=2).fit(texts[:400], targets[:400])
    assert search.best_params_["pmskillclassifier__regularization"] in (0.001, 0.01)
    assert 0 < search.best_score_ <= 1


def test_names_in_names_out(corpus):
    texts, targets, _ = corpus
    names = [tuple(np.array(LABELS)[row.astype(bool)]) for row in targets]
    model = PMSkillClassifier().fit(texts, names)
    assert model.classes_.tolist() == sorted(LABELS)
    found = model.predict(texts[:50])
    assert sum(set(one) == set(other) for one, other in zip(found, names[:50], strict=True)) > 40


def test_estimator_contract(corpus):
    texts, targets, _ = corpus
    model = PMSkillClassifier(regularization=0.01)
    assert model.get_params() == {"regularization": 0.01, "min_units": 2}
    assert clone(model.set_params(min_units=3)).min_units == 3
    with pytest.raises(NotFittedError):
        model.predict(texts)
    assert model.fit(texts[:300], targets[:300]) is model
    before = model.predict_proba(texts[300:320])
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict_proba(texts[300:320]), before)
    assert np.array_equal(model.fit(texts[:300], targets[:300]).predict_proba(texts[300:320]), before)
    assert np.allclose(1 / (1 + np.exp(-model.decision_function(texts[300:320]))), before)
    tags = model.__sklearn_tags__()
    assert tags.input_tags.string
    assert tags.classifier_tags.multi_label


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0]], [[1]], "X must be a sequence of texts, one a unit; found list"),
        ([], [], "X must be a sequence of texts, one a unit; found nothing"),
        (["a", "b"], [[1]], "X has 2 units and y 1"),
        (["a", "b"], [[1], [1]], "label .*0.* is on all units or on none"),
        (["a", "b"], [1, 0], "y must be an indicator matrix"),
        (["a", "b"], [[2], [0]], "y must be an indicator matrix"),
    ],
)
def test_wrong_input_is_named(X, y, message):
    with pytest.raises(ValueError, match=message):
        PMSkillClassifier().fit(X, y)
