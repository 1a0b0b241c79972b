"""Geometric transforms of batches of images: affine, elastic, dilation and erosion."""

from __future__ import annotations

import functools
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
    """Return the affine matrices for :func:`warp`: rotation, scale, shear and translation.

    Parameters
    ----------
    size : tuple of int
        (height, width) of the images, in pixels.
    degrees : float or tensor of shape (n_samples,), default=0.0
        Counterclockwise rotation about the center.
    scale : float or tensor of shape (n_samples,), default=1.0
        Scale factor.
    shear : float or tensor of shape (n_samples,), default=0.0
        Horizontal shear: translation of a pixel to the right, divided by its height above the
        center.
    shift : pair of floats or of tensors of shape (n_samples,), default=(0.0, 0.0)
        Translation to the right and down, in pixels.

    Returns
    -------
    matrices : tensor of shape (n_samples, 2, 3), or (1, 2, 3) if all arguments are floats
        Matrices that map output coordinates to input coordinates, in units of half a side.
    """
    height, width = size
    values = (degrees, scale, shear, *shift)
    device = next((value.device for value in values if torch.is_tensor(value)), None)
    angles, scales, shears, right, down = torch.broadcast_tensors(
        *(v if torch.is_tensor(v) else torch.full((1,), v, device=device) for v in values)
    )
    angles = angles * (math.pi / 180)
    cos, sin = torch.cos(angles) / scales, torch.sin(angles) / scales
    # The matrix is the inverse of shear, then rotation and scale, then translation. The y axis
    # points down.
    linear = torch.stack([cos + shears * sin, -sin + shears * cos, sin, cos], -1).view(-1, 2, 2)
    translation = linear @ torch.stack([right, down], -1)[..., None]
    matrices = torch.cat([linear, -translation], -1)
    sides = constant((width / 2, height / 2, 1), matrices.dtype, matrices.device)
    return matrices * sides / sides[:2, None]


@functools.cache
def constant(values: tuple[float, ...], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Return a tensor of these values, which nobody may change.

    It is kept, because a copy to a GPU waits for the GPU, and a CUDA graph may use it.
    """
    with torch.inference_mode(False):
        return torch.tensor(values, dtype=dtype, device=device)


def elastic_displacement(
    size: tuple[int, int], sigmas: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Return random smooth displacement fields for :func:`warp` (elastic distortion).

    Parameters
    ----------
    size : tuple of int
        (height, width) of the images, in pixels.
    sigmas : tensor of shape (n_samples,)
        Standard deviation of each image's displacements, in units of half a side.
    generator : torch.Generator
        The random number generator.

    Returns
    -------
    displacements : tensor of shape (n_samples, height, width, 2)
        The horizontal and vertical displacement of each pixel, in units of half a side.

    Notes
    -----
    Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied to
    visual document analysis" (ICDAR 2003), draw a displacement for each pixel and blur the field.
    Here a coarse grid of displacements is upsampled, which is equally smooth and faster.
    """
    coarse = torch.randn(
        (len(sigmas), 2, 5, 5),
        generator=generator,
        dtype=sigmas.dtype,
        device=sigmas.device,
    )
    coarse = coarse * sigmas[:, None, None, None]
    n_coarse, dtype, device = coarse.shape[-1], coarse.dtype, coarse.device
    vertical, horizontal = (_bicubic_matrix(n_coarse, n, dtype, device) for n in size)
    return (vertical @ coarse @ horizontal.t()).permute(0, 2, 3, 1)


@functools.cache
def _bicubic_matrix(
    n_coarse: int, n: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    """Return the matrix of shape (n, n_coarse) that upsamples a vector by bicubic interpolation.

    Upsampling by two matrix products is faster than torch's interpolation of every image.
    """
    with torch.inference_mode(False):
        identity = torch.eye(n_coarse, dtype=torch.float32)[None, None]
        matrix = F.interpolate(identity, (n, n_coarse), mode="bicubic", align_corners=True)
        return matrix[0, 0].to(device, dtype)


def warp(
    images: torch.Tensor, matrices: torch.Tensor, displacements: torch.Tensor | None = None
) -> torch.Tensor:
    """Transform images: resample them at new coordinates by bilinear interpolation.

    Outside of the image, the pixels of the border are repeated.

    Parameters
    ----------
    images : tensor of shape (n_samples, channels, height, width)
        The images.
    matrices : tensor of shape (n_samples, 2, 3) or (1, 2, 3)
        The affine matrices from :func:`affine`.
    displacements : tensor of shape (n_samples, height, width, 2), default=None
        The displacement fields from :func:`elastic_displacement`. If None, there are none.

    Returns
    -------
    warped : tensor of the same shape as `images`
        The transformed images.
    """
    matrices = matrices.to(images.dtype).expand(len(images), -1, -1)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    if displacements is not None:
        grid = grid + displacements
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def dilate(images: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Dilate (or erode) the bright strokes of images by up to one pixel on each side.

    Parameters
    ----------
    images : tensor of shape (n_samples, channels, height, width)
        The images.
    amounts : tensor of shape (n_samples,)
        The dilation of each image in pixels, from -1 (erosion) to 1. Fractions interpolate
        linearly between the image and the dilated or eroded image.

    Returns
    -------
    dilated : tensor of the same shape as `images`
        The transformed images.
    """
    dilated, eroded = _pool_3x3(images, torch.maximum), _pool_3x3(images, torch.minimum)
    amounts = amounts.to(images.dtype)[:, None, None, None]
    dilation, erosion = amounts.clamp(min=0), -amounts.clamp(max=0)
    return images + dilation * (dilated - images) + erosion * (eroded - images)


def _pool_3x3(
    images: torch.Tensor, function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> torch.Tensor:
    """Return the maximum (or minimum) over the 3 x 3 neighborhood of each pixel.

    Processing one axis after the other is faster than torch's pooling.
    """
    result = images
    for axis in (-1, -2):
        before = result.narrow(axis, 0, result.size(axis) - 1)
        after = result.narrow(axis, 1, result.size(axis) - 1)
        pairs = function(before, after)
        first, last = result.narrow(axis, 0, 1), result.narrow(axis, -1, 1)
        result = function(torch.cat([first, pairs], axis), torch.cat([pairs, last], axis))
    return result
