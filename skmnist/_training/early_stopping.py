"""Stop when the validation score no longer rises, and restore the best weights."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .net import Net


class EarlyStopping:
    """Monitor the validation accuracy of a net.

    Parameters
    ----------
    patience : int
        Epochs without an improvement after which to stop.
    tol : float
        The least increase of the accuracy that is an improvement.
    """

    def __init__(self, patience: int, tol: float) -> None:
        self.patience = patience
        self.tol = tol
        self.best_score = -np.inf
        self.best_epoch: int | None = None
        self.wait = 0  # epochs since the last improvement
        self._weights: dict[str, Any] | None = None
        self._average: dict[str, Any] | None = None

    def update(self, net: Net) -> bool:
        """Take the last epoch of `net` into account; return whether to stop."""
        score = net.history[-1, "valid_acc"]
        self.wait = 0 if score > self.best_score + self.tol else self.wait + 1
        if score > self.best_score:
            self.best_score, self.best_epoch = score, len(net.history)
            self._weights = dict(copy.deepcopy(net.module_.state_dict()))
            self._average = net.get_average_state()
        return self.should_stop

    @property
    def should_stop(self) -> bool:
        """Whether to stop."""
        return self.wait >= self.patience

    def get_state(self) -> dict[str, Any]:
        """Return the state, as a dict of plain values and tensors; checkpoints hold it."""
        return {
            "best_score": float(self.best_score),
            "best_epoch": self.best_epoch,
            "wait": self.wait,
            "weights": self._weights,
            "average": self._average,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Set the state to what :meth:`get_state` of another object returned."""
        self.best_score = state["best_score"]
        self.best_epoch = state["best_epoch"]
        self.wait = state["wait"]
        self._weights = state["weights"]
        self._average = state["average"]

    @contextlib.contextmanager
    def best_weights(self, net: Net) -> Iterator[None]:
        """Give `net` the weights of its best epoch inside the block."""
        last = copy.deepcopy(net.module_.state_dict())
        net.module_.load_state_dict(self._weights)
        try:
            yield
        finally:
            net.module_.load_state_dict(last)

    def restore_best_weights(self, net: Net) -> None:
        """Give `net` the weights of its best epoch, and the raw ones beside an average."""
        net.module_.load_state_dict(self._weights)
        net.set_average_state(self._average)
