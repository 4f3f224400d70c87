"""What to label next: units that a model is unsure of, unlike each other, of all labels."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.preprocessing import normalize

from pmskills.errors import CorpusError
from pmskills.pipeline import Analyzer, tagged
from pmskills.scoring import log_odds

CANDIDATES = 10
DIMENSIONS = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A unit worth labelling.

    Attributes
    ----------
    text
        The unit.
    row
        Its number, from 0, among the texts.
    label
        The label that the model is most in doubt about.
    probabilities
        From label to probability.
    """

    text: str
    row: int
    label: str
    probabilities: dict[str, float]


def suggest(texts: Sequence[str], analyzer: Analyzer, *, n: int = 50, seed: int = 0) -> list[Suggestion]:
    """Choose what to label next.

    Of the units whose log-odds are nearest to a threshold (uncertainty sampling, Lewis and Gale 1994), ranked for each
    label apart so that a rare one is not drowned, the best of each of ``n`` clusters is taken (as Xu et al. 2003).

    Parameters
    ----------
    texts
        Units that nobody has labelled; repeats are left out.
    analyzer
        The model so far.
    n
        How many to choose.
    seed
        Decides the clusters.

    Returns
    -------
    list of Suggestion
        The most doubtful first; fewer than ``n`` if there are fewer texts.

    Raises
    ------
    CorpusError
        There is no text, or ``n`` is below 1.
    """
    if n < 1:
        raise CorpusError(f"n is {n}; expected at least 1.")
    first = {" ".join(text.split()).lower(): row for row, text in reversed(list(enumerate(texts))) if text.strip()}
    rows = sorted(first.values())
    if not rows:
        raise CorpusError("there is no text to choose from.")
    space, classifier, reader = analyzer.parts
    units = list(tagged(analyzer.nlp, [texts[row] for row in rows]))
    decisions, counts = log_odds(space, classifier, reader, units)
    probabilities = expit(decisions)
    limits = np.array([analyzer.thresholds[label] for label in analyzer.labels])
    doubt = -np.abs(logit(np.clip(probabilities, 1e-6, 1 - 1e-6)) - logit(limits))
    # Place of each unit among all, for each label, 0 the most doubtful.
    places = np.argsort(np.argsort(-doubt, axis=0, kind="stable"), axis=0, kind="stable")
    best = places.min(axis=1)
    foremost = np.where(places == best[:, None], doubt, -np.inf)
    about = foremost.argmax(axis=1)
    # Each label has a unit in first place: among equals, the nearest to its threshold.
    candidates = np.lexsort((-foremost.max(axis=1), best))[: CANDIDATES * n]
    chosen = candidates
    if len(candidates) > n:
        features = classifier.weighting.transform(counts[candidates])
        size = min(DIMENSIONS, len(candidates) - 1, features.shape[1] - 1)
        vectors = normalize(TruncatedSVD(size, random_state=seed).fit_transform(normalize(features)))
        cluster = KMeans(n, n_init=1, random_state=seed).fit_predict(vectors)
        # Candidates stand in the order of doubt: the first of a cluster is its most doubtful.
        firsts = np.unique(cluster, return_index=True)[1]
        rest = np.setdiff1d(np.arange(len(candidates)), firsts)
        chosen = candidates[np.sort(np.concatenate([firsts, rest[: n - len(firsts)]]))]
    return [
        Suggestion(
            texts[rows[place]],
            rows[place],
            analyzer.labels[about[place]],
            {label: round(float(value), 4) for label, value in zip(analyzer.labels, probabilities[place], strict=True)},
        )
        for place in chosen
    ]


def read_units(path: str | Path) -> list[str]:
    """Read units without labels: JSON lines with ``text``, or plain text, one unit a line.

    Raises
    ------
    CorpusError
        The file cannot be read, or a line is of another form; the message names file and line.
    """
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{file}: cannot be read as UTF-8 text ({error}).") from None
    if file.suffix not in (".jsonl", ".ndjson"):
        return [line.strip() for line in lines if line.strip()]
    texts = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
        except (ValueError, KeyError, TypeError):
            text = None
        if not isinstance(text, str):
            raise CorpusError(f'{file}:{number}: no text; expected {{"text": "…"}}.')
        texts.append(text)
    return texts


def _jsonl(suggestions: Sequence[Suggestion]) -> str:
    return _lines({"text": one.text, "doubt": one.label, "probabilities": one.probabilities} for one in suggestions)


def _prodigy(suggestions: Sequence[Suggestion]) -> str:
    options = [{"id": label, "text": label} for label in suggestions[0].probabilities]
    return _lines({"text": one.text, "options": options, "meta": {"doubt": one.label}} for one in suggestions)


def _doccano(suggestions: Sequence[Suggestion]) -> str:
    return _lines({"text": one.text, "label": [], "doubt": one.label} for one in suggestions)


def _label_studio(suggestions: Sequence[Suggestion]) -> str:
    return json.dumps([{"data": {"text": one.text, "doubt": one.label}} for one in suggestions], ensure_ascii=False)


def _lines(rows: Any) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


WRITERS: dict[str, Callable[[Sequence[Suggestion]], str]] = {
    "jsonl": _jsonl,
    "prodigy": _prodigy,
    "label-studio": _label_studio,
    "doccano": _doccano,
}
