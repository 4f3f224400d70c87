"""Why a unit was labelled: what each of its words added to the decision, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from spacy.tokens import Doc, Span

from pmskills.classifier import Classifier
from pmskills.features import FeatureSpace


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
    several; each feature stands on one or several words, which share it equally.

    Attributes
    ----------
    words
        All words of the unit, in order.
    rest
        What belongs to no word, in log-odds: how common the label is, the unit's length and verb forms it lacks.
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


def explain(space: FeatureSpace, classifier: Classifier, unit: Doc | Span, columns: Sequence[int]) -> list[Why]:
    """Take the decisions on a tagged unit apart.

    Parameters
    ----------
    space, classifier
        The model.
    unit
        The unit, with tags.
    columns
        Which of the classifier's labels to explain.
    """
    located = list(space.locate(unit))
    places = np.array([column for column, _ in located], dtype=np.int64)
    shares, rest = classifier.contributions(space.transform([unit]), places, columns)
    # A feature of several words is shared by them; one of no word goes to the last place, for the rest.
    nowhere = len(unit)
    owners = [words or (nowhere,) for _, words in located]
    sizes = np.array([len(words) for words in owners], dtype=np.int64)
    places = np.array([word for words in owners for word in words], dtype=np.int64)
    each = np.repeat(shares / np.maximum(sizes, 1), sizes, axis=1)
    reasons = []
    for row in range(len(columns)):
        sums = np.bincount(places, weights=each[row], minlength=nowhere + 1)
        words = tuple(
            Word(token.text, token.idx, token.idx + len(token), float(share))
            for token, share in zip(unit, sums, strict=False)
            if not token.is_space
        )
        reasons.append(Why(words, float(rest[row] + sums.sum()) - sum(word.contribution for word in words)))
    return reasons
