"""spaCy spans to a feature matrix: words, stems, word classes, pairs of them, tags, verbs with objects, characters."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import pairwise

import numpy as np
import snowballstemmer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from spacy.attrs import ORTH, TAG
from spacy.tokens import Doc, Span

from pmskills.spelling import Speller
from pmskills.word_classes import WORD_CLASSES

CHAR_NGRAMS = (3, 4, 5)
SKIP = 4
HEAD = 4
OBJECT_REACH = 8
CLASS_REACH = 5
# Longer ones are no words but data that extraction took for text.
LONGEST_WORD = 100
# Of a unit of more than WIDE words windows are looked at too: much in it may speak for nothing.
WIDE = 20
WINDOW = 16
STRIDE = 8
MIN_UNITS = 3
# What a kind counts beside the others; found on real resumes, where each is better than 1 and near values are as good.
SCALES = {"c": 0.5, "f": 2.0, "v": 0.5, "l": 0.5, "g": 0.7, "h": 0.7}
LENGTH = "n:word"
_STEMMER = snowballstemmer.stemmer("english")
_MONEY = re.compile(r"[$€£₹]")
_EMAIL_OR_URL = re.compile(r"@|^https?:|^www\.|\.(?:com|org|net|edu)\b")
_NUMBER = re.compile(r"^[~+-]?\d[\d,./:-]*(?:k|m|mm|bn|b|cr|th|st|nd|rd|s|x|\+)?$")
_WORDLIKE = re.compile(r"[^\W\d_]")
# Shorter ones are more often names: Ahmed, Jing, James.
_VERBAL = re.compile(r"^.{4,}(?:ed|ing|s|ize|ise|ify|ate)$")
_INSTITUTIONS = frozenset("Academy College Community Institute Polytechnic School University".split())
_PERSONS = "he she him her his hers himself herself mr mr. mrs mrs. ms ms. miss"
_MONTHS = (
    "january february april june july august september october november december "
    "jan feb mar apr jun jul aug sep sept oct nov dec"
)
_MASKS = dict.fromkeys(_PERSONS.split(), "<person>") | dict.fromkeys(_MONTHS.split(), "<month>")
_MASKED_TAGS = {"<name>": "NNP", "<person>": "PRP", "<month>": "NNP", "<num>": "CD", "<money>": "$", "<web>": "ADD"}
_MONTHS_OR_WORDS = ("May", "March")


# A feature's name and the places of its words.
Located = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class MaskedWord:
    """A word as the features see it.

    Attributes
    ----------
    name
        The word in lower case and well spelt, or what masks it.
    stem, tag, classes
        Of the name.
    columns
        The columns of the features that stand on this word alone.
    """

    name: str
    stem: str
    tag: str
    classes: tuple[str, ...]
    columns: tuple[int, ...]


@dataclass(slots=True)
class FeatureSpace:
    """The features that a model knows, in column order, and the way from spans to counts.

    Names are ``w:`` word, ``b:`` pair of neighbouring words, ``l:`` leading word, ``c:`` characters of a word,
    ``s:`` stem (Porter's English stemmer, snowballstem.org), ``t:`` pair of neighbouring stems, ``k:`` pair of
    stems 2 to 4 words apart, ``v:`` leading stem and one that follows, ``h:`` classes of two words (`word_classes`)
    1 to 5 apart, ``n:`` number of words in steps of 4, ``n:word`` once for each word; of
    spans with part-of-speech tags also ``p:`` tags of the first 1 to 4 words, ``f:`` stem of a verb, ``o:``
    stems of a verb and its object (the last noun of the next noun phrase), ``g:`` class and tag of a word,
    ``m:`` numbers of verb forms.
    Numbers, amounts, e-mail addresses, URLs, months and the pronouns and titles that tell a person's sex
    become ``<num>``, ``<money>``, ``<web>``, ``<month>``, ``<person>``; words with a capital that the training
    text never has in lower case nor begins units with become ``<name>``, several in a row one ``<name>``;
    all before any feature is made: no feature is about who somebody is.

    Attributes
    ----------
    names
        Feature names; a name's position is its column.
    common
        Words that are never masked as names.
    classes
        The word classes: for each the stems in it.
    lenient
        Whether misspelt words are taken for the common words that are meant, and participles for past tense: taggers
        tell these apart by what stands before, names included.
    """

    names: Sequence[str]
    common: frozenset[str]
    classes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lenient: bool = False
    _columns: dict[str, int] = field(init=False, repr=False)
    _cache: dict[tuple[int, int, bool], MaskedWord] = field(init=False, repr=False)
    _pairs: dict[str, dict[str, dict[str, int]]] = field(init=False, repr=False)
    _classes_of: dict[str, tuple[str, ...]] = field(init=False, repr=False)
    _known_stems: frozenset[str] = field(init=False, repr=False)
    _speller: Speller | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Index the names."""
        self._columns = {name: column for column, name in enumerate(self.names)}
        self._cache = {}
        self._pairs = {"b": {}, "t": {}, "k": {}, "v": {}, "h": {}}
        self._classes_of = {}
        self._known_stems = frozenset(map(_stem, self.common))
        self._speller = None
        for name, stems in self.classes.items():
            for stem in stems:
                self._classes_of[stem] = (*self._classes_of.get(stem, ()), name)
        for name, column in self._columns.items():
            if (pairs := self._pairs.get(name[0])) is not None:
                stem, _, other = name[2:].partition(" ")
                pairs.setdefault(stem, {})[other] = column

    @classmethod
    def fit(cls, spans: Sequence[Doc | Span], min_units: int = MIN_UNITS) -> "FeatureSpace":
        """Collect the features of a training text.

        Parameters
        ----------
        spans
            The units.
        min_units
            In how many units a feature must stand to be kept.
        """
        lower = Counter(token.lower_ for span in spans for token in span if token.is_lower or token.i == span[0].i)
        common = frozenset(word for word, count in lower.items() if count > 1)
        bare = cls((), common, _stem_classes(), lenient=True)
        document_frequency: Counter[str] = Counter()
        for span in spans:
            document_frequency.update(set(bare.describe(span)))
        names = sorted(name for name, count in document_frequency.items() if count >= min_units)
        return cls(names, common, bare.classes, lenient=True)

    @property
    def scales(self) -> NDArray[np.float64]:
        """What each feature counts beside the others, shape (n_features,)."""
        return np.array([0.0 if name == LENGTH else SCALES.get(name[0], 1.0) for name in self.names])

    @property
    def length(self) -> int | None:
        """The column that counts the words of a unit."""
        return self._columns.get(LENGTH)

    def describe(self, span: Doc | Span) -> list[str]:
        """Return the names of a unit's features, repeated as often as they occur."""
        return [name for name, _ in self._described(span)]

    def locate(self, span: Doc | Span, part: int = 0) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the columns of a unit's known features, repeated as often as they occur, each with its tokens.

        The tokens are positions in the unit; a feature of the whole unit has none. Part 0 is the whole unit, others
        are its windows, in the order of `cut`.
        """
        for name, tokens in self._described(span, part):
            if (column := self._columns.get(name)) is not None:
                yield column, tokens

    def places(self, span: Doc | Span, part: int = 0) -> list[int]:
        """Return the tokens, by position in the unit, that the words of a part of it stand for (see `cut`)."""
        return self._standing(span, part)[1]

    def _standing(self, span: Doc | Span, part: int) -> tuple[list[str], list[int]]:
        """Return the masked names of all tokens, and which of them are words of the part."""
        names = [self._mask(token.text, position == 0) for position, token in enumerate(span)]
        tokens = [
            position
            for position, (left, name) in enumerate(zip(["", *names], names, strict=False))
            if name and not left == name == "<name>"
        ]
        return names, tokens[slice(*windows(len(tokens))[part - 1])] if part else tokens

    def _described(self, span: Doc | Span, part: int = 0) -> Iterator[Located]:
        names, tokens = self._standing(span, part)
        words = [names[token] for token in tokens]
        tags = [self._tag(word, span[token].tag_) for word, token in zip(words, tokens, strict=True)]
        stems = [_stem(word) for word in words]
        found: list[Located] = []
        for place, (word, stem) in enumerate(zip(words, stems, strict=True)):
            found += [(name, (place,)) for name in (f"w:{word}", f"s:{stem}", LENGTH, *_character_ngrams(word))]
        found += [(f"b:{words[left]} {words[left + 1]}", (left, left + 1)) for left in range(len(words) - 1)]
        if words:
            found += [(f"l:{words[0]}", (0,)), (_length(len(words)), ())]
        found += _stem_pairs(stems)
        found += self._class_features([self._classes_of.get(stem, ()) for stem in stems], tags)
        found += _tag_features(stems, tags)
        for name, places in found:
            yield name, tuple(tokens[place] for place in places)

    def transform(self, spans: Sequence[Doc | Span]) -> csr_matrix:
        """Return the counts of the features.

        Parameters
        ----------
        spans
            The units.

        Returns
        -------
        csr_matrix, shape (n_units, n_features), float64
            Occurrence counts; features that the space does not know are left out.
        """
        return self.count(list(self.words(span)) for span in spans)

    def cut(self, spans: Sequence[Doc | Span]) -> tuple[list[list[MaskedWord]], NDArray[np.int64]]:
        """Return the words of the units and, below each long one, of its windows.

        Parameters
        ----------
        spans
            The units.

        Returns
        -------
        tuple
            The words of each part, n_parts, and for each unit the place where it stands whole, shape (n_units,),
            ascending; its windows, by `windows`, follow it.
        """
        parts: list[list[MaskedWord]] = []
        starts = np.zeros(len(spans), dtype=np.int64)
        for place, span in enumerate(spans):
            starts[place] = len(parts)
            words = list(self.words(span))
            parts.append(words)
            parts += [words[first:last] for first, last in windows(len(words))]
        return parts, starts

    def count(self, units: Iterable[Sequence[MaskedWord]]) -> csr_matrix:
        """Return the counts of features.

        Parameters
        ----------
        units
            The words of units, or of their parts from `cut`.

        Returns
        -------
        csr_matrix, shape (n_units, n_features), float64
        """
        indices: list[int] = []
        indptr = [0]
        columns = self._columns
        neighbours = self._pairs["b"]
        for unit in units:
            for word in unit:
                indices.extend(word.columns)
            for left, right in pairwise(unit):
                if (known := neighbours.get(left.name)) and right.name in known:
                    indices.append(known[right.name])
            stems = [word.stem for word in unit]
            if stems:
                self._add_stem_pairs(stems, indices)
                self._add_class_pairs([word.classes for word in unit], indices)
                tags = [word.tag for word in unit]
                names = [f"l:{unit[0].name}", _length(len(unit)), *(name for name, _ in _tag_features(stems, tags))]
                indices.extend(columns[name] for name in names if name in columns)
            indptr.append(len(indices))
        data = np.ones(len(indices), dtype=np.float64)
        matrix = csr_matrix(
            (data, np.asarray(indices, dtype=np.int32), np.asarray(indptr, dtype=np.int32)),
            shape=(len(indptr) - 1, len(self.names)),
        )
        matrix.sum_duplicates()
        return matrix

    def _add_stem_pairs(self, stems: list[str], indices: list[int]) -> None:
        """Add the columns of `_stem_pairs`, found without making their names."""
        for start, stem in enumerate(stems):
            if (known := self._pairs["t"].get(stem)) and start + 1 < len(stems) and stems[start + 1] in known:
                indices.append(known[stems[start + 1]])
            if known := self._pairs["k"].get(stem):
                indices.extend(known[other] for other in stems[start + 2 : start + SKIP + 1] if other in known)
        if known := self._pairs["v"].get(stems[0]):
            indices.extend(known[other] for other in dict.fromkeys(stems[1:]) if other in known)

    def _class_features(self, classes: Sequence[tuple[str, ...]], tags: Sequence[str]) -> list[Located]:
        found: list[Located] = []
        for start, mine in enumerate(classes):
            if tags[start]:
                found += [(f"g:{name}/{tags[start]}", (start,)) for name in mine]
            for place in range(start + 1, min(start + CLASS_REACH + 1, len(classes))):
                pairs = [(name, other) for name in mine for other in classes[place] if name != other]
                found += [(f"h:{name} {other}", (start, place)) for name, other in pairs]
        return found

    def _add_class_pairs(self, classes: list[tuple[str, ...]], indices: list[int]) -> None:
        """Add the columns of the pairs of `_class_features`, found without making their names."""
        pairs = self._pairs["h"]
        for start, mine in enumerate(classes):
            if mine:
                others = [other for place in classes[start + 1 : start + CLASS_REACH + 1] for other in place]
                for name in mine:
                    known = pairs.get(name, {})
                    indices.extend(known[other] for other in others if other in known)

    def words(self, span: Doc | Span) -> Iterator[MaskedWord]:
        """Yield the words of a unit, in order; of several masked names in a row the first alone."""
        cache = self._cache
        previous = ""
        first = True
        for orth, tag in span.to_array([ORTH, TAG]).tolist():  # type: ignore[union-attr]
            key = (orth, tag, first)
            word = cache.get(key)
            if word is None:
                strings = span.vocab.strings
                word = self._look_up(strings[orth], strings[tag] if tag else "", first)
                if len(cache) < 200_000:
                    cache[key] = word
            first = False
            if word.name and not word.name == previous == "<name>":
                yield word
            previous = word.name

    def _look_up(self, text: str, tag: str, first: bool) -> MaskedWord:
        name = self._mask(text, first)
        stem, tag = _stem(name), self._tag(name, tag)
        classes = self._classes_of.get(stem, ())
        of_classes = (f"g:{one}/{tag}" for one in classes if tag)
        features = (f"w:{name}", f"s:{stem}", LENGTH, *_character_ngrams(name), *of_classes)
        known = (self._columns.get(feature) for feature in features)
        return MaskedWord(name, stem, tag, classes, tuple(column for column in known if column is not None))

    def _mask(self, text: str, first: bool) -> str:
        if len(text) > LONGEST_WORD:
            return ""
        if _MONEY.search(text):
            return "<money>"
        if text == "%":
            return "%"
        if not _WORDLIKE.search(text):
            return "<num>" if text[0].isdigit() else ""
        lowered = text.lower().replace("’", "'")
        if _NUMBER.match(lowered):
            return "<num>"
        if _EMAIL_OR_URL.search(lowered):
            return "<web>"
        if lowered in _MASKS or (not first and text in _MONTHS_OR_WORDS):
            return _MASKS.get(lowered, "<month>")
        if self.lenient and (first or text[0].islower()):
            lowered = self._spelled(lowered)
        if self.common and not text[0].islower() and lowered not in self.common:
            return lowered if first and _VERBAL.search(lowered) else "<name>"
        return "<name>" if not first and text in _INSTITUTIONS else lowered

    def _tag(self, word: str, tag: str) -> str:
        """Return the tag of a word; of a masked one always the same, since a tagger may read two names differently."""
        known = _MASKED_TAGS.get(word, tag) if tag else ""
        return "VBD" if self.lenient and known == "VBN" else known

    def _spelled(self, word: str) -> str:
        """Return the word, or the known one that it misspells."""
        if _stem(word) in self._known_stems:
            return word
        if self._speller is None:
            self._speller = Speller(self.common)
        return self._speller.correct(word)


def windows(words: int) -> list[tuple[int, int]]:
    """Return where the windows of a unit of so many words begin and end; a short one has none."""
    if words <= WIDE:
        return []
    return [(first, min(first + WINDOW, words)) for first in range(0, words - WINDOW + STRIDE, STRIDE)]


@cache
def _stem_classes() -> Mapping[str, Sequence[str]]:
    return {name: sorted({_stem(word) for word in words.split()}) for name, words in WORD_CLASSES.items()}


def _length(words: int) -> str:
    return f"n:{min(words // 4, 8)}"


@lru_cache(maxsize=100_000)
def _stem(word: str) -> str:
    return str(_STEMMER.stemWord(word)) if word[:1].isalpha() else word


def _stem_pairs(stems: Sequence[str]) -> list[Located]:
    pairs: list[Located] = []
    for start, stem in enumerate(stems):
        for place in range(start + 1, min(start + SKIP + 1, len(stems))):
            pairs.append((f"{'t' if place == start + 1 else 'k'}:{stem} {stems[place]}", (start, place)))
    first = {other: place for place, other in reversed(list(enumerate(stems[1:], 1)))}
    return pairs + [(f"v:{stems[0]} {other}", (0, place)) for other, place in first.items()]


def _tag_features(stems: Sequence[str], tags: Sequence[str]) -> list[Located]:
    if not tags or not tags[0]:
        return []
    found: list[Located] = []
    for length in range(1, min(HEAD, len(tags)) + 1):
        found.append((f"p:{' '.join(tags[:length])}", tuple(range(length))))
    for name, kinds, most in (
        ("finite", ("VBD", "VBP", "VBZ"), 4),
        ("ing", ("VBG",), 3),
        ("bare", ("VB",), 3),
    ):
        places = tuple(place for place, tag in enumerate(tags) if tag in kinds)
        found.append((f"m:{name} {min(len(places), most)}", places))
    for tag in ("VBD", "PRP", "PRP$"):
        if tag in tags:
            found.append((f"m:{tag}", tuple(place for place, one in enumerate(tags) if one == tag)))
    for place, tag in enumerate(tags):
        if tag[:2] == "VB":
            found.append((f"f:{stems[place]}", (place,)))
            noun = _object(tags, place)
            if noun is not None:
                found.append((f"o:{stems[place]} {stems[noun]}", (place, noun)))
    return found


def _object(tags: Sequence[str], verb: int) -> int | None:
    """Return the place of a verb's object, None if it has none."""
    noun = None
    for place in range(verb + 1, min(verb + 1 + OBJECT_REACH, len(tags))):
        tag = tags[place]
        if tag in ("VB", "VBD", "VBP", "VBZ"):
            break
        if tag[:2] == "NN":
            noun = place
        elif noun is not None:
            break
    return noun


def _character_ngrams(word: str) -> list[str]:
    if not word or word[0] == "<" or len(word) < 3:
        return []
    padded = f"_{word}_"
    return [f"c:{padded[k : k + n]}" for n in CHAR_NGRAMS for k in range(len(padded) - n + 1)]
