"""One integer seed behind every random draw, without touching a global generator.

Everything random in an epoch is a pure function of ``(seed, epoch, purpose)``: nothing has to be
remembered between epochs, so a training that is stopped and continued gives the same bits.
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
    """Return the integer seed that `random_state` stands for.

    ``None`` takes fresh entropy and not NumPy's global generator, which is left as it was.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def derive_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """Return a seed of its own for one purpose ("order", "dropout", ...) in one epoch."""
    path = (seed, zlib.crc32(purpose.encode()), epoch)
    # 63 bits: what torch.Generator.manual_seed takes on every device.
    return int(np.random.SeedSequence(path).generate_state(1, np.uint64)[0] >> np.uint64(1))


def make_generator(
    seed: int, purpose: str, epoch: int = 0, device: str | torch.device = "cpu"
) -> torch.Generator:
    """Return a new ``torch.Generator`` for one purpose in one epoch."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, epoch))


@contextlib.contextmanager
def fork_global_rng(
    seed: int, purpose: str, epoch: int = 0, device: str | torch.device = "cpu"
) -> Iterator[None]:
    """Seed the global generators inside the block and restore them after it.

    For code that isn't ours (a user's module, a user's augmentation), which draws from torch's,
    NumPy's or Python's. They belong to the whole process, so only one thread at a time may be
    inside such a block; the others wait.
    """
    derived = derive_seed(seed, purpose, epoch)
    with _lock, contextlib.ExitStack() as restore:
        # torch.manual_seed would seed every GPU, where others may be at work.
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
    # The lock may be held by a thread of the parent, which will never release this copy of it.
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
