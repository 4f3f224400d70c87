"""A model trained around an encoder: files, refusals, and what the model says."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_encoder import PIECES, small

import pmskills
from pmskills import CorpusError, ModelError, read_corpus, train
from pmskills.encoder import Encoder
from pmskills.explaining import explain
from pmskills.pipeline import tagged
from pmskills.rehearsal import Rehearsal, digest
from pmskills.scoring import log_odds
from pmskills.training import write_readme

LABELS = ("problem_solving", "customer_centric", "influence")


@pytest.fixture(scope="module")
def examples():
    corpus = read_corpus(Path(__file__).parent.parent / "corpora" / "pm-evidence")
    return [example for example in corpus if "p1-" < example.document < "p2-030"]


@pytest.fixture(scope="module")
def rehearsal(examples):
    """An encoder with random weights: it knows nothing, so that little can be learned from it."""
    weights = small().weights
    encoder = Encoder(LABELS[:2], PIECES, weights)
    documents = sorted({example.document for example in examples})
    return Rehearsal(encoder, encoder, frozenset(documents[::4]), digest(examples))


@pytest.fixture(scope="module")
def model(examples, rehearsal):
    return train(examples, rehearsal=rehearsal)


def test_a_model_with_a_reader_is_the_same_from_disk_and_bytes(model, tmp_path):
    units = ["Fixed the till", "Helped guests", "Microsoft Word"]
    model.to_disk(tmp_path / "m")
    before = model.predict_proba(units)
    assert np.array_equal(pmskills.load(tmp_path / "m").predict_proba(units), before)
    part = model.nlp.get_pipe("pm_skills")
    copy = type(part)().from_bytes(part.to_bytes())
    assert np.array_equal(copy.predict(list(tagged(model.nlp, units)))[0], before)


def test_a_model_that_lost_its_reader_is_refused(model, tmp_path):
    model.to_disk(tmp_path / "m")
    (tmp_path / "m" / "pm_skills" / "reader" / "encoder.npz").unlink()
    with pytest.raises(ModelError, match=r"encoder\.npz: missing or damaged"):
        pmskills.load(tmp_path / "m")


def test_a_model_without_a_reader_leaves_none_of_the_one_it_replaces(model, tmp_path):
    model.to_disk(tmp_path / "m")
    bare = pmskills.load(tmp_path / "m")
    bare.nlp.get_pipe("pm_skills").reader = None
    bare.to_disk(tmp_path / "m")
    assert not (tmp_path / "m" / "pm_skills" / "reader").exists()
    assert pmskills.load(tmp_path / "m").parts[2] is None


def test_explanations_of_a_model_with_a_reader_sum_to_its_decisions(model):
    space, classifier, reader = model.parts
    everything = replace(reader, gate=np.full(3, -np.inf))
    nothing = replace(reader, gate=np.full(3, 1e6))
    texts = ["Fixed the till for guests in Ohio", "", "Typed letters and filed invoices " * 8 + "fixed the till"]
    for one in (reader, everything, nothing):
        for unit in tagged(model.nlp, texts):
            decision = log_odds(space, classifier, one, [unit])[0][0]
            reasons = explain(space, classifier, one, unit, [0, 1, 2])
            assert np.allclose([why.decision for why in reasons], decision)


def test_calibration_and_scores_come_from_the_documents_held_out(examples, rehearsal, model, tmp_path):
    held = [example for example in examples if example.document in rehearsal.held_out]
    judged = model.meta["judged_on"]
    assert judged == {"how": "documents held out", "units": len(held), "documents": len(rehearsal.held_out)}
    model.to_disk(tmp_path)
    write_readme(model, tmp_path)
    assert f"Scores on {len(held)} units of {len(rehearsal.held_out)} documents" in (tmp_path / "README.md").read_text()


def test_outputs_of_other_labels_do_not_count(model):
    assert model.parts[2].mixing.shape == (3, 2)
    assert model.parts[2].mixing[2].tolist() == [0, 0]
    assert model.parts[2].mixing[0, 1] == model.parts[2].mixing[1, 0] == 0


@pytest.mark.parametrize("change", [{"document": "elsewhere"}, {"facets": ()}, {"weight": 0.1}, {"text": "Sold tea"}])
def test_an_encoder_of_another_corpus_is_refused(examples, rehearsal, change):
    changed = next(row for row, example in enumerate(examples) if example.facets)
    other = [*examples[:changed], replace(examples[changed], **change), *examples[changed + 1 :]]
    with pytest.raises(CorpusError, match=r"the encoder was trained on the corpus \w+, this is \w+\. Train it again"):
        train(other, rehearsal=rehearsal)


def test_an_encoder_beside_a_base_is_refused(examples, rehearsal, analyzer):
    with pytest.raises(CorpusError, match="Leave out either the encoder or the base"):
        train(examples, rehearsal=rehearsal, base=analyzer)


def test_too_little_held_out_is_told(examples, rehearsal):
    few = replace(rehearsal, held_out=frozenset(sorted(rehearsal.held_out)[:1]))
    with pytest.raises(CorpusError, match="are needed"):
        train(examples, rehearsal=few)


def test_adapting_to_a_base_with_a_reader_serves_what_it_learned(examples, model, tmp_path):
    own = train(examples[:400], base=model)
    units = [example.text for example in examples[400:450]]
    own.to_disk(tmp_path / "own")
    assert np.array_equal(pmskills.load(tmp_path / "own").predict_proba(units), own.predict_proba(units))
    assert own.parts[2].mixing.shape == (3, 2)
    assert np.isneginf(own.parts[2].gate).all()


def test_a_written_rehearsal_is_equal(rehearsal, tmp_path):
    rehearsal.save(tmp_path)
    read = Rehearsal.load(tmp_path)
    assert (read.held_out, read.corpus) == (rehearsal.held_out, rehearsal.corpus)
    assert np.array_equal(read.encoder.encode([["fixed"]]), rehearsal.encoder.encode([["fixed"]]))


@pytest.mark.parametrize("state", [{}, {"corpus": "x", "held_out": "abc"}, {"corpus": 1, "held_out": []}])
def test_a_damaged_rehearsal_is_refused(rehearsal, tmp_path, state):
    rehearsal.save(tmp_path)
    (tmp_path / "rehearsal.json").write_text(json.dumps(state))
    with pytest.raises(ModelError, match="not a rehearsal"):
        Rehearsal.load(tmp_path)
