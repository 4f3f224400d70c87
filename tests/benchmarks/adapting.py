"""Learning from few labels of one's own: macro average precision alone, and starting from the packaged model.

Example: python tests/benchmarks/adapting.py ../shared/real/dev.jsonl ../shared/real/dev-hard.jsonl

Half of the documents, drawn at random, are the test; from the other half 50, 100, 200 or 300 units are drawn. Five draws.
"""

import random
import sys

import numpy as np

import pmskills
from pmskills import CorpusError, Example, training

SIZES = (50, 100, 200, 300)
SEEDS = range(5)


def draw(examples: list[Example], size: int, seed: int) -> tuple[list[Example], list[Example]]:
    documents = sorted({str(example.document) for example in examples})
    random.Random(seed).shuffle(documents)
    mine = set(documents[: len(documents) // 2])
    own = [example for example in examples if str(example.document) in mine]
    rest = [example for example in examples if str(example.document) not in mine]
    return random.Random(seed).sample(own, min(size, len(own))), rest


def main() -> None:
    examples = [example for path in sys.argv[1:] for example in pmskills.read_corpus(path)]
    # Alone, so few are refused; here they are let in, to have something to compare with.
    training.MIN_EXAMPLES = training.MIN_WITH_BASE = 3
    base = pmskills.load()
    print(f"{len(examples)} units of {len({example.document for example in examples})} documents")
    for size in SIZES:
        figures: dict[str, list[float]] = {"alone": [], "packaged": [], "packaged, adapted": []}
        for seed in SEEDS:
            own, rest = draw(examples, size, seed)
            figures["packaged"].append(pmskills.evaluate(base, rest).macro.average_precision)
            for name, start in (("alone", None), ("packaged, adapted", base)):
                try:
                    model = pmskills.train(own, base=start)
                    figures[name].append(pmskills.evaluate(model, rest).macro.average_precision)
                except CorpusError as error:
                    print(f"  {size} units, draw {seed}, {name}: {error}", file=sys.stderr)
        shown = [
            f"{name} {np.mean(values):.3f} ({len(values)} draws)" if values else f"{name}: refused"
            for name, values in figures.items()
        ]
        print(f"{size} units: {', '.join(shown)}", flush=True)


if __name__ == "__main__":
    main()
