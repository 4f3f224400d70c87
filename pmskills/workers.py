"""Worker processes that may hang or die: a resume has limits of time and memory, and one that breaks them is named."""

import os
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any

from loky import ProcessPoolExecutor, cpu_count
from loky.process_executor import TerminatedWorkerError

from pmskills.errors import PMSkillsError
from pmskills.extras import extra

Content = tuple[str, bytes | str]
Record = dict[str, Any]
START_SECONDS = 300


class Pool:
    """Runs `score_contents` elsewhere, several batches at once.

    Parameters
    ----------
    workers
        One for each batch that can run at a time.
    """

    def __init__(self, workers: Sequence["LocalWorker | DaskWorker"]) -> None:
        """Start a thread for each worker; it does nothing but wait for it."""
        self.size = len(workers)
        self._workers = workers
        self._free: queue.SimpleQueue[LocalWorker | DaskWorker] = queue.SimpleQueue()
        for worker in workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(len(workers), thread_name_prefix="pmskills")

    def submit(self, contents: Sequence[Content]) -> Future[list[Record]]:
        """Score a batch; the future's result has a record for each content, whatever happens to the worker."""
        return self._threads.submit(self._run, contents)

    def close(self) -> None:
        """Stop the workers, without waiting for what they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.close()

    def _run(self, contents: Sequence[Content]) -> list[Record]:
        worker = self._free.get()
        try:
            return _score(worker.score, contents)
        finally:
            self._free.put(worker)


def _score(score: Callable[[Sequence[Content]], list[Record]], contents: Sequence[Content]) -> list[Record]:
    """Score a batch and, if that kills the worker, one content after the other, to know which it was."""
    try:
        return score(contents)
    except _Lost as error:
        if len(contents) == 1:
            path = contents[0][0]
            return [{"path": path, "status": error.status, "message": f"{path}: {error}", "seconds": {}}]
        return [record for content in contents for record in _score(score, [content])]


class _Lost(Exception):
    def __init__(self, status: str, text: str) -> None:
        super().__init__(text)
        self.status = status


class LocalWorker:
    """A process of this machine; when it hangs or dies it is replaced.

    Parameters
    ----------
    model
        A model folder; None for the packaged one.
    units
        Keep all units in the records.
    seconds
        Limit for a call.
    memory
        Limit in bytes beyond what the loaded model takes; held on Linux only.
    """

    def __init__(self, model: str | None, units: bool, seconds: float, memory: int) -> None:
        """Remember the limits; the process starts with the first call."""
        self._model, self._units, self._seconds, self._memory = model, units, seconds, memory
        self._executor: ProcessPoolExecutor | None = None
        self._closed = False

    def score(self, contents: Sequence[Content]) -> list[Record]:
        """Return the records of a batch."""
        if self._executor is None and not self._closed:
            self._start()
        if self._closed:
            self._stop()
            raise _Lost("stopped", "the run was stopped.")
        executor = self._executor
        assert executor is not None
        try:
            future = executor.submit(_score_contents, contents, self._model, self._units)
            records: list[Record] = future.result(self._seconds)
        except TookTooLong:
            self._stop()
            text = f"took longer than {self._seconds:g} s and was stopped. Raise --time-limit if it is a real resume."
            raise _Lost("timeout", text) from None
        except TerminatedWorkerError as error:
            self._stop()
            how = "out of memory, or " if "SIGKILL" in str(error) or "SIGABRT" in str(error) else ""
            text = f"the process that read it died ({how}a fault of the reader). Save it again in another format."
            raise _Lost("crashed", text) from None
        return records

    def _start(self) -> None:
        # No text leaves through logs, and each process has one core: more threads only get into each other's way.
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        self._executor = ProcessPoolExecutor(1, env=threads)
        self._executor.submit(_prepare, self._model, self._memory, os.getpid()).result(START_SECONDS)

    def _stop(self) -> None:
        executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)

    def close(self) -> None:
        """End the process; no other is started."""
        self._closed = True
        self._stop()


def _score_contents(contents: Sequence[Content], model: str | None, units: bool = False) -> list[Record]:
    # Imported in the worker: the process that only waits for it need not load spaCy.
    from pmskills.distributed import score_contents

    return score_contents(contents, model, units)


def _prepare(model: str | None, memory: int, parent: int) -> None:
    """Load the model, limit the memory and end with the parent, even if that is killed."""
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _score_contents([("", "Warm-up.")], model)
    try:
        import resource
        from pathlib import Path

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    except (ImportError, OSError):  # not Linux
        pass


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


class DaskWorker:
    """A place in a Dask cluster; Dask runs a batch again whose worker is lost, three times.

    Parameters
    ----------
    client
        A `distributed.Client`.
    model
        A model folder that every worker can reach; None for the packaged one.
    units
        Keep all units in the records.
    """

    def __init__(self, client: Any, model: str | None, units: bool) -> None:
        """Remember the cluster."""
        self._client, self._model, self._units = client, model, units

    def score(self, contents: Sequence[Content]) -> list[Record]:
        """Return the records of a batch."""
        future = self._client.submit(_score_contents, contents, self._model, self._units, pure=False)
        try:
            records: list[Record] = future.result()
        except extra("distributed", "dask").KilledWorker as error:
            text = f"{error.allowed_failures + 1} workers of the cluster died with it. Save it again in another format."
            raise _Lost("crashed", text) from None
        return records

    def close(self) -> None:
        """Leave the cluster as it is."""


def local_pool(n_jobs: int | None, model: str | None, units: bool, seconds: float, memory: int) -> Pool:
    """Return a pool of processes on this machine, by default one for each core that this process may use."""
    if n_jobs is not None and n_jobs < 1:
        raise PMSkillsError(f"n_jobs is {n_jobs}; expected at least 1, or None for one for each processor.")
    return Pool([LocalWorker(model, units, seconds, memory) for _ in range(n_jobs or cpu_count())])


def dask_pool(scheduler: str, model: str | None, units: bool) -> Pool:
    """Return a pool on a Dask cluster, two batches for each of its threads.

    Raises
    ------
    PMSkillsError
        Dask is not installed or the scheduler does not answer.
    """
    distributed = extra("distributed", "dask")
    try:
        client = distributed.Client(scheduler, timeout=10, set_as_default=False)
        client.wait_for_workers(1, timeout=30)
    except (OSError, ValueError, TimeoutError) as error:
        raise PMSkillsError(
            f"{scheduler}: no Dask scheduler with workers answers ({error}). Check the address."
        ) from None
    threads = sum(client.nthreads().values())
    return Pool([DaskWorker(client, model, units) for _ in range(2 * threads)])
