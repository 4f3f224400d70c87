"""Models of formats 2 and 3, one regression a label and no word classes, still load and say what they said."""

import json
import shutil

import numpy as np
import pytest
import skops.io
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression

import pmskills
from pmskills.features import FeatureSpace
from pmskills.model_files import packaged_model
from pmskills.pipeline import tagged

UNITS = [
    "Fixed the till and found why it was short",
    "Repaired pumps and traced a leak",
    "Helped guests with their bags and listened to them",
    "Answered calls from patients about bills",
    "Convinced the director to fund the pilot",
    "Negotiated rates with three garages",
    "Filed mail for the office",
    "Drove a truck to the depot",
] * 3


@pytest.fixture(params=[2, 3])
def old(request, tmp_path, analyzer):
    """Return a model written as version 0.1 wrote it, and its regressions."""
    folder = tmp_path / "old"
    shutil.copytree(packaged_model(), folder)
    docs = list(tagged(analyzer.nlp, UNITS))
    space = FeatureSpace.fit(docs, 2)
    names = [name for name in space.names if name[:2] not in ("g:", "h:") and name != "n:word"]
    counts = FeatureSpace(names, space.common).transform(docs)
    weighting = TfidfTransformer(sublinear_tf=True, norm=None).fit(counts)
    features = weighting.transform(counts)
    truth = np.array([[k in (0, 1), k in (2, 3), k in (4, 5)] for k in range(8)] * 3)
    estimators = [LogisticRegression(C=0.003).fit(features, column) for column in truth.T]
    part = folder / "pm_skills"
    for newer in ("facets", "reader"):
        shutil.rmtree(part / newer)
    (part / "features.json.gz").unlink()
    labels = json.loads((part / "labels.json").read_text())
    (part / "labels.json").write_text(json.dumps({name: labels[name] for name in ("labels", "thresholds")}))
    skops.io.dump({"weighting": weighting, "estimators": estimators}, part / "classifier.skops")
    (part / "features.json").write_text(json.dumps({"common": sorted(space.common), "names": names}))
    meta = folder / "meta.json"
    content = json.loads(meta.read_text())
    content["pmskills"]["format"] = request.param
    meta.write_text(json.dumps(content))
    expected = expit(np.column_stack([estimator.decision_function(features) for estimator in estimators]))
    return folder, expected


def test_old_models_say_what_they_said(old):
    folder, expected = old
    assert np.allclose(pmskills.load(folder).predict_proba(UNITS), expected, atol=1e-12)


def test_old_models_explain_exactly_and_show_no_facets(old, resume):
    analysis = pmskills.load(old[0])(resume)
    assert set(analysis.facets["influence"].values()) == {None}
    for found in analysis.evidence.values():
        for item in found:
            assert np.isclose(expit(item.why.decision), item.probability)
            assert item.facets == ()


def test_old_models_survive_being_written(old, tmp_path):
    folder, expected = old
    pmskills.load(folder).to_disk(tmp_path / "new")
    assert np.allclose(pmskills.load(tmp_path / "new").predict_proba(UNITS), expected, atol=1e-12)
