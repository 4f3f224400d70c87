"""An analysis, as the plain dict of `Analysis.to_dict`, for the terminal."""

import itertools
import re
import textwrap
from typing import Any

from rich.table import Table
from rich.text import Text

WIDTH = 100
COLOURS = ("blue", "yellow", "green", "magenta")


def to_text(result: dict[str, Any]) -> str:
    """Return the readable form: per skill its coverage and evidence, strongest first, its claims, or its question."""
    lines = [safe(result["source"])]
    lines += [f"  ! {safe(warning)}" for warning in result["warnings"]]
    for entry in result["skills"].values():
        lines += ["", f"{entry['title'].upper()}  {_coverage(entry['coverage'])}"]
        lines += [f"        {text}" for text in [facets_of(entry)] if text]
        for item in ranked(entry["evidence"]):
            lines += _item(percent(item), f"{safe(item['text'])}  [{place(item)}]")
        if entry["question"]:
            lines += _item("", f"Silent. {entry['question']}")
        for item in entry["claims"]:
            lines += _item("claim", f"{safe(item['text'])}  [{place(item)}]")
        for item in entry["near"]:
            lines += _item("near", f"{safe(item['text'])}  [{place(item)}]")
        if entry["near"]:
            lines += _item("ask", entry["missing"])
    return "\n".join(lines)


def to_rich(result: dict[str, Any]) -> Table:
    """Return the same for a colour terminal, with the words in bold that carried each decision."""
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", width=6, no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("", Text(safe(result["source"]), style="bold"))
    for warning in result["warnings"]:
        table.add_row("!", Text(safe(warning), style="yellow"))
    for colour, entry in zip(itertools.cycle(COLOURS), result["skills"].values(), strict=False):
        title = Text(entry["title"].upper(), style=f"bold {colour}")
        table.add_row("", "")
        table.add_row("", title.append(f"  {_coverage(entry['coverage'])}", style="not bold"))
        if text := facets_of(entry):
            table.add_row("", Text(text, style="dim"))
        for item in ranked(entry["evidence"]):
            table.add_row(percent(item), _spoken(item, colour))
        if entry["question"]:
            table.add_row("", Text(f"Silent. {entry['question']}", style="italic"))
        for name, items in (("claim", entry["claims"]), ("near", entry["near"])):
            for item in items:
                table.add_row(Text(name, style="dim"), _spoken(item, colour))
        if entry["near"]:
            table.add_row(Text("ask", style="dim"), Text(entry["missing"], style="italic"))
    return table


def _spoken(item: dict[str, Any], colour: str) -> Text:
    text, here = Text(), item["start"]
    for word in item.get("why", ()):
        text.append(_shown(item["text"][here - item["start"] : word["start"] - item["start"]]))
        text.append(safe(word["text"]), style=f"bold {colour}")
        here = word["end"]
    text.append(_shown(item["text"][here - item["start"] :]))
    return text.append(f"  [{place(item)}]", style="dim")


def _shown(text: str) -> str:
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in text.replace("-\n", "-")))


def _item(head: str, body: str) -> list[str]:
    return textwrap.wrap(body, WIDTH, initial_indent=f"  {head:>5} ", subsequent_indent=" " * 8)


def ranked(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return evidence with the strongest first: demonstrated before described, then by probability."""
    order = {"demonstrated": 0, "described": 1, "claimed": 2, None: 3}
    return sorted(evidence, key=lambda item: (order[item["strength"]], -item["probability"], item["start"]))


def facets_of(entry: dict[str, Any]) -> str:
    """Return which facets a skill shows how often, and which never."""
    counts = {name: count for name, count in entry["facets"].items() if count is not None}
    if not any(counts.values()):
        return ""
    shown = ", ".join(f"{name} {count}" for name, count in counts.items() if count)
    silent = ", ".join(name for name, count in counts.items() if not count)
    return f"{shown}; never {silent}" if silent else shown


def _coverage(coverage: dict[str, Any]) -> str:
    text = f"{coverage['units']} of {coverage['statements']} statements"
    if coverage["of_jobs"]:
        text += f", {len(coverage['jobs'])} of {coverage['of_jobs']} jobs"
    return text


def percent(item: dict[str, Any]) -> str:
    """Round the probability, but never to certainty."""
    return f"{min(item['probability'], 0.99):.0%}"


def place(item: dict[str, Any]) -> str:
    """Return where a unit stands, and how strongly and in which ways it shows the skill."""
    parts = [item["section"] if item["job"] is None else f"job {item['job'] + 1}"]
    parts += [] if item["page"] is None else [f"page {item['page']}"]
    parts += [item["strength"]] if item.get("strength") else []
    return ", ".join([*parts, *item.get("facets", ())])


def safe(text: str) -> str:
    """Return a text as one line, without the control characters that could drive a terminal."""
    text = text.replace("-\n", "-")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
