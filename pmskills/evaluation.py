"""How right a model is on labelled units, how sure that is, and whether another is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score

from pmskills.calibration import decide
from pmskills.corpus import Example
from pmskills.errors import CorpusError
from pmskills.pages import comparison_page, evaluation_page
from pmskills.pipeline import Analyzer

BINS = 10
RESAMPLES = 1_000
MIN_SLICE = 20
MOST_SHOWN = 5
LENGTHS = ((1, 7), (8, 14), (15, 24), (25, 10_000))

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Score:
    """How well one label, or all of them, are found; every figure is between 0 and 1.

    Attributes
    ----------
    precision, recall, f1
        At the model's thresholds.
    average_precision
        Area under the precision-recall curve, over all thresholds.
    support
        Number of units that carry the label.
    f1_interval, average_precision_interval
        Bounds of 95% of bootstrap resamples of documents (Efron 1979); None where not computed.
    """

    precision: float
    recall: float
    f1: float
    average_precision: float
    support: int
    f1_interval: Interval | None = None
    average_precision_interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores of a model on labelled units.

    Attributes
    ----------
    labels
        Score of each label, in column order.
    micro, macro
        Over all decisions, and the mean over labels.
    units
        Number of units.
    calibration
        For each label the expected calibration error over 10 equal bins (Naeini et al. 2015), and the bins that
        hold units: mean probability, share that carries the label, units.
    curves
        For each label, at thresholds 0.05 to 0.95: threshold, precision, recall, F1.
    label_sets
        How often each set of labels that a unit carries was found as which set, most frequent first.
    slices
        Macro F1 and units for each section, occupation and length that has 20 units and a positive one.
    thresholds
        Those of the model, between 0 and 1.
    """

    labels: dict[str, Score]
    micro: Score
    macro: Score
    units: int
    calibration: Mapping[str, Mapping[str, Any]]
    curves: Mapping[str, Sequence[Mapping[str, float]]]
    label_sets: Sequence[Mapping[str, Any]]
    slices: Mapping[str, Mapping[str, Any]]
    thresholds: Mapping[str, float]

    def to_dict(self) -> dict[str, Any]:
        """Return the scores as plain dicts, rounded to 4 digits."""
        plain: dict[str, Any] = {
            "units": self.units,
            "labels": {label: _plain(score) for label, score in self.labels.items()},
            "micro": _plain(self.micro),
            "macro": _plain(self.macro),
            "calibration": self.calibration,
            "curves": self.curves,
            "label_sets": self.label_sets,
            "slices": self.slices,
            "thresholds": dict(self.thresholds),
        }
        return {key: value for key, value in plain.items() if value or key in ("units", "labels")}

    def to_html(self, title: str = "Evaluation") -> str:
        """Return a self-contained HTML page with plots.

        Raises
        ------
        PMSkillsError
            matplotlib (extra 'plot') is not installed.
        """
        return evaluation_page(self.to_dict(), title)

    def __str__(self) -> str:
        """Return a table."""
        width = max(len(label) for label in [*self.labels, "macro"])
        lines = [f"{'':{width}}  precision  recall     F1  (95% interval)     AP    ECE  support"]
        for name, score in [*self.labels.items(), ("micro", self.micro), ("macro", self.macro)]:
            interval = "{:.2f} to {:.2f}".format(*score.f1_interval) if score.f1_interval else ""
            error = f"{self.calibration[name]['ece']:.3f}" if name in self.calibration else ""
            lines.append(
                f"{name:{width}}  {score.precision:9.3f}  {score.recall:6.3f}  {score.f1:5.3f}  {interval:>14}  "
                f"{score.average_precision:5.3f}  {error:>5}  {score.support:7d}"
            )
        occupations = [name for name in self.slices if name.startswith("occupation ")]
        worst = sorted(occupations, key=lambda name: self.slices[name]["f1"])[:MOST_SHOWN]
        for name, part in self.slices.items():
            if name in worst or name not in occupations:
                lines.append(f"  {name}: macro F1 {part['f1']:.3f} ({part['units']} units)")
        if len(occupations) > len(worst):
            lines.append(f"  (of {len(occupations)} occupations the {len(worst)} with the lowest F1)")
        return "\n".join([*lines, f"{self.units} units"])


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether one model is better than another on the same units.

    Attributes
    ----------
    first, second
        Their evaluations.
    f1_difference, average_precision_difference
        Second minus first, macro.
    f1_interval, average_precision_interval
        Bounds of 95% of the difference over paired bootstrap resamples of documents.
    better
        Share of resamples in which the second has the higher macro F1; ties count half.
    mcnemar
        For each label: decisions right by the first only, by the second only, and the two-sided p-value of the
        exact test (McNemar 1947).
    """

    first: Evaluation
    second: Evaluation
    f1_difference: float
    average_precision_difference: float
    f1_interval: Interval
    average_precision_interval: Interval
    better: float
    mcnemar: Mapping[str, Mapping[str, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain dicts."""
        return {
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "f1_difference": round(self.f1_difference, 4),
            "f1_interval": [round(bound, 4) for bound in self.f1_interval],
            "average_precision_difference": round(self.average_precision_difference, 4),
            "average_precision_interval": [round(bound, 4) for bound in self.average_precision_interval],
            "better": round(self.better, 4),
            "mcnemar": self.mcnemar,
            "verdict": self.verdict,
        }

    def to_html(self, title: str = "Comparison of two models") -> str:
        """Return a self-contained HTML page with a plot.

        Raises
        ------
        PMSkillsError
            matplotlib (extra 'plot') is not installed.
        """
        return comparison_page(self.to_dict(), title)

    @property
    def verdict(self) -> str:
        """One sentence: better, worse, or not to be told apart."""
        low, high = self.f1_interval
        if low > 0:
            return "The second model is better: the whole 95% interval of its macro F1's gain is above 0."
        if high < 0:
            return "The second model is worse: the whole 95% interval of its macro F1's gain is below 0."
        return "The two cannot be told apart on these units: the 95% interval of the difference holds 0."

    def __str__(self) -> str:
        """Return what a terminal shows."""
        lines = ["FIRST", str(self.first), "", "SECOND", str(self.second), ""]
        for name, gain, (low, high) in (
            ("macro F1", self.f1_difference, self.f1_interval),
            ("macro AP", self.average_precision_difference, self.average_precision_interval),
        ):
            lines.append(f"{name}: second minus first {gain:+.3f} (95% {low:+.3f} to {high:+.3f})")
        for label, test in self.mcnemar.items():
            lines.append(
                f"{label}: right by the first only {test['first_only']:.0f}, by the second only "
                f"{test['second_only']:.0f}, McNemar p = {test['p']:.3f}"
            )
        return "\n".join([*lines, self.verdict])


