import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skops.io
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

import pmskills
from pmskills import DocumentError, ModelError
from pmskills.corpus import corpus_hash
from pmskills.model_files import packaged_model
from pmskills.rehearsal import Rehearsal


def test_analyze_finds_each_skill(resume):
    found = pmskills.analyze(resume).evidence
    assert any(item.text.startswith("Answered 60 calls") for item in found["customer_centric"])
    assert any(item.text.startswith("Traced duplicate") for item in found["problem_solving"])
    assert any(item.text.startswith("Negotiated repair") for item in found["influence"])


def test_analyze_opens_no_socket(resume, no_network, tmp_path):
    file = tmp_path / "resume.txt"
    file.write_text(resume)
    analysis = pmskills.load()(pmskills.read_document(file))
    assert analysis.to_json()
    assert next(pmskills.score([file])).status == "ok"
    assert pmskills.evaluate(pmskills.load(), [pmskills.Example("Fixed it.", ("problem_solving",))]).units == 1


def test_evidence_offsets_give_its_text(analyzer, resume):
    for found in analyzer(resume).evidence.values():
        for item in found:
            assert resume[item.start : item.end] == item.text


@settings(max_examples=50)
@given(st.text())
def test_any_text_is_analyzed(text):
    analysis = pmskills.analyze(text)
    assert analysis.probabilities.shape == (len(analysis.units), 3)
    assert json.loads(analysis.to_json())["characters"] == len(text)


def test_analyze_wants_text_or_document():
    with pytest.raises(TypeError, match="expected a text or a Document, got bytes; use read_document"):
        pmskills.analyze(b"bytes")


def test_text_without_end_is_refused():
    with pytest.raises(DocumentError, match="it has 5,000,001 characters of text; at most 5,000,000 are analyzed"):
        pmskills.analyze("a" * 5_000_001)


def test_predict_proba_has_a_row_per_unit_and_a_column_per_label(analyzer):
    probabilities = analyzer.predict_proba(["Resolved escalated guest complaints.", "Microsoft Excel", ""])
    assert probabilities.shape == (3, len(analyzer.labels))
    assert probabilities.dtype == np.float64
    assert probabilities[0, 1] > 0.5 > probabilities[1].max()
    assert analyzer.predict_proba([]).shape == (0, 3)


def test_pipe_gives_the_results_of_single_calls_in_order(analyzer, resume):
    texts = [resume, "", "Fixed the till.\nSold tea", resume[:200]]
    singly = [analyzer(text).to_dict() for text in texts]
    assert [analysis.to_dict() for analysis in analyzer.pipe(texts, batch_size=2)] == singly


def test_pipe_with_two_processes_gives_the_same(analyzer, resume):
    texts = [resume, "Fixed the till.", ""] * 3
    alone = [doc._.pm_skills.tolist() for doc in analyzer.nlp.pipe(texts)]
    assert [doc._.pm_skills.tolist() for doc in analyzer.nlp.pipe(texts, n_process=2, batch_size=2)] == alone


def test_pipeline_is_a_spacy_pipeline(resume):
    doc = spacy.load(packaged_model())(resume)
    assert doc._.pm_skills.shape == (len(doc.spans["pm_units"]), 3)
    assert {span.label_ for span in doc.spans["pm_skills"]} == set(pmskills.load().labels)


def test_saved_model_predicts_the_same(analyzer, resume, tmp_path):
    analyzer.to_disk(tmp_path / "copy")
    again = pmskills.load(tmp_path / "copy")
    assert np.array_equal(again(resume).probabilities, analyzer(resume).probabilities)
    assert again.thresholds == analyzer.thresholds
    assert again.meta == analyzer.meta


def test_load_changes_no_other_loaded_model(analyzer, resume, tmp_path):
    before = analyzer(resume).to_json()
    analyzer.to_disk(tmp_path / "other")
    file = tmp_path / "other" / "pm_skills" / "labels.json"
    labels = json.loads(file.read_text())
    labels["thresholds"] = dict.fromkeys(labels["labels"], 0.99)
    file.write_text(json.dumps(labels))
    other = pmskills.load(tmp_path / "other")
    assert other(resume).to_json() != before
    assert analyzer(resume).to_json() == before


@pytest.fixture
def model(analyzer, tmp_path):
    analyzer.to_disk(tmp_path / "model")
    return tmp_path / "model"


def test_load_names_a_missing_folder(tmp_path):
    with pytest.raises(ModelError, match=r"no model here \(meta.json is missing\)"):
        pmskills.load(tmp_path)


