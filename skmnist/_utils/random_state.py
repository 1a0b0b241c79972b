"""Seeds and random generators, independent of the global random states.

All random numbers of an epoch are determined by ``(seed, epoch, purpose)``. There is no state
between epochs, so a resumed training gives exactly the same result.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import zlib
from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.RLock()


def resolve_seed(random_state: int | np.random.RandomState | None) -> int:
    """Return an integer seed for the value of the `random_state` parameter.

    ``None`` gives a random seed from the operating system. NumPy's global generator is not used.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def derive_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """Return a separate seed for a purpose ("order", "dropout", ...) in an epoch."""
    path = (seed, zlib.crc32(purpose.encode()), epoch)
    # 63 bits, because torch.Generator.manual_seed accepts them on every device.
    return int(np.random.SeedSequence(path).generate_state(1, np.uint64)[0] >> np.uint64(1))


def make_generator(
    seed: int, purpose: str, epoch: int = 0, device: str | torch.device = "cpu"
) -> torch.Generator:
    """Return a new ``torch.Generator`` for a purpose in an epoch."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, epoch))


@contextlib.contextmanager
def fork_global_rng(
    seed: int, purpose: str, epoch: int = 0, device: str | torch.device = "cpu"
) -> Iterator[None]:
    """Seed the global random generators inside the block, and restore them afterwards.

    This makes custom modules and augmentations deterministic, which use the generators of torch,
    NumPy or Python. The generators are shared by all threads, so only one thread at a time can be
    inside such a block.
    """
    derived = derive_seed(seed, purpose, epoch)
    with _lock, contextlib.ExitStack() as restore:
        # Not torch.manual_seed, which would also seed the other GPUs.
        for generator in _torch_generators(torch.device(device)):
            restore.callback(generator.set_state, generator.get_state())
            generator.manual_seed(derived)
        restore.callback(np.random.set_state, np.random.get_state())
        np.random.seed(derived % 2**32)
        restore.callback(random.setstate, random.getstate())
        random.seed(derived)
        yield


def _torch_generators(device: torch.device) -> Iterator[torch.Generator]:
    yield torch.default_generator
    if device.type == "cuda":
        torch.cuda.init()
        index = torch.cuda.current_device() if device.index is None else device.index
        yield torch.cuda.default_generators[index]
    elif device.type == "mps":
        yield torch.mps._get_default_mps_generator()


def _reset_after_fork() -> None:
    # A thread of the parent process may hold the lock; this copy would never be released.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
