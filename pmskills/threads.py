"""One thread for BLAS while small matrices are multiplied: on a busy machine more wait for each other for long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_inside: list[Any] = []


@cache
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes a while; setting their limits does not.
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS to one thread; the limit is the process's: the first to enter sets it, the last to leave lifts it."""
    with _lock:
        limiter = _inside[0] if _inside else _controller().limit(limits=1, user_api="blas")
        _inside.append(limiter)
    try:
        yield
    finally:
        with _lock:
            _inside.pop()
            if not _inside:
                limiter.restore_original_limits()
