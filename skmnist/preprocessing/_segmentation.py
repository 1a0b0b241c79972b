"""Separate the foreground (the strokes of a digit) from the background of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from skmnist.exceptions import ImageError

from ._background import (
    MIN_CONTRAST,
    correct_illumination,
    darkest_quantile,
    estimate_noise,
    is_light_on_dark,
)
from ._components import Components
from ._faint_strokes import add_faint_strokes
from ._line_removal import remove_lines
from ._sheet import extend_sheet
from ._small_image import EMPTY_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKING_SIDE = 800  # pixels: the longer side of larger images is reduced to this
_BLUR = 0.012  # sigma as a fraction of the digit's side: smooths noise and paper grain
_MAX_BLUR = 0.3  # fraction of the stroke width: a larger sigma would erase thin strokes
# Thresholds between background and foreground, as fractions of the foreground's contrast. The
# first one is higher, because the contrast may still include a shadow.
_THRESHOLDS = (0.65, 0.5)
_EDGE_WIDTH = 0.4  # fraction of the contrast: width of the ramp from background to foreground
# The range of stroke widths of 95% of MNIST's digits, for digits of 20 x 20 pixels.
_MIN_STROKE_WIDTH, _MAX_STROKE_WIDTH = 2.0, 4.6


class SegmentedPage:
    """Segmentation of a photo: corrected images and the connected components.

    Parameters
    ----------
    gray : ndarray of shape (height, width)
        The gray-scale image, from 0 (black) to 1 (white).
    polarity : {"auto", "dark", "light"}
        Whether the foreground is darker or lighter than the background.

    Attributes
    ----------
    illumination_corrected : ndarray of shape (height, width)
        The image with even illumination, in which the background is 1.
    lines_removed : ndarray of shape (height, width)
        The same image without printed lines.
    components : Components
        The connected components of the foreground.
    candidates : ndarray of int
        Indices of the components that may be digits.
    contrasts : ndarray of shape (n_components,)
        Difference between the brightness of the background (1) and that of each component.

    Raises
    ------
    ImageError
        If the image has no foreground.
    """

    def __init__(self, gray: np.ndarray, polarity: str) -> None:
        is_light = is_light_on_dark(gray) if polarity == "auto" else polarity == "light"
        if is_light and polarity == "auto":
            # A sheet of paper on a large dark table looks like light foreground.
            extended = extend_sheet(gray)
            gray, is_light = extended, extended is gray
        self.illumination_corrected = correct_illumination(1 - gray if is_light else gray)
        self.lines_removed = remove_lines(self.illumination_corrected)
        darkness = ndimage.gaussian_filter(1 - self.lines_removed, 1, mode="nearest")
        noise = estimate_noise(darkness)
        min_contrast = max(MIN_CONTRAST, 5 * noise)
        # The first contrast comes from the darkest pixels, the next from the largest component.
        contrast = darkest_quantile(darkness)
        for threshold in _THRESHOLDS:
            if contrast < min_contrast:
                raise ImageError(EMPTY_MESSAGE)
            self._find_components(darkness > threshold * contrast, darkness)
            contrast = self.components.typical_darkness(self._largest, darkness)
        self.contrasts = np.full(len(self.components.areas), contrast)
        faint = add_faint_strokes(self.components, darkness, contrast, min_contrast)
        if faint is not None:
            mask, contrasts = faint
            self._find_components(mask, darkness)
            labels = np.arange(1, len(self.components.areas) + 1)
            self.contrasts = ndimage.minimum(contrasts, self.components.labels, labels)

    def _find_components(self, mask: np.ndarray, darkness: np.ndarray) -> None:
        self.components = Components(mask, darkness)
        self.candidates, self._free = self.components.digit_candidates()
        if not len(self.candidates):
            raise ImageError(EMPTY_MESSAGE)
        self._largest = self.candidates[self.components.masses[self.candidates].argmax()]

    def largest_digit(self) -> list[int]:
        """Return the indices of the components of the largest digit."""
        free = self._free
        candidates = np.flatnonzero(free) if free[self._largest] else self.candidates
        return self.components.group_around(self._largest, candidates)

    def foreground(self, indices: Sequence[int]) -> np.ndarray:
        """Return the smoothed and cropped foreground of the components `indices`, 0 to 1."""
        top, left, bottom, right = self.components.bounding_box(indices)
        side = max(bottom - top, right - left)
        margin = max(3, side // 8)
        crop = np.s_[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
        # Pad with background beyond the border of the image.
        darkness = np.pad(1 - self.lines_removed[crop], margin)
        mask = np.pad(self.components.mask(indices, crop), margin)
        stroke_width = 2 * mask.sum() / (mask ^ ndimage.binary_erosion(mask)).sum()
        smooth = ndimage.gaussian_filter(darkness, min(_BLUR * side, _MAX_BLUR * stroke_width))
        contrast = np.pad(self._contrast_near(indices, crop), margin, mode="edge")
        foreground = np.clip((smooth / contrast - 0.5) / _EDGE_WIDTH + 0.5, 0, 1)
        foreground[~ndimage.binary_dilation(mask, iterations=max(2, margin // 4))] = 0
        if not (foreground >= 0.5).any():
            raise ImageError(EMPTY_MESSAGE)
        return foreground

    def _contrast_near(self, indices: Sequence[int], crop: tuple[slice, ...]) -> np.ndarray:
        """Return the contrast of the nearest of the components `indices` at each pixel."""
        labels = np.where(self.components.mask(indices, crop), self.components.labels[crop], 0)
        if len(np.unique(self.contrasts[indices])) == 1:
            return np.full(labels.shape, self.contrasts[indices[0]])
        nearest = ndimage.distance_transform_edt(
            labels == 0, return_distances=False, return_indices=True
        )
        return self.contrasts[labels[tuple(nearest)] - 1]


def normalize_stroke_width(foreground: np.ndarray) -> np.ndarray:
    """Dilate or erode strokes whose width is outside of MNIST's range."""
    stroke_width, side = _measure_stroke_width(foreground)
    target = np.clip(stroke_width, _MIN_STROKE_WIDTH, _MAX_STROKE_WIDTH)
    change = (target - stroke_width) / 2 * side / 20
    if abs(change) < 0.5:
        return foreground
    mask = np.pad(foreground >= 0.5, int(max(change, 0)) + 2)
    if change > 0:
        distance = change - ndimage.distance_transform_edt(~mask)
    else:
        depth = ndimage.distance_transform_edt(mask)
        # Erode at most so far that something is left of a small dot.
        distance = np.maximum(change, 0.5 - depth.max()) + depth
    return np.clip(distance + 0.5, 0, 1)


def _measure_stroke_width(foreground: np.ndarray) -> tuple[float, int]:
    """Measure the stroke width relative to a digit of 20 pixels, and the side of the digit.

    Returns
    -------
    stroke_width : float
        The stroke width after scaling the longer side of the bounding box to 20 pixels.
    side : int
        The longer side of the bounding box, in pixels.
    """
    mask = foreground >= 0.5
    rows, columns = np.nonzero(mask)
    side = int(max(np.ptp(rows), np.ptp(columns))) + 1
    return 4 * ndimage.distance_transform_edt(mask)[mask].mean() * 20 / side, side
