"""Estimate the background of a photo: polarity, illumination and noise."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

from ._components import Components, stroke_radius
from ._faint_strokes import add_faint_strokes
from ._frame import crop_border, frame_width, ring

MIN_CONTRAST = 0.12  # of the foreground, as a fraction of the background's brightness
_COARSE_SIDE = 320  # pixels: longer side of the image on which the illumination is estimated
_MAX_STROKE_WIDTH = 0.45  # fraction of the shorter side: wider regions are background or shadow
_STROKE_CORE = 0.65  # fraction of the darkest foreground: darker than any shadow
_MIN_ILLUMINATION = 0.1  # fraction of the brightest background
# A two-tone image, such as a drawing or a tight crop of a digit:
_MIN_SEPARATION = 0.75  # fraction of the variance that lies between the two tones
_MAX_BORDER = 0.3  # fraction of the border that the foreground may cover
_MAX_STROKE_RADIUS = 0.3  # fraction of the longer side: wider regions are sheets of paper


def is_light_on_dark(gray: np.ndarray) -> bool:
    """Return whether the foreground is lighter than the background.

    In an image of two tones, the border shows which one is the background, even if strokes fill
    most of the image. Elsewhere the background is assumed to fill most of the image. The contrast
    is then measured as a ratio, because the foreground differs from the background by a larger
    ratio than light from shadow.
    """
    two_tone = _is_light_on_dark_of_two_tones(downscale(gray, 100))
    if two_tone is not None:
        return two_tone
    small, coarse = downscale(gray, 200), downscale(gray, 32)
    background = ndimage.median_filter(
        coarse, max(3, round(0.7 * min(coarse.shape))), mode="nearest"
    )
    contrast = np.log((small + 0.05) / (upscale(background, small.shape) + 0.05))
    height, width = contrast.shape
    # Exclude the edges of the photo, which often show the table.
    contrast = contrast[height // 12 : height - height // 12, width // 12 : width - width // 12]
    return darkest_quantile(contrast) > darkest_quantile(-contrast)


def _is_light_on_dark_of_two_tones(gray: np.ndarray) -> bool | None:
    """Return the polarity of an image of thin strokes in two tones, None for other images."""
    gray = crop_border(gray, frame_width(gray))
    threshold, separation = otsu(gray)
    light = gray > threshold
    border = ring(light, 0).mean()
    is_light = bool(border < 0.5)
    strokes = np.pad(light if is_light else ~light, 1, mode="edge")
    radius = ndimage.distance_transform_edt(strokes).max()
    if (
        separation < _MIN_SEPARATION
        or min(border, 1 - border) > _MAX_BORDER
        or radius > _MAX_STROKE_RADIUS * max(gray.shape)
    ):
        return None
    return is_light


def otsu(gray: np.ndarray) -> tuple[float, float]:
    """Return Otsu's threshold, and the fraction of the variance between the two classes."""
    counts, edges = np.histogram(gray, 64)
    levels = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts) / gray.size
    sums = np.cumsum(counts * levels) / gray.size
    between = (sums[-1] * below - sums) ** 2 / np.maximum(below * (1 - below), 1e-9)
    best = int(between.argmax())
    return float(edges[best + 1]), float(between[best] / max(float(gray.var()), 1e-9))


def correct_illumination(gray: np.ndarray) -> np.ndarray:
    """Divide an image by its illumination: the background becomes 1, strokes are darker.

    The illumination is the morphological closing of a coarse copy of the image. The closing fills
    dark regions that are narrower than its window, and keeps the edges of shadows sharp. A large
    window first finds the darkest strokes and their width. The second window is as small as those
    strokes allow, so that few shadows are mistaken for foreground.
    """
    coarse = ndimage.median_filter(downscale(gray, _COARSE_SIDE), 3, mode="nearest")
    coarse = np.maximum(ndimage.gaussian_filter(coarse, 0.7, mode="nearest"), 1 / 255)
    darkness = 1 - coarse / _closing(coarse, round(_MAX_STROKE_WIDTH * min(coarse.shape)))
    darkest = darkest_quantile(darkness)
    strokes = darkness > _STROKE_CORE * darkest
    # Fainter strokes may be wider than the darkest ones.
    faint = add_faint_strokes(Components(strokes, darkness), darkness, darkest, MIN_CONTRAST)
    if faint is not None:
        strokes, _ = faint
    stroke_width = 2 * stroke_radius(strokes)
    illumination = _closing(coarse, round(1.4 * stroke_width) + 2)
    # Without this offset, nearly black areas (such as a dark table) would turn into noise.
    black = _MIN_ILLUMINATION * float(illumination.max())
    illumination = upscale(illumination, gray.shape)
    corrected = (gray + black) / (illumination + black)
    return corrected / np.median(_subsample(corrected))


def _closing(image: np.ndarray, window: int) -> np.ndarray:
    """Return the gray-scale closing of an image with a square window."""
    window = max(5, window)
    # Pad with the border values, so that a narrow dark region at the border is not filled.
    padded = np.pad(image, window, mode="edge")
    return ndimage.grey_closing(padded, (window, window))[window:-window, window:-window]


def darkest_quantile(darkness: np.ndarray) -> float:
    """Return the mean darkness of the darkest 0.1% of the pixels."""
    sample = _subsample(darkness).ravel()
    n = max(5, sample.size // 1000)
    return float(np.partition(sample, -n)[-n:].mean())


def estimate_noise(corrected: np.ndarray) -> float:
    """Estimate the standard deviation of the noise."""
    smooth = ndimage.gaussian_filter(corrected, 2, mode="nearest", truncate=2)
    return 1.5 * float(np.median(abs(_subsample(corrected) - _subsample(smooth))))


def _subsample(image: np.ndarray) -> np.ndarray:
    """Return every k-th pixel: enough for statistics, and much faster on a large photo."""
    step = 1 + max(image.shape) // 400
    return image[::step, ::step]


def downscale(gray: np.ndarray, max_side: int) -> np.ndarray:
    """Reduce an image so that its longer side is at most `max_side` pixels."""
    longer = max(gray.shape)
    if longer <= max_side:
        return gray
    width, height = (max(1, round(length * max_side / longer)) for length in gray.shape[::-1])
    return np.asarray(Image.fromarray(gray).resize((width, height), Image.Resampling.BOX))


def upscale(gray: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Enlarge an image to `shape` by bilinear interpolation."""
    height, width = shape
    return np.asarray(Image.fromarray(gray).resize((width, height), Image.Resampling.BILINEAR))
