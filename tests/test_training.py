from pathlib import Path

import numpy as np
import pytest

import pmskills
from pmskills import CorpusError, Example, evaluate, read_corpus, train
from pmskills.training import write_readme


@pytest.fixture(scope="module")
def examples():
    return [
        example
        for example in read_corpus(Path(__file__).parent.parent / "corpora" / "pm-evidence")
        if "p1-" < example.document < "p2-030"
    ]


@pytest.fixture(scope="module")
def trained(examples):
    return train(examples)


def test_same_corpus_and_seed_give_equal_predictions(examples, trained):
    again = train(examples)
    units = [example.text for example in examples[:200]]
    assert np.array_equal(again.predict_proba(units), trained.predict_proba(units))
    assert again.thresholds == trained.thresholds


def test_meta_tells_where_the_model_comes_from(examples, trained):
    meta = trained.meta
    assert meta["corpus"]["units"] == len(examples)
    assert meta["seed"] == 0
    assert set(meta["versions"]) == {"python", "spacy", "scikit-learn", "skops", "numpy", "scipy"}
    assert 0 < meta["cross_validation"]["macro"]["f1"] < 1


def test_shuffled_labels_teach_nothing(examples):
    examples = examples[:400]
    order = np.random.default_rng(0).permutation(len(examples))
    shuffled = [
        Example(example.text, examples[row].labels, example.document)
        for example, row in zip(examples, order, strict=True)
    ]
    honest = train(examples).meta["cross_validation"]["macro"]["average_precision"]
    fooled = train(shuffled).meta["cross_validation"]["macro"]["average_precision"]
    prevalence = np.mean([label in example.labels for example in examples for label in pmskills.load().labels])
    assert fooled < prevalence * 1.5 < honest


def test_labels_of_ones_own_are_learned():
    texts = [f"Sang {word} to the guests" for word in ("ballads", "hymns")] * 30
    own = [Example(text, ("jazz",) if "ballads" in text else (), f"r{row % 7}") for row, text in enumerate(texts)]
    model = train(own)
    assert model.labels == ("jazz",)
    assert model.predict_proba(["Sang ballads to the guests"])[0, 0] > 0.5
    assert model("Sang ballads to the guests").silent == ()


def test_progress_is_told(examples):
    told = []
    train(examples, progress=told.append)
    assert told[0].startswith("tokenizing")
    assert told[-1] == "training on the whole corpus"


@pytest.mark.parametrize(
    ("corpus", "message"),
    [
        ([Example("a", ())] * 20, "no unit of the corpus carries a label"),
        ([Example("a", ("x",))] * 3 + [Example("b", ())] * 20, "3 units with the label x; at least 30 are needed"),
        ([Example("a", ("x",))] * 40, "0 units without the label x"),
        ([Example("a", ("x",), "d")] * 40 + [Example("b", ())] * 40, "all units with the label x are of one document"),
        (
            [Example("a", ("x",), "d"), Example("a", ("x",), "e")] * 20 + [Example("b", (), "d")] * 40,
            "the units are of 2 documents; at least 5 are needed",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused(corpus, message):
    with pytest.raises(CorpusError, match=message):
        train(corpus)


def test_more_labels_than_can_be_learned_are_refused():
    own = [Example(f"text {row}", (f"label {row}",)) for row in range(60)]
    with pytest.raises(CorpusError, match="60 different labels; at most 50 are learned"):
        train(own)


def test_fifty_labels_are_learned():
    own = [Example(f"sang song{row % 50} {row}", (f"label{row % 50}",), f"d{row // 50}") for row in range(1500)]
    model = train(own)
    assert len(model.labels) == 50
    probabilities = model.predict_proba(["sang song7", "sang song31"])
    assert [model.labels[column] for column in probabilities.argmax(axis=1)] == ["label7", "label31"]


def test_base_model_helps_with_few_units(examples):
    base = train(examples[:600])
    rest = examples[600:]
    few = [example for example in rest if example.labels][:100] + [example for example in rest if not example.labels][
        :100
    ]
    held_out = [example for example in rest if example not in few]
    adapted, alone = train(few, base=base), train(few)
    scores = [evaluate(model, held_out).macro.average_precision for model in (adapted, alone)]
    assert scores[0] > scores[1]
    assert adapted.meta["base"] == base.meta["corpus"]["sha256"]


def test_base_model_may_have_other_labels(tmp_path):
    texts = [f"Sang {word} to the {who}" for word in ("ballads", "hymns") for who in ("guests", "nuns", "crowd")] * 8
    own = [Example(text, ("jazz",) if "ballads" in text else (), f"r{row % 7}") for row, text in enumerate(texts)]
    model = train(own, base=pmskills.load())
    assert model.labels == ("jazz",)
    probabilities = model.predict_proba(["Sang ballads to the guests", "Sang hymns to the nuns"])[:, 0]
    assert probabilities[0] > 0.5 > probabilities[1]
    model.to_disk(tmp_path / "model")
    assert np.array_equal(pmskills.load(tmp_path / "model").predict_proba(["Sang"]), model.predict_proba(["Sang"]))


def test_evaluate_refuses_unknown_labels(trained):
    with pytest.raises(CorpusError, match="the corpus has the labels grit; the model knows only problem_solving"):
        evaluate(trained, [Example("a", ("grit",))])


def test_evaluate_counts_by_hand():
    model = pmskills.load()
    result = evaluate(
        model,
        [
            Example("Resolved escalated guest complaints.", ("problem_solving", "customer_centric")),
            Example("Microsoft Excel", ("influence",)),
            Example("Microsoft Word", ()),
        ],
    )
    assert result.labels["problem_solving"].f1 == 1.0
    assert result.labels["influence"].recall == 0.0
    assert result.macro.f1 == pytest.approx(2 / 3)
    assert (result.micro.precision, result.micro.recall) == (1.0, pytest.approx(2 / 3))
    assert str(result).splitlines()[-1] == "3 units"


def test_readme_of_a_model_shows_its_scores(trained, tmp_path):
    write_readme(trained, tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| influence |" in text
    assert "| 1 to 7 words |" in text
    assert "Not for: rejecting" in text
    assert trained.meta["corpus"]["sha256"] in text
