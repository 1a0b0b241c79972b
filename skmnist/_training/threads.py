"""Set the number of torch's threads inside a block, also after a fork."""

from __future__ import annotations

import contextlib
import functools
import multiprocessing
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

import joblib
import torch

from skmnist._utils.warnings import warn_caller

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_T = TypeVar("_T")


# Below this number of floating-point operations in one batch (forward and backward), waking up
# a second thread costs more than it saves.
_FLOPS_PER_THREAD = 2e9

# torch keeps a number for each Python thread, and the one set last for threads still to come.
_lock = threading.Lock()
_depth = 0  # how many blocks are open, in all threads
_saved = 1  # the number before the first of the open blocks
_this_thread = threading.local()
_is_forked = False


def usable_cores() -> int:
    """Return how many cores this process may use.

    One in the workers of joblib or Dask, which share the cores among themselves.
    """
    return 1 if _is_worker() else joblib.cpu_count()


def choose_threads(n_flops: float) -> int:
    """Return how many of torch's threads are worth `n_flops` operations in one batch."""
    return int(min(max(n_flops // _FLOPS_PER_THREAD, 1), usable_cores()))


# The pool of the innermost `use_threads` block. Each thread has its own, so that two threads may
# predict at once, and a prediction during a fit (in a callback) leaves the fit's pool in place.
_pool: ContextVar[ThreadPoolExecutor | None] = ContextVar("pool", default=None)


@contextlib.contextmanager
def use_threads(n_threads: int) -> Iterator[None]:
    """Let :func:`parallel_map` use `n_threads` threads inside the block.

    Each computes with one of torch's threads. In a forked process there is only one thread.
    """
    with contextlib.ExitStack() as stack:
        pool = None
        if n_threads > 1 and not _is_forked:
            start_thread = functools.partial(torch.set_num_threads, 1)
            pool = stack.enter_context(ThreadPoolExecutor(n_threads, "skmnist", start_thread))
        token = _pool.set(pool)
        try:
            yield
        finally:
            _pool.reset(token)


def parallel_map(function: Callable[..., _T], *arguments: Iterable[Any]) -> list[_T]:
    """Call `function` for each set of arguments; return the results in the same order."""
    pool = _pool.get()
    return list((map if pool is None else pool.map)(function, *arguments))


def _is_worker() -> bool:
    """Whether this is a worker of joblib, Dask or multiprocessing, which share the cores."""
    return (
        _is_forked
        or multiprocessing.current_process().name != "MainProcess"
        or threading.current_thread() is not threading.main_thread()
    )


@contextlib.contextmanager
def limit_threads(n_threads: int) -> Iterator[None]:
    """Let torch use `n_threads` threads for what this Python thread computes inside the block.

    The block restores the earlier number, even if several Python threads are inside such blocks
    at once. In a forked process the number is always 1.
    """
    global _depth, _saved
    if _is_forked and n_threads > 1:
        warn_caller(
            f"n_threads={n_threads}, but one thread is used, because torch's threads do not "
            "survive a fork. Start processes with 'spawn' or 'forkserver' to use more."
        )
        n_threads = 1
    with _lock:
        previous = torch.get_num_threads()
        if _depth == 0:
            _saved = previous
        elif not hasattr(_this_thread, "known"):
            # A new thread, which starts with the number that another one's block has set.
            previous = _saved
        _this_thread.known = True
        _depth += 1
        _set(n_threads)
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            _set(previous)


def _set(n_threads: int) -> None:
    if torch.get_num_threads() != n_threads:
        torch.set_num_threads(n_threads)


def _reset_after_fork() -> None:
    # torch's threads exist only in the parent: waiting for them, or for a lock that one of the
    # parent's threads held, would never end.
    global _lock, _depth, _is_forked
    _lock, _depth, _is_forked = threading.Lock(), 0, True
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
