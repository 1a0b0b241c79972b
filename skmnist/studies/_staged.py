"""Staged fits: fit once for the largest number of epochs, and score after each smaller number."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator

# The estimators of scikit-learn, such as MLPClassifier, have max_iter.
_EPOCHS_PARAMS = ("max_epochs", "max_iter")


def last_step(estimator: BaseEstimator) -> tuple[BaseEstimator, str]:
    """Return the last estimator of a pipeline and the prefix of its parameters."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return estimator, prefix


def epochs_param(estimator: BaseEstimator) -> str:
    """Return the name of the parameter that sets the number of epochs.

    It is ``"max_epochs"`` or ``"max_iter"``, with the prefix of the last step in a Pipeline.

    Raises
    ------
    ValueError
        If the estimator has neither.
    """
    last, prefix = last_step(estimator)
    params = last.get_params(deep=False) if hasattr(last, "get_params") else {}
    for name in _EPOCHS_PARAMS:
        if name in params:
            return prefix + name
    raise ValueError(
        f"{type(last).__name__} has neither the parameter max_epochs nor max_iter. Use an "
        "estimator that trains in epochs, or validation_curve to study another parameter."
    )


def supports_staged_fit(estimator: BaseEstimator) -> bool:
    """Return whether a fit gives the same scores after n epochs as a fit with max_epochs=n."""
    return getattr(last_step(estimator)[0], "_supports_staged_fit", False)


def staged_fit(
    estimator: BaseEstimator,
    epochs: Iterable[int],
    on_stage: Callable[[int, float], object],
    X: ArrayLike,
    y: ArrayLike | None,
    **fit_params: Any,
) -> None:
    """Fit for the largest number of `epochs`, and call `on_stage` after each of them.

    Parameters
    ----------
    estimator : estimator
        An estimator for which :func:`supports_staged_fit` is True. It is fitted in place.
    epochs : iterable of int
        Numbers of epochs.
    on_stage : callable
        ``on_stage(n, seconds)`` is called after n epochs, when the estimator is in the same state
        as after a fit with n epochs. `seconds` is the training time so far.
    X, y, **fit_params
        Passed to ``fit``.
    """
    last, _ = last_step(estimator)
    pending = sorted(set(epochs))
    start = time.perf_counter()
    scoring_time = 0.0

    def call_on_stage(n: int) -> None:
        nonlocal scoring_time
        before = time.perf_counter()
        on_stage(n, before - start - scoring_time)
        scoring_time += time.perf_counter() - before

    def on_epoch_end(n: int) -> None:
        # The last stage is scored after the fit.
        if len(pending) > 1 and n == pending[0]:
            call_on_stage(pending.pop(0))

    estimator.set_params(**{epochs_param(estimator): pending[-1]})
    with last._on_epoch_end(on_epoch_end):
        estimator.fit(X, y, **fit_params)
    for n in pending:  # more than one if early stopping ended the training
        call_on_stage(n)


def snapshot(estimator: BaseEstimator, n: int) -> BaseEstimator:
    """Return a copy of an estimator during its training, with `n` as its number of epochs.

    To save memory, only the weights and the history are copied, not the optimizer state.
    """
    copied = copy.copy(estimator)
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        copied.steps = [*estimator.steps[:-1], (name, snapshot(last, n))]
        return copied
    copied.net_ = estimator.net_.copy(optimizer=False)
    return copied.set_params(max_epochs=n)
