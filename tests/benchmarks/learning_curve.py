"""Macro F1 on labelled real units against the size of the corpus, documents drawn at random.

Run ``python tests/benchmarks/learning_curve.py CORPUS UNITS.jsonl...``; each point trains a model as `pmskills train` does.
"""

import random
import sys

from pmskills import evaluate, read_corpus, train

SHARES = (0.125, 0.25, 0.5, 1.0)


def main() -> None:
    """Print the curve."""
    examples = read_corpus(sys.argv[1])
    tests = {path: read_corpus(path) for path in sys.argv[2:]}
    documents = sorted({example.document or "" for example in examples})
    random.Random(0).shuffle(documents)
    for share in SHARES:
        kept = set(documents[: round(share * len(documents))])
        part = [example for example in examples if (example.document or "") in kept]
        analyzer = train(part)
        scores = [evaluate(analyzer, test).macro for test in tests.values()]
        columns = "  ".join(f"F1 {score.f1:.3f} AP {score.average_precision:.3f}" for score in scores)
        print(f"{len(kept):5d} documents {len(part):6d} units  {columns}", flush=True)


if __name__ == "__main__":
    main()
