"""The training loss as the criterion that skorch and its callbacks expect."""

from __future__ import annotations

import torch
from torch import nn

from skmnist._networks.losses import LOSSES, one_hot


class MeanLoss(nn.Module):
    """One of ``LOSSES`` as a criterion."""

    def __init__(self, loss: str) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean loss for encoded labels."""
        targets = one_hot(labels, outputs.shape[1], outputs.dtype)
        return LOSSES[self.loss](outputs, targets).mean()
