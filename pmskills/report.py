"""The report of one resume: an HTML page, Markdown, a Word document."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from pmskills import pages
from pmskills.errors import PMSkillsError
from pmskills.extras import extra
from pmskills.render import facets_of, percent, place, ranked, safe
from pmskills.skills import skill

Result = Mapping[str, Any]
CLAIMS, NEAR = "You claim it; show it", "Near to it"
CLAIM_QUESTION = "When did you do it, and what came of it?"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the resume's text.

    Attributes
    ----------
    text
        The characters.
    evidence
        Numbers of the evidence that it is, from 1 in the order of the list; empty outside of evidence.
    carried
        Whether it is a word that carried a decision.
    """

    text: str
    evidence: tuple[int, ...]
    carried: bool


def page(result: Result, text: str) -> str:
    """Return the HTML page of `Analysis.to_dict` and the text that it is about."""
    numbered = numbers(result)
    return pages.page(
        "report.html.j2",
        script="report.js",
        title=f"{Path(result['source']).name}: product-manager skills",
        result=result,
        numbers={(item["label"], item["start"]): number for number, item in numbered.items()},
        evidence=numbered,
        stretches=stretches(text, numbered),
        present=present(result),
        questions={label: skill(label).question for label in result["skills"]},
        asked={label: _asked(entry) for label, entry in result["skills"].items()},
        kinds={label: number for number, label in enumerate(result["skills"])},
    )


def frame(html: str) -> str:
    """Return a page as a frame that a notebook shows, apart from the notebook's own page and scripts."""
    return (
        f'<iframe srcdoc="{escape(html)}" sandbox="allow-scripts" title="pmskills report" '
        'style="width:100%;height:42rem;border:1px solid #999"></iframe>'
    )


def numbers(result: Result) -> dict[int, dict[str, Any]]:
    """Return the evidence by its number, from 1, skill after skill, strongest first."""
    items = [item for entry in result["skills"].values() for item in ranked(entry["evidence"])]
    return dict(enumerate(items, 1))


def present(result: Result) -> dict[str, list[str]]:
    """Return the strengths and facets that occur, in their usual order."""
    items = [item for entry in result["skills"].values() for item in entry["evidence"]]
    facets = [name for entry in result["skills"].values() for name in entry["facets"]]
    return {
        "strength": [
            kind for kind in ("demonstrated", "described", "claimed") if any(i["strength"] == kind for i in items)
        ],
        "facet": [name for name in facets if any(name in item["facets"] for item in items)],
    }


def stretches(text: str, numbered: Mapping[int, Mapping[str, Any]]) -> list[list[Piece]]:
    """Cut a text into stretches with the same evidence, each into pieces; joined, all pieces are the text."""
    by_start: dict[tuple[int, int], list[int]] = {}
    for number, item in numbered.items():
        by_start.setdefault((item["start"], item["end"]), []).append(number)
    found: list[list[Piece]] = []
    done = 0
    for (start, end), owners in sorted(by_start.items()):
        if done < start:
            found.append([Piece(text[done:start], (), False)])
        words = {(w["start"], w["end"]) for number in owners for w in numbered[number].get("why", ())}
        pieces, here = [], start
        for first, last in sorted(words):
            if here < first:
                pieces.append(Piece(text[here:first], tuple(owners), False))
            pieces.append(Piece(text[first:last], tuple(owners), True))
            here = last
        if here < end:
            pieces.append(Piece(text[here:end], tuple(owners), False))
        found.append(pieces)
        done = end
    if done < len(text):
        found.append([Piece(text[done:], (), False)])
    return found


def markdown(result: Result) -> str:
    """Return the evidence list as Markdown; the resume's words are escaped."""
    lines = [f"# {_plain(result['source'])}", ""]
    lines += [f"> {_plain(warning)}" for warning in result["warnings"]]
    for entry in result["skills"].values():
        coverage = entry["coverage"]
        lines += [
            f"## {_plain(entry['title'])}",
            "",
            f"{coverage['units']} of {coverage['statements']} statements. {facets_of(entry)}",
        ]
        lines += [
            "",
            *[f"- {_plain(item['text'])} ({percent(item)}; {place(item)})" for item in ranked(entry["evidence"])],
        ]
        if entry["question"]:
            lines += [f"Silent. *{entry['question']}*"]
        for title, kind, question in _asked(entry):
            lines += ["", f"{title}. *{question}*", ""]
            lines += [f"- {_plain(item['text'])} ({place(item)})" for item in entry[kind]]
        lines += [""]
    return "\n".join(line.rstrip() for line in lines)


def _plain(text: str) -> str:
    escaped = "".join(f"\\{c}" if c in r"\`*_[]<>|~&" else c for c in safe(text))
    # What would begin a heading, a list or a rule.
    return re.sub(r"^(\s*\d*)([#+=.)-])", r"\1\\\2", escaped)


def write_docx(result: Result, path: str | Path) -> None:
    """Write the evidence list as a Word document.

    Raises
    ------
    PMSkillsError
        The file cannot be written, or python-docx (extra 'docx') is not installed.
    """
    document = extra("docx", "docx").Document()
    document.add_heading(safe(result["source"]), 0)
    for warning in result["warnings"]:
        document.add_paragraph(safe(warning))
    for entry in result["skills"].values():
        coverage = entry["coverage"]
        document.add_heading(entry["title"], 1)
        document.add_paragraph(
            f"{coverage['units']} of {coverage['statements']} statements. {facets_of(entry)}".strip()
        )
        if entry["question"]:
            document.add_paragraph(f"Silent. {entry['question']}")
        for item in ranked(entry["evidence"]):
            line = document.add_paragraph(safe(item["text"]), style="List Bullet")
            line.add_run(f" ({percent(item)}; {place(item)})").italic = True
        for title, kind, question in _asked(entry):
            document.add_heading(title, 2)
            document.add_paragraph(question)
            for item in entry[kind]:
                line = document.add_paragraph(safe(item["text"]), style="List Bullet")
                line.add_run(f" ({place(item)})").italic = True
    try:
        document.save(str(path))
    except OSError as error:
        raise PMSkillsError(
            f"{path}: cannot be written ({error.strerror}). Name a file in a folder that is there."
        ) from None


def _asked(entry: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return title, key and question of the lists that hold something."""
    both = ((CLAIMS, "claims", CLAIM_QUESTION), (NEAR, "near", entry["missing"]))
    return [(title, kind, question) for title, kind, question in both if entry[kind]]
