"""The losses: their value for each row, and their gradient with respect to the outputs.

The targets are one row of wanted outputs for each row of outputs: one-hot for classes. The
cross-entropy takes the outputs as logits; its gradient is so short because the softmax's
derivative cancels against the logarithm's. The squared error compares the outputs themselves;
networks that train with it end in a sigmoid, see ``OUTPUT_ACTIVATIONS``.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch


class Loss(NamedTuple):
    """A loss and its gradient, row by row, both from a first step that they share."""

    link: Callable  # outputs -> what the other two are functions of
    rows: Callable  # (link(outputs), targets) -> (n,)
    gradient: Callable  # (link(outputs), targets) -> d rows / d outputs, a new tensor

    def of_outputs(self, outputs, targets):
        """Return the loss of each row."""
        return self.rows(self.link(outputs), targets)


def _log_softmax(outputs):
    # Along the columns of a transposed copy: with ten classes 60 % of the time goes away.
    return torch.log_softmax(outputs.t().contiguous(), 0).t()


def _cross_entropy(log_p, targets):
    return -(targets * log_p).sum(1)


def _cross_entropy_gradient(log_p, targets):
    return log_p.exp().sub_(targets)


def _identity(outputs):
    return outputs


def _squared_error(outputs, targets):
    return (outputs - targets).square().sum(1)


def _squared_error_gradient(outputs, targets):
    return torch.sub(outputs, targets).mul_(2)


LOSSES = {
    "cross_entropy": Loss(_log_softmax, _cross_entropy, _cross_entropy_gradient),
    "mse": Loss(_identity, _squared_error, _squared_error_gradient),
}


@torch.no_grad()
def mean_losses(loss, linked, targets, weights, sizes):
    """Return the mean loss of each of some batches, and what each weighs, in one go.

    Parameters
    ----------
    loss : str
        A key of ``LOSSES``.
    linked, targets : tensors of shape (n, n_outputs)
        ``link(outputs)`` and the wanted outputs of all batches.
    weights : tensor of shape (n,) or None
    sizes : list of int
        How many of the rows are in each batch; only the last may differ from the others.
    """
    rows = LOSSES[loss].rows(linked, targets)
    if weights is None:
        masses = rows.new_tensor(sizes)
    else:
        masses = _sums(weights, sizes)
        rows = rows * weights
    return _sums(rows, sizes) / masses, masses


def _sums(values, sizes):
    n_before_last = sum(sizes[:-1])
    before_last = values[:n_before_last].view(-1, sizes[0]).sum(1)
    return torch.cat([before_last, values[n_before_last:].sum()[None]])


# What the last layer of a network of ours ends in. Squared error without the sigmoid's bounds
# diverges at learning rates that plain gradient descent needs elsewhere.
OUTPUT_ACTIVATIONS = {"cross_entropy": "identity", "mse": "sigmoid"}


def one_hot(codes, n_outputs, dtype):
    """Return the wanted outputs, of shape (n, n_outputs), for class codes of shape (n,)."""
    targets = torch.zeros(len(codes), n_outputs, dtype=dtype, device=codes.device)
    return targets.scatter_(1, codes[:, None], 1)
