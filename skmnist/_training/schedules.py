"""Learning-rate schedules as pure functions of where training stands.

Each takes how many steps are done, how many are planned and the losses so far, and returns the
factor on ``lr``. A step is an epoch, or a batch for those in ``PER_BATCH``. Having no state of
their own, they go on after a pause as if there had been none.
"""

import math


def _cosine(done, planned, losses):
    """Down to 0, as ``torch.optim.lr_scheduler.CosineAnnealingLR``."""
    return 0.5 * (1 + math.cos(math.pi * min(done / planned, 1)))


def _step(done, planned, losses):
    """A tenth after each third of the training."""
    return 0.1 ** min(3 * done // planned, 2)


def _exponential(done, planned, losses):
    """Nine tenths of it after each epoch."""
    return 0.9**done


def _onecycle(done, planned, losses, warmup=0.3, start=1 / 25, end=1 / 25e4):
    """Up from lr / 25 for three tenths of the training, then down to almost nothing.

    As ``torch.optim.lr_scheduler.OneCycleLR`` with its default arguments, but for the momentum,
    which stays, and with `lr` as the peak.
    """
    peak, last = warmup * planned - 1, planned - 1
    if done < peak:
        low, share = start, 1 - done / peak
    else:
        low, share = end, min((done - peak) / max(last - peak, 1), 1)
    return low + (1 - low) * 0.5 * (1 + math.cos(math.pi * share))


def _plateau(done, planned, losses, patience=2, threshold=1e-3, factor=0.1):
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

# The ones that look at how many epochs are planned: fewer epochs are no part of more.
OF_ALL_EPOCHS = {"cosine", "step", "onecycle"}
