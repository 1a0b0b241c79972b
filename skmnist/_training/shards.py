"""The gradient of a mini-batch as the sum of those of its shards, computed in several threads.

torch's own threads change the order of its sums, and with it the last bits of the results. Here a
mini-batch is split by its size alone, each shard is computed by one thread, and the gradients are
added in a fixed order: any number of threads gives the same bits.
"""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING

import torch

from skmnist._networks.backpropagation import ensure_grad
from skmnist._networks.layers import seed_dropout
from skmnist._networks.losses import LOSSES
from skmnist._utils.random_state import make_generator

from .denormals import flush_denormals
from .threads import parallel_map

if TYPE_CHECKING:
    from torch import nn

    from .net import Net

_MIN_SAMPLES = 32  # in a shard: kernels are slower for fewer,
_MIN_FLOPS = 5e7  # waking up a thread takes as long as a thousandth of a second's work,
_MIN_FLOPS_PER_PARAMETER = 700  # and each shard writes a gradient of every parameter


def count_shards(batch_size: int, flops_per_sample: float, n_parameters: int) -> int:
    """Return the number of shards of a mini-batch.

    Parameters
    ----------
    batch_size : int
    flops_per_sample : float
        Floating-point operations of the forward and backward pass.
    n_parameters : int
    """
    min_flops = max(_MIN_FLOPS, _MIN_FLOPS_PER_PARAMETER * n_parameters)
    return max(1, int(batch_size // max(_MIN_SAMPLES, min_flops / flops_per_sample)))


class ShardedGradient:
    """Computes the gradient of the mean loss of a batch, for the batches of one epoch.

    Parameters
    ----------
    net : Net
    epoch : int
    """

    def __init__(self, net: Net, epoch: int) -> None:
        self.net = net
        self.epoch = epoch
        self.loss = LOSSES[net.config.loss]
        self._params = list(net.module_.parameters())
        self._replicas: list[nn.Module] = []
        self._count_shards = functools.cache(net.count_shards)

    def __call__(
        self, x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the gradients; return the mean loss and ``loss.link`` of the outputs."""
        n_shards = self._count_shards(len(x))
        while len(self._replicas) < n_shards:
            self._replicas.append(self._replicate(len(self._replicas)))
        if weights is None:
            weights = targets.new_full((len(x),), 1 / len(x))
        else:
            weights = weights / weights.sum()
        shards = (tensor.tensor_split(n_shards) for tensor in (x, targets, weights))
        results = parallel_map(self._compute, self._replicas[:n_shards], *shards)
        losses, predictions, gradients = zip(*results, strict=True)
        for p, *grads in zip(self._params, *gradients, strict=True):
            total = ensure_grad(p).copy_(grads[0])
            for grad in grads[1:]:
                total.add_(grad)
        return torch.stack(losses).sum(), torch.cat(predictions)

    def _replicate(self, shard: int) -> nn.Module:
        """Return a module with the same parameters, and dropout masks of its own."""
        replica = copy.deepcopy(self.net.module_, {id(p): p for p in self._params})
        purpose = f"dropout of shard {shard}"
        seed_dropout(replica, lambda: make_generator(self.net.config.seed, purpose, self.epoch))
        return replica

    def _compute(
        self, module: nn.Module, x: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]]:
        # torch's modes belong to the thread, so they are set here.
        with flush_denormals(x.device), torch.enable_grad():
            with self.net.autocast():
                outputs = module(x)
            predicted = self.loss.link(outputs.to(targets.dtype))
            loss = self.loss.per_sample(predicted, targets) @ weights
            scale = self.net.loss_scale_
            gradients = torch.autograd.grad(
                loss if scale is None else loss * scale.scale, self._params
            )
        return loss.detach(), predicted.detach(), gradients