def evaluate(analyzer: Analyzer, examples: Sequence[Example], *, seed: int = 0) -> Evaluation:
    """Score a model at its thresholds on labelled units that it was not trained on.

    Parameters
    ----------
    analyzer
        The model.
    examples
        The units; of one document they are resampled together.
    seed
        Decides the bootstrap resamples.

    Raises
    ------
    CorpusError
        The corpus is empty or has a label that the model does not know.
    """
    if not examples:
        raise CorpusError("there is no unit to score the model on.")
    truth = targets_of(examples, analyzer)
    probabilities = analyzer.predict_proba([example.text for example in examples])
    return measure(truth, probabilities, analyzer.labels, analyzer.thresholds, examples, seed)


def compare(first: Analyzer, second: Analyzer, examples: Sequence[Example], *, seed: int = 0) -> Comparison:
    """Compare two models on the same units.

    Parameters
    ----------
    first, second
        The models; they must know the same labels.
    examples
        Units that neither was trained on.
    seed
        Decides the bootstrap resamples.

    Raises
    ------
    CorpusError
        The labels differ, or the corpus has one that the models do not know.
    """
    if set(first.labels) != set(second.labels):
        raise CorpusError(
            f"the models know different labels: {', '.join(first.labels)} and {', '.join(second.labels)}. "
            "Compare models of the same labels."
        )
    labels = first.labels
    truth = targets_of(examples, first)
    texts = [example.text for example in examples]
    order = [second.labels.index(label) for label in labels]
    one, other = first.predict_proba(texts), second.predict_proba(texts)[:, order]
    chosen = decide(one, labels, first.thresholds), decide(other, labels, second.thresholds)
    if not truth.any():
        raise CorpusError("no unit carries a label; there is nothing to compare models on.")
    weights = _weights(examples, seed)

    def gain(figure: Any, before: NDArray[Any], after: NDArray[Any]) -> NDArray[np.float64]:
        gains = [
            figure(truth[:, column], after[:, column], weights) - figure(truth[:, column], before[:, column], weights)
            for column in range(len(labels))
        ]
        return np.asarray(np.mean(gains, axis=0))

    f1_gains, ap_gains = gain(_f1s, *chosen), gain(_areas, one, other)
    tests = {}
    for column, label in enumerate(labels):
        right = [found[:, column] == truth[:, column] for found in chosen]
        only = int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())
        p = float(binomtest(only[0], sum(only)).pvalue) if sum(only) else 1.0
        tests[label] = {"first_only": only[0], "second_only": only[1], "p": round(p, 4)}
    evaluations = [
        measure(truth, scores, labels, model.thresholds, examples, seed)
        for scores, model in ((one, first), (other, second))
    ]
    return Comparison(
        evaluations[0],
        evaluations[1],
        f1_difference=_macro_f1(truth, chosen[1]) - _macro_f1(truth, chosen[0]),
        average_precision_difference=_macro_ap(truth, other) - _macro_ap(truth, one),
        f1_interval=_middle(f1_gains),
        average_precision_interval=_middle(ap_gains),
        better=float((f1_gains > 0).mean() + (f1_gains == 0).mean() / 2),
        mcnemar=tests,
    )


