"""A convolution before a large pool, most of whose outputs get no gradient.

Of each window the maximum alone is passed on, and the gradient comes back to that alone: after a
pool of 4 x 4 to one output in sixteen. As products of matrices, a row for each position of the
window over the picture, the two gradients then take a third of the time or less.
"""

import math

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from .sparse_input import HAS_KERNEL, SparseBatch


def pays(kernel_size, stride, map_size, pooled_size):
    """Return whether a :class:`FewGradientsConv2d` is the quicker one, all sizes being pairs.

    As measured: where few outputs get a gradient, and windows don't overlap so much that the
    rows become large.
    """
    few = math.prod(pooled_size) * 8 <= math.prod(map_size)
    return HAS_KERNEL and few and math.prod(kernel_size) <= 7 * math.prod(stride)


class FewGradientsConv2d(nn.Conv2d):
    """An ``nn.Conv2d`` that trains faster on the CPU where its outputs have few gradients."""

    def forward(self, x):
        """Return the outputs for x of shape (n, channels, height, width)."""
        plain = (
            not HAS_KERNEL  # a network may come from another machine
            or not (self.training and torch.is_grad_enabled())
            or (x.device.type, x.dtype) != ("cpu", torch.float32)
            or torch.is_autocast_enabled("cpu")
        )
        if plain:
            return super().forward(x)
        return _FewGradients.apply(x, self.weight, self.bias, self.stride, self.padding)


class _FewGradients(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, stride, padding):
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, weight, bias, stride, padding)

    @staticmethod
    @once_differentiable
    def backward(ctx, d):
        x, weight = ctx.saved_tensors
        n_outputs, n_channels, *kernel_size = weight.shape
        top, left = ctx.padding
        # Channels last, as they mostly lie in memory already.
        d, x, weight = (tensor.permute(0, 2, 3, 1) for tensor in (d, x, weight.detach()))
        padded = F.pad(x, (0, 0, left, left, top, top)).contiguous()
        few = SparseBatch.of(d.reshape(-1, n_outputs))
        of_x = of_weight = of_bias = None
        if ctx.needs_input_grad[0]:
            rows = few.times(weight.reshape(n_outputs, -1))
            rows = rows.view(*d.shape[:3], *kernel_size, n_channels)
            of_x = _add_up(rows, torch.zeros_like(padded), ctx.stride)
            of_x = of_x[:, top : top + x.shape[1], left : left + x.shape[2]].permute(0, 3, 1, 2)
        if ctx.needs_input_grad[1]:
            rows = _windows(padded, d.shape[1:3], kernel_size, ctx.stride)
            of_weight = few.transposed_times(rows.flatten(3).flatten(0, 2))
            of_weight = of_weight.view(weight.shape).permute(0, 3, 1, 2)
        if ctx.needs_input_grad[2]:
            of_bias = d.sum((0, 1, 2))
        return of_x, of_weight, of_bias, None, None


def _windows(pictures, positions, size, stride):
    """Return a view of what a window sees: (n, rows, columns, height, width, channels)."""
    of_picture, down, along, of_channel = pictures.stride()
    steps = of_picture, stride[0] * down, stride[1] * along, down, along, of_channel
    shape = len(pictures), *positions, *size, pictures.shape[3]
    return pictures.as_strided(shape, steps, pictures.storage_offset())


def _add_up(windows, pictures, stride):
    """Add what belongs to each window to `pictures`, where it was; return them.

    The part of a window that is as large as the stride overlaps no other's: it can be added for
    all windows at once.
    """
    height, width = windows.shape[3:5]
    for top in range(0, height, stride[0]):
        for left in range(0, width, stride[1]):
            part = windows[:, :, :, top : top + stride[0], left : left + stride[1]]
            there = _windows(pictures[:, top:, left:], part.shape[1:3], part.shape[3:5], stride)
            there.add_(part)
    return pictures
