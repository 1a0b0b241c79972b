"""Learning-rate schedules as pure functions of where training stands.

Each takes the share of the planned training that is done (0 at the start, 1 at the end), the
number of whole epochs done and the losses so far, and returns the factor on ``lr``. Having no
state of their own, they go on after a pause as if there had been none.
"""

import math


def _cosine(progress, epoch, losses):
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1)))


def _step(progress, epoch, losses):
    """A tenth after each third of the training."""
    return 0.1 ** min(math.floor(3 * progress + 1e-9), 2)


def _exponential(progress, epoch, losses):
    return 0.9**epoch


def _onecycle(progress, epoch, losses, warmup=0.3, start=1 / 25, end=1 / 25e4):
    """Up from lr / 25 for three tenths of the training, then down to almost nothing.

    As ``torch.optim.lr_scheduler.OneCycleLR`` with its default arguments and `lr` as the peak.
    """
    progress = min(progress, 1)
    low, share = (start, 1 - progress / warmup) if progress < warmup else (end, None)
    if share is None:
        share = (progress - warmup) / (1 - warmup)
    return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share))


def _plateau(progress, epoch, losses, patience=2, threshold=1e-3, factor=0.1):
    """A tenth each time the loss has not fallen by a thousandth for three epochs."""
    best, misses, result = math.inf, 0, 1.0
    for loss in losses:
        if loss < best * (1 - threshold):
            best, misses = loss, 0
        else:
            misses += 1
        if misses > patience:
            result, misses = result * factor, 0
    return result


SCHEDULES = {
    "cosine": _cosine,
    "step": _step,
    "onecycle": _onecycle,
    "plateau": _plateau,
    "exponential": _exponential,
}

# The ones that change from batch to batch; the others change from epoch to epoch.
PER_BATCH = {"onecycle"}
