"""Restore the end of the last whole epoch if an epoch is interrupted."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Protocol

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .early_stopping import EarlyStopping
    from .net import Net


class CheckpointWriter(Protocol):
    """Something that writes each epoch to a checkpoint."""

    def write(self, net: Net, early_stopping: EarlyStopping | None) -> None:
        """Write a checkpoint."""


class EpochSnapshot:
    """The state of a net and its early stopping at the end of the last whole epoch.

    Parameters
    ----------
    net : Net
    early_stopping : EarlyStopping or None
    checkpoints : CheckpointWriter or None
        Writes each epoch.
    """

    def __init__(
        self,
        net: Net,
        early_stopping: EarlyStopping | None,
        checkpoints: CheckpointWriter | None = None,
    ) -> None:
        self.net = net
        self.early_stopping = early_stopping
        self.checkpoints = checkpoints
        self.save()

    def save(self) -> None:
        """Save the current state of both."""
        net, early_stopping = self.net, self.early_stopping
        # One assignment at the end: an interrupt before it leaves the last snapshot as it was.
        self._saved = (
            len(net.history),
            _copy_state(net.module_.state_dict()),
            {p: _copy_state(state) for p, state in net.optimizer_.state.items()},
            [{k: v for k, v in g.items() if k != "params"} for g in net.optimizer_.param_groups],
            None if early_stopping is None else early_stopping.get_state(),
            net.get_average_state(),
            net.get_loss_scale_state(),
        )

    def commit(self) -> None:
        """Save what the callbacks changed in the epoch, and write its checkpoint."""
        if self.net.callbacks_:
            self.save()
        if self.checkpoints is not None:
            self.checkpoints.write(self.net, self.early_stopping)

    def rollback(self) -> None:
        """Restore the saved state of both, and the length of the history."""
        net = self.net
        n_epochs, weights, optimizer_state, param_groups, stopping_state, *rest = self._saved
        net.module_.load_state_dict(weights)
        net.optimizer_.state.clear()
        net.optimizer_.state.update({p: _copy_state(s) for p, s in optimizer_state.items()})
        for group, saved in zip(net.optimizer_.param_groups, param_groups, strict=True):
            group.update(saved)
        while len(net.history) > n_epochs:
            del net.history[-1]
        if self.early_stopping is not None and stopping_state is not None:
            self.early_stopping.set_state(stopping_state)
        average, loss_scale = rest
        net.set_average_state(average)
        net.set_loss_scale_state(loss_scale)


def _copy_state(state: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.detach().clone() if torch.is_tensor(value) else copy.deepcopy(value)
        for name, value in state.items()
    }
