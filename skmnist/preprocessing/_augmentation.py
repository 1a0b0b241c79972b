"""Data augmentation: random transforms of the training images, different in each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from ._photo_damage import damage
from ._transforms import affine, dilate, elastic_displacement, warp

if TYPE_CHECKING:
    from collections.abc import Callable


def light_augmentation(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Apply a small random transform to each image of a batch.

    An image is rotated by up to 12 degrees, translated by up to 6% of its sides, scaled by up to
    10% and sheared by up to 0.15. Its strokes are dilated or eroded by up to half a pixel, and an
    elastic distortion moves pixels by about 1.5% of its sides. Images are never flipped, because
    a mirrored digit is usually not a digit.

    Parameters
    ----------
    images : float tensor of shape (n_samples, channels, height, width)
        The images, on any device.
    generator : torch.Generator
        The random number generator, on the same device.

    Returns
    -------
    augmented : tensor of the same shape as `images`
        The transformed images.
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


def photo_augmentation(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Apply a random transform to each image of a batch, and imitate digits from photos.

    The transform is that of :func:`light_augmentation`, with rotations by up to 20 degrees, shears
    of up to 0.3, aspect ratios that differ by up to 20%, and strokes dilated by up to one pixel or
    eroded by up to half a pixel. After it, each of the following happens to some of the images:
    strokes become fainter toward one side, a gap breaks them, they lose their gray edges as in a
    thresholded photo, the image is blurred, or a faint speck or line remains.

    Parameters
    ----------
    images : float tensor of shape (n_samples, channels, height, width)
        The images, on any device: bright strokes on black.
    generator : torch.Generator
        The random number generator, on the same device.

    Returns
    -------
    augmented : tensor of the same shape as `images`
        The transformed images.
    """
    n, size = len(images), (images.shape[-2], images.shape[-1])
    draws = torch.rand((7, n), generator=generator, dtype=images.dtype, device=images.device)
    degrees, scale, shear, aspect, right, down, stroke = 2 * draws - 1
    matrices = affine(
        size,
        degrees=20 * degrees,
        scale=1 + 0.12 * scale,
        shear=0.3 * shear,
        shift=(0.06 * size[1] * right, 0.06 * size[0] * down),
    )
    matrices[:, 0] *= 1 + 0.2 * aspect[:, None]
    displacements = elastic_displacement(size, images.new_full((n,), 0.04), generator)
    strokes = dilate(images, 0.25 + 0.75 * stroke)
    return damage(warp(strokes, matrices, displacements), generator)


def flip_augmentation(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror half of the images from left to right, and apply a small affine transform to each.

    An image is rotated by up to 8 degrees, translated by up to 10% of its sides and scaled by up to
    10%. The strokes are not changed, because photos have none.

    Parameters
    ----------
    images : float tensor of shape (n_samples, channels, height, width)
        The images, on any device.
    generator : torch.Generator
        The random number generator, on the same device.

    Returns
    -------
    augmented : tensor of the same shape as `images`
        The transformed images.
    """
    size = (images.shape[-2], images.shape[-1])
    shape = (5, len(images))
    draws = torch.rand(shape, generator=generator, dtype=images.dtype, device=images.device)
    degrees, scale, right, down, mirror = 2 * draws - 1
    images = torch.where(mirror[:, None, None, None] > 0, images.flip(-1), images)
    matrices = affine(
        size,
        degrees=8 * degrees,
        scale=1 + 0.1 * scale,
        shift=(0.1 * size[1] * right, 0.1 * size[0] * down),
    )
    return warp(images, matrices)


def translations(images: torch.Tensor) -> list[torch.Tensor]:
    """Return the images, and the images translated by one pixel in the four directions.

    The pixels of the border are repeated.

    Parameters
    ----------
    images : float tensor of shape (n_samples, channels, height, width)
    """
    height, width = images.shape[-2:]
    padded = F.pad(images, (1, 1, 1, 1), mode="replicate")
    shifts = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    return [padded[..., 1 + y : 1 + y + height, 1 + x : 1 + x + width] for y, x in shifts]


AUGMENTATIONS: dict[str, Callable[[torch.Tensor, torch.Generator], torch.Tensor]] = {
    "light": light_augmentation,
    "photo": photo_augmentation,
    "flip": flip_augmentation,
}
