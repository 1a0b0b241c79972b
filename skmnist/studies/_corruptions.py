"""Corruptions of images with pixel values in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import torch

from skmnist.preprocessing._transforms import affine, dilate, warp


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


class Corruption(NamedTuple):
    """A function that corrupts images, its default severities, and its axis label."""

    apply: Callable[[torch.Tensor, float, torch.Generator], torch.Tensor]
    severities: tuple[float, ...]
    label: str


CorruptionName = Literal["rotate", "shift", "noise", "thickness"]

CORRUPTIONS = {
    "rotate": Corruption(_rotate, tuple(range(-45, 46, 15)), "Rotation (degrees)"),
    "shift": Corruption(_shift, tuple(range(7)), "Translation (pixels)"),
    "noise": Corruption(_add_noise, (0, 0.1, 0.2, 0.3, 0.4, 0.5), "Noise std (fraction of range)"),
    "thickness": Corruption(_dilate, (-1, -0.5, 0, 0.5, 1, 1.5, 2), "Stroke dilation (pixels)"),
}
