"""Train several classifiers at once, as one batched network."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._training.convergence import warn_if_not_converged
from skmnist._training.device_failure import reraise_device_failure
from skmnist._training.memory import raise_mmap_threshold, reraise_oom
from skmnist._training.stacked.epoch import train_stacked_epoch
from skmnist._utils.device import AUTOCAST_DTYPES
from skmnist._utils.torch_defaults import torch_defaults

from .mlp import MLPClassifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skmnist.exceptions import DivergenceError

    from .deferred_fit import DeferredFit

# What keeps an MLPClassifier from being stacked: the parameter -> whether its value does.
_OBSTACLES: dict[str, Callable[[Any], bool]] = {
    "dropout": bool,
    "batch_norm": bool,
    "augment": lambda value: value is not None,
    "early_stopping": bool,
    "callbacks": bool,
    "verbose": bool,
    "checkpoint_dir": lambda value: value is not None,
    "precision": AUTOCAST_DTYPES.__contains__,
}


def stacking_obstacle(estimator: Any) -> str | None:
    """Return what keeps an estimator from being trained in a stack, or None if nothing does."""
    if not isinstance(estimator, MLPClassifier):
        return f"a {type(estimator).__name__}"
    params = estimator.get_params(deep=False)
    for name, is_obstacle in _OBSTACLES.items():
        if is_obstacle(params[name]):
            return f"{name}={params[name]!r:.60}"
    if hasattr(estimator, "_skl_callbacks"):
        return "callbacks of scikit-learn"
    if os.environ.get("SKMNIST_AUTOGRAD"):
        return "SKMNIST_AUTOGRAD in the environment"
    return None


def train_stack(
    fits: Sequence[DeferredFit], on_epoch_end: Callable[[int, int], object]
) -> list[DivergenceError | None]:
    """Train classifiers whose training was deferred.

    Each is then in the state in which a fit alone would have left it, except for the times, which
    are its share of the time of all.

    Parameters
    ----------
    fits : list of DeferredFit
        A stack of ``plan_stacks``.
    on_epoch_end : callable
        ``on_epoch_end(i, n)`` is called when classifier i has been trained for n epochs.

    Returns
    -------
    list of DivergenceError or None
        The error with which the fit of each classifier would have ended.
    """
    errors: list[DivergenceError | None] = [None] * len(fits)
    first, net = fits[0].estimator, fits[0].net
    same_batches = all(fit.member.has_batches_of(fits[0].member) for fit in fits)
    raise_mmap_threshold()
    with (
        reraise_oom(first._oom_hint()),
        reraise_device_failure(),
        torch_defaults(),
        first._torch_context(net, min(first.batch_size, len(fits[0].dataset))),
    ):
        for epoch in range(max(fit.estimator.max_epochs for fit in fits)):
            active = [
                i
                for i, fit in enumerate(fits)
                if errors[i] is None and fit.estimator.max_epochs > epoch
            ]
            if not active:
                break
            trained = _train_epoch([fits[i] for i in active], same_batches)
            for i, error in zip(active, trained, strict=True):
                errors[i] = error
                if error is None:
                    on_epoch_end(i, epoch + 1)
    return errors


def _train_epoch(fits: Sequence[DeferredFit], same_batches: bool) -> list[DivergenceError | None]:
    """Train each classifier for one epoch, and record it."""
    start = time.perf_counter()
    for fit in fits:
        fit.net.notify("on_epoch_begin", **fit.datasets)
    errors = train_stacked_epoch([fit.member for fit in fits], same_batches=same_batches)
    seconds = (time.perf_counter() - start) / len(fits)
    for fit, error in zip(fits, errors, strict=True):
        if error is None:
            _record(fit, seconds)
        else:
            del fit.estimator.net_  # its predictions would be meaningless
    return errors


def _record(fit: DeferredFit, seconds: float) -> None:
    """Validate and record an epoch, whose training took `seconds`."""
    start = time.perf_counter()
    estimator, net = fit.estimator, fit.net
    if fit.validation_set is not None:
        net._validate(fit.validation_set)
    net.history.record("lr", net.optimizer_.param_groups[0]["lr"])
    net.history.record("dur", seconds + time.perf_counter() - start)
    net.notify("on_epoch_end", **fit.datasets)
    net._set_training(False)
    estimator.fit_time_ = fit.seconds + sum(estimator.epoch_times_)
    scores = estimator.validation_scores_
    estimator.best_epoch_ = int(np.nanargmax(scores)) + 1 if scores else None
    if estimator.n_iter_ == estimator.max_epochs:
        warn_if_not_converged(net, fit.dataset, 0)
