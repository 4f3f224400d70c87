"""Years of jobs, and what counts as near to evidence."""

import re

# Less than this share of the threshold is not near.
NEAR = 1 / 3
MOST_NEAR = 3
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
_NOW = r"(?:present|current|now|today|till date|to date|date|ongoing)\b"
_SINCE = re.compile(rf"\bsince\b[^\d]{{0,12}}(?:\d{{1,2}}[./-])?{_YEAR.pattern}", re.I)
_RANGE = re.compile(
    rf"{_YEAR.pattern}\W{{0,3}}(?:to|until|till|thru|through|[-–—\ufffd])\W{{0,3}}"
    rf"(?:(?:[a-z]{{3,9}}\.?,? |\d{{1,2}}[./-]){{0,2}}{_YEAR.pattern}|{_NOW})",
    re.I,
)
_GOES_ON = re.compile(rf"\b{_NOW}", re.I)

Years = tuple[int | None, int | None]


def years(entry: str) -> Years:
    """Return the first and last year of a job entry; the last is None if the job goes on.

    Where the entry has ranges of years, other years and words like "current" in it (in a title, in the name of an
    employer) do not count.

    Examples
    --------
    >>> years("Claims Handler, 03/2014 to Current"), years("Current Accounts Clerk 2001 - 2004"), years("Clerk")
    ((2014, None), (2001, 2004), (None, None))
    """
    ranges = [(int(first), last and int(last)) for first, last in _RANGE.findall(entry)]
    if ranges:
        ends = [last for _, last in ranges]
        return min(first for first, _ in ranges), None if "" in ends else max(int(last) for last in ends)
    if since := _SINCE.search(entry):
        return int(since[1]), None
    found = [int(year[1]) for year in _YEAR.finditer(entry)]
    if not found:
        return None, None
    after = entry[[year.end() for year in _YEAR.finditer(entry)][-1] :]
    return min(found), None if _GOES_ON.search(after) else max(found)
