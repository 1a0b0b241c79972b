"""Weight initialization."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable


def _he(weight: torch.Tensor, fan_in: int, fan_out: int, generator: torch.Generator | None) -> None:
    weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)


def _glorot(
    weight: torch.Tensor, fan_in: int, fan_out: int, generator: torch.Generator | None
) -> None:
    bound = math.sqrt(6 / (fan_in + fan_out))
    weight.uniform_(-bound, bound, generator=generator)


def _lecun(
    weight: torch.Tensor, fan_in: int, fan_out: int, generator: torch.Generator | None
) -> None:
    bound = math.sqrt(3 / fan_in)
    weight.uniform_(-bound, bound, generator=generator)


def _zeros(
    weight: torch.Tensor, fan_in: int, fan_out: int, generator: torch.Generator | None
) -> None:
    weight.zero_()


def _torch(
    weight: torch.Tensor, fan_in: int, fan_out: int, generator: torch.Generator | None
) -> None:
    """Draw as ``nn.Linear`` and ``nn.Conv2d`` do by default."""
    bound = 1 / math.sqrt(fan_in)
    weight.uniform_(-bound, bound, generator=generator)


WEIGHT_INITS: dict[str, Callable[[torch.Tensor, int, int, torch.Generator | None], None]] = {
    "he": _he,
    "glorot": _glorot,
    "lecun": _lecun,
    "torch": _torch,
    "zeros": _zeros,
}


@torch.no_grad()
def init_weights(module: nn.Module, method: str, generator: torch.Generator | None) -> None:
    """Draw the weights and biases of every linear and convolution layer of `module` in order.

    `method` is a key of ``WEIGHT_INITS``; only "torch" draws the biases, the others set them to 0.
    """
    for layer in module.modules():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            receptive_field = layer.weight[0, 0].numel()
            fan_in = layer.weight.shape[1] * receptive_field
            fan_out = layer.weight.shape[0] * receptive_field
            WEIGHT_INITS[method](layer.weight, fan_in, fan_out, generator)
            bias: Any = layer.bias  # never None in these networks
            if method == "torch":
                _torch(bias, fan_in, fan_out, generator)
            else:
                bias.zero_()