def test_load_refuses_another_spacy_pipeline(tmp_path):
    spacy.blank("en").to_disk(tmp_path / "en")
    with pytest.raises(ModelError, match="this is a spaCy pipeline, but not one of pmskills"):
        pmskills.load(tmp_path / "en")


def test_load_refuses_another_format(model):
    meta = json.loads((model / "meta.json").read_text())
    meta["pmskills"]["format"] = 99
    (model / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(ModelError, match="model format 99; this version of pmskills reads formats 2 to 5"):
        pmskills.load(model)


def test_load_refuses_untrusted_types(model):
    skops.io.dump({"weighting": subprocess.Popen, "estimators": []}, model / "pm_skills" / "classifier.skops")
    with pytest.raises(ModelError, match="refused, it holds types other than"):
        pmskills.load(model)


def test_load_names_a_damaged_classifier(model):
    (model / "pm_skills" / "classifier.skops").write_bytes(b"no zip")
    with pytest.raises(ModelError, match="the classifier is damaged"):
        pmskills.load(model)


def test_load_names_a_missing_classifier(model):
    (model / "pm_skills" / "classifier.skops").unlink()
    with pytest.raises(ModelError, match="the classifier is missing"):
        pmskills.load(model)


def test_load_names_damaged_json(model):
    (model / "pm_skills" / "labels.json").write_text("[")
    with pytest.raises(ModelError, match=r"labels.json: cannot be read"):
        pmskills.load(model)


@pytest.mark.parametrize("data", [b"[", b"", gzip.compress(b"{}" * 1000)[:-20], gzip.compress(b"[")])
def test_load_names_damaged_features(model, data):
    (model / "pm_skills" / "features.json.gz").write_bytes(data)
    with pytest.raises(ModelError, match=r"features.json.gz: cannot be read"):
        pmskills.load(model)


def test_load_refuses_features_that_unpack_without_end(model, monkeypatch):
    monkeypatch.setattr("pmskills.model_files.MOST_BYTES", 10**6)
    (model / "pm_skills" / "features.json.gz").write_bytes(gzip.compress(b" " * 2 * 10**6))
    with pytest.raises(ModelError, match=r"features.json.gz: refused, it unpacks to more than 1 MB"):
        pmskills.load(model)


def test_load_names_a_mismatch_of_parts(model):
    file = model / "pm_skills" / "features.json.gz"
    features = json.loads(gzip.decompress(file.read_bytes()))
    features["names"] = features["names"][:-1]
    file.write_bytes(gzip.compress(json.dumps(features).encode()))
    with pytest.raises(ModelError, match="the classifier wants"):
        pmskills.load(model)


def test_load_names_damaged_pipeline(model):
    shutil.rmtree(model / "pm_skills")
    with pytest.raises(ModelError):
        pmskills.load(model)


TEXT = "Experience\nClerk 2001 - 2004\n• Resolved guest complaints at the desk.\n• Filed mail.and parcels"


def spans_of(doc):
    return [(span.text, span.label_) for span in doc.spans["pm_skills"]]


def test_component_works_in_any_english_pipeline(analyzer):
    expected = [(item.text, label) for label, found in analyzer(TEXT).evidence.items() for item in found]
    assert expected
    for build in ("en", "xx"):
        nlp = spacy.blank(build)
        nlp.add_pipe("sentencizer")
        nlp.add_pipe("pm_skills")
        doc = nlp(TEXT)
        assert sorted(spans_of(doc)) == sorted(expected)
        assert np.array_equal(doc._.pm_skills, analyzer(TEXT).probabilities)
        assert len(doc._.pm_facets) == len(expected)
        assert [span.label_ for span in doc.spans["pm_units"]] == [unit.kind for unit in analyzer(TEXT).units]


def test_spans_are_shown_by_displacy():
    nlp = spacy.blank("en")
    nlp.add_pipe("pm_skills")
    markup = spacy.displacy.render(nlp(TEXT), style="span", options={"spans_key": "pm_skills"}, jupyter=False)
    assert "customer_centric" in markup


def test_component_works_in_several_processes(analyzer):
    nlp = spacy.blank("en")
    nlp.add_pipe("pm_skills")
    texts = [TEXT, "Fixed the till.", ""] * 3
    for pipeline in (nlp, analyzer.nlp):
        alone = list(pipeline.pipe(texts))
        together = list(pipeline.pipe(texts, n_process=2, batch_size=2))
        for one, other in zip(alone, together, strict=True):
            assert spans_of(one) == spans_of(other)
            assert np.array_equal(one._.pm_skills, other._.pm_skills)
            assert one._.pm_facets == other._.pm_facets


def test_pipelines_survive_disk_and_bytes(analyzer, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("pm_skills")
    for name, pipeline in (("added", nlp), ("own", analyzer.nlp)):
        expected = pipeline(TEXT)
        pipeline.to_disk(tmp_path / name)
        config = pipeline.config
        copy = spacy.util.load_model_from_config(config, validate=True).from_bytes(pipeline.to_bytes())
        for other in (spacy.load(tmp_path / name), copy):
            assert spans_of(other(TEXT)) == spans_of(expected)
            assert np.array_equal(other(TEXT)._.pm_skills, expected._.pm_skills)
            assert other(TEXT)._.pm_facets == expected._.pm_facets


def test_damaged_bytes_are_refused(analyzer):
    component = analyzer.nlp.get_pipe("pm_skills")
    with pytest.raises(ModelError, match="the model is damaged"):
        type(component)().from_bytes(b"no archive")


def test_two_models_do_not_disturb_each_other(analyzer, tmp_path):
    before = analyzer(TEXT).probabilities
    examples = [
        pmskills.Example(f"{text} number {row}", (label,) if label else (), f"d{row % 12}")
        for row in range(120)
        for text, label in [[("Sold tea to guests", "tea"), ("Filed mail", None)][row % 2]]
    ]
    pmskills.train(examples).to_disk(tmp_path / "tea")
    nlp = spacy.blank("en")
    nlp.add_pipe("pm_skills", config={"model": str(tmp_path / "tea")})
    other = spacy.blank("en")
    other.add_pipe("pm_skills")
    assert {label for _, label in spans_of(nlp("Sold tea to guests"))} == {"tea"}
    assert {label for _, label in spans_of(other(TEXT))} <= set(pmskills.load().labels)
    assert {label for _, label in spans_of(nlp("Sold tea to guests"))} == {"tea"}
    assert np.array_equal(analyzer(TEXT).probabilities, before)


def test_imports_go_one_way():
    code = (
        "import sys\n"
        "def seen(name, without):\n"
        "    __import__(name); bad = [m for m in without if m in sys.modules]; assert not bad, (name, bad)\n"
        "import types; sys.modules['pmskills'] = types.ModuleType('pmskills')\n"
        f"sys.modules['pmskills'].__path__ = [{str(packaged_model().parent.parent / 'pmskills')!r}]\n"
        "above = ['documents', 'segmenter', 'features', 'encoder', 'reader', 'classifier', 'scoring', 'calibration', 'explaining', 'facets', 'analysis', 'pipeline', 'evaluation', 'rehearsal', 'training', "
        "'checks', 'distributed', 'batch', 'progress', 'cli']\n"
        "above = ['pmskills.' + name for name in above]\n"
        "for name in ('skills', 'errors', 'extras', 'lexicon', 'pdf', 'render', 'plots', 'pages', 'report', 'cohort', 'coaching', 'strength', 'formats', 'corpus', 'annotators', 'model_files', 'rows', 'journal', 'exports', 'packaging'):\n"
        "    seen('pmskills.' + name, above)\n"
        "for name in above:\n"
        "    seen(name, above[above.index(name) + 1:])\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_packaged_model_is_the_one_that_the_corpus_gives(analyzer):
    examples = pmskills.read_corpus(Path(__file__).parent.parent / "corpora" / "pm-evidence")
    assert analyzer.meta["corpus"]["sha256"] == corpus_hash(examples)
    rehearsal = Rehearsal.load(Path(__file__).parent.parent / "corpora" / "resume-encoder")
    rebuilt = pmskills.train(examples, rehearsal=rehearsal)
    units = [example.text for example in examples[::10]]
    assert np.allclose(rebuilt.predict_proba(units), analyzer.predict_proba(units), atol=1e-6)
    assert rebuilt.thresholds == analyzer.thresholds


def test_a_model_without_facets_leaves_none_of_the_model_it_replaces(tmp_path, analyzer, resume):
    folder = tmp_path / "model"
    analyzer.to_disk(folder)
    bare = pmskills.load(folder)
    bare.nlp.get_pipe("pm_skills").facets = None
    bare.to_disk(folder)
    assert set(pmskills.load(folder)(resume).facets["influence"].values()) == {None}
