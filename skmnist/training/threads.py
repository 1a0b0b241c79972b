"""How many threads torch may use, set for a while and then restored."""

import contextlib
import multiprocessing
import os
import threading

import torch

# Below this much work in one batch (floating-point operations, forward and backward) a second
# thread costs more in waking up than it saves.
_WORK_FOR_A_THREAD = 2e9

_lock = threading.Lock()
_active = 0
_outer = None


def choose_threads(work):
    """Return how many threads pay for `work` floating-point operations in one batch.

    One in the workers of joblib or Dask, which share out the cores among themselves.
    """
    if _is_worker():
        return 1
    return int(min(max(work // _WORK_FOR_A_THREAD, 1), os.cpu_count() or 1))


def _is_worker():
    """Whether this is a worker of joblib, Dask or multiprocessing, which share out the cores."""
    return (
        multiprocessing.current_process().name != "MainProcess"
        or threading.current_thread() is not threading.main_thread()
    )


@contextlib.contextmanager
def limit_threads(n_threads):
    """Let torch use `n_threads` threads inside the block.

    The setting belongs to the whole process. Where several threads are inside such a block at
    once, the last one to leave restores what the first one found, so that nobody's number
    changes in the middle of their sums.
    """
    global _active, _outer
    with _lock:
        if _active == 0:
            _outer = torch.get_num_threads()
        _active += 1
        _set(n_threads)
    try:
        yield
    finally:
        with _lock:
            _active -= 1
            if _active == 0:
                _set(_outer)


def _set(n_threads):
    if torch.get_num_threads() != n_threads:
        torch.set_num_threads(n_threads)
