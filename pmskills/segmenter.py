"""Resume text to units: sentences, bullets, headings, date lines and lists with exact offsets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from spacy.attrs import IDX, LENGTH
from spacy.language import Language
from spacy.tokens import Doc, Span

from pmskills.lexicon import ABBREVIATIONS, CONTINUES, HEADINGS, LEAD_VERBS, MONTHS, PLAIN_VERBS

SECTIONS = ("summary", "experience", "education", "skills", "other")
KINDS = ("statement", "heading", "entry", "list")

_MARKS = "•●▪■□◦‣⁃∙○◆♦►▶➢➤✓✔★❖♣⦁❑➔→\uf0a7\uf0b7\uf0d8\uf076\uf0fc\uf02d\uf0a8\uf06e"
_MOJIBAKE_MARKS = "â€¢|â—[\x8f¦‹​ ]?|ï‚·|ï\x82·|Â·|Ã±|ï§|ïƒ˜|âž¢"
_BULLET = re.compile(
    rf"(?:[{_MARKS}]+|{_MOJIBAKE_MARKS}|·|[-–—*+]+(?=\s)|[-–—*](?=[A-Z])|[o¢§Ø](?=\s+[A-Z])"
    r"|\(?\d{1,2}[.)](?=\s*[A-Z])(?!\S*[.)]\d)|\(?[a-h]\)(?=\s))[\s\xa0]*"
)
_INLINE_MARK = re.compile(
    rf"(?:(?<=\s)(?:[{_MARKS}]+|{_MOJIBAKE_MARKS}|\*+(?=\s?[A-Z]))|(?<=[.;])\s*[*–-](?=\s?[A-Z])|[{_MARKS}])\s*"
)
_YEAR = r"(?:19|20)\d\d"
_DATE = rf"(?:(?:{MONTHS})\.?,?\s*'?(?:{_YEAR}|\d\d)|\d{{1,2}}\s?/\s?(?:\d{{1,2}}\s?/\s?)?(?:{_YEAR}|\d\d)|{_YEAR})"
_NOW = r"(?:current|present|now|today|till\s+(?:date|now)|to\s+date|ongoing)"
_RANGE = re.compile(
    rf"\b{_DATE}\s*(?:to|till|until|through|[-–—~]|â€“|Â)+\s*(?:{_DATE}|{_NOW})\b|\bsince\s+{_DATE}", re.I
)
_DATE_ONLY = re.compile(rf"\b{_DATE}\b", re.I)
_COMPANY = re.compile(r"\bCompany Name\b")
_SENTENCE_END = re.compile(r"(?<![.!?])[.!?]+[\"'”’)\]]*(?=[\sÂ]|[A-Z][a-z])")
_WORD_BEFORE = re.compile(r"[^\s(\[\"“/]*\Z")
# How many characters around a place are looked at: keeps the time linear in the length of a line.
_NEAR = 120
_LAST_WORD = re.compile(r"[a-z0-9%'’-]*[a-z0-9%]{2}|[A-Z][a-z]{3,}|[A-Z]{2,}s?")
_WEB = re.compile(r"@|www\.|https?:|\.(?:com|org|net|edu|gov|io|in|uk|html?|aspx?|js)\b", re.I)
_MERGED = re.compile(r"(?<=[\s(])([^\W\d_][\w'/-]*\)?) (?=([A-Z][a-z]+) [a-z\d$])")
# Blanks between sentences; "Â" is what a no-break space becomes when UTF-8 is read as Latin-1.
_BLANK = " \t\n\r\xa0\u200bÂ"
_TERMINAL = re.compile(r"[.!?][\"'”’)\]]*\Z")


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence, bullet or line of a resume; ``text[start:end]`` is its text.

    Attributes
    ----------
    start, end
        Character offsets into the document's text.
    kind
        statement, heading, entry (title, employer or date line) or list (of tools or skills, or an
        item of one).
    section
        summary, experience, education, skills or other.
    job
        Number, from 0, of the job entry in the order of the text; None outside of experience.
    """

    start: int
    end: int
    kind: str = "statement"
    section: str = "other"
    job: int | None = None


