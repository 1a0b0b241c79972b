"""Activation functions: as torch modules, and with derivatives for the manual backward pass."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import nn
from torch.nn import functional as F

ActivationName: TypeAlias = Literal[
    "relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu", "gelu", "silu"
]
# Those whose derivative is a function of the activation, see ``Activation.needs_input``.
OutputActivationName: TypeAlias = Literal[
    "relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu"
]

ACTIVATION_MODULES: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "identity": nn.Identity,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}

# Max-pooling before or after these gives the same result; pooling first is less work.
MONOTONIC = frozenset({"relu", "tanh", "sigmoid", "identity", "leaky_relu", "elu"})


class Activation(NamedTuple):
    """An activation function and its backward pass."""

    function: Callable[[torch.Tensor], torch.Tensor]  # z -> a; in place unless `needs_input`
    # (grad, a or z) -> grad * f'(z); may overwrite `grad`.
    backward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    needs_input: bool = False  # whether the derivative is a function of z, not of a


# Most derivatives are written as functions of the activation `a`, which is already computed:
# tanh' = 1 - a^2, sigmoid' = a (1 - a), relu' = [a > 0]. leaky_relu and elu keep the sign of z, so
# that the sign of `a` selects the branch; elu' = a + 1 below zero.
def _relu_backward(grad: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    if grad.is_cuda:
        # One kernel, which autograd uses, too; but calling it takes longer than two on the CPU.
        return torch.ops.aten.threshold_backward.grad_input(grad, a, 0, grad_input=grad)
    # The sign is 0 or 1 here; a comparison would make a bool tensor, which is slow to multiply by.
    return grad.mul_(a.sign())


def _tanh_backward(grad: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return grad.mul_(1 - a * a)


def _sigmoid_backward(grad: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return grad.mul_(a).mul_(1 - a)


def _identity_backward(grad: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return grad


def _leaky_relu_backward(
    grad: torch.Tensor, a: torch.Tensor, negative_slope: float = 0.01
) -> torch.Tensor:
    return torch.where(a > 0, grad, grad * negative_slope)


def _elu_backward(grad: torch.Tensor, a: torch.Tensor) -> torch.Tensor:
    return torch.where(a > 0, grad, grad * (a + 1))


def _silu_backward(grad: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    s = torch.sigmoid(z)
    return grad.mul_(s * (1 + z * (1 - s)))


def _gelu_backward(grad: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    cdf = 0.5 * (1 + torch.erf(z / math.sqrt(2)))
    density = torch.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return grad.mul_(cdf + z * density)


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(torch.relu_, _relu_backward),
    "tanh": Activation(torch.tanh_, _tanh_backward),
    "sigmoid": Activation(torch.sigmoid_, _sigmoid_backward),
    "identity": Activation(lambda z: z, _identity_backward),
    "leaky_relu": Activation(lambda z: F.leaky_relu_(z), _leaky_relu_backward),
    "elu": Activation(lambda z: F.elu_(z), _elu_backward),
    "gelu": Activation(F.gelu, _gelu_backward, needs_input=True),
    "silu": Activation(F.silu, _silu_backward, needs_input=True),
}
