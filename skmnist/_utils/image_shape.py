"""Shapes of images: with the channels first, with the channels last, or without channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_CHANNELS = (1, 3, 4)  # of an image whose channels are last


def is_channels_last(image_shape: Sequence[int]) -> bool:
    """Return whether a shape is (height, width, channels), with 1, 3 or 4 channels.

    Every other shape of three numbers is (channels, height, width).
    """
    return (
        len(image_shape) == 3
        and image_shape[2] in _CHANNELS
        and min(image_shape[:2]) > max(_CHANNELS)
    )


def with_channels(image_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return (channels, height, width) for an image of this shape."""
    if is_channels_last(image_shape):
        return (image_shape[2], *image_shape[:2])
    return (1, *image_shape)[-3:]


def channels_first(X: np.ndarray, image_shape: tuple[int, ...]) -> np.ndarray:
    """Return images of this shape as (n_samples, height, width) or (..., channels, height, width).

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features) or (n_samples, *image_shape)
    image_shape : tuple
    """
    images = X.reshape(len(X), *image_shape)
    return np.moveaxis(images, -1, 1) if is_channels_last(image_shape) else images
