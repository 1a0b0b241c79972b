"""Find the frame around a drawing."""

from __future__ import annotations

import numpy as np

_MAX_FRAME_WIDTH = 1 / 12  # fraction of the shorter side
_MIN_FRAME_CONTRAST = 0.25  # between the frame and the background
_FRAME_TOLERANCE = 0.1  # deviation of a pixel from the level of its ring
_MIN_FRAME = 0.95  # fraction of the pixels of a ring of the frame: its corners may be blurred
_MIN_BACKGROUND = 0.7  # fraction of the pixels next to the frame that are background


def frame_width(gray: np.ndarray) -> int:
    """Return the width of the frame around an image in pixels, 0 if there is none.

    A frame consists of rings of one level each. The background inside of it has another level.
    """
    for width in range(1, int(_MAX_FRAME_WIDTH * min(gray.shape)) + 1):
        if _uniformity(ring(gray, width - 1)) < _MIN_FRAME:
            return 0
        inside = ring(gray, width)
        background = np.median(inside)
        if (
            abs(background - np.median(ring(gray, 0))) >= _MIN_FRAME_CONTRAST
            and abs(background - np.median(ring(gray, width + 1))) <= _FRAME_TOLERANCE
            and _uniformity(inside) >= _MIN_BACKGROUND
        ):
            return width
    return 0


def crop_border(gray: np.ndarray, width: int) -> np.ndarray:
    """Return an image without the pixels that are nearer to its border than `width`."""
    return gray[width : len(gray) - width, width : gray.shape[1] - width]


def ring(gray: np.ndarray, distance: int) -> np.ndarray:
    """Return the pixels at a distance from the border of an image."""
    inner = crop_border(gray, distance)
    return np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])


def _uniformity(pixels: np.ndarray) -> float:
    """Return the fraction of the pixels whose level is about the median."""
    return float((abs(pixels - np.median(pixels)) <= _FRAME_TOLERANCE).mean())
