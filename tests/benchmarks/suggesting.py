"""Labels needed with `suggest` and with units drawn at random: macro average precision on held-out documents.

Example: python tests/benchmarks/suggesting.py corpora/pm-evidence

For each of five seeds: 100 units drawn at random are labelled, then 50 at a time, chosen from 3,000; 100 documents are the test.
"""

import random
import sys

import numpy as np

import pmskills
from pmskills import Example, training
from pmskills.suggesting import suggest

START, STEP, ROUNDS, POOL, TEST_DOCUMENTS = 100, 50, 6, 3_000, 100
SEEDS = range(5)


def curve(pool: list[Example], held_out: list[Example], seed: int, chosen: bool) -> list[float]:
    order = list(range(len(pool)))
    random.Random(seed).shuffle(order)
    labelled, rest = order[:START], order[START:]
    scores = []
    for _ in range(ROUNDS + 1):
        model = pmskills.train([pool[row] for row in labelled])
        scores.append(pmskills.evaluate(model, held_out).macro.average_precision)
        if chosen:
            picked = [rest[one.row] for one in suggest([pool[row].text for row in rest], model, n=STEP, seed=seed)]
        else:
            picked = rest[:STEP]
        labelled = labelled + picked
        rest = [row for row in rest if row not in set(picked)]
    return scores


def main() -> None:
    # A few labels are enough for a curve; the command refuses so few.
    training.MIN_EXAMPLES = 3
    examples = list(pmskills.read_corpus(sys.argv[1]))
    found = {True: [], False: []}
    for seed in SEEDS:
        documents = sorted({str(example.document) for example in examples})
        random.Random(seed).shuffle(documents)
        test = set(documents[:TEST_DOCUMENTS])
        held_out = [example for example in examples if str(example.document) in test]
        pool = random.Random(seed).sample([example for example in examples if str(example.document) not in test], POOL)
        for chosen in (True, False):
            found[chosen].append(curve(pool, held_out, seed, chosen))
        print(f"seed {seed} done", file=sys.stderr, flush=True)
    for step in range(ROUNDS + 1):
        ours, chance = (np.array([scores[step] for scores in found[chosen]]) for chosen in (True, False))
        print(
            f"{START + STEP * step} labels: suggested {ours.mean():.3f}, random {chance.mean():.3f}, ahead in {(ours > chance).sum()} of {len(ours)}"
        )


if __name__ == "__main__":
    main()
