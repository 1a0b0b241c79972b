"""Convolution before a large pool, with a backward pass for sparse gradients.

Max-pooling passes on the maximum of each window, and only the maximum gets a gradient: after a
pool of 4 x 4, one output in sixteen. The two gradients are computed as sparse matrix products, with
one row for each position of the kernel. They take a third of the time or less.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .sparse_input import HAS_KERNEL, SparseBatch

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_faster(
    kernel_size: Sequence[int],
    stride: Sequence[int],
    conv_size: Sequence[int],
    output_size: Sequence[int],
) -> bool:
    """Return whether a :class:`SparseGradConv2d` is faster than an ``nn.Conv2d``.

    All sizes are pairs; `output_size` is the size after the pool. As measured, it is faster if few
    outputs get a gradient and the positions of the kernel don't overlap much.
    """
    is_sparse = math.prod(output_size) * 8 <= math.prod(conv_size)
    return HAS_KERNEL and is_sparse and math.prod(kernel_size) <= 7 * math.prod(stride)


class SparseGradConv2d(nn.Conv2d):
    """An ``nn.Conv2d`` that trains faster on the CPU if few of its outputs get a gradient."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs for x of shape (n, channels, height, width)."""
        unsupported = (
            not HAS_KERNEL  # a network may come from another machine
            or not (self.training and torch.is_grad_enabled())
            or (x.device.type, x.dtype) != ("cpu", torch.float32)
            or torch.is_autocast_enabled("cpu")
        )
        if unsupported:
            return super().forward(x)
        return _SparseGradConv.apply(x, self.weight, self.bias, self.stride, self.padding)


class _SparseGradConv(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor,
        stride: tuple[int, int],
        padding: tuple[int, int],
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        n_outputs, n_channels, *kernel_size = weight.shape
        top, left = ctx.padding
        # Channels last, as they mostly lie in memory already.
        grad, x, weight = (tensor.permute(0, 2, 3, 1) for tensor in (grad, x, weight.detach()))
        padded = F.pad(x, (0, 0, left, left, top, top)).contiguous()
        sparse_grad = SparseBatch.from_dense(grad.reshape(-1, n_outputs))
        grad_input = grad_weight = grad_bias = None
        if ctx.needs_input_grad[0]:
            patches = sparse_grad.matmul(weight.reshape(n_outputs, -1))
            patches = patches.view(*grad.shape[:3], *kernel_size, n_channels)
            grad_input = _fold(patches, torch.zeros_like(padded), ctx.stride)
            grad_input = grad_input[:, top : top + x.shape[1], left : left + x.shape[2]]
            grad_input = grad_input.permute(0, 3, 1, 2)
        if ctx.needs_input_grad[1]:
            patches = _unfold(padded, grad.shape[1:3], kernel_size, ctx.stride)
            grad_weight = sparse_grad.t_matmul(patches.flatten(3).flatten(0, 2))
            grad_weight = grad_weight.view(weight.shape).permute(0, 3, 1, 2)
        if ctx.needs_input_grad[2]:
            grad_bias = grad.sum((0, 1, 2))
        return grad_input, grad_weight, grad_bias, None, None


def _unfold(
    images: torch.Tensor,
    output_size: Sequence[int],
    kernel_size: Sequence[int],
    stride: Sequence[int],
) -> torch.Tensor:
    """Return a view of the patch at each position: (n, rows, columns, height, width, channels)."""
    per_image, per_row, per_column, per_channel = images.stride()
    shape = len(images), *output_size, *kernel_size, images.shape[3]
    strides = (
        per_image,
        stride[0] * per_row,
        stride[1] * per_column,
        per_row,
        per_column,
        per_channel,
    )
    return images.as_strided(shape, strides, images.storage_offset())


def _fold(patches: torch.Tensor, images: torch.Tensor, stride: Sequence[int]) -> torch.Tensor:
    """Add each patch to `images` at its position; return the images.

    The parts of two patches that are as large as the stride don't overlap: such a part is added for
    all patches at once.
    """
    height, width = patches.shape[3:5]
    for top in range(0, height, stride[0]):
        for left in range(0, width, stride[1]):
            part = patches[:, :, :, top : top + stride[0], left : left + stride[1]]
            target = _unfold(images[:, top:, left:], part.shape[1:3], part.shape[3:5], stride)
            target.add_(part)
    return images
