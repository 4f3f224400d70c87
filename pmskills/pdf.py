"""PDF pages to lines of text, from the glyph runs and their places on the page."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

# In font sizes. Printed word spaces are 0.2-0.4 em wide; table columns stand further apart than 2 em.
SPACE, COLUMN, SAME_LINE = 0.15, 2.0, 0.5
PARAGRAPH_PITCH = 1.45
TINY_POINTS, WHITE = 3.0, 0.97


@dataclass(slots=True)
class _Line:
    x: float
    y: float
    end: float
    size: float
    text: str


@dataclass(frozen=True, slots=True)
class PdfPage:
    """The text of one page, and the words on it that nobody can see."""

    text: str
    tiny: str
    white: str


def read_page(pdf: Any, number: int) -> PdfPage:
    """Return a page's text in the order in which it was written to the file.

    Parameters
    ----------
    pdf
        An open `pdf_oxide.PdfDocument`.
    number
        Page index from 0.

    Notes
    -----
    The reader's own line assembly guesses columns and cuts words of letter-spaced print in two
    ("REPRESENT / ATIVE"), so lines are made here from its spans. Bullets that are drawn instead of
    written are put back as "•".
    """
    spans = [span for span in pdf.extract_spans(number) if span.text]
    spans.sort(key=lambda span: span.sequence)
    lines = _lines(spans)
    if _is_scattered(lines):
        lines = _lines(pdf.extract_spans(number, reading_order="column_aware"))
    dots, panels = _shapes(pdf, number)
    chars = pdf.extract_chars(number)
    tiny = "".join(c.char for c in chars if c.font_size < TINY_POINTS)
    white = "".join(
        c.char for c in chars if min(c.color) > WHITE and c.font_size >= TINY_POINTS and not _inside(c.bbox, panels)
    )
    return PdfPage("\n".join(_rows(lines, dots)), tiny.strip(), white.strip())


def _lines(spans: Iterable[Any]) -> list[_Line]:
    lines: list[_Line] = []
    for span in spans:
        x, y, width, _ = span.bbox
        size = span.font_size or 1.0
        line = lines[-1] if lines else None
        if line is not None and abs(y - line.y) < SAME_LINE * max(size, line.size):
            gap = (x - line.end) / max(size, line.size)
            if -1.0 < gap < COLUMN:
                if gap > SPACE and not line.text.endswith(" ") and not span.text.startswith(" "):
                    line.text += " "
                line.text += span.text
                line.end, line.size = max(line.end, x + width), max(line.size, size)
                continue
        lines.append(_Line(x, y, x + width, size, span.text))
    return [line for line in lines if line.text.strip()]


def _is_scattered(lines: list[_Line]) -> bool:
    """Tell whether the file's own order is no reading order (text written by font, say)."""
    jumps = sum(after.y - before.y > 2 * before.size for before, after in itertools.pairwise(lines))
    return len(lines) > 10 and jumps > 0.3 * len(lines)


def _shapes(pdf: Any, number: int) -> tuple[list[tuple[float, float]], list[tuple[float, ...]]]:
    """Return the centres of bullet-sized shapes and the boxes of large ones."""
    dots: list[tuple[float, float]] = []
    panels: list[tuple[float, ...]] = []
    for path in pdf.extract_paths(number):
        x, y, width, height = path["bbox"]
        if 1.0 <= width <= 7.0 and 1.0 <= height <= 7.0 and 0.6 < width / height < 1.6:
            dots.append((x + width / 2, y + height / 2))
        elif width > 20 and height > 8:
            panels.append((x, y, width, height))
    return dots, panels


def _inside(box: tuple[float, ...], panels: list[tuple[float, ...]]) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return any(px <= x <= px + pw and py <= y <= py + ph for px, py, pw, ph in panels)


def _rows(lines: list[_Line], dots: list[tuple[float, float]]) -> Iterator[str]:
    drops = sorted(
        (before.y - after.y) / before.size
        for before, after in itertools.pairwise(lines)
        if before.size * 0.8 < before.y - after.y < before.size * 3
    )
    pitch = drops[len(drops) // 2] if drops else 1.2
    previous: _Line | None = None
    for line in lines:
        if previous is not None and (previous.y - line.y) / previous.size > PARAGRAPH_PITCH * pitch:
            yield ""
        marked = any(
            0 < line.x - x < 2.5 * line.size and -0.3 * line.size < y - line.y < 1.1 * line.size for x, y in dots
        )
        yield f"• {line.text.strip()}" if marked else line.text.strip()
        previous = line