@dataclass(slots=True)
class _Line:
    start: int
    end: int
    text: str
    bullet: bool
    blank_before: bool
    kind: str = "statement"
    heading: str | None = None
    marked: bool = False

    def __post_init__(self) -> None:
        self.marked = self.bullet


def segment(text: str) -> list[Unit]:
    """Cut a resume's text into units, in order and without overlap; only spaces and markers are left out.

    Lines that were wrapped at the page width are joined, bullets are split with or without their
    markers, sentences that lost the space between them are split, and headings, date lines and
    lists of tools stand alone.

    Examples
    --------
    >>> text = "Experience\\n• Set up scopes.Liaised directly with\\nvendors in St. Louis.\\n• Sold tea"
    >>> [text[unit.start:unit.end] for unit in segment(text)]
    ['Experience', 'Set up scopes.', 'Liaised directly with\\nvendors in St. Louis.', 'Sold tea']
    """
    lines = _lines(text)
    layout = _Layout(lines)
    for line in lines:
        _classify(line)
    blocks: list[list[_Line]] = []
    for number, line in enumerate(lines):
        if number and layout.joins(number - 1):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    units: list[Unit] = []
    for block in blocks:
        start, end = block[0].start, block[-1].end
        if block[0].kind in ("heading", "entry"):
            units.append(Unit(start, end, block[0].kind))
            continue
        for left, right in _sentences(text, start, end):
            units.append(Unit(left, right, "list" if _is_list(text[left:right]) else "statement"))
    headings = {line.start: line.heading for line in lines if line.heading}
    return list(_sections(text, units, headings))


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    blank, pending_bullet = False, False
    for match in re.finditer(r"[^\n\f\v\x85\u2028\u2029]+", text):
        if lines and text.count("\n", lines[-1].end, match.start()) > 1:
            blank = True
        for start, end in _cells(text, match.start(), match.end()):
            raw = text[start:end]
            stripped = raw.strip()
            if not stripped:
                blank = True
                continue
            left = start + len(raw) - len(raw.lstrip())
            right = left + len(stripped)
            bullet = pending_bullet
            pending_bullet = False
            while (mark := _BULLET.match(text, left, right)) and mark.end() > left:
                bullet, left = True, mark.end()
            if left >= right:
                pending_bullet = True
                continue
            lines.append(_Line(left, right, text[left:right], bullet, blank))
            blank = False
    return lines


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a line at tabs and wide gaps that separate table cells, where a cell is a statement."""
    cuts = [match for match in re.finditer(r"\t[\t ]*| {5,}", text[start:end].rstrip()) if match.start()]
    pieces = re.split(r"\t[\t ]*| {5,}", text[start:end].rstrip())
    if not cuts or max(len(piece.split()) for piece in pieces) < 6:
        yield start, end
        return
    left = start
    for cut in cuts:
        yield left, start + cut.start()
        left = start + cut.end()
    yield left, end


def _classify(line: _Line) -> None:
    """Tell headings and title, employer or date lines from statements."""
    words = line.text.split()
    if not line.bullet and len(words) <= 7:
        line.heading = _heading(line)
        if line.heading is not None or _is_label(line, words):
            line.kind = "heading"
            return
    if len(words) <= 22 and not line.bullet and not line.text.endswith((".", ",", ";")) and not line.text[0].islower():
        dated = _RANGE.search(line.text)
        named = _COMPANY.search(line.text)
        rest = _RANGE.sub("", line.text).split()
        proper = [
            word for word in rest if not word[0].islower() or word in ("of", "and", "the", "for", "in", "at", "ï¼")
        ]
        if (dated or named or (len(words) <= 4 and _DATE_ONLY.fullmatch(line.text))) and len(proper) >= 0.7 * len(rest):
            line.kind = "entry"


def _heading(line: _Line) -> str | None:
    """Return the section that a heading opens."""
    name = re.sub(r"[^a-z&/ ]", "", line.text.lower().replace("’", "'")).strip()
    name = re.sub(r"\s+", " ", name.replace("&", "and"))
    if name in HEADINGS and (not line.text[0].islower() or line.blank_before):
        return HEADINGS[name]
    words = line.text.strip(":- ").split()
    titled = all(word[0].isupper() or word in ("and", "of", "&", "/") for word in words)
    if len(words) <= 4 and titled and (line.blank_before or line.text.isupper() or line.text.endswith(":")):
        for word in reversed(name.split()):
            if word in _HEADING_WORDS:
                return _HEADING_WORDS[word]
    return None


_HEADING_WORDS = {
    "experience": "experience", "employment": "experience", "history": "experience", "skills": "skills",
    "competencies": "skills", "proficiencies": "skills", "expertise": "skills", "education": "education",
    "academics": "education", "summary": "summary", "profile": "summary", "objective": "summary",
    "achievements": "other", "accomplishments": "other", "awards": "other", "certifications": "other",
}  # fmt: skip


def _is_label(line: _Line, words: list[str]) -> bool:
    text = line.text
    if text.endswith(":") and len(words) <= 6:
        return True
    letters = [c for c in text if c.isalpha()]
    return (
        len(words) <= 5
        and len(letters) > 3
        and text.isupper()
        and not any(c in ".;,|" for c in text)
        and not any(c.isdigit() for c in text)
    )


class _Layout:
    """How the text is laid out as a whole: width of wrapping, habit of full stops and bullets."""

    def __init__(self, lines: list[_Line]) -> None:
        self.lines = lines
        lengths = sorted(len(line.text) for line in lines)
        top = lengths[int(len(lengths) * 0.98)] if lengths else 0
        crowd = sum(length > 0.85 * top for length in lengths)
        self.width = top if top >= 40 and crowd >= max(2, 0.04 * len(lines)) else 0
        self.marked = sum(line.bullet for line in lines)
        gaps = [line.blank_before for line in lines[1:]]
        self.double_spaced = len(gaps) > 8 and sum(gaps) > 0.85 * len(gaps)
        starts = [line.text[0] for line in lines if line.text[0].isalpha()]
        self.lower = sum(c.islower() for c in starts) > 0.4 * len(starts) if starts else False
        ends = [
            bool(_TERMINAL.search(line.text))
            for number, line in enumerate(lines)
            if len(line.text.split()) > 5 and not self.is_full(number)
        ]
        self.stops = sum(ends) / len(ends) if ends else 0.5

    def is_full(self, number: int) -> bool:
        """Tell whether the next line's first word would not have fitted on this line."""
        if not self.width or number + 1 >= len(self.lines):
            return False
        line, after = self.lines[number], self.lines[number + 1]
        return len(line.text) + 1 + len(after.text.split(None, 1)[0]) > 0.88 * self.width

    def _runs_on(self, number: int) -> bool:
        """Tell whether a line that looks like a date line goes on with the full line above it."""
        line, after = self.lines[number], self.lines[number + 1]
        return (
            line.kind == "statement"
            and self.is_full(number)
            and not after.bullet
            and not after.blank_before
            and not _TERMINAL.search(line.text)
        )

    def joins(self, number: int) -> bool:
        """Tell whether a line and the next belong to one statement."""
        line, after = self.lines[number], self.lines[number + 1]
        first, last = after.text.split(None, 1)[0], line.text.rsplit(None, 1)[-1].lower()
        if after.bullet and after.text[0].islower() and last in CONTINUES and not self.lower:
            return True
        if after.kind == "entry" and line.marked and self._runs_on(number):
            after.kind = "statement"
        if after.bullet or after.kind != "statement" or line.kind != "statement":
            return False
        after.marked = line.marked
        if after.text[0] in "([" and not line.bullet and len(line.text.split()) < 6:
            return False
        full = self.is_full(number)
        if after.blank_before and not self.double_spaced:
            return (full or line.text.count(",") > 3) and after.text[0].islower() and not _TERMINAL.search(line.text)
        ended = _TERMINAL.search(line.text) and not _is_abbreviation(last)
        if after.text[0].islower() or after.text[0] in ",;)&%/":
            return full or (not ended and (not self.lower or last in CONTINUES or last[-1] in ",-(/&"))
        if ended:
            return False
        if last in CONTINUES or (last[-1] in ",(/&–-" and (full or len(line.text) > 0.6 * self.width)):
            return True
        if not full:
            return line.marked and self.marked > 4 and len(line.text) > 0.7 * self.width
        return not (first.lower().strip(",:") in LEAD_VERBS and self.stops < 0.6)


