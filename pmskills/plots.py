"""Plots of evaluations as SVG text, in the colours of the page around them."""

import io
from collections.abc import Mapping
from html import escape
from typing import Any

from pmskills.extras import extra

# Stands for the colour of the page's text, which no plot can know: the page may be light or dark.
INK = "#010203"
COLOURS = ("#3b7dd8", "#c4620f", "#3a8f3a")


def threshold_and_reliability(result: Mapping[str, Any], label: str) -> str:
    """Plot precision, recall and F1 of a label over thresholds, and how far its probabilities hold."""
    figure, (left, right) = _figure(2)
    curve = result["curves"][label]
    thresholds = [point["threshold"] for point in curve]
    for name, colour, style in zip(("precision", "recall", "f1"), COLOURS, ("-", "--", "-."), strict=True):
        left.plot(thresholds, [point[name] for point in curve], style, color=colour, label=name.replace("f1", "F1"))
    if shipped := result.get("thresholds", {}).get(label):
        left.axvline(shipped, color=INK, linewidth=0.8, linestyle=":", label=f"threshold {shipped:.2f}")
    left.set(xlabel="threshold", ylim=(-0.02, 1.02), xlim=(0, 1))
    left.legend(frameon=False, labelcolor=INK, fontsize=8)
    right.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    bins = result["calibration"][label]["bins"]
    sizes = [20 + 180 * one["units"] / max(other["units"] for other in bins) for one in bins]
    right.scatter(
        [one["probability"] for one in bins], [one["share"] for one in bins], s=sizes, color=COLOURS[0], alpha=0.7
    )
    right.set(xlabel="mean probability", ylabel="share that carries the label", xlim=(0, 1), ylim=(-0.05, 1.05))
    return _svg(figure, f"Left: precision, recall and F1 of {label} by threshold. Right: reliability of probabilities.")


def intervals(result: Mapping[str, Any]) -> str:
    """Plot the F1 of two models with their 95% intervals."""
    names = [*result["first"]["labels"], "macro"]
    figure, (axes,) = _figure(1)
    for shift, key, colour, mark in ((0.12, "first", COLOURS[0], "o"), (-0.12, "second", COLOURS[1], "s")):
        scores = [{**result[key]["labels"], "macro": result[key]["macro"]}[name] for name in names]
        places = [len(names) - 1 - row + shift for row in range(len(names))]
        bounds = [score["f1_interval"] for score in scores]
        axes.hlines(places, [low for low, _ in bounds], [high for _, high in bounds], color=colour)
        axes.plot([score["f1"] for score in scores], places, mark, color=colour, label=key)
    axes.set(xlabel="F1 (95% interval)", xlim=(0, 1), yticks=range(len(names)), yticklabels=names[::-1])
    axes.legend(frameon=False, labelcolor=INK, fontsize=8)
    return _svg(figure, "F1 of both models for each label and macro, with 95% intervals; the table has the figures.")


def _figure(columns: int) -> tuple[Any, list[Any]]:
    figure = extra("matplotlib.figure", "plot").Figure(figsize=(8, 3), layout="constrained")
    axes = list(figure.subplots(1, columns, squeeze=False)[0])
    for one in axes:
        one.set_facecolor("none")
        one.tick_params(colors=INK, labelsize=8)
        one.xaxis.label.set_color(INK)
        one.yaxis.label.set_color(INK)
        for name, spine in one.spines.items():
            spine.set_color(INK)
            spine.set_visible(name in ("left", "bottom"))
    return figure, axes


def _svg(figure: Any, description: str) -> str:
    matplotlib = extra("matplotlib", "plot")
    file = io.StringIO()
    # No date and no chance: the same figures give the same file. The salt keeps identifiers of two plots apart.
    settings = {"svg.hashsalt": description, "svg.fonttype": "none", "font.family": "sans-serif"}
    with matplotlib.rc_context(settings | {"text.parse_math": False}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    return f'<div role="img" aria-label="{escape(description)}">{svg}</div>'
