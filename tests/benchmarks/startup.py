"""Seconds for import, load and first analysis, and peak memory, in a fresh process.

python tests/benchmarks/startup.py FILE

Ratios are against `import spacy, sklearn.linear_model` alone, in a process of its own, in the same run.
"""

import subprocess
import sys

CODE = """
import resource, sys, time
start = time.perf_counter()
if sys.argv[1] == "peer":
    import spacy, sklearn.linear_model
    print(time.perf_counter() - start)
else:
    import pmskills
    document = pmskills.read_document(sys.argv[1])
    analyze = pmskills.analyze
    imported = time.perf_counter()
    analyzer = pmskills.load()
    loaded = time.perf_counter()
    analyzer(document)
    first = time.perf_counter()
    for _ in range(10):
        analyzer(document)
    ten = time.perf_counter()
    print(imported - start, loaded - imported, first - loaded, (ten - first) / 10,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def run(argument: str) -> list[float]:
    done = subprocess.run([sys.executable, "-c", CODE, argument], capture_output=True, text=True, check=True)
    return [float(figure) for figure in done.stdout.split()]


if __name__ == "__main__":
    (peer,) = run("peer")
    imported, loaded, first, warm, peak = run(sys.argv[1])
    print(f"import of spaCy and scikit-learn alone {peer:.2f} s")
    print(f"import, with reading the file {imported:.2f} s ({imported / peer:.2f} of that)")
    print(f"load {loaded:.2f} s; first analysis {first:.3f} s; warm analysis {warm:.4f} s; peak memory {peak:.0f} MB")
