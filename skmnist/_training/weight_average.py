"""Average of the weights over the last part of the training (polynomial-decay averaging).

At a constant learning rate the weights keep moving around a minimum; their average is closer to it.
Each step's weights enter the average with a share that grows with the number of the step, so that
the average follows the training, and no number of epochs has to be known in advance.

References
----------
O. Shamir, T. Zhang, "Stochastic gradient descent for non-smooth optimization: convergence results
and optimal averaging schemes", ICML (2013).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import torch

from skmnist._networks.layers import batch_norm_layers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from .image_dataset import ImageDataset

ETA = 16  # the average lags behind the training by about 1 / (ETA + 2) of its steps
_N_DENSE_STEPS = 64  # each of the first steps is averaged,
_INTERVAL = 4  # then every fourth, which costs a fourth of the time and changes little

_MAX_STATISTICS_SAMPLES = 5000  # for the statistics of batch normalization
_STATISTICS_BATCH_SIZE = 500


def average_share(step: int, previous: int, eta: float = ETA) -> float:
    """Return the share of the current weights in the average.

    Parameters
    ----------
    step : int
        The number of the current step, from 1.
    previous : int
        The number of the step after which the average was updated before; 0 for none.
    eta : float
        The exponent: the share of step s in the average after step t is about (s / t) ** eta.

    Returns
    -------
    float
        In (0, 1]. It is (eta + 1) / (step + eta) if `previous` is the step before.
    """
    kept = 1.0
    for t in range(previous + 1, step + 1):
        kept *= 1 - (eta + 1) / (t + eta)
    return 1 - kept


class WeightAverage:
    """The average of a module's weights.

    Outside of training, the module holds the average and this object the raw weights; inside
    :meth:`raw_weights` it is the other way around.

    Parameters
    ----------
    module : nn.Module
        Averaging starts from its weights.
    """

    def __init__(self, module: nn.Module) -> None:
        self.n_steps = 0
        self.other_weights = [p.detach().clone() for p in module.parameters()]

    def next_share(self) -> float | None:
        """Count a training step; return the share of its weights, or None if they are left out."""
        self.n_steps = step = self.n_steps + 1
        if step <= _N_DENSE_STEPS:
            return average_share(step, step - 1)
        if step % _INTERVAL == 0:
            return average_share(step, step - _INTERVAL)
        return None

    def update(self, module: nn.Module) -> None:
        """Take the weights of `module` after a training step into account."""
        share = self.next_share()
        if share is None:
            return
        with torch.no_grad():
            # One kernel for all weights on a GPU.
            torch._foreach_lerp_(self.other_weights, list(module.parameters()), share)

    @contextlib.contextmanager
    def raw_weights(self, module: nn.Module) -> Iterator[None]:
        """Give `module` the raw weights inside the block, and the average afterwards."""
        self.swap(module)
        try:
            yield
        finally:
            self.swap(module)

    @torch.no_grad()
    def swap(self, module: nn.Module) -> None:
        """Exchange the weights of `module` for the others."""
        params = [p.detach() for p in module.parameters()]
        weights = torch._foreach_mul(params, 1)  # a copy, with one kernel on a GPU
        torch._foreach_copy_(params, self.other_weights)
        torch._foreach_copy_(self.other_weights, weights)

    def to(self, device: torch.device) -> None:
        """Move the weights to a device."""
        self.other_weights = [weights.to(device) for weights in self.other_weights]

    def get_state(self) -> dict[str, Any]:
        """Return a copy of the state: the raw weights and the number of steps."""
        weights = [w.clone() for w in self.other_weights]
        return {"n_steps": self.n_steps, "raw_weights": weights}

    def set_state(self, state: dict[str, Any]) -> None:
        """Set the state to what :meth:`get_state` returned.

        Raises
        ------
        ValueError
            If the state does not match the weights.
        """
        n_steps, raw_weights = state["n_steps"], state["raw_weights"]
        if type(n_steps) is not int or n_steps < 0:
            raise ValueError(f"the number of averaged steps is {n_steps!r:.100}")
        if len(raw_weights) != len(self.other_weights) or not all(
            (w.shape, w.dtype) == (own.shape, own.dtype) and bool(w.isfinite().all())
            for w, own in zip(raw_weights, self.other_weights, strict=True)
        ):
            raise ValueError("the raw weights beside the average do not match the network")
        self.n_steps = n_steps
        for own, weights in zip(self.other_weights, raw_weights, strict=True):
            own.copy_(weights)


def update_batch_norm(module: nn.Module, dataset: ImageDataset) -> None:
    """Set the statistics of batch normalization to those of the averaged network.

    The other layers work as in prediction. The statistics are those of at most 5,000 samples.
    """
    layers = [layer for layer in batch_norm_layers(module) if layer.track_running_stats]
    if not layers:
        return
    indices = dataset.evenly_spaced(_MAX_STATISTICS_SAMPLES)
    n_batches = -(-len(indices) // _STATISTICS_BATCH_SIZE)
    momenta = [layer.momentum for layer in layers]
    module.eval()
    for layer in layers:
        layer.train()
        layer.reset_running_stats()
        layer.momentum = None  # a cumulative average over the batches
    with torch.no_grad():
        for batch_indices in indices.tensor_split(n_batches):
            module(dataset.inputs(batch_indices))
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
        layer.eval()
