"""The part-of-speech tagger, through its public functions."""

import gzip
import json
from pathlib import Path

import pytest
import spacy

from pmskills.errors import CorpusError
from pmskills.pipeline import blank
from pmskills.tagger import NAME, read_silver, train_tagger

SILVER = Path(__file__).parent.parent / "corpora" / "resume-tags" / "silver.jsonl.gz"
TEXTS = ["Led a team of nine nurses.", "Answer phones and process refunds.", "Process Engineer, Company Name"]


def tags(nlp, texts=TEXTS):
    return [[token.tag_ for token in doc] for doc in nlp.pipe(texts)]


@pytest.fixture(scope="module")
def silver():
    return read_silver(SILVER)


@pytest.fixture(scope="module")
def nlp(silver):
    return train_tagger(blank(), silver[::2])


def test_silver_fits_the_tokenizer(silver):
    tokenizer = blank()
    assert len(silver) > 9000
    assert [text for text, tags in silver if len(tokenizer.make_doc(text)) != len(tags)] == []


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("Led a team of nine nurses.", "VBD"),
        ("Process refunds and exchanges at the counter.", "VBP"),
        ("Answer phones and greet visitors.", "VBP"),
        ("Handle complaints from tenants.", "VBP"),
        ("Streamlined the monthly reports.", "VBD"),
        ("Manages the front desk and trains new staff.", "VBZ"),
        ("Responsible for the opening of the store.", "JJ"),
        ("Working with vendors on prices.", "VBG"),
        ("Project Manager, Company Name, City, State", "NNP"),
        ("Bachelor of Science in Nursing, 2011", "NNP"),
        ("I supervised two clerks.", "PRP"),
    ],
)
def test_heads_of_units_have_the_right_tag(nlp, text, head):
    assert nlp(text)[0].tag_ == head


def test_the_tagger_beats_95_percent_on_the_gold_tags(nlp):
    gold = [json.loads(line) for line in (SILVER.parent / "gold.jsonl").read_text(encoding="utf8").splitlines()]
    pairs = [
        (tag, right)
        for found, unit in zip(tags(nlp, [unit["text"] for unit in gold]), gold, strict=True)
        for tag, right in zip(found, unit["tags"], strict=True)
    ]
    assert sum(tag == right for tag, right in pairs) / len(pairs) > 0.95


def test_units_in_a_document_are_tagged_as_they_are_alone(nlp):
    """The end of one unit is no part of the next: "… of nine nurses" / "Answer phones"."""
    document = nlp("\n• ".join(TEXTS))
    heads = [token.tag_ for token in document if token.i == 0 or document[token.i - 1].text == "•"]
    assert heads == [unit[0] for unit in tags(nlp)]


def test_the_same_seed_gives_the_same_model(silver):
    one, two, other = (train_tagger(blank(), silver[:600], seed=seed) for seed in (3, 3, 4))
    bytes_of = [nlp.get_pipe(NAME).model.to_bytes() for nlp in (one, two, other)]
    assert bytes_of[0] == bytes_of[1] != bytes_of[2]


def test_a_pipeline_without_vocabulary_comes_back_from_disk_with_the_same_tags(nlp, tmp_path):
    nlp.to_disk(tmp_path, exclude=["vocab"])
    loaded = spacy.load(tmp_path)
    assert tags(loaded) == tags(nlp)
    assert sum(file.stat().st_size for file in (tmp_path / NAME).iterdir()) < 1_500_000


def test_bullets_of_symbol_fonts_are_tagged_as_bullets(nlp):
    for bullet in "\uf0b7\uf0a7\uf0fc":
        text = f"Teller, Alpha Bank\n{bullet} Troubleshot modems\n{bullet} Design parts weekly"
        found = [token.tag_ for token in nlp(text)]
        assert found == [token.tag_ for token in nlp(text.replace(bullet, "•"))]


def test_tags_do_not_depend_on_the_batch(nlp):
    texts = [*TEXTS, "", " ", "•", "x" * 3000, "Résumé – naïve ✓ 🙂"]
    alone = [tags(nlp, [text])[0] for text in texts]
    assert alone == tags(nlp, texts)


def test_silver_that_does_not_fit_is_refused():
    with pytest.raises(CorpusError, match="1 tags for 3 tokens"):
        train_tagger(blank(), [("Led a team", ["VBD"])])
    with pytest.raises(CorpusError, match="no tagged unit"):
        train_tagger(blank(), [])


@pytest.mark.parametrize("content", [None, b"no gzip", gzip.compress(b"no json\n"), gzip.compress(b'{"text": "a"}\n')])
def test_a_damaged_silver_file_is_named(tmp_path, content):
    file = tmp_path / "silver.jsonl.gz"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CorpusError, match=r"silver\.jsonl\.gz"):
        read_silver(file)


def test_a_long_document_is_tagged_as_its_parts_are(nlp, monkeypatch):
    text = " ".join(["Led a team of nine nurses.", "Process refunds at the counter."] * 40)
    whole = tags(nlp, [text, "", "Led a team."])
    monkeypatch.setattr("pmskills.tagger.MOST_TOKENS", 100)
    cut = tags(nlp, [text, "", "Led a team."])
    assert [len(document) for document in cut] == [len(document) for document in whole]
    differing = sum(one != other for one, other in zip(whole[0], cut[0], strict=True))
    assert differing <= 10
    assert cut[2] == whole[2]
