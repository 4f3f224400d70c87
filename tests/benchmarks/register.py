"""What real statements look like: their lengths, and how many of their words the packaged model knows.

Usage: python tests/benchmarks/register.py PDFS
"""

import sys

import numpy as np

import pmskills
from pmskills import Example
from pmskills.checks import _known_words

texts = []
for result in pmskills.score(sys.argv[1], units=True):
    for unit in result.record.get("units", []):
        if unit["kind"] == "statement":
            texts.append(unit["text"])
lengths = [len(text.split()) for text in texts]
print(f"{len(texts)} statements; words at 5, 25, 50, 75, 95%: {np.percentile(lengths, [5, 25, 50, 75, 95])}")
print(f"share of words that the packaged model knows: {_known_words([Example(text, ()) for text in texts]):.3f}")
