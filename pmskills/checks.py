"""What is wrong with a labelled corpus before anyone trains on it: repeats, contradictions, leaks, shortcuts."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score

from pmskills.corpus import Example
from pmskills.errors import CorpusError
from pmskills.extras import extra
from pmskills.model_files import packaged_model, read_features
from pmskills.skills import SKILLS
from pmskills.training import MIN_EXAMPLES, Progress, out_of_fold

NEAR = 0.85
MOST_SHOWN = 5
ROWS_AT_A_TIME = 1_000
# Words in the statements of 120 real resumes: 5%, 25%, 50%, 75%, 95% (tests/benchmarks/register.py).
REAL_WORDS = (3, 8, 12, 18, 32)
# Share of the words of 120 real resumes that the packaged model knows.
REAL_KNOWN = 0.94
_PERSONAL = {
    "e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.I),
    "phone number": re.compile(
        r"(?<![\w$€£.,])(?:\+\d{1,3}[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]\d{4}(?!\w)"
    ),
    "social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
    "profile address": re.compile(r"(?:linkedin\.com/in|github\.com|facebook\.com)/[\w-]+", re.I),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or odd.

    Attributes
    ----------
    kind
        A stable code: duplicate, near_duplicate, contradiction, leakage, few_examples, label_error, shortcut,
        template, personal_data, unlike_resumes.
    problem
        Whether it makes scores or a model wrong; if not, it is worth a look.
    message
        What was found and what to do.
    rows
        Numbers, from 0, of the units concerned.
    """

    kind: str
    problem: bool
    message: str
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about a corpus.

    Attributes
    ----------
    examples
        The corpus.
    findings
        Problems first.
    skipped
        Checks that could not be made, and why.
    """

    examples: Sequence[Example]
    findings: tuple[Finding, ...]
    skipped: tuple[str, ...] = ()

    @property
    def problems(self) -> int:
        """Number of findings that make scores or a model wrong."""
        return sum(finding.problem for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain lists and dicts, texts of the units included."""
        return {
            "units": len(self.examples),
            "problems": self.problems,
            "findings": [
                {
                    "kind": finding.kind,
                    "problem": finding.problem,
                    "message": finding.message,
                    "units": [
                        {"row": row, "text": self.examples[row].text, "labels": list(self.examples[row].labels)}
                        for row in finding.rows
                    ],
                }
                for finding in self.findings
            ],
            "skipped": list(self.skipped),
        }

    def __str__(self) -> str:
        """Return what a terminal shows."""
        by_kind: dict[str, list[Finding]] = defaultdict(list)
        for finding in self.findings:
            by_kind[finding.kind].append(finding)
        counts = (
            (len(self.examples), "unit"),
            (self.problems, "problem"),
            (len(self.findings) - self.problems, "remark"),
        )
        lines = [", ".join(f"{count} {name}{'s' * (count != 1)}" for count, name in counts)]
        for kind, findings in by_kind.items():
            lines += ["", f"{kind.replace('_', ' ').upper()}  {len(findings)}"]
            for finding in findings[:MOST_SHOWN]:
                lines.append(f"  {'!' if finding.problem else '-'} {finding.message}")
                for row in finding.rows[:3]:
                    example = self.examples[row]
                    lines.append(f"      {row + 1}: {_short(example.text)}  [{', '.join(example.labels) or 'none'}]")
            if len(findings) > MOST_SHOWN:
                lines.append(f"  ... and {len(findings) - MOST_SHOWN} more; --json lists all")
        return "\n".join([*lines, *(["", *(f"not checked: {note}" for note in self.skipped)] if self.skipped else [])])


def check(
    examples: Sequence[Example],
    *,
    against: Sequence[Example] = (),
    label_errors: bool = True,
    seed: int = 0,
    progress: Progress = lambda message: None,
) -> Report:
    """Look for what spoils a model or its scores.

    Parameters
    ----------
    examples
        The corpus.
    against
        A corpus that is kept for testing: what stands in both is leakage.
    label_errors
        Whether to look for labels that a model, trained on the rest, does not believe (confident learning,
        Northcutt et al. 2021, by `cleanlab`); this trains a model.
    seed
        Decides the folds of that.
    progress
        Called with a line of text before each step.

    Raises
    ------
    CorpusError
        There are no units.
    PMSkillsError
        Label errors are asked for and `cleanlab` is not installed.
    """
    if not examples:
        raise CorpusError("there are no units to check.")
    progress(f"comparing {len(examples)} units with each other")
    findings = [*_repeats(examples), *_near(examples), *_leaks(examples, against), *_counts(examples)]
    progress("looking for shortcuts and personal data")
    findings += [*_shortcuts(examples), *_templates(examples), *_personal(examples), *_register(examples)]
    skipped = []
    if label_errors:
        try:
            findings += _label_errors(examples, seed, progress)
        except CorpusError as error:
            skipped.append(f"label errors: {error}")
    findings.sort(key=lambda finding: not finding.problem)
    return Report(examples, tuple(findings), tuple(skipped))