def _is_abbreviation(word: str) -> bool:
    word = word.lower().strip("([\"'“‘")
    stem = word.rstrip(".)\"'”’,")
    return (
        stem in ABBREVIATIONS
        or bool(re.fullmatch(r"[a-z]", stem))
        or bool(re.fullmatch(r"(?:[a-z]{1,3}\.)+[a-z]{1,3}", stem))
    )


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a statement's text at sentence ends, inner bullets and statements run together."""
    cuts: list[tuple[int, int]] = []
    for match in _INLINE_MARK.finditer(text, start, end):
        cuts.append((match.start(), match.end()))
    for match in _SENTENCE_END.finditer(text, start, end):
        if match.end() < end and _ends_sentence(text, match, start, end):
            cuts.append((match.end(), match.end()))
    for match in _MERGED.finditer(text, start, end):
        if match[2].lower() not in PLAIN_VERBS or match[1].lower() in CONTINUES:
            continue
        head = max(start, match.start() - _NEAR)
        if match[1][0].islower() or _COMPANY.search(text, head, match.end()) or _RANGE.search(text, head, match.end()):
            cuts.append((match.end(1), match.end()))
    left = start
    for stop, go in sorted(cuts):
        if stop >= left and text[left:stop].strip(_BLANK):
            yield _trim(text, left, stop)
            left = go
        elif stop >= left:
            left = go
    if text[left:end].strip(_BLANK):
        yield _trim(text, left, end)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    raw = text[start:end]
    left = start + len(raw) - len(raw.lstrip(_BLANK))
    right = left + len(raw.lstrip(_BLANK).rstrip())
    mark = _BULLET.match(text, left, right)
    if mark and mark.end() < right and left > 0 and text[left] not in "(0123456789":
        left = mark.end()
    return left, right


