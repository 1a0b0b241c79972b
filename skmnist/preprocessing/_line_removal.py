"""Remove the printed lines of ruled or squared paper."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from ._background import estimate_noise

_MAX_SLOPE = math.tan(math.radians(20))  # of a printed line
_MAX_THICKNESS = 0.02  # fraction of the image's shorter side
_MIN_LENGTH = 50  # multiple of the thickness: longer than any stroke
_MIN_CONTRAST = 0.06  # of the faintest line, as a fraction of the background's brightness


def remove_lines(corrected: np.ndarray) -> np.ndarray:
    """Remove printed horizontal and vertical lines from an image.

    Parameters
    ----------
    corrected : ndarray of shape (height, width)
        The image after illumination correction, in which the background is 1.

    Returns
    -------
    image : ndarray of shape (height, width)
        The image without lines.
    """
    min_contrast = max(_MIN_CONTRAST, 2 * estimate_noise(corrected))
    image = _remove_horizontal_lines(corrected, min_contrast)
    transposed = _remove_horizontal_lines(np.ascontiguousarray(image.T), min_contrast)
    return np.ascontiguousarray(transposed.T)


def _remove_horizontal_lines(image: np.ndarray, min_contrast: float) -> np.ndarray:
    """Remove lines that cross the image from left to right.

    A line is at least `min_contrast` darker than the background.
    """
    height, width = image.shape
    max_thickness = max(3, round(_MAX_THICKNESS * min(height, width)))
    dark = image < 1 - min_contrast
    lengths = _vertical_run_lengths(dark)
    thin = dark & (lengths <= max_thickness)
    y, x = np.nonzero(thin)
    if len(y) < width / 2:
        return image
    slope = _dominant_slope(y, x, image.shape)
    offset = np.round(y - slope * (x - width / 2)).astype(int)
    lines = _find_lines(offset, x, lengths[y, x], image.shape, slope, dark & ~thin)
    if not len(lines):
        return image
    nearest = lines[np.abs(offset[:, None] - lines).argmin(axis=1)] if len(y) else offset
    on_line = abs(offset - nearest) <= 2 + max_thickness // 4
    thickness = np.median(lengths[y[on_line], x[on_line]])
    on_line &= lengths[y, x] <= 1.5 * thickness + 2
    removed = np.zeros(image.shape, bool)
    removed[y[on_line], x[on_line]] = True
    # Also remove the gray pixels above and below the line.
    fringe = ndimage.binary_dilation(removed, np.ones((3, 1))) & ~(dark & ~removed)
    return np.where(fringe, np.maximum(image, 1), image)


def _vertical_run_lengths(mask: np.ndarray) -> np.ndarray:
    """Return the length of the vertical run through each pixel, 0 outside of the mask."""
    rows = np.arange(len(mask), dtype=np.int16)[:, None]
    above = np.maximum.accumulate(np.where(mask, np.int16(-1), rows), axis=0)
    end = np.int16(len(mask))
    below = np.minimum.accumulate(np.where(mask, end, rows)[::-1], axis=0)[::-1]
    return np.where(mask, below - above - 1, 0)


def _dominant_slope(y: np.ndarray, x: np.ndarray, shape: tuple[int, ...]) -> float:
    """Return the slope at which the pixels concentrate on the fewest lines."""
    _, width = shape
    step = max(1, len(y) // 10_000)
    y, x = y[::step], x[::step] - width / 2
    reach = math.ceil(_MAX_SLOPE * width / 2) + 8

    def peakedness(slope: float) -> int:
        counts = np.bincount((y - slope * x + reach + 0.5).astype(np.intp))
        return int(counts @ counts)

    # Coarse search in steps of 4 pixels at the left and right border, then in steps of 1 pixel.
    n = math.ceil(_MAX_SLOPE * width / 8)
    best = max(np.linspace(-_MAX_SLOPE, _MAX_SLOPE, 2 * n + 1), key=peakedness)
    return max(best + np.arange(-8, 9) / width, key=peakedness)


def _find_lines(
    offset: np.ndarray,
    x: np.ndarray,
    lengths: np.ndarray,
    shape: tuple[int, ...],
    slope: float,
    thick: np.ndarray,
) -> np.ndarray:
    """Find the lines that cross the whole image.

    Returns
    -------
    lines : ndarray of int
        The y coordinate of each line in the middle column of the image.
    """
    height, width = shape
    reach = math.ceil(_MAX_SLOPE * width / 2) + 8
    counts = np.bincount(offset + reach, minlength=height + 2 * reach)
    smoothed = np.convolve(counts, np.ones(3), "same")
    local_maximum = smoothed == ndimage.maximum_filter1d(smoothed, 7)
    peaks = np.flatnonzero((smoothed >= 0.3 * width) & local_maximum)
    columns = np.arange(width)
    lines = []
    for peak in peaks - reach:
        y = np.round(peak + slope * (columns - width / 2)).astype(int)
        inside = (y >= 0) & (y < height)
        free = inside.copy()
        free[inside] = ~thick[y[inside], columns[inside]]
        on_line = abs(offset - peak) <= 2
        covered = np.zeros(width, bool)
        covered[x[on_line]] = True
        is_long = covered.sum() >= _MIN_LENGTH * np.median(lengths[on_line])
        coverage = [
            covered[part].sum() / max(1, free[part].sum())
            for part in np.array_split(columns, 10)
            if free[part].sum() > 2
        ]
        runs_through = bool(coverage) and min(coverage[0], coverage[-1]) >= 0.3
        if coverage and np.median(coverage) >= 0.5 and (is_long or runs_through):
            lines.append((peak, runs_through))
    found, through = np.array(lines, dtype=int).reshape(-1, 2).T
    # A single line that ends inside of the image may be a digit written with a thin pen.
    return found if len(found) and (through.any() or np.ptp(found) > 7) else found[:0]