def cleaned(report: Report) -> tuple[list[Example], list[tuple[int, str]]]:
    """Leave out repeats, contradictions and leaks.

    Returns
    -------
    tuple
        The rest, in order, and what was left out: row, from 0, and why.
    """
    why: dict[int, str] = {}
    for finding in report.findings:
        if finding.kind in ("duplicate", "near_duplicate"):
            for row in finding.rows[1:]:
                why.setdefault(row, f"{finding.kind} of unit {finding.rows[0] + 1}")
        elif finding.kind in ("contradiction", "leakage"):
            for row in finding.rows:
                why.setdefault(row, finding.kind)
    kept = [example for row, example in enumerate(report.examples) if row not in why]
    return kept, sorted(why.items())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 90 else f"{text[:89]}…"


def _plain(text: str) -> str:
    plain = re.sub(r"\W+", " ", text.lower()).strip()
    # Of one word the signs tell: C, C++ and C# are three things.
    return plain if " " in plain else " ".join(text.lower().split())


def _repeats(examples: Sequence[Example]) -> Iterator[Finding]:
    same: dict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        same[_plain(example.text)].append(row)
    for rows in same.values():
        labels = {frozenset(examples[row].labels) for row in rows}
        annotators = [examples[row].annotator for row in rows]
        if len(rows) == 1:
            continue
        if len(labels) > 1:
            several = len(set(annotators)) == len(rows) and None not in annotators
            advice = "Merge them: pmskills convert --merge." if several else "Settle which is right."
            yield Finding("contradiction", True, f"the same text with different labels. {advice}", tuple(rows))
        else:
            yield Finding("duplicate", True, "the same text more than once. Keep one (--fix).", tuple(rows))