def _ends_sentence(text: str, match: re.Match[str], start: int, end: int) -> bool:
    before = _WORD_BEFORE.search(text, max(start, match.start() - _NEAR), match.start())
    word = before[0] if before else ""
    rest = text[match.end() : min(end, match.end() + _NEAR)]
    spaced = rest[:1].isspace() or rest[:1] == "Â"
    after = rest.lstrip(_BLANK)
    follower = re.match(r"[\w'-]*", after)
    next_word = follower[0].lower() if follower else ""
    if not after or not word.strip():
        return False
    if not spaced:
        run = word + match[0] + after.split(None, 1)[0]
        if _WEB.search(run) or not _LAST_WORD.fullmatch(word.rstrip(")]")):
            return False
        return match[0][0] != "." or word[0].islower() or word[-1] in ")]" or next_word in LEAD_VERBS
    if after[0].islower():
        return (
            match[0][0] in ".!?"
            and not any(c.isupper() for c in text[start : min(end, start + 5 * _NEAR)])
            and not _is_abbreviation(word)
        )
    if match[0].startswith(".") and _is_abbreviation(word):
        return next_word in LEAD_VERBS and word.lower() in (
            "etc",
            "inc",
            "ltd",
            "co",
            "corp",
            "u.s",
            "a.m",
            "p.m",
            "llc",
        )
    if match[0] == "." and re.fullmatch(r"\(?\d{1,2}|[A-Z]", word) and match.start() - start <= 3:
        return False
    return bool(re.match(rf"[\"“'‘(\[]*[A-Z0-9À-Þ]|[{_MARKS}*–-]", after))


def _is_list(text: str) -> bool:
    body = text.split(":", 1)[1] if ":" in text[:40] else text
    items = [item.split() for item in re.split(r"[,;|•/]", body) if item.strip()]
    if len(items) < 4 or (_TERMINAL.search(text) and len(items) < 8):
        return False
    return sum(map(len, items)) / len(items) <= 2.7 and items[0][0].lower() not in LEAD_VERBS


