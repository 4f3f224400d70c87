"""What was found: `Evidence`, coverage and gaps of one resume, as an `Analysis`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmskills import render
from pmskills.classifier import decide
from pmskills.documents import Document
from pmskills.segmenter import Unit
from pmskills.skills import Skill, skill

SCHEMA = "pmskills.analysis/1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A unit that shows a skill.

    Attributes
    ----------
    label
        The skill's key.
    text
        The unit's words, as they stand in the document.
    start, end
        Offsets: ``document.text[start:end] == text``.
    probability
        Between the skill's threshold and 1.
    section
        summary, experience, education, skills or other.
    page
        Page number from 1, where the format has pages.
    job
        Number, from 0, of the job entry; None outside of experience.
    """

    label: str
    text: str
    start: int
    end: int
    probability: float
    section: str
    page: int | None
    job: int | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far a resume shows a skill.

    Attributes
    ----------
    units
        Number of units that show it.
    statements
        Number of units that could: all but headings, job entries and lists.
    jobs
        Numbers of the job entries that show it, ascending.
    of_jobs
        Number of job entries in the resume.
    """

    units: int
    statements: int
    jobs: tuple[int, ...]
    of_jobs: int


@dataclass(frozen=True, eq=False)
class Analysis:
    """The labelled units of one resume and what they add up to.

    Attributes
    ----------
    document
        Text, pages, warnings.
    units
        All units in order.
    probabilities
        Shape (n_units, n_labels), float64, columns in the order of `labels`.
    labels
        Label names in column order.
    thresholds
        Probability from which a unit counts as evidence, for each label.
    """

    document: Document
    units: tuple[Unit, ...]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]

    @cached_property
    def evidence(self) -> dict[str, list[Evidence]]:
        """Evidence for each label, in the order of the text."""
        decisions = self.decisions
        text = self.document.text
        return {
            label: [
                Evidence(
                    label,
                    text[unit.start : unit.end],
                    unit.start,
                    unit.end,
                    float(self.probabilities[row, column]),
                    unit.section,
                    self.document.page_of(unit.start),
                    unit.job,
                )
                for row, unit in enumerate(self.units)
                if decisions[row, column]
            ]
            for column, label in enumerate(self.labels)
        }

    @cached_property
    def decisions(self) -> NDArray[np.bool_]:
        """Which units are evidence of which label, shape (n_units, n_labels).

        Headings, job entries and lists never are, whatever their probability.
        """
        decisions = decide(self.probabilities, self.labels, self.thresholds)
        for row, unit in enumerate(self.units):
            if unit.kind != "statement":
                decisions[row] = False
        return decisions

    @property
    def coverage(self) -> dict[str, Coverage]:
        """How far the resume shows each skill."""
        statements = sum(unit.kind == "statement" for unit in self.units)
        of_jobs = len({unit.job for unit in self.units if unit.job is not None})
        return {
            label: Coverage(
                len(found),
                statements,
                tuple(sorted({item.job for item in found if item.job is not None})),
                of_jobs,
            )
            for label, found in self.evidence.items()
        }

    @property
    def strongest(self) -> dict[str, Evidence | None]:
        """The most probable evidence of each label, None where there is none."""
        return {
            label: max(found, key=lambda item: item.probability, default=None) for label, found in self.evidence.items()
        }

    @property
    def silent(self) -> tuple[Skill, ...]:
        """The skills of which the resume shows nothing, each with its coaching question."""
        return tuple(skill(label) for label, found in self.evidence.items() if not found)

    def to_dict(self) -> dict[str, Any]:
        """Return the analysis as plain lists, dicts, strings and numbers; the schema is in docs/schema.md."""
        coverage, strongest = self.coverage, self.strongest
        decisions = self.decisions
        return {
            "schema": SCHEMA,
            "source": self.document.source,
            "media_type": self.document.media_type,
            "characters": len(self.document.text),
            "pages": len(self.document.pages) or None,
            "warnings": list(self.document.warnings),
            "skills": {
                label: {
                    "title": skill(label).title,
                    "threshold": self.thresholds[label],
                    "coverage": {
                        "units": coverage[label].units,
                        "statements": coverage[label].statements,
                        "jobs": list(coverage[label].jobs),
                        "of_jobs": coverage[label].of_jobs,
                    },
                    "strongest": _plain(strongest[label]),
                    "evidence": [_plain(item) for item in found],
                    "question": None if found else skill(label).question,
                }
                for label, found in self.evidence.items()
            },
            "units": [
                {
                    "start": unit.start,
                    "end": unit.end,
                    "text": self.document.text[unit.start : unit.end],
                    "kind": unit.kind,
                    "section": unit.section,
                    "job": unit.job,
                    "page": self.document.page_of(unit.start),
                    "probabilities": {
                        label: round(float(self.probabilities[row, column]), 4)
                        for column, label in enumerate(self.labels)
                    },
                    "labels": [label for column, label in enumerate(self.labels) if decisions[row, column]],
                }
                for row, unit in enumerate(self.units)
            ],
        }

    def to_json(self, indent: int | None = None) -> str:
        """Return `to_dict` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def __str__(self) -> str:
        """Return what a terminal shows."""
        return render.to_text(self.to_dict())

    def _repr_html_(self) -> str:
        return render.to_html(self.to_dict())


def _plain(item: Evidence | None) -> dict[str, Any] | None:
    if item is None:
        return None
    return {
        "text": item.text,
        "start": item.start,
        "end": item.end,
        "page": item.page,
        "section": item.section,
        "job": item.job,
        "probability": round(item.probability, 4),
        "label": item.label,
    }
