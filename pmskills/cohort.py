"""What a scored folder shows together: skills by group, failures, and the evidence of each resume.

Resumes stand in the order of the file: it compares groups with what they say, never people with each other.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from pmskills import pages
from pmskills.errors import PMSkillsError
from pmskills.skills import skill

MOST_SHOWN = 500


@dataclass(slots=True)
class Group:
    """Resumes that belong together.

    Attributes
    ----------
    resumes
        How many were read.
    showing
        For each label how many show it at least once.
    units
        For each label how many units show it.
    demonstrated
        For each label how many resumes demonstrate it: with what came of it.
    """

    resumes: int = 0
    showing: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)
    demonstrated: Counter[str] = field(default_factory=Counter)

    def add(self, skills: dict[str, Any]) -> None:
        """Count one resume."""
        self.resumes += 1
        for label, entry in skills.items():
            self.showing[label] += bool(entry["evidence"])
            self.units[label] += len(entry["evidence"])
            self.demonstrated[label] += any(item.get("strength") == "demonstrated" for item in entry["evidence"])


@dataclass(slots=True)
class Cohort:
    """The results of a scored folder.

    Attributes
    ----------
    labels
        The labels of the model.
    all
        All resumes that were read.
    groups
        The same by group, in alphabetical order.
    failures
        How many resumes have which status other than ok, most frequent first.
    facets
        For each label how many units show which facet.
    records
        The first 500 results, in the order of the file.
    resumes
        How many there are in all.
    """

    labels: list[str]
    all: Group
    groups: dict[str, Group]
    failures: Counter[str]
    facets: dict[str, Counter[str]]
    records: list[dict[str, Any]]
    resumes: int

    def to_html(self, title: str) -> str:
        """Return a self-contained page."""
        titles = {label: skill(label).title for label in self.labels}
        return pages.page("cohort.html.j2", title=title, cohort=self, titles=titles, most=MOST_SHOWN)


def read_cohort(path: str | Path, group: str | None = None) -> Cohort:
    """Read what `pmskills score` wrote as JSON lines (also beside other formats, as OUTPUT.jsonl).

    Parameters
    ----------
    path
        The file.
    group
        A regular expression that is searched in the path of each resume; its first group, or else the whole match,
        names the group. By default the folder of the resume.

    Raises
    ------
    PMSkillsError
        The file is missing, has a line that is no result, or the expression is no regular expression.
    """
    try:
        pattern = re.compile(group) if group else None
    except re.error as error:
        raise PMSkillsError(f"{group!r} is not a regular expression ({error}).") from None
    cohort = Cohort([], Group(), {}, Counter(), {}, [], 0)
    try:
        # A stopped run leaves an unfinished line, or an older one of the same path: as `score` does, the last counts.
        last = {_record(line, place)["path"]: place for place, line in _lines(path)}
        for place, line in _lines(path):
            record = _record(line, place)
            if last[record["path"]] == place:
                _add(cohort, record, pattern)
    except (OSError, UnicodeDecodeError) as error:
        raise PMSkillsError(
            f"{path}: cannot be read ({error}). Name the .jsonl file that `pmskills score` wrote."
        ) from None
    cohort.groups = dict(sorted(cohort.groups.items()))
    cohort.failures = Counter(dict(cohort.failures.most_common()))
    return cohort


def _lines(path: str | Path) -> Iterator[tuple[str, str]]:
    with Path(path).open(encoding="utf8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip() and (line.endswith(("\n", "}")) or not line.startswith('{"path": ')):
                yield f"{path}:{number}", line


def _record(line: str, place: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not {"path", "status", "message"} <= set(record):
        raise PMSkillsError(f"{place}: expected a result of `pmskills score` as JSON, got {line.strip()[:40]!r}.")
    return record


def _add(cohort: Cohort, record: dict[str, Any], pattern: "re.Pattern[str] | None") -> None:
    cohort.resumes += 1
    if len(cohort.records) < MOST_SHOWN:
        cohort.records.append(record)
    if record["status"] != "ok":
        cohort.failures[record["status"]] += 1
        return
    skills = record["skills"]
    cohort.labels += [label for label in skills if label not in cohort.labels]
    name = _group(record["path"], pattern)
    for one in (cohort.all, cohort.groups.setdefault(name, Group())):
        one.add(skills)
    for label, entry in skills.items():
        counts = cohort.facets.setdefault(label, Counter())
        for facet, count in entry.get("facets", {}).items():
            if count is not None:
                counts[facet] += count


def _group(path: str, pattern: "re.Pattern[str] | None") -> str:
    if pattern is None:
        return PurePath(path).parent.name or "."
    found = pattern.search(path)
    return (found[1] if found.re.groups else found[0]) or "none" if found else "none"
