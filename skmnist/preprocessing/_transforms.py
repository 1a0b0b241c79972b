"""Transforms of batches of images: pure functions of tensors, with parameters for each image."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

if TYPE_CHECKING:
    from collections.abc import Callable


def affine(
    size: tuple[int, int],
    *,
    degrees: float | torch.Tensor = 0.0,
    scale: float | torch.Tensor = 1.0,
    shear: float | torch.Tensor = 0.0,
    shift: tuple[float | torch.Tensor, float | torch.Tensor] = (0.0, 0.0),
) -> torch.Tensor:
    """Return the matrices, for :func:`warp`, that rotate, scale, shear and translate images.

    Each argument is a number, or a tensor of shape (n,).

    Parameters
    ----------
    size : tuple of int
        (height, width) of the images, in pixels.
    degrees : float or tensor
        Rotation counterclockwise, about the center.
    scale : float or tensor
        Scale factor.
    shear : float or tensor
        Shift of each line of pixels to the right, as a fraction of its height above the center.
    shift : pair of floats or tensors
        Translation to the right and down, in pixels.

    Returns
    -------
    tensor of shape (n, 2, 3), or (1, 2, 3)
        From coordinates in the result to coordinates in the image, in units of half a side.
    """
    height, width = size
    angles, scales, shears, right, down = torch.broadcast_tensors(
        *(torch.atleast_1d(torch.as_tensor(value)) for value in (degrees, scale, shear, *shift))
    )
    angles = angles * (math.pi / 180)
    cos, sin = torch.cos(angles) / scales, torch.sin(angles) / scales
    # The inverse of: shear, then rotate and scale, then translate; y points down.
    linear = torch.stack([cos + shears * sin, -sin + shears * cos, sin, cos], -1).view(-1, 2, 2)
    translation = linear @ torch.stack([right, down], -1)[..., None]
    matrices = torch.cat([linear, -translation], -1)
    sides = torch.tensor([width / 2, height / 2], dtype=matrices.dtype, device=matrices.device)
    return matrices * torch.cat([sides, sides.new_ones(1)]) / sides[:, None]


def elastic_displacement(
    size: tuple[int, int], sigmas: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Return random, smooth displacements, for :func:`warp`.

    Parameters
    ----------
    size : tuple of int
        (height, width) of the images, in pixels.
    sigmas : tensor of shape (n,)
        Standard deviation of the displacements, in units of half a side.
    generator : torch.Generator

    Returns
    -------
    tensor of shape (n, height, width, 2)

    Notes
    -----
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis" (ICDAR 2003), blur a displacement drawn for each pixel. Here a
    coarse grid of displacements is upsampled, which is as smooth and faster.
    """
    coarse = torch.randn(
        (len(sigmas), 2, 5, 5),
        generator=generator,
        dtype=sigmas.dtype,
        device=sigmas.device,
    )
    coarse = coarse * sigmas[:, None, None, None]
    vertical, horizontal = (_bicubic_matrix(coarse.shape[-1], n).to(coarse) for n in size)
    return (vertical @ coarse @ horizontal.t()).permute(0, 2, 3, 1)


def _bicubic_matrix(n_coarse: int, n: int) -> torch.Tensor:
    """Return the matrix of shape (n, n_coarse) that upsamples a column of numbers, bicubically.

    Two matrix products are much faster than torch's interpolation.
    """
    identity = torch.eye(n_coarse)[None, None]
    return F.interpolate(identity, (n, n_coarse), mode="bicubic", align_corners=True)[0, 0]


def warp(
    images: torch.Tensor, matrices: torch.Tensor, displacements: torch.Tensor | None = None
) -> torch.Tensor:
    """Return images resampled at transformed coordinates, with bilinear interpolation.

    Beyond the border the value at the border is repeated.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    matrices : tensor of shape (n, 2, 3) or (1, 2, 3)
        Of :func:`affine`.
    displacements : tensor of shape (n, height, width, 2), default=None
        Of :func:`elastic_displacement`.

    Returns
    -------
    tensor of the shape of `images`
    """
    matrices = matrices.to(images.dtype).expand(len(images), -1, -1)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    if displacements is not None:
        grid = grid + displacements
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def dilate(images: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Return images whose bright strokes are wider by `amounts` pixels to each side.

    Parameters
    ----------
    images : tensor of shape (n, channels, height, width)
    amounts : tensor of shape (n,)
        From -1 (eroded by a pixel) to 1 (dilated by a pixel); fractions interpolate linearly.

    Returns
    -------
    tensor of the shape of `images`
    """
    dilated, eroded = _pool_3x3(images, torch.maximum), _pool_3x3(images, torch.minimum)
    amounts = amounts.to(images.dtype)[:, None, None, None]
    dilation, erosion = amounts.clamp(min=0), -amounts.clamp(max=0)
    return images + dilation * (dilated - images) + erosion * (eroded - images)


def _pool_3x3(
    images: torch.Tensor, function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return the maximum (or minimum) of each pixel and its eight neighbors.

    One axis after the other, which is faster than torch's pooling.
    """
    result = images
    for axis in (-1, -2):
        before = result.narrow(axis, 0, result.size(axis) - 1)
        after = result.narrow(axis, 1, result.size(axis) - 1)
        pairs = function(before, after)
        first, last = result.narrow(axis, 0, 1), result.narrow(axis, -1, 1)
        result = function(torch.cat([first, pairs], axis), torch.cat([pairs, last], axis))
    return result
