"""Macro F1 on labelled units, as they are and perturbed.

Run ``python tests/benchmarks/robustness.py UNITS.jsonl [MODEL]``; the units must be ones the model was not trained on.
"""

import random
import re
import string
import sys
from collections.abc import Callable
from dataclasses import replace

from pmskills import load
from pmskills.corpus import Example, read_corpus
from pmskills.evaluation import evaluate

SPELLINGS = {
    "ize": "ise", "izing": "ising", "ized": "ised", "ization": "isation", "izations": "isations", "yze": "yse", "yzed": "ysed",
    "yzing": "ysing", "avior": "aviour", "color": "colour", "labor": "labour", "center": "centre", "centers": "centres",
    "program": "programme", "programs": "programmes", "elor": "ellor", "eled": "elled", "eling": "elling", "fulfill": "fulfil",
    "enrollment": "enrolment", "inquiries": "enquiries", "inquiry": "enquiry", "license": "licence", "check": "cheque",
}  # fmt: skip
CONFUSIONS = {
    "l": "1",
    "i": "l",
    "o": "0",
    "e": "c",
    "m": "rn",
    "s": "5",
    "a": "o",
    "t": "f",
    "n": "ri",
    "u": "v",
    "r": "n",
}
_WORD_END = re.compile(rf"({'|'.join(sorted(SPELLINGS, key=len, reverse=True))})\b")


def ocr(share: float) -> Callable[[str, random.Random], str]:
    """Misread, drop or double that share of the characters."""

    def perturb(text: str, chance: random.Random) -> str:
        out = []
        for character in text:
            kind = chance.random() if chance.random() < share else 1.0
            if kind < 0.6:
                out.append(CONFUSIONS.get(character.lower(), chance.choice(string.ascii_lowercase)))
            elif kind < 0.85:
                continue
            else:
                out.append(character * (2 if kind < 1.0 else 1))
        return "".join(out)

    return perturb


PERTURBATIONS: dict[str, Callable[[str, random.Random], str]] = {
    "lower case": lambda text, _: text.lower(),
    "ALL CAPS": lambda text, _: text.upper(),
    "no punctuation": lambda text, _: re.sub(r"[^\w\s%$€£₹'’-]", " ", text),
    "OCR noise 1%": ocr(0.01),
    "OCR noise 3%": ocr(0.03),
    "British spelling": lambda text, _: _WORD_END.sub(lambda match: SPELLINGS[match[1]], text),
}


def merged(examples: list[Example]) -> list[Example]:
    """Join each unit with the next one; the label is that of either."""
    return [
        replace(left, text=f"{left.text} {right.text}", labels=tuple(dict.fromkeys([*left.labels, *right.labels])))
        for left, right in zip(examples[::2], examples[1::2], strict=False)
    ]


def main() -> None:
    """Print the table."""
    examples = list(read_corpus(sys.argv[1]))
    analyzer = load(sys.argv[2] if len(sys.argv) > 2 else None)
    plain = evaluate(analyzer, examples).macro.f1
    print(f"{'as it is':18} {plain:.3f}")
    for name, perturb in PERTURBATIONS.items():
        scores = []
        for seed in range(5):
            chance = random.Random(seed)
            changed = [replace(example, text=perturb(example.text, chance) or "-") for example in examples]
            scores.append(evaluate(analyzer, changed).macro.f1)
            if name[:3] != "OCR":
                break
        score = sum(scores) / len(scores)
        print(f"{name:18} {score:.3f} {score - plain:+.3f}")
    pairs = []
    for seed in range(5):
        shuffled = random.Random(seed).sample(examples, len(examples))
        pairs.append(evaluate(analyzer, merged(shuffled)).macro.f1)
    score = sum(pairs) / len(pairs)
    print(f"{'two units merged':18} {score:.3f} {score - plain:+.3f}")
    found = analyzer.predict_proba([example.text for example in examples])
    halves = []
    for example in examples:
        words = example.text.split()
        halves.append(tuple(" ".join(part) or "-" for part in (words[: len(words) // 2], words[len(words) // 2 :])))
    both = analyzer.predict_proba([half for pair in halves for half in pair]).reshape(len(examples), 2, -1).max(axis=1)
    scores = []
    for column, label in enumerate(analyzer.labels):
        gold = [label in example.labels for example in examples]
        said = both[:, column] >= analyzer.thresholds[label]
        hits = sum(yes and hit for yes, hit in zip(gold, said, strict=True))
        scores.append(2 * hits / max(1, sum(gold) + int(said.sum())))
    score = sum(scores) / len(scores)
    print(f"{'cut in half':18} {score:.3f} {score - plain:+.3f}  (a unit counts as found when either half is)")
    assert found.shape == both.shape


if __name__ == "__main__":
    main()
