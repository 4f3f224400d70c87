"""Words misspelt, or misread from a scan, brought back to words that are known."""

from collections.abc import Iterable, Iterator

# Shorter words are too often a letter away from another.
SHORTEST = 6
# Letters that scans are read for, and what they were.
MISREAD = (("rn", "m"), ("ri", "n"), ("cl", "d"), ("vv", "w"), ("li", "h"), ("0", "o"), ("1", "l"), ("5", "s"))


class Speller:
    """Known words, found again with one letter wrong, missing, too many, or two neighbours swapped.

    They are indexed by what is left without one letter (symmetric deletes, Garbe 2012,
    https://github.com/wolfgarbe/SymSpell).
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(word for word in words if len(word) >= SHORTEST and word.isalpha())
        self._index: dict[str, list[str]] = {}
        for word in sorted(self._words):
            for left in {word, *_without_one(word)}:
                self._index.setdefault(left, []).append(word)

    def correct(self, word: str) -> str:
        """Return the one known word that is meant, or the word itself if none or several may be."""
        if len(word) < SHORTEST or word in self._words:
            return word
        read = {other for wrong, right in MISREAD for other in _each_replaced(word, wrong, right)} & self._words
        keys = {word, *_without_one(word)}
        near = {other for key in keys for other in self._index.get(key, ()) if _one_edit_apart(word, other)}
        for found in (read, near):
            if len(found) == 1:
                return found.pop()
        return word


def _without_one(word: str) -> Iterator[str]:
    return (word[:place] + word[place + 1 :] for place in range(len(word)))


def _each_replaced(word: str, wrong: str, right: str) -> Iterator[str]:
    place = word.find(wrong)
    while place >= 0:
        yield word[:place] + right + word[place + len(wrong) :]
        place = word.find(wrong, place + 1)


def _one_edit_apart(word: str, other: str) -> bool:
    if len(word) != len(other):
        short, long = sorted((word, other), key=len)
        return len(long) - len(short) == 1 and short in _without_one(long)
    wrong = [place for place, (a, b) in enumerate(zip(word, other, strict=True)) if a != b]
    if len(wrong) == 2 and wrong[1] - wrong[0] == 1:
        return word[wrong[0]] == other[wrong[1]] and word[wrong[1]] == other[wrong[0]]
    return len(wrong) == 1
