"""The corpus that the packaged model is trained on."""

import itertools
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from pmskills.corpus import read_corpus
from pmskills.skills import SKILLS

CORPORA = Path(__file__).parent.parent / "corpora"
NGRAMS = Path(__file__).parents[2] / "shared" / "real" / "ngrams.tsv"
PERSONAL = re.compile(
    r"[\w.]+@[\w-]+\.\w|https?://|(?<!\d)(?:\+?1[ -])?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)|\d{3}-\d{2}-\d{4}"
)


def words(text):
    return re.findall(r"[a-z0-9]+", text.lower())


@pytest.fixture(scope="module")
def evidence():
    return read_corpus(CORPORA / "pm-evidence")


def test_facets_and_labels_say_the_same(evidence):
    skill_of = {facet: skill.key for skill in SKILLS for facet in skill.facets}
    for example in evidence:
        assert {skill_of[facet] for facet in example.facets} == set(example.labels), example.text


def test_long_units_stand_once(evidence):
    counts = Counter(" ".join(words(example.text)) for example in evidence)
    assert [text for text, count in counts.items() if count > 1 and len(text) > 30] == []


def test_near_duplicates_across_documents_are_rare(evidence):
    """Two units of 8 words or more are near-duplicates when four fifths of their word triples are the same."""
    triples, holders = {}, defaultdict(list)
    for row, example in enumerate(evidence):
        tokens = words(example.text)
        if len(tokens) >= 8:
            triples[row] = set(zip(tokens, tokens[1:], tokens[2:], strict=False))
            for triple in triples[row]:
                holders[triple].append(row)
    shared = Counter()
    for rows in holders.values():
        shared.update((a, b) for place, a in enumerate(rows) for b in rows[place + 1 :])
    near = {
        row
        for (a, b), count in shared.items()
        if evidence[a].document != evidence[b].document and count >= 0.8 * len(triples[a] | triples[b])
        for row in (a, b)
    }
    assert len(near) < 0.001 * len(evidence), [evidence[row].text for row in sorted(near)]


def test_no_beginning_dominates(evidence):
    for label in (skill.key for skill in SKILLS):
        chosen = [" ".join(words(example.text)[:4]) for example in evidence if label in example.labels]
        beginning, count = Counter(chosen).most_common(1)[0]
        assert count < 0.01 * len(chosen), beginning


def test_no_personal_data(evidence):
    assert [example.text for example in evidence if PERSONAL.search(example.text)] == []


def test_no_document_is_mostly_evidence(evidence):
    of_document = defaultdict(list)
    for example in evidence:
        of_document[example.document].append(bool(example.labels))
    shares = sorted(sum(labels) / len(labels) for labels in of_document.values() if len(labels) >= 20)
    assert shares[len(shares) // 2] < 0.4
    assert sum(share > 0.65 for share in shares) < 0.05 * len(shares)


def test_evidence_and_other_lines_stand_in_every_occupation(evidence):
    of_occupation = defaultdict(list)
    for example in evidence:
        of_occupation[(example.occupation or "").split(",")[0]].append(bool(example.labels))
    shares = [sum(labels) / len(labels) for labels in of_occupation.values() if len(labels) >= 25]
    assert len(of_occupation) >= 150
    assert sum(0.05 <= share <= 0.65 for share in shares) > 0.97 * len(shares)


@pytest.mark.skipif(not NGRAMS.exists(), reason="the counts of real resumes are not part of the project")
@pytest.mark.parametrize(("kind", "floor"), [("lead", 0.96), ("uni", 0.98), ("bi", 0.96)])
def test_words_of_real_resumes_are_covered(evidence, kind, floor):
    """The share of the document frequency of real words, first words and pairs that stand in the corpus too."""
    token = re.compile(r"[a-z][a-z'&/-]*")
    known = set()
    for example in evidence:
        found = token.findall(example.text.lower())
        known |= {
            "lead": set(found[:1]),
            "uni": set(found),
            "bi": {" ".join(pair) for pair in itertools.pairwise(found)},
        }[kind]
    total = covered = 0
    for line in NGRAMS.read_text(encoding="utf8").splitlines():
        fields = line.split("\t")
        if fields[0] == kind and re.fullmatch(r"[a-z' -]+", fields[1]):
            total += int(fields[2])
            covered += int(fields[2]) * (fields[1] in known)
    assert covered / total > floor
