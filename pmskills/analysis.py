"""What was found: `Evidence`, coverage and gaps of one resume, as an `Analysis`."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pmskills import coaching, render, report
from pmskills.calibration import decide
from pmskills.documents import Document
from pmskills.explaining import Why
from pmskills.segmenter import Unit
from pmskills.skills import Skill, skill
from pmskills.strength import STRENGTHS, Strength

SCHEMA = "pmskills.analysis/1"


@dataclass(frozen=True)
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
    strength
        claimed (no deed), described (a deed) or demonstrated (a deed and what came of it).
    facets
        In which ways it shows the skill, as far as that can be told with a precision of 0.8.
    """

    label: str
    text: str
    start: int
    end: int
    probability: float
    section: str
    page: int | None
    job: int | None
    strength: Strength | None = None
    facets: tuple[str, ...] = ()
    _explain: Callable[[], Why] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def why(self) -> Why | None:
        """What each word added to the decision, worked out when it is asked for."""
        return self._explain() if self._explain else None

    def __getstate__(self) -> dict[str, Any]:
        # What explains holds the whole model; only the explanation travels.
        return {**self.__dict__, "why": self.why, "_explain": None}


@dataclass(frozen=True, slots=True)
class Statement:
    """A unit that is no evidence: a claim, or one that comes near.

    Attributes
    ----------
    label
        The skill's key.
    text, start, end
        As of `Evidence`.
    probability
        Below the skill's threshold for statements, of any size for items of lists.
    section, page, job
        As of `Evidence`.
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
class Job:
    """A job of the resume.

    Attributes
    ----------
    number
        From 0, in the order of the text.
    text
        Its title, employer and dates, as far as they were found.
    first, last
        Years; None where unknown, `last` also while it goes on.
    """

    number: int
    text: str
    first: int | None
    last: int | None


@dataclass(frozen=True)
class Details:
    """What the tagged words of a resume say beyond its probabilities.

    Attributes
    ----------
    facets
        The facets of evidence, by row of the unit and column of the label.
    shown
        Facets that the model can show.
    strengths
        Strength of the units that are evidence, by row.
    claims
        Rows of the units that claim a label without a deed, for each label.
    explain
        Takes a row and a column, returns the reasons.
    """

    facets: Mapping[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    shown: tuple[str, ...] = ()
    strengths: Mapping[int, Strength] = field(default_factory=dict)
    claims: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    explain: Callable[[int, int], Why] | None = None


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


@dataclass(frozen=True, eq=False, repr=False)
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
    details
        Facets, strengths, claims.
    """

    document: Document
    units: tuple[Unit, ...]
    probabilities: NDArray[np.float64]
    labels: tuple[str, ...]
    thresholds: Mapping[str, float]
    details: Details = field(default_factory=Details)

    def __getstate__(self) -> dict[str, Any]:
        # What explains holds the whole model; evidence takes its explanations along.
        return {**self.__dict__, "evidence": self.evidence, "details": replace(self.details, explain=None)}

    @cached_property
    def evidence(self) -> dict[str, list[Evidence]]:
        """Evidence for each label, in the order of the text."""
        decisions, details = self.decisions, self.details
        return {
            label: [
                Evidence(
                    *self._place(int(row), column),
                    details.strengths.get(int(row)),
                    details.facets.get((int(row), column), ()),
                    partial(details.explain, int(row), column) if details.explain else None,
                )
                for row in np.flatnonzero(decisions[:, column])
            ]
            for column, label in enumerate(self.labels)
        }

    def _place(self, row: int, column: int) -> tuple[str, str, int, int, float, str, int | None, int | None]:
        unit = self.units[row]
        return (
            self.labels[column],
            self.document.text[unit.start : unit.end],
            unit.start,
            unit.end,
            float(self.probabilities[row, column]),
            unit.section,
            self.document.page_of(unit.start),
            unit.job,
        )

    @cached_property
    def decisions(self) -> NDArray[np.bool_]:
        """Which units are evidence of which label, shape (n_units, n_labels).

        Headings, job entries and lists never are, whatever their probability.
        """
        return evidence_mask(self.units, self.probabilities, self.labels, self.thresholds)

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs in the order of the text."""
        entries: dict[int, list[str]] = {}
        for unit in self.units:
            if unit.job is not None:
                lines = entries.setdefault(unit.job, [])
                if unit.kind == "entry":
                    lines.append(self.document.text[unit.start : unit.end])
        return tuple(
            Job(number, render.safe(", ".join(lines)), *coaching.years(" ".join(lines)))
            for number, lines in sorted(entries.items())
        )

    @property
    def claims(self) -> dict[str, list[Statement]]:
        """What the resume claims of each label without a deed, in the order of the text: it should show it."""
        return {
            label: [
                Statement(*self._place(row, column))
                for row in self.details.claims.get(label, ())
                if not self.decisions[row, column]
            ]
            for column, label in enumerate(self.labels)
        }

    @property
    def near(self) -> dict[str, list[Statement]]:
        """The up to three statements that show nothing yet and come nearest to each label, nearest first."""
        found: dict[str, list[Statement]] = {}
        for column, label in enumerate(self.labels):
            least = self.thresholds[label] * coaching.NEAR
            rows = [
                row
                for row in np.argsort(-self.probabilities[:, column], kind="stable").tolist()
                if self.units[row].kind == "statement"
                and not self.decisions[row].any()
                and self.probabilities[row, column] >= least
                and row not in self.details.claims.get(label, ())
            ]
            found[label] = [Statement(*self._place(row, column)) for row in rows[: coaching.MOST_NEAR]]
        return found

    @property
    def facets(self) -> dict[str, dict[str, int | None]]:
        """For each label how many units show which facet; None for facets that the model cannot tell well enough."""
        counts = {
            label: Counter(name for item in found for name in item.facets) for label, found in self.evidence.items()
        }
        return {
            label: {
                facet: counts[label][facet] if facet in self.details.shown else None for facet in skill(label).facets
            }
            for label in self.labels
        }

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

    def to_dict(self, *, why: bool = True) -> dict[str, Any]:
        """Return the analysis as plain lists, dicts, strings and numbers; the schema is in docs/schema.md.

        Parameters
        ----------
        why
            Whether evidence tells which words carried the decision; working that out takes a millisecond for each.
        """
        coverage, strongest = self.coverage, self.strongest
        claims, near, facets = self.claims, self.near, self.facets
        decisions = self.decisions
        return {
            "schema": SCHEMA,
            "source": self.document.source,
            "media_type": self.document.media_type,
            "characters": len(self.document.text),
            "pages": len(self.document.pages) or None,
            "warnings": list(self.document.warnings),
            "jobs": [
                {"number": job.number, "text": job.text, "first": job.first, "last": job.last} for job in self.jobs
            ],
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
                    "strengths": {kind: sum(item.strength == kind for item in found) for kind in STRENGTHS},
                    "facets": facets[label],
                    "strongest": _plain(strongest[label], why) if strongest[label] else None,
                    "evidence": [_plain(item, why) for item in found],
                    "claims": [_place(item) for item in claims[label]],
                    "near": [_place(item) for item in near[label]],
                    "missing": skill(label).missing,
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

    def __repr__(self) -> str:
        # Without the resume's words: these end in logs.
        counts = ", ".join(f"{label} {len(found)}" for label, found in self.evidence.items())
        return f"<Analysis of {len(self.units)} units: {counts}>"

    def __str__(self) -> str:
        """Return what a terminal shows."""
        return render.to_text(self.to_dict(why=False))

    def to_html(self) -> str:
        """Return a self-contained HTML report: the evidence, and the text with the evidence marked."""
        return report.page(self.to_dict(), self.document.text)

    def to_markdown(self) -> str:
        """Return the evidence list as Markdown."""
        return report.markdown(self.to_dict(why=False))

    def to_docx(self, path: str | Path) -> None:
        """Write the evidence list as a Word document.

        Raises
        ------
        PMSkillsError
            The file cannot be written, or python-docx (extra 'docx') is not installed.
        """
        report.write_docx(self.to_dict(why=False), path)

    def _repr_html_(self) -> str:
        return report.frame(self.to_html())


def evidence_mask(
    units: Sequence[Unit], probabilities: NDArray[np.float64], labels: Sequence[str], thresholds: Mapping[str, float]
) -> NDArray[np.bool_]:
    """Return which units are evidence of which label, shape (n_units, n_labels): only statements ever are."""
    decisions = decide(probabilities, labels, thresholds)
    decisions[[row for row, unit in enumerate(units) if unit.kind != "statement"]] = False
    return decisions


def _plain(item: Evidence | None, why: bool) -> dict[str, Any]:
    assert item is not None
    words = {}
    if why and item.why:
        words["why"] = [
            {"text": word.text, "start": word.start, "end": word.end, "contribution": round(word.contribution, 3)}
            for word in item.why.top
        ]
    return _place(item) | {"strength": item.strength, "facets": list(item.facets)} | words


def _place(item: Evidence | Statement) -> dict[str, Any]:
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
