"""Forward and backward pass of several multi-layer perceptrons (MLPs) of one size at once.

The tensors have one more axis than those of a single network, the members, and a product of
matrices is one for each member. The rounding is that of each network alone: a difference in the
last digit of a sum grows during the training, within a few epochs to one in the first digit.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import torch

from .activations import ACTIVATIONS
from .backpropagation import ManualMLP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .activations import Activation

# torch multiplies batches of smaller matrices on the CPU (number of multiplications) by a kernel of
# its own, which rounds differently from the one for a single matrix.
_MIN_BATCHED_PRODUCT = 400

# torch allocates tensors at addresses that are multiples of this number of bytes. Matrices at other
# addresses may be multiplied in another order.
_ALIGNMENT = 64

# On the CPU, torch computes an activation for up to so many numbers at once. The last numbers of a
# tensor, if they are fewer, may be rounded differently: for each member, as if it were alone.
_VECTOR_SIZE = 64


def _is_aligned(tensor: torch.Tensor) -> bool:
    step = tensor.stride(0) * tensor.element_size()
    return tensor.data_ptr() % _ALIGNMENT == 0 and step % _ALIGNMENT == 0


def _is_batched(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Return whether one batched product has the rounding of single ones."""
    if a.device.type != "cpu":
        return True
    is_vector = a.size(2) == 1 or b.size(2) == 1  # a matrix times a vector has another kernel
    n_multiplications = a.size(1) * a.size(2) * b.size(2)
    is_large = n_multiplications >= _MIN_BATCHED_PRODUCT
    return is_large and not is_vector and _is_aligned(a) and _is_aligned(b)


def _members(*tensors: torch.Tensor) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield the tensors of each member, in memory that starts where that of torch's own does."""
    aligned = (
        t.unbind() if _is_aligned(t) else [part.clone() for part in t.unbind()] for t in tensors
    )
    return zip(*aligned, strict=True)


def _mm(a: torch.Tensor, b: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
    """Return the product of the two matrices of each member."""
    if _is_batched(a, b):
        return torch.bmm(a, b, out=out)
    if out is None:
        return torch.stack([torch.mm(*factors) for factors in _members(a, b)])
    for factors, product in zip(_members(a, b), out.unbind(), strict=True):
        torch.mm(*factors, out=product)
    return out


def _addmm(bias: torch.Tensor, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Return x W + b for each member; the biases have shape (n_members, 1, n_out)."""
    if _is_batched(x, weight):
        return torch.baddbmm(bias, x, weight)
    members = zip(bias.unbind(), _members(x, weight), strict=True)
    return torch.stack([torch.addmm(b[0], *factors) for b, factors in members])


def _by_member(function: Callable[..., torch.Tensor], *tensors: torch.Tensor) -> torch.Tensor:
    """Return what an elementwise function returns for each member, with its own rounding."""
    first = tensors[0]
    if first.device.type != "cpu" or first[0].numel() % _VECTOR_SIZE == 0:
        return function(*tensors)
    result = torch.empty_like(first)  # in the same order in memory, which products depend on
    members = zip(result.unbind(), *(tensor.unbind() for tensor in tensors), strict=True)
    for part, *each in members:
        part.copy_(function(*each))
    return result


class StackedMLP(ManualMLP):
    """Forward and backward pass of several multi-layer perceptrons, on the given tensors.

    Parameters
    ----------
    weights : list of tensors of shape (n_members, n_in, n_out)
    biases : list of tensors of shape (n_members, 1, n_out)
    weight_grads, bias_grads : lists of tensors
        Of shapes (n_members, n_in, n_out) and (n_members, n_out).
    **kwargs
        Those of :class:`ManualMLP`. Dropout is not supported.
    """

    _mm: Callable[..., torch.Tensor] = staticmethod(_mm)
    _addmm: Callable[..., torch.Tensor] = staticmethod(_addmm)

    def __init__(self, *tensors: list[torch.Tensor], **kwargs: Any) -> None:
        super().__init__(*tensors, **kwargs)
        self.activation, self.output_activation = map(
            _make_exact, (self.activation, self.output_activation)
        )


def _make_exact(activation: Activation) -> Activation:
    """Return an activation whose rounding for each member is that of the member alone."""
    if activation in (ACTIVATIONS["identity"], ACTIVATIONS["relu"]):
        return activation  # nothing is rounded
    return activation._replace(
        function=functools.partial(_by_member, activation.function),
        backward=functools.partial(_by_member, activation.backward),
    )
