"""The losses: their value for each row, and their gradient with respect to the outputs.

The outputs are those of a linear last layer ("logits"); the targets are one row of wanted
outputs for each row of outputs, one-hot for classes. Both gradients are short for a reason: the
last layer is linear in the squared error, and the softmax's derivative cancels against the
logarithm's in the cross-entropy.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch


class Loss(NamedTuple):
    """A loss and its gradient, row by row."""

    rows: Callable  # (outputs, targets) -> (n,)
    gradient: Callable  # (outputs, targets) -> (n, n_outputs), a new tensor


def _cross_entropy(outputs, targets):
    return -(targets * torch.log_softmax(outputs, 1)).sum(1)


def _cross_entropy_gradient(outputs, targets):
    return torch.softmax(outputs, 1).sub_(targets)


def _squared_error(outputs, targets):
    return (outputs - targets).square().sum(1)


def _squared_error_gradient(outputs, targets):
    return torch.sub(outputs, targets).mul_(2)


LOSSES = {
    "cross_entropy": Loss(_cross_entropy, _cross_entropy_gradient),
    "mse": Loss(_squared_error, _squared_error_gradient),
}


def one_hot(codes, n_outputs, dtype):
    """Return the wanted outputs, of shape (n, n_outputs), for class codes of shape (n,)."""
    targets = torch.zeros(len(codes), n_outputs, dtype=dtype, device=codes.device)
    return targets.scatter_(1, codes[:, None], 1)
