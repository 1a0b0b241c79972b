"""Separate the foreground of a small image, such as a drawing or a scan of 28 x 28 pixels."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from skmnist.exceptions import ImageError

from ._frame import crop_border, frame_width, ring

_SMALL_SIDE = 40  # pixels: in smaller images, lines cannot be told from strokes
_SOLID = 0.25  # fraction of the darkest foreground: certainly a stroke
_MIN_FOREGROUND = 0.1  # fraction of the darkest foreground: lighter pixels may be specks
_MAX_SPECKS = 0.01  # fraction of the background with specks in a clean image, such as MNIST's

EMPTY_MESSAGE = (
    "No foreground found: the image is empty or its contrast is too low. Use an image of one "
    "digit on a plain background of a clearly different brightness."
)


def is_small(gray: np.ndarray) -> bool:
    """Return whether the image is treated as a drawing, without the corrections of photos."""
    return max(gray.shape) <= _SMALL_SIDE


def segment_small(gray: np.ndarray, polarity: str) -> np.ndarray:
    """Return the foreground of a small image, 0 to 1: the pixels that differ from the border."""
    width = frame_width(gray)
    inner = crop_border(gray, width)
    border = ring(inner, 0).astype(np.float64)
    background = np.median(border)
    is_light = polarity == "light" or (
        polarity == "auto" and background < (inner.min() + inner.max()) / 2
    )
    if is_light and background < 1:
        foreground = (inner - background) / (1 - background)
    elif not is_light and background > 0:
        foreground = (background - inner) / background
    else:
        raise ImageError(EMPTY_MESSAGE)
    noise = 4 * np.median(abs(border - background))
    foreground = np.where(foreground > noise, foreground, 0).astype(np.float64)
    if not foreground.any():
        raise ImageError(EMPTY_MESSAGE)
    foreground = np.pad(_remove_specks(foreground), width)
    # Stretch the contrast of gray drawings, such as scikit-learn's digits with 16 levels.
    return foreground if foreground.max() >= 0.5 else foreground / foreground.max()


def _remove_specks(foreground: np.ndarray) -> np.ndarray:
    """Remove faint pixels, such as the artifacts of JPEG, if there are some far from strokes.

    Without such pixels the image is clean, and its faintest pixels are the edges of strokes.
    """
    darkest = foreground.max()
    solid = foreground >= _SOLID * darkest
    background = foreground[~ndimage.binary_dilation(solid, np.ones((3, 3)), iterations=2)]
    specks = background[background > 0]
    if (specks <= _MIN_FOREGROUND * darkest).sum() <= _MAX_SPECKS * background.size:
        return foreground
    return np.where(foreground > max(_MIN_FOREGROUND * darkest, specks.max()), foreground, 0)
