"""Reliability of the probabilities on labelled units: a table and the expected calibration error of each label.

Run ``python tests/benchmarks/calibration.py UNITS.jsonl [MODEL]``; the units must be ones the model was not trained on.
The error is the mean distance between predicted and found share over ten bins of equal width, weighted by
the units in them (Guo et al. 2017, On calibration of modern neural networks).
"""

import sys

import numpy as np

from pmskills import load, read_corpus

BINS = 10


def main() -> None:
    """Print the table."""
    examples = read_corpus(sys.argv[1])
    analyzer = load(sys.argv[2] if len(sys.argv) > 2 else None)
    probabilities = analyzer.predict_proba([example.text for example in examples])
    bins = np.minimum((probabilities * BINS).astype(int), BINS - 1)
    for column, label in enumerate(analyzer.labels):
        gold = np.array([label in example.labels for example in examples])
        error = 0.0
        print(f"{label}\n  predicted  found  units")
        for number in range(BINS):
            here = bins[:, column] == number
            if here.any():
                predicted, found = probabilities[here, column].mean(), gold[here].mean()
                error += here.mean() * abs(predicted - found)
                print(f"  {predicted:9.3f}  {found:5.3f}  {int(here.sum()):5d}")
        print(
            f"  expected calibration error {error:.3f}; mean predicted {probabilities[:, column].mean():.3f}, found {gold.mean():.3f}"
        )


if __name__ == "__main__":
    main()
