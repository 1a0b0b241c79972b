"""One integer seed behind every random draw, without touching a global generator.

Everything random in an epoch is a pure function of ``(seed, epoch, purpose)``: nothing has to be
remembered between epochs, so stopping and going on gives the same bits as going through.
"""

import contextlib
import zlib

import numpy as np
import torch
from sklearn.utils import check_random_state


def draw_seed(random_state):
    """Return the integer seed that `random_state` stands for.

    ``None`` takes fresh entropy and not NumPy's global generator, which is left as it was.
    """
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint32)[0])
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))


def derive_seed(seed, purpose, epoch=0):
    """Return a seed of its own for one purpose ("order", "dropout", ...) in one epoch."""
    path = (seed, zlib.crc32(purpose.encode()), epoch)
    # 63 bits: what torch.Generator.manual_seed takes on every device.
    return int(np.random.SeedSequence(path).generate_state(1, np.uint64)[0] >> np.uint64(1))


def make_generator(seed, purpose, epoch=0, device="cpu"):
    """Return a new ``torch.Generator`` for one purpose in one epoch."""
    return torch.Generator(device=device).manual_seed(derive_seed(seed, purpose, epoch))


@contextlib.contextmanager
def seeded_globally(seed, purpose, epoch=0, device="cpu"):
    """Seed torch's global generators inside the block and restore them after it.

    For code that isn't ours (a user's module, a user's augmentation), which draws from them.
    """
    device = torch.device(device)
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(derive_seed(seed, purpose, epoch))
        yield
