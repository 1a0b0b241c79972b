"""Stop when the validation score no longer rises, and go back to the best weights."""

import contextlib
import copy

import numpy as np


class EarlyStop:
    """Watch the validation accuracy of a net.

    Parameters
    ----------
    patience : int
        Epochs without an improvement after which to stop.
    tol : float
        What counts as an improvement of the accuracy.
    """

    def __init__(self, patience, tol):
        self.patience = patience
        self.tol = tol
        self.best_score = -np.inf
        self.best_epoch = None
        self.misses = 0
        self._weights = None

    def update(self, net):
        """Look at the last epoch of `net`; return whether to stop."""
        score = net.history[-1, "valid_acc"]
        self.misses = 0 if score > self.best_score + self.tol else self.misses + 1
        if score > self.best_score:
            self.best_score, self.best_epoch = score, len(net.history)
            self._weights = dict(copy.deepcopy(net.module_.state_dict()))
        return self.enough

    @property
    def enough(self):
        """Whether to stop."""
        return self.misses >= self.patience

    def get_state(self):
        """Return what it has seen, as a dict of plain values and tensors."""
        return {
            "best_score": float(self.best_score),
            "best_epoch": self.best_epoch,
            "misses": self.misses,
            "weights": self._weights,
        }

    def set_state(self, state):
        """Take over what :meth:`get_state` of another returned."""
        self.best_score = state["best_score"]
        self.best_epoch = state["best_epoch"]
        self.misses = state["misses"]
        self._weights = state["weights"]

    @contextlib.contextmanager
    def best_weights(self, net):
        """Give `net` the weights of its best epoch for a while."""
        last = copy.deepcopy(net.module_.state_dict())
        net.module_.load_state_dict(self._weights)
        try:
            yield
        finally:
            net.module_.load_state_dict(last)

    def restore(self, net):
        """Give `net` the weights of its best epoch."""
        net.module_.load_state_dict(self._weights)
