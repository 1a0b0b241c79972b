"""The background of a photo: its polarity, its illumination and its noise."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

_COARSE_SIDE = 320  # pixels: the longer side of the image in which the illumination is estimated
_MAX_STROKE_WIDTH = 0.45  # of the shorter side: what is broader is background or shadow
_STROKE_CORE = 0.65  # of the darkest foreground: darker than shadows
_MIN_ILLUMINATION = 0.1  # of the brightest background


def is_light_on_dark(gray: np.ndarray) -> bool:
    """Return whether the foreground is lighter than the background, which fills most of an image.

    The foreground differs more from the background than light from shadow does, in proportion,
    however small it is.
    """
    small, coarse = _downscale(gray, 200), _downscale(gray, 32)
    background = ndimage.median_filter(
        coarse, max(3, round(0.7 * min(coarse.shape))), mode="nearest"
    )
    contrast = np.log((small + 0.05) / (_upscale(background, small.shape) + 0.05))
    height, width = contrast.shape
    # Without the photo's edge.
    contrast = contrast[height // 12 : height - height // 12, width // 12 : width - width // 12]
    return darkest_quantile(contrast) > darkest_quantile(-contrast)


def correct_illumination(gray: np.ndarray) -> np.ndarray:
    """Return the image divided by its illumination: the background becomes 1, strokes less.

    The illumination is the morphological closing of a coarse image, which fills what is dark and
    narrower than its window and keeps the edges of shadows sharp. A large window finds the darkest
    strokes and their width; then the smallest window that fills those strokes mistakes as little
    shadow as possible for foreground.
    """
    coarse = ndimage.median_filter(_downscale(gray, _COARSE_SIDE), 3, mode="nearest")
    coarse = np.maximum(ndimage.gaussian_filter(coarse, 0.7, mode="nearest"), 1 / 255)
    darkness = 1 - coarse / _closing(coarse, round(_MAX_STROKE_WIDTH * min(coarse.shape)))
    strokes = darkness > _STROKE_CORE * darkest_quantile(darkness)
    stroke_width = 2 * ndimage.distance_transform_edt(np.pad(strokes, 1)).max()
    illumination = _closing(coarse, round(1.4 * stroke_width) + 2)
    # Nearly black areas, such as the table beside the page, would be nothing but noise.
    black = _MIN_ILLUMINATION * float(illumination.max())
    illumination = _upscale(illumination, gray.shape)
    corrected = (gray + black) / (illumination + black)
    return corrected / np.median(_subsample(corrected))


def _closing(image: np.ndarray, window: int) -> np.ndarray:
    window = max(5, window)
    # What touches the border continues beyond it: an edge is not a stroke, however narrow.
    padded = np.pad(image, window, mode="edge")
    return ndimage.grey_closing(padded, (window, window))[window:-window, window:-window]


def darkest_quantile(darkness: np.ndarray) -> float:
    """Return the mean darkness of the darkest thousandth of the pixels."""
    sample = _subsample(darkness).ravel()
    n = max(5, sample.size // 1000)
    return float(np.partition(sample, -n)[-n:].mean())


def estimate_noise(corrected: np.ndarray) -> float:
    """Return the standard deviation of the noise."""
    smooth = ndimage.gaussian_filter(corrected, 2, mode="nearest", truncate=2)
    return 1.5 * float(np.median(abs(_subsample(corrected) - _subsample(smooth))))


def _subsample(image: np.ndarray) -> np.ndarray:
    """Return enough pixels for statistics; on a whole photo these would take most of the time."""
    step = 1 + max(image.shape) // 400
    return image[::step, ::step]


def _downscale(gray: np.ndarray, max_side: int) -> np.ndarray:
    """Return the image with its longer side at most `max_side`."""
    longer = max(gray.shape)
    if longer <= max_side:
        return gray
    width, height = (max(1, round(length * max_side / longer)) for length in gray.shape[::-1])
    return np.asarray(Image.fromarray(gray).resize((width, height), Image.Resampling.BOX))


def _upscale(gray: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    height, width = shape
    return np.asarray(Image.fromarray(gray).resize((width, height), Image.Resampling.BILINEAR))