def _sections(text: str, units: list[Unit], headings: Mapping[int, str | None]) -> Iterator[Unit]:
    section, job, jobs, open_entry, dated = "other", None, 0, False, False
    known = [headings.get(unit.start) for unit in units]
    for number, unit in enumerate(units):
        opened = known[number]
        if opened is not None:
            section, job, open_entry = opened, None, False
        elif unit.kind == "entry" and section == "other" and not any(known[:number]):
            section = "experience"
        if section == "experience" and opened is None:
            dates = unit.kind == "entry" and bool(_RANGE.search(text, unit.start, unit.end))
            open_entry = open_entry and not (dates and dated)
            starts = unit.kind == "entry" or (not open_entry and _announces_entry(text, units, number))
            if starts and not open_entry:
                job, jobs, open_entry, dated = jobs, jobs + 1, True, False
            elif unit.kind in ("statement", "list") and not starts and _is_duty(text[unit.start : unit.end]):
                open_entry = False
            dated = dated or dates
        if section == "skills" and unit.kind == "statement" and _is_item(text[unit.start : unit.end]):
            unit = replace(unit, kind="list")
        yield replace(unit, section=section, job=job if section == "experience" and opened is None else None)


def _is_item(text: str) -> bool:
    """Tell whether a unit under a skills heading is a mere item: a few words and no full stop."""
    return len(text.split()) <= 4 and not _TERMINAL.search(text)


def _is_duty(text: str) -> bool:
    words = text.split()
    return len(words) > 5 or text.endswith(".") or words[0].lower() in LEAD_VERBS


def _announces_entry(text: str, units: list[Unit], number: int) -> bool:
    """Tell whether a short line stands right above a date or employer line: a job title, say."""
    for unit in units[number : number + 3]:
        if unit.kind == "entry":
            return True
        words = text[unit.start : unit.end].split()
        if len(words) > 9 or text[unit.end - 1] in ".,;:" or words[0].lower() in LEAD_VERBS:
            return False
    return False


@Language.factory("pm_segmenter", assigns=["doc.spans"])
def make_segmenter(nlp: Language, name: str) -> "Segmenter":
    """Make the spaCy component."""
    return Segmenter()


class Segmenter:
    """spaCy component that writes a document's units to ``doc.spans["pm_units"]``.

    A span's label is the unit's kind and its id is ``section`` or ``section:job``; tokens that
    cross a boundary are split there.
    """

    def __call__(self, doc: Doc) -> Doc:
        """Cut one document."""
        units = segment(doc.text)
        _split_tokens(doc, units)
        spans = []
        for unit in units:
            span = doc.char_span(unit.start, unit.end, label=unit.kind)
            assert span is not None, (unit, doc.text[unit.start : unit.end])
            span.id_ = id_of(unit)
            spans.append(span)
        doc.spans["pm_units"] = spans
        return doc


def id_of(unit: Unit) -> str:
    """Return the id of the span that stands for a unit."""
    return unit.section if unit.job is None else f"{unit.section}:{unit.job}"


def unit_of(span: Span) -> Unit:
    """Return the unit that a span of ``doc.spans["pm_units"]`` stands for."""
    section, _, job = span.id_.partition(":")
    return Unit(span.start_char, span.end_char, span.label_, section, int(job) if job else None)


def _split_tokens(doc: Doc, units: list[Unit]) -> None:
    places = doc.to_array([IDX, LENGTH]).astype(int)
    token_starts, token_ends = places[:, 0], places.sum(axis=1)
    wanted = ({unit.start for unit in units} - set(token_starts.tolist())) | (
        {unit.end for unit in units} - set(token_ends.tolist())
    )
    cuts: dict[int, list[int]] = {}
    for offset in sorted(wanted):
        number = int(np.searchsorted(token_starts, offset, side="right")) - 1
        if token_starts[number] < offset < token_ends[number]:
            cuts.setdefault(number, []).append(offset - int(token_starts[number]))
    if not cuts:
        return
    with doc.retokenize() as retokenizer:
        for number, offsets in cuts.items():
            token = doc[number]
            pieces = [token.text[a:b] for a, b in zip([0, *offsets], [*offsets, len(token)], strict=True)]
            retokenizer.split(token, pieces, heads=[(token, k) for k in range(len(pieces))])