def targets_of(examples: Sequence[Example], analyzer: Analyzer) -> NDArray[np.bool_]:
    """Return which labels of a model each unit carries, shape (n_units, n_labels).

    Raises
    ------
    CorpusError
        The corpus has a label that the model does not know.
    """
    unknown = sorted({label for example in examples for label in example.labels} - set(analyzer.labels))
    if unknown:
        raise CorpusError(
            f"the corpus has the labels {', '.join(unknown)}; the model knows only {', '.join(analyzer.labels)}."
        )
    return targets_for(examples, analyzer.labels)


def targets_for(examples: Sequence[Example], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of some labels each unit carries, shape (n_units, n_labels)."""
    return np.array([[label in example.labels for label in labels] for example in examples], dtype=np.bool_).reshape(
        len(examples), len(labels)
    )


def measure(
    truth: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    labels: Sequence[str],
    thresholds: Mapping[str, float],
    examples: Sequence[Example],
    seed: int,
) -> Evaluation:
    """Score probabilities, shape (n_units, n_labels), against what the units carry."""
    chosen = decide(probabilities, labels, thresholds)
    weights = _weights(examples, seed)
    f1s = np.column_stack([_f1s(t, c, weights) for t, c in zip(truth.T, chosen.T, strict=True)])
    areas = np.column_stack([_areas(t, p, weights) for t, p in zip(truth.T, probabilities.T, strict=True)])
    scores = {
        label: Score(
            *_micro(truth[:, column], chosen[:, column]),
            average_precision=average_precision(truth[:, column], probabilities[:, column]),
            support=int(truth[:, column].sum()),
            f1_interval=_middle(f1s[:, column]),
            average_precision_interval=_middle(areas[:, column]),
        )
        for column, label in enumerate(labels)
    }
    macro = Score(
        *_macro(truth, chosen),
        average_precision=_macro_ap(truth, probabilities),
        support=int(truth.sum()),
        f1_interval=_middle(f1s.mean(axis=1)),
        average_precision_interval=_middle(areas.mean(axis=1)),
    )
    micro = Score(
        *_micro(truth, chosen),
        average_precision=average_precision(truth.ravel(), probabilities.ravel()),
        support=int(truth.sum()),
        f1_interval=_middle(_f1s(truth.ravel(), chosen.ravel(), np.repeat(weights, len(labels), axis=1))),
    )
    return Evaluation(
        scores,
        micro,
        macro,
        len(truth),
        {label: _calibration(truth[:, column], probabilities[:, column]) for column, label in enumerate(labels)},
        {label: _curve(truth[:, column], probabilities[:, column]) for column, label in enumerate(labels)},
        _label_sets(truth, chosen, labels),
        _slices(truth, chosen, examples),
        {label: thresholds[label] for label in labels},
    )


Figures = tuple[float, float, float]


def _micro(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Figures:
    hits, positives, found = int((truth & chosen).sum()), int(truth.sum()), int(chosen.sum())
    return (
        hits / found if found else 0.0,
        hits / positives if positives else 0.0,
        2 * hits / (found + positives) if found + positives else 0.0,
    )


def _macro(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Figures:
    each = [_micro(truth[:, column], chosen[:, column]) for column in range(truth.shape[1])]
    precision, recall, f1 = np.mean(each, axis=0) if each else (0.0, 0.0, 0.0)
    return float(precision), float(recall), float(f1)


def _macro_f1(truth: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
    return _macro(truth, chosen)[2]


def _macro_ap(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    each = [average_precision(truth[:, column], scores[:, column]) for column in range(truth.shape[1])]
    return float(np.mean(each)) if each else 0.0


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Return the area under the precision-recall curve of one label; 0 if no unit carries it."""
    return float(average_precision_score(truth, scores)) if truth.any() else 0.0


def _f1s(truth: NDArray[np.bool_], chosen: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F1 of each resample, shape (n_resamples,)."""
    hits, both = weights @ (truth & chosen), weights @ truth + weights @ chosen
    return np.asarray(np.divide(2 * hits, both, out=np.zeros_like(hits), where=both > 0))


def _areas(truth: NDArray[np.bool_], scores: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the average precision of each resample, shape (n_resamples,), as scikit-learn defines it."""
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.append(np.diff(scores[order]) != 0, True)
    hits = np.cumsum(weights[:, order] * truth[order], axis=1)[:, last_of_tie]
    found = np.cumsum(weights[:, order], axis=1)[:, last_of_tie]
    precision = np.divide(hits, found, out=np.zeros_like(hits), where=found > 0)
    positives = hits[:, -1]
    areas = (np.diff(hits, axis=1, prepend=0) * precision).sum(axis=1)
    return np.asarray(np.divide(areas, positives, out=np.zeros_like(areas), where=positives > 0))


def _middle(values: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def _weights(examples: Sequence[Example], seed: int) -> NDArray[np.float64]:
    """Draw documents with replacement: how often each unit was drawn, shape (n_resamples, n_units).

    Units without a document are documents of their own.
    """
    names = [example.document or f"#{row}" for row, example in enumerate(examples)]
    document = np.unique(names, return_inverse=True)[1]
    number = int(document.max()) + 1
    # Fewer on large corpora, where the intervals are narrow anyway.
    resamples = RESAMPLES if len(examples) <= 5_000 else RESAMPLES // 5
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), size=resamples)
    return np.asarray(drawn[:, document], dtype=np.float64)


def _calibration(truth: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> dict[str, Any]:
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    table, error = [], 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            said, was = float(probabilities[inside].mean()), float(truth[inside].mean())
            error += abs(said - was) * float(inside.mean())
            table.append({"probability": round(said, 4), "share": round(was, 4), "units": int(inside.sum())})
    return {"ece": round(error, 4), "bins": table}


def _curve(truth: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> list[dict[str, float]]:
    points = []
    for threshold in np.linspace(0.05, 0.95, 19):
        precision, recall, f1 = _micro(truth, probabilities >= threshold)
        figures = {"threshold": threshold, "precision": precision, "recall": recall, "f1": f1}
        points.append({name: round(float(value), 4) for name, value in figures.items()})
    return points


def _label_sets(truth: NDArray[np.bool_], chosen: NDArray[np.bool_], labels: Sequence[str]) -> list[dict[str, Any]]:
    counts: dict[tuple[bytes, bytes], int] = {}
    for carries, found in zip(truth, chosen, strict=True):
        key = carries.tobytes(), found.tobytes()
        counts[key] = counts.get(key, 0) + 1

    def names(row: bytes) -> list[str]:
        return [label for label, yes in zip(labels, row, strict=True) if yes]

    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"carries": names(carries), "found": names(found), "units": count} for (carries, found), count in ordered]


def _slices(
    truth: NDArray[np.bool_], chosen: NDArray[np.bool_], examples: Sequence[Example]
) -> dict[str, dict[str, Any]]:
    rows: dict[str, list[int]] = {}
    for row, example in enumerate(examples):
        words = len(example.text.split())
        for low, high in LENGTHS:
            if low <= words <= high:
                upper = f" to {high}" if high < LENGTHS[-1][1] else " or more"
                rows.setdefault(f"{low}{upper} words", []).append(row)
        for kind, value in (("section", example.section), ("occupation", example.occupation)):
            if value:
                rows.setdefault(f"{kind} {value}", []).append(row)
    return {
        name: {"f1": round(_macro_f1(truth[found], chosen[found]), 4), "units": len(found)}
        for name, found in sorted(rows.items())
        if len(found) >= MIN_SLICE and truth[found].any() and len(found) < len(examples)
    }


def _plain(score: Score) -> dict[str, Any]:
    values: dict[str, Any] = {
        name: round(getattr(score, name), 4) for name in ("precision", "recall", "f1", "average_precision", "support")
    }
    for name in ("f1_interval", "average_precision_interval"):
        if interval := getattr(score, name):
            values[name] = [round(bound, 4) for bound in interval]
    return values
