"""What encoder and teacher have in common: variations of the units, documents held out, words as pieces."""

import hashlib
import random
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc
from transformers import PreTrainedTokenizerBase

from pmskills.corpus import Example
from pmskills.encoder import STANDS_FOR
from pmskills.features import FeatureSpace
from pmskills.skills import LABELS, SKILLS

OUTPUTS = (*LABELS, *(facet for skill in SKILLS for facet in skill.facets))
# Of the log-odds that the teacher gives, which are kept in whole numbers.
STEP = 1 / 16

# Units of documents that weigh less are of too dense a corpus.
LEAST_WEIGHT = 0.4
HELD_OUT = 0.2
CUT, CROSSED, JOINED, MISSPELT = 0.25, 1.2, 0.35, 0.3
MOST_WORDS = 50
# Where one unit can go on as another does.
HINGES = frozenset("for with to of by in and on from through that which while".split())


@dataclass(frozen=True, slots=True)
class Variation:
    """A text made of one unit or two.

    Attributes
    ----------
    text
        The text.
    documents
        Of what documents it is.
    weight
        That of the unit, or the less of the two.
    shown
        Labels and facets; None where only the teacher can tell.
    """

    text: str
    documents: tuple[str, ...]
    weight: float
    shown: tuple[str, ...] | None


def variations(examples: Sequence[Example], seed: int = 0) -> list[Variation]:
    """Return variations of units, in the order of the units; the same for the same units."""
    chance = random.Random(seed)
    units = [(example, example.text.split()) for example in examples if example.weight >= LEAST_WEIGHT]
    hinged: dict[str, list[tuple[Example, list[str]]]] = {}
    for example, words in units:
        for place in hinges(words):
            hinged.setdefault(words[place].lower(), []).append((example, words[place:]))
    found = []
    for example, words in units:
        shown = (*example.labels, *example.facets)
        if len(words) >= 5 and chance.random() < CUT:
            place = round(len(words) * chance.uniform(0.3, 0.7))
            found += [of(part, None, example) for part in (words[:place], words[place:])]
        other, others = chance.choice(units)
        if chance.random() < JOINED and len(words) + len(others) < 2 * MOST_WORDS:
            text = example.text.rstrip(".") + chance.choice([" ", " ", ". ", "; "]) + other.text
            found.append(of([text], (*shown, *other.labels, *other.facets), example, other))
        if chance.random() < MISSPELT:
            found.append(of([misspelt(example.text, chance.choice([0.01, 0.02, 0.04]), chance)], shown, example))
        places = hinges(words)
        for _ in range(int(CROSSED + chance.random())):
            if not places:
                break
            place = chance.choice(places)
            other, rest = chance.choice(hinged[words[place].lower()])
            if other is not example and place + len(rest) < MOST_WORDS:
                found.append(of(words[:place] + rest, None, example, other))
    return found


def digest_of(texts: Sequence[str]) -> str:
    """Return the SHA-256 of texts in their order."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def pieces_of(docs: Iterable[Doc], space: FeatureSpace, tokenizer: PreTrainedTokenizerBase) -> list[list[int]]:
    """Return the numbers of the pieces of texts, words masked as the features mask them, begin and end marked."""
    cut: dict[str, list[int]] = {}
    found = []
    for doc in docs:
        pieces = [tokenizer.cls_token_id]
        for word in space.words(doc):
            if word.name not in cut:
                text = tokenizer.mask_token if word.name == "<name>" else STANDS_FOR.get(word.name, word.name)
                cut[word.name] = tokenizer(text, add_special_tokens=False)["input_ids"]
            pieces += cut[word.name]
        found.append([*pieces, tokenizer.sep_token_id])
    return found


def held_out(examples: Sequence[Example]) -> frozenset[str]:
    """Return some fifth of the documents: a document stays in or out whatever else a corpus gets."""
    names = {example.document or "" for example in examples}
    return frozenset(
        name for name in names if int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) < HELD_OUT * 16**8
    )


def of(words: Sequence[str], shown: tuple[str, ...] | None, *examples: Example) -> Variation:
    """Return a variation of one unit or two."""
    documents = tuple(example.document or "" for example in examples)
    return Variation(" ".join(words), documents, min(example.weight for example in examples), shown)


def hinges(words: Sequence[str]) -> list[int]:
    """Return the places of words at which a unit can be crossed with another."""
    return [place for place in range(1, len(words) - 1) if words[place].lower() in HINGES]


def misspelt(text: str, share: float, chance: random.Random) -> str:
    """Return a text of which a share of the characters is wrong, lost, doubled, turned round or split off."""
    found = list(text)
    for place, letter in enumerate(text):
        if chance.random() < share:
            kind = chance.randrange(5)
            following = text[place + 1 : place + 2]
            found[place] = [chance.choice(string.ascii_lowercase), "", letter * 2, following, f"{letter} "][kind]
            if kind == 3 and following:
                found[place + 1] = letter
    return "".join(found) or "-"
