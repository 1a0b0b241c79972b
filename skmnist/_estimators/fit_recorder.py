"""Records of a fit, and its hooks after each epoch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skmnist._training.early_stopping import EarlyStopping

    from .net_classifier import BaseNetClassifier
    from .sklearn_callbacks import CallbackTasks


class FitRecorder:
    """Set `fit_time_` and `best_epoch_` of an estimator, and call its hooks after each epoch.

    The duration of the hooks is not part of `fit_time_`.

    Parameters
    ----------
    estimator : BaseNetClassifier
    early_stopping : EarlyStopping or None
    tasks : CallbackTasks or None
        The tasks of scikit-learn's callbacks.
    first_epoch : int
        Number of epochs before this fit.
    start : float
        Start time of the fit, from ``time.perf_counter()``.
    """

    def __init__(
        self,
        estimator: BaseNetClassifier,
        early_stopping: EarlyStopping | None,
        tasks: CallbackTasks | None,
        first_epoch: int,
        start: float,
    ) -> None:
        self._estimator = estimator
        self._early_stopping = early_stopping
        self._tasks = tasks
        self._first_epoch = first_epoch
        self._start = start
        self._hook_time = 0.0
        self._epoch_hook = getattr(estimator, "_epoch_hook", None)
        self.has_hooks = tasks is not None or self._epoch_hook is not None
        estimator.best_epoch_ = None

    def on_epoch_end(self) -> bool:
        """Record the epoch and call the hooks; return whether one of them stops training."""
        paused = time.perf_counter()
        self._record(paused)
        if self._epoch_hook is not None:
            self._epoch_hook(self._estimator.n_iter_ - self._first_epoch)
        stop = self._tasks is not None and self._tasks.end_epoch()
        self._hook_time += time.perf_counter() - paused
        return stop

    def finish(self) -> None:
        """Restore the best weights if early stopping is used, and record the fit."""
        early_stopping = self._early_stopping
        if early_stopping is not None and early_stopping.best_epoch is not None:
            early_stopping.restore_best_weights(self._estimator.net_)
        self._record(time.perf_counter())

    def _record(self, now: float) -> None:
        estimator = self._estimator
        estimator.fit_time_ = now - self._start - self._hook_time
        if self._early_stopping is not None:
            estimator.best_epoch_ = self._early_stopping.best_epoch
        elif estimator.validation_scores_:
            estimator.best_epoch_ = int(np.nanargmax(estimator.validation_scores_)) + 1
