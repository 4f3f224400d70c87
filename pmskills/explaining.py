"""Why a unit was labelled: what each of its words added to the decision, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from spacy.tokens import Doc, Span

from pmskills.classifier import Classifier
from pmskills.features import FeatureSpace
from pmskills.reader import Reader
from pmskills.scoring import names, parts_of


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a unit and what it added to the decision.

    Attributes
    ----------
    text
        The word.
    start, end
        Offsets in the document.
    contribution
        In log-odds, of either sign.
    """

    text: str
    start: int
    end: int
    contribution: float


@dataclass(frozen=True, slots=True)
class Why:
    """Why a unit shows a label.

    The decision is a sum over features, of the way to show the label that fits the unit best where the model knows
    several, and in a long unit of the part that shows it best; each feature stands on one or several words, which
    share it equally. What the encoder adds is shared out by what is lost when each word is masked (occlusion, Zeiler
    and Fergus 2014); the remainder belongs to no word.

    Attributes
    ----------
    words
        All words of the unit, in order.
    rest
        What belongs to no word, in log-odds: how common the label is, the unit's length, verb forms it
        lacks, and what the encoder sees in several words together.
    """

    words: tuple[Word, ...]
    rest: float

    @property
    def decision(self) -> float:
        """The decision in log-odds: the sum of all contributions; the logistic function of it is the probability."""
        return self.rest + sum(word.contribution for word in self.words)

    @property
    def top(self) -> tuple[Word, ...]:
        """The words that carried the decision, in order: the fewest that hold 70% of what speaks for the label."""
        ranked = sorted((word for word in self.words if word.contribution > 0), key=lambda word: -word.contribution)
        share, chosen = 0.7 * sum(word.contribution for word in ranked), set()
        for word in ranked:
            if share <= 0:
                break
            chosen.add(word.start)
            share -= word.contribution
        return tuple(word for word in self.words if word.start in chosen)


def explain(
    space: FeatureSpace, classifier: Classifier, reader: Reader | None, unit: Doc | Span, columns: Sequence[int]
) -> list[Why]:
    """Take the decisions on a tagged unit apart.

    Parameters
    ----------
    space, classifier, reader
        The model.
    unit
        The unit, with tags.
    columns
        Which of the classifier's labels to explain.
    """
    parts, _ = parts_of(space, classifier, [unit])
    counts = space.count(parts)
    plain = classifier.decision_function(counts)
    deciding, best = plain.argmax(axis=0), plain.max(axis=0)
    if reader:
        whole = names(parts[:1])
        added, lost = reader.read(whole, best[None, :])[0], reader.shares(whole[0], best)
    found = []
    for column in columns:
        part = int(deciding[column])
        sums, rest = _shares(space, classifier, unit, column, counts[[part]], part)
        if reader:
            sums[space.places(unit, 0)] += lost[:, column]
            rest += added[column] - lost[:, column].sum()
        words = tuple(
            Word(token.text, token.idx, token.idx + len(token), float(share))
            for token, share in zip(unit, sums, strict=True)
            if not token.is_space
        )
        found.append(Why(words, float(rest + sums.sum()) - sum(word.contribution for word in words)))
    return found


def _shares(
    space: FeatureSpace, classifier: Classifier, unit: Doc | Span, column: int, counts: csr_matrix, part: int
) -> tuple[NDArray[np.float64], float]:
    """Return what each token adds to the classifier's decision on a part, shape (n_tokens,), and what none adds."""
    located = list(space.locate(unit, part))
    columns = np.array([place for place, _ in located], dtype=np.int64)
    shares, rest = classifier.contributions(counts, columns, [column])
    # A feature of several words is shared by them; one of no word goes to the last place, for the rest.
    nowhere = len(unit)
    owners = [words or (nowhere,) for _, words in located]
    sizes = np.array([len(words) for words in owners], dtype=np.int64)
    owned = np.array([word for words in owners for word in words], dtype=np.int64)
    sums = np.bincount(owned, weights=np.repeat(shares[0] / np.maximum(sizes, 1), sizes), minlength=nowhere + 1)
    return np.asarray(sums[:nowhere], dtype=np.float64), float(rest[0] + sums[nowhere])
