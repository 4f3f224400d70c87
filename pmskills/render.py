"""An analysis, as the plain dict of `Analysis.to_dict`, for the terminal and for Jupyter."""

import textwrap
from html import escape
from typing import Any

WIDTH = 100


def to_text(result: dict[str, Any]) -> str:
    """Return the readable form: per skill its coverage and evidence, strongest first, or its question."""
    lines = [safe(result["source"])]
    lines += [f"  ! {safe(warning)}" for warning in result["warnings"]]
    for entry in result["skills"].values():
        lines += ["", f"{entry['title'].upper()}  {_coverage(entry['coverage'])}"]
        for item in sorted(entry["evidence"], key=lambda item: (-item["probability"], item["start"])):
            head = f"  {_percent(item):>4}  "
            body = f"{safe(item['text'])}  [{_place(item)}]"
            lines += textwrap.wrap(body, WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
        if entry["question"]:
            lines += textwrap.wrap(
                f"Silent. {entry['question']}", WIDTH, initial_indent="        ", subsequent_indent="        "
            )
    return "\n".join(lines)


def to_html(result: dict[str, Any]) -> str:
    """Return an HTML fragment of the same; all text is escaped."""
    parts = [f"<div class='pmskills'><h3>{escape(safe(result['source']))}</h3>"]
    parts += [f"<p>⚠ {escape(safe(warning))}</p>" for warning in result["warnings"]]
    for entry in result["skills"].values():
        parts.append(f"<h4>{escape(entry['title'])} <small>{escape(_coverage(entry['coverage']))}</small></h4>")
        if entry["question"]:
            parts.append(f"<p><em>Silent.</em> {escape(entry['question'])}</p>")
            continue
        parts.append("<ol>")
        for item in sorted(entry["evidence"], key=lambda item: (-item["probability"], item["start"])):
            place = f"{_percent(item)}, {escape(_place(item))}"
            parts.append(f"<li>{escape(safe(item['text']))} <small>({place})</small></li>")
        parts.append("</ol>")
    return "".join(parts) + "</div>"


def _coverage(coverage: dict[str, Any]) -> str:
    text = f"{coverage['units']} of {coverage['statements']} statements"
    if coverage["of_jobs"]:
        text += f", {len(coverage['jobs'])} of {coverage['of_jobs']} jobs"
    return text


def _percent(item: dict[str, Any]) -> str:
    """Round the probability, but never to certainty."""
    return f"{min(item['probability'], 0.99):.0%}"


def _place(item: dict[str, Any]) -> str:
    place = item["section"] if item["job"] is None else f"job {item['job'] + 1}"
    return place if item["page"] is None else f"{place}, page {item['page']}"


def safe(text: str) -> str:
    """Return a text as one line, without the control characters that could drive a terminal."""
    text = text.replace("-\n", "-")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
