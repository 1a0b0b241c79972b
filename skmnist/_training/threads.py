"""How many threads torch may use, set for a while and then restored; and what a fork leaves."""

import contextlib
import multiprocessing
import os
import threading
import warnings

import torch

# Below this much work in one batch (floating-point operations, forward and backward) a second
# thread costs more in waking up than it saves.
_WORK_FOR_A_THREAD = 2e9

# torch keeps a number for each Python thread, and the one set last for threads still to come.
_lock = threading.Lock()
_open_blocks = 0
_before = None  # the number that the first of the open blocks found
_this_thread = threading.local()
_is_forked = False


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
        _is_forked
        or multiprocessing.current_process().name != "MainProcess"
        or threading.current_thread() is not threading.main_thread()
    )


@contextlib.contextmanager
def limit_threads(n_threads):
    """Let torch use `n_threads` threads for what this Python thread computes inside the block.

    After it the number is what it was, also where several Python threads are inside such a block
    at once. In a forked process it is always 1.
    """
    global _open_blocks, _before
    if _is_forked and n_threads > 1:
        warnings.warn(
            f"n_threads={n_threads}, but 1 is used: torch's threads don't survive a fork. Start "
            "processes by 'spawn' or 'forkserver' to use more.",
            stacklevel=2,
        )
        n_threads = 1
    with _lock:
        found = torch.get_num_threads()
        if _open_blocks == 0:
            _before = found
        elif not hasattr(_this_thread, "known"):
            # A new thread, which starts with the number that another one's block has set.
            found = _before
        _this_thread.known = True
        _open_blocks += 1
        _set(n_threads)
    try:
        yield
    finally:
        with _lock:
            _open_blocks -= 1
            _set(found)


def _set(n_threads):
    if torch.get_num_threads() != n_threads:
        torch.set_num_threads(n_threads)


def _begin_forked():
    # torch's threads stay behind in the parent, and who waits for them waits for ever; so does
    # who waits for a lock that one of the parent's threads held.
    global _lock, _open_blocks, _is_forked
    _lock, _open_blocks, _is_forked = threading.Lock(), 0, True
    torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_forked)
