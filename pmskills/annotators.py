"""Several annotators of the same units: how far they agree, and one answer from many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score, f1_score

from pmskills.corpus import Example
from pmskills.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far annotators agree on one label.

    Attributes
    ----------
    kappa
        Cohen's kappa, the mean over pairs of annotators weighted by the units that both saw; at most 1.
    alpha
        Krippendorff's alpha for nominal data, over all annotators, units of one annotator left out; at most 1.
    f1
        F1 of one annotator against the other, weighted like kappa; between 0 and 1.
    units
        Number of units with more than one annotator.
    """

    kappa: float
    alpha: float
    f1: float
    units: int


def annotations_of(examples: Sequence[Example]) -> dict[tuple[str | None, str], dict[str, Example]]:
    """Group examples by unit: document and text to annotator to example; one without a name is a name of its own."""
    grouped: dict[tuple[str | None, str], dict[str, Example]] = {}
    for row, example in enumerate(examples):
        grouped.setdefault((example.document, example.text), {})[example.annotator or f"#{row}"] = example
    return grouped


def agreement(examples: Sequence[Example]) -> dict[str, Agreement]:
    """Measure agreement on each label.

    Parameters
    ----------
    examples
        A corpus in which units stand once for each annotator.

    Returns
    -------
    dict
        From label to its figures, labels in alphabetical order.

    Raises
    ------
    CorpusError
        No unit has more than one annotator.

    Examples
    --------
    >>> from pmskills import Example
    >>> both = [Example("Fixed it.", ("a",), annotator=who) for who in ("x", "y")]
    >>> more = [Example("Swept.", (), annotator="x"), Example("Swept.", (), annotator="y")]
    >>> agreement(both + more)["a"].kappa
    1.0
    """
    units = [answers for answers in annotations_of(examples).values() if len(answers) > 1]
    if not units:
        raise CorpusError("no unit has more than one annotator; there is no agreement to measure.")
    labels = sorted({label for answers in units for example in answers.values() for label in example.labels})
    return {label: _agreement(units, label) for label in labels}


def _agreement(units: Sequence[Mapping[str, Example]], label: str) -> Agreement:
    pairs: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for answers in units:
        for first, second in combinations(sorted(answers), 2):
            both = label in answers[first].labels, label in answers[second].labels
            pairs.setdefault((first, second), []).append(both)
    kappas, f1s, weights = [], [], []
    for answers_of_pair in pairs.values():
        one, other = np.array(answers_of_pair).T
        # Where both always say the same one thing kappa is undefined; they do agree.
        same = len(set(one)) == len(set(other)) == 1 and one[0] == other[0]
        kappas.append(1.0 if same else float(cohen_kappa_score(one, other)))
        f1s.append(float(f1_score(one, other, zero_division=1.0)))
        weights.append(len(one))
    counts = np.array([_counts(answers, label) for answers in units])
    return Agreement(
        float(np.average(kappas, weights=weights)),
        krippendorff_alpha(counts),
        float(np.average(f1s, weights=weights)),
        len(units),
    )


def _counts(answers: Mapping[str, Example], label: str) -> tuple[int, int]:
    yes = sum(label in example.labels for example in answers.values())
    return len(answers) - yes, yes


def krippendorff_alpha(counts: NDArray[np.int_]) -> float:
    """Return Krippendorff's alpha for nominal data (Krippendorff 2011, Computing Krippendorff's alpha-reliability).

    Parameters
    ----------
    counts
        How many annotators chose each value, shape (n_units, n_values); units of fewer than two do not count.

    Examples
    --------
    >>> import numpy as np
    >>> krippendorff_alpha(np.array([[2, 0], [0, 2]]))
    1.0
    """
    counts = counts[counts.sum(axis=1) > 1]
    each = counts.sum(axis=1)
    total = counts.sum(axis=0)
    number = total.sum()
    observed = float(((each[:, None] - counts) * counts / (each - 1)[:, None]).sum())
    expected = float((total * (number - total)).sum() / (number - 1))
    return 1.0 if expected == 0 else 1 - observed / expected


def merge(
    examples: Sequence[Example], adjudicated: Sequence[Example] | None = None
) -> tuple[list[Example], list[Example]]:
    """Make one example of each unit.

    Parameters
    ----------
    examples
        A corpus in which units may stand once for each annotator.
    adjudicated
        Units with the labels that were settled on; they beat the majority.

    Returns
    -------
    tuple of list
        The merged examples, in the order of the first of each unit, each with the labels of more than half of its
        annotators; and those of them with a tie that nobody settled, for adjudication: there the label is left out.
    """
    settled = {(example.document, example.text): example for example in adjudicated or ()}
    settled_texts = {example.text: example for example in adjudicated or () if example.document is None}
    merged, ties = [], []
    for (document, text), answers in annotations_of(examples).items():
        first = next(iter(answers.values()))
        decided = settled.get((document, text)) or settled_texts.get(text)
        if len(answers) == 1 and decided is None:
            merged.append(first)
            continue
        votes = Counter(label for example in answers.values() for label in example.labels)
        labels = tuple(sorted(label for label, count in votes.items() if 2 * count > len(answers)))
        if decided is not None:
            merged.append(replace(first, labels=decided.labels, annotator="adjudicated"))
            continue
        merged.append(replace(first, labels=labels, annotator="majority"))
        if any(2 * count == len(answers) for count in votes.values()):
            ties.append(merged[-1])
    return merged, ties
