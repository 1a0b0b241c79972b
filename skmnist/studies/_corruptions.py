"""Corruptions of images with pixel values in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch

from skmnist.preprocessing._transforms import affine, dilate, warp

N_GRAY_LEVELS = 255  # from the smallest to the largest pixel value


def _rotate(images: torch.Tensor, degrees: float, generator: torch.Generator) -> torch.Tensor:
    height, width = images.shape[-2:]
    return warp(images, affine((height, width), degrees=degrees))


def _shift(images: torch.Tensor, pixels: float, generator: torch.Generator) -> torch.Tensor:
    """Translate each image in a random direction."""
    angle = 2 * torch.pi * torch.rand(len(images), generator=generator, dtype=images.dtype)
    shift = pixels * torch.cos(angle), pixels * torch.sin(angle)
    height, width = images.shape[-2:]
    return warp(images, affine((height, width), shift=shift))


def _add_noise(images: torch.Tensor, std: float, generator: torch.Generator) -> torch.Tensor:
    return images + std * torch.randn(images.shape, generator=generator, dtype=images.dtype)


def _dilate(images: torch.Tensor, pixels: float, generator: torch.Generator) -> torch.Tensor:
    whole = int(abs(pixels))
    for step in [np.sign(pixels)] * whole + [pixels - np.sign(pixels) * whole]:
        images = dilate(images, torch.full((len(images),), float(step)))
    return images


def _add_signs(
    images: torch.Tensor, gray_levels: float, generator: torch.Generator, signs: torch.Tensor
) -> torch.Tensor:
    """Move each pixel by the same amount, in the direction that increases the loss (FGSM)."""
    return images + gray_levels / N_GRAY_LEVELS * signs


class Corruption(NamedTuple):
    """A function that corrupts images, its default severities, and its axis label.

    If `needs_signs`, the function has another argument: the sign of the gradient at each pixel.
    """

    apply: Callable[..., torch.Tensor]
    severities: tuple[float, ...]
    label: str
    non_negative: bool = False
    needs_signs: bool = False


CorruptionName = Literal["rotate", "shift", "noise", "thickness", "fgsm"]

CORRUPTIONS = {
    "rotate": Corruption(_rotate, tuple(range(-45, 46, 15)), "Rotation (degrees)"),
    "shift": Corruption(_shift, tuple(range(7)), "Translation (pixels)", True),
    "noise": Corruption(
        _add_noise, (0, 0.1, 0.2, 0.3, 0.4, 0.5), "Noise std (fraction of range)", True
    ),
    "thickness": Corruption(_dilate, (-1, -0.5, 0, 0.5, 1, 1.5, 2), "Stroke dilation (pixels)"),
    "fgsm": Corruption(
        _add_signs, (0, 2, 4, 8, 16, 32), "Adversarial change (gray levels)", True, True
    ),
}
