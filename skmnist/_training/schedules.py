"""Learning-rate schedules as pure functions of the progress of training.

Each takes the number of steps done, the total number of steps and the losses so far, and returns
the factor on ``lr``. A step is an epoch, or a batch for those in ``PER_BATCH``. The functions have
no state, so a resumed training continues with the same rates.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def _cosine(step: int, total_steps: int, losses: list[float]) -> float:
    """Down to 0, as ``torch.optim.lr_scheduler.CosineAnnealingLR``."""
    return 0.5 * (1 + math.cos(math.pi * min(step / total_steps, 1)))


def _step(step: int, total_steps: int, losses: list[float]) -> float:
    """A tenth after each third of the training."""
    return 0.1 ** min(3 * step // total_steps, 2)


def _exponential(step: int, total_steps: int, losses: list[float]) -> float:
    """Nine tenths after each epoch."""
    return 0.9**step


def _onecycle(
    step: int,
    total_steps: int,
    losses: list[float],
    warmup: float = 0.3,
    start: float = 1 / 25,
    end: float = 1 / 25e4,
) -> float:
    """Up from lr / 25 for three tenths of the training, then down to almost nothing.

    As ``torch.optim.lr_scheduler.OneCycleLR`` with its default arguments, except that the
    momentum is constant and `lr` is the peak.
    """
    peak, last = warmup * total_steps - 1, total_steps - 1
    if step < peak:
        low, progress = start, 1 - step / peak
    else:
        low, progress = end, min((step - peak) / max(last - peak, 1), 1)
    return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * progress))


def _plateau(
    step: int,
    total_steps: int,
    losses: list[float],
    patience: int = 2,
    threshold: float = 1e-3,
    factor: float = 0.1,
) -> float:
    """A tenth each time the loss has not fallen by a thousandth for three epochs."""
    best, num_bad_epochs, result = math.inf, 0, 1.0
    for loss in losses:
        if loss < best * (1 - threshold):
            best, num_bad_epochs = loss, 0
        else:
            num_bad_epochs += 1
        if num_bad_epochs > patience:
            result, num_bad_epochs = result * factor, 0
    return result


SCHEDULES: dict[str, Callable[[int, int, list[float]], float]] = {
    "cosine": _cosine,
    "step": _step,
    "onecycle": _onecycle,
    "plateau": _plateau,
    "exponential": _exponential,
}

# Those that change from batch to batch; the others change from epoch to epoch.
PER_BATCH = {"onecycle"}

# Those that depend on max_epochs: a fit of fewer epochs is not the beginning of a longer one.
NEEDS_MAX_EPOCHS = {"cosine", "step", "onecycle"}
