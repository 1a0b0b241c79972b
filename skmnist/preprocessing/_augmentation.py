"""Data augmentation: random transforms of the training images, drawn again in each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._transforms import affine, dilate, elastic_displacement, warp

if TYPE_CHECKING:
    from collections.abc import Callable


def light_augmentation(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return a batch in which each image is transformed a little, independently of the others.

    Rotated by up to 12 degrees, translated by up to 6% of its sides, scaled by up to 10%, sheared
    by up to 0.15, its strokes dilated or eroded by up to half a pixel, with an elastic distortion
    of about 1.5% of its sides. Images are never mirrored: a mirrored digit is another digit, or
    none.

    Parameters
    ----------
    images : float tensor of shape (n, channels, height, width)
        On any device.
    generator : torch.Generator
        On the same device.

    Returns
    -------
    tensor of the shape of `images`
    """
    n, size = len(images), (images.shape[-2], images.shape[-1])
    draws = torch.rand((6, n), generator=generator, dtype=images.dtype, device=images.device)
    degrees, scale, shear, right, down, stroke = 2 * draws - 1
    matrices = affine(
        size,
        degrees=12 * degrees,
        scale=1 + 0.1 * scale,
        shear=0.15 * shear,
        shift=(0.06 * size[1] * right, 0.06 * size[0] * down),
    )
    displacements = elastic_displacement(size, images.new_full((n,), 0.03), generator)
    return warp(dilate(images, 0.5 * stroke), matrices, displacements)


AUGMENTATIONS: dict[str, Callable[[torch.Tensor, torch.Generator], torch.Tensor]] = {
    "light": light_augmentation
}