def _near(examples: Sequence[Example]) -> Iterator[Finding]:
    """Find texts that differ in a word or two: cosine of tf-idf weighted words and pairs of words."""
    texts = [re.sub(r"\d+", "0", _plain(example.text)) for example in examples]
    rows = [row for row, text in enumerate(texts) if len(text.split()) > 3]
    if len(rows) < 2:
        return
    try:
        vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform([texts[row] for row in rows])
    except ValueError:  # no words at all
        return
    leader = list(range(len(rows)))

    def find(place: int) -> int:
        while leader[place] != place:
            place = leader[place] = leader[leader[place]]
        return place

    for start in range(0, len(rows), ROWS_AT_A_TIME):
        close = vectors[start : start + ROWS_AT_A_TIME] @ vectors.T
        close.data[close.data < NEAR] = 0
        close.eliminate_zeros()
        for here, there in zip(*close.nonzero(), strict=True):
            first, second = sorted((find(int(here) + start), find(int(there))))
            leader[second] = first
    members: dict[int, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        members[find(place)].append(row)
    for found in members.values():
        if len({_plain(examples[row].text) for row in found}) > 1:
            differ = len({frozenset(examples[row].labels) for row in found}) > 1
            more = ", with different labels" if differ else ""
            yield Finding("near_duplicate", True, f"nearly the same text{more}. Keep one (--fix).", tuple(found))


def _leaks(examples: Sequence[Example], against: Sequence[Example]) -> Iterator[Finding]:
    documents = {example.document for example in against if example.document}
    texts = {_plain(example.text) for example in against}
    by_document: dict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        if example.document in documents:
            by_document[str(example.document)].append(row)
        elif _plain(example.text) in texts:
            yield Finding("leakage", True, "this text stands in the test corpus too. Leave it out (--fix).", (row,))
    for document, rows in by_document.items():
        message = f"document {document} has units in the test corpus too. Leave them out (--fix)."
        yield Finding("leakage", True, message, tuple(rows))
    if not any(example.document for example in examples):
        message = "no unit names its document: units of one resume will stand on both sides of a test. Name them."
        yield Finding("leakage", True, message)


def _counts(examples: Sequence[Example]) -> Iterator[Finding]:
    counts = Counter(label for example in examples for label in example.labels)
    if not counts:
        yield Finding("few_examples", True, "no unit carries a label; there is nothing to learn.")
    for label, count in sorted(counts.items()):
        documents = len({example.document or row for row, example in enumerate(examples) if label in example.labels})
        if min(count, len(examples) - count) < MIN_EXAMPLES:
            without = len(examples) - count
            message = f"{label}: {count} units with it, {without} without; at least {MIN_EXAMPLES} of each are needed."
            yield Finding("few_examples", True, message)
        elif documents < 5:
            message = f"{label}: from {documents} documents only; it will be learned as theirs. Label more documents."
            yield Finding("few_examples", True, message)


def _label_errors(examples: Sequence[Example], seed: int, progress: Progress) -> list[Finding]:
    filters, ranks = extra("cleanlab.filter", "check"), extra("cleanlab.rank", "check")
    labels, probabilities = out_of_fold(examples, seed=seed, progress=progress)
    findings = []
    # All that the model disagrees with: the reader judges, the worst come first.
    find = partial(
        filters.find_label_issues, filter_by="predicted_neq_given", return_indices_ranked_by="self_confidence", n_jobs=1
    )
    for column, label in enumerate(labels):
        given = np.array([label in example.labels for example in examples], dtype=int)
        both = np.column_stack([1 - probabilities[:, column], probabilities[:, column]])
        quality = ranks.get_label_quality_scores(given, both)
        for row in find(given, both):
            said = f"labelled {label}" if given[row] else f"not labelled {label}"
            message = f"{said}, a model of the rest gives it {probabilities[row, column]:.0%}. Look again."
            findings.append((quality[row], Finding("label_error", False, message, (int(row),))))
    return [finding for _, finding in sorted(findings, key=lambda pair: pair[0])]


def _shortcuts(examples: Sequence[Example]) -> Iterator[Finding]:
    """Find a single word, or the length, that gives a label away."""
    words = [set(_plain(example.text).split()) for example in examples]
    lengths = np.array([len(example.text.split()) for example in examples])
    occurrences = Counter(word for unit in words for word in unit)
    for label in sorted({label for example in examples for label in example.labels}):
        carries = np.array([label in example.labels for example in examples])
        if not MIN_EXAMPLES <= carries.sum() <= len(examples) - MIN_EXAMPLES:
            continue
        with_label = Counter(word for unit, yes in zip(words, carries, strict=True) if yes for word in unit)
        for word, count in with_label.items():
            precision, recall = count / occurrences[word], count / carries.sum()
            if recall >= 0.4 and precision >= 0.9:
                message = (
                    f"{label}: the word {word!r} alone finds {recall:.0%} of its units at precision {precision:.0%}. "
                    "Add units with the word and without the label."
                )
                yield Finding("shortcut", True, message)
        area = float(roc_auc_score(carries, lengths))
        if max(area, 1 - area) > 0.8:
            message = f"{label}: the number of words alone ranks its units at {max(area, 1 - area):.2f} (AUC)."
            yield Finding("shortcut", True, f"{message} Add units of other lengths.")


def _templates(examples: Sequence[Example]) -> Iterator[Finding]:
    beginnings: dict[str, list[int]] = defaultdict(list)
    for row, example in enumerate(examples):
        words = _plain(example.text).split()
        if len(words) > 6:
            beginnings[" ".join(words[:4])].append(row)
    for beginning, rows in beginnings.items():
        if len(rows) >= max(5, 0.01 * len(examples)):
            message = f"{len(rows)} units begin with {beginning!r}: written to a pattern? Vary them."
            yield Finding("template", False, message, tuple(rows))


def _personal(examples: Sequence[Example]) -> Iterator[Finding]:
    for row, example in enumerate(examples):
        for kind, pattern in _PERSONAL.items():
            if pattern.search(example.text):
                yield Finding("personal_data", True, f"a {kind}. Take it out before the corpus is shared.", (row,))


def _register(examples: Sequence[Example]) -> Iterator[Finding]:
    lengths = np.array([len(example.text.split()) for example in examples])
    middle = float(np.median(lengths))
    low, _, real, _, high = REAL_WORDS
    if not REAL_WORDS[1] <= middle <= REAL_WORDS[3]:
        message = (
            f"half of the units have up to {middle:.0f} words; on real resumes {real} ({low} to {high}, 90% of them)."
        )
        yield Finding("unlike_resumes", False, message)
    for known_skill in SKILLS:
        label, share = known_skill.key, known_skill.rate
        here = sum(label in example.labels for example in examples) / len(examples)
        if share and here > 5 * share:
            message = f"{label}: {here:.0%} of the units carry it, on real resumes {share:.0%}; add ordinary units."
            yield Finding("unlike_resumes", False, message)
    known = _known_words(examples)
    if known < REAL_KNOWN - 0.1:
        message = (
            f"the packaged model knows {known:.0%} of the words, on real resumes {REAL_KNOWN:.0%}: another register?"
        )
        yield Finding("unlike_resumes", False, message)


def _known_words(examples: Sequence[Example]) -> float:
    names = read_features(packaged_model() / "pm_skills")["names"]
    known = {name[2:] for name in names if name.startswith("w:")}
    words = [word for example in examples for word in re.findall(r"[a-z']+", example.text.lower())]
    return sum(word in known for word in words) / max(1, len(words))
