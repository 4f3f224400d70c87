import pickle
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

import pmskills
from pmskills.explaining import explain
from pmskills.pipeline import tagged
from pmskills.scoring import log_odds

LONG = (
    "Sorted mail , helped guests with claims ; fixed the printer . Persuaded Anna Smith and the board in 2014 to pay $5"
)


@settings(max_examples=60)
@given(
    st.text(min_size=1, max_size=80)
    | st.sampled_from(["Helped guests, guests and guests!", "fixed the  till\nfast"])
    | st.lists(st.sampled_from(LONG.split()), min_size=20, max_size=60).map(" ".join)
)
def test_contributions_sum_to_the_decision(text):
    analyzer = pmskills.load()
    parts = analyzer.parts
    unit = next(tagged(analyzer.nlp, [text]))
    if not len(unit):
        return
    reasons = explain(*parts, unit, [0, 1, 2])
    decision = log_odds(*parts, [unit])[0][0]
    assert np.allclose([why.decision for why in reasons], decision)


def test_why_points_at_words_of_the_document(analyzer, resume):
    analysis = analyzer(resume)
    for found in analysis.evidence.values():
        for item in found:
            assert np.isclose(expit(item.why.decision), item.probability)
            assert all(resume[word.start : word.end] == word.text for word in item.why.words)
            assert all(item.start <= word.start < word.end <= item.end for word in item.why.words)
            assert 0 < len(item.why.top) <= len(item.why.words)
            assert [word.start for word in item.why.top] == sorted(word.start for word in item.why.top)


def test_the_words_that_carried_a_decision_matter_more_than_others(analyzer):
    """Without its top words evidence is mostly lost; without as many others it mostly stays."""
    chance = random.Random(0)
    units = [e.text for e in pmskills.read_corpus("corpora/vivid-units") if e.labels and len(e.text.split()) > 9][:300]
    parts = analyzer.parts
    falls, lost = {"top": [], "other": []}, {"top": 0, "other": 0}
    tried = 0
    for doc, row in zip(tagged(analyzer.nlp, units), analyzer.predict_proba(units), strict=True):
        column = int(row.argmax())
        threshold = analyzer.thresholds[analyzer.labels[column]]
        (why,) = explain(*parts, doc, [column])
        others = [word for word in why.words if word not in why.top]
        if row[column] < threshold or len(others) < len(why.top):
            continue
        tried += 1
        for name, words in (("top", why.top), ("other", chance.sample(others, len(why.top)))):
            gone = {word.start for word in words}
            rest = " ".join(token.text for token in doc if token.idx not in gone)
            probability = analyzer.predict_proba([rest])[0, column]
            falls[name].append(row[column] - probability)
            lost[name] += probability < threshold
    assert tried > 100
    assert np.mean(falls["top"]) > 3 * np.mean(falls["other"])
    assert lost["top"] > 3 * lost["other"]


def test_pickled_results_keep_their_reasons(analyzer, resume):
    analysis = analyzer(resume)
    data = pickle.dumps(analysis)
    assert len(data) < 200_000
    copy = pickle.loads(data)
    assert copy.evidence == analysis.evidence
    assert copy.to_dict() == analysis.to_dict()


def test_words_outside_the_deciding_part_of_a_long_unit_add_nothing_but_what_the_reader_sees(analyzer):
    filler = (
        "Typed letters, filed invoices, ordered paper, sorted mail, kept the calendar, watered plants and locked up "
    )
    text = filler + "Convinced the board to fund a second clinic"
    (unit,) = tagged(analyzer.nlp, [text])
    space, classifier, reader = analyzer.parts
    column = analyzer.labels.index("influence")
    (plain,) = explain(space, classifier, None, unit, [column])
    assert [word.contribution for word in plain.words[:3]] == [0, 0, 0]
    (why,) = explain(space, classifier, reader, unit, [column])
    assert np.isclose(why.decision, log_odds(space, classifier, reader, [unit])[0][0, column])
    assert "Convinced" in [word.text for word in why.top]
    assert len(why.words) == len(unit)
