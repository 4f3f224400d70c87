"""Years of jobs, and what counts as near to evidence."""

import re

# Less than this share of the threshold is not near.
NEAR = 1 / 3
MOST_NEAR = 3
_YEAR = re.compile(r"(?<!\d)(19[5-9]\d|20[0-4]\d)(?!\d)")
_NOW = re.compile(r"\b(?:present|current|now|today|till date|to date|ongoing)\b", re.I)

Years = tuple[int | None, int | None]


def years(entry: str) -> Years:
    """Return the first and last year that the lines of a job entry name; the last is None if the job goes on.

    Examples
    --------
    >>> years("Claims Handler, 03/2014 to Current"), years("Clerk 2001 - 2004"), years("Clerk")
    ((2014, None), (2001, 2004), (None, None))
    """
    found = [int(year) for year in _YEAR.findall(entry)]
    if not found:
        return None, None
    return min(found), None if _NOW.search(entry) else max(found)
