"""Separate the foreground (the strokes of a digit) from the background of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from skmnist.exceptions import ImageError

from ._background import correct_illumination, darkest_quantile, estimate_noise, is_light_on_dark
from ._components import Components
from ._line_removal import remove_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

WORKING_SIDE = 800  # pixels: larger images are reduced to it
_SMALL_SIDE = 40  # pixels: in such small images specks and lines look like strokes
_MIN_CONTRAST = 0.12  # of the foreground, as a fraction of the background's brightness
_BLUR = 0.012  # of the digit's side: smooths noise and paper grain
_MAX_BLUR = 0.3  # of the stroke width: more would erase thin strokes
# Of the foreground's contrast: where it begins. At first higher, as there may be a shadow as well.
_THRESHOLDS = (0.65, 0.5)
_EDGE_WIDTH = 0.4  # of the foreground's contrast: the step from background to foreground
# The stroke widths of 19 in 20 of MNIST's digits, on 20 x 20 pixels.
_MIN_STROKE_WIDTH, _MAX_STROKE_WIDTH = 2.0, 4.6

_EMPTY_MESSAGE = (
    "no ink found: the picture is empty, or its contrast is too low. Show one digit in a plain "
    "ink on plain paper."
)


def is_small(gray: np.ndarray) -> bool:
    """Return whether the image is used as it is, as a drawing rather than a photo."""
    return max(gray.shape) <= _SMALL_SIDE


def segment_small(gray: np.ndarray, polarity: str) -> np.ndarray:
    """Return what differs from the border of a small image, 0 to 1."""
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]]).astype(np.float64)
    background = np.median(border)
    is_light = polarity == "light" or (
        polarity == "auto" and background < (gray.min() + gray.max()) / 2
    )
    if is_light and background < 1:
        foreground = (gray - background) / (1 - background)
    elif not is_light and background > 0:
        foreground = (background - gray) / background
    else:
        raise ImageError(_EMPTY_MESSAGE)
    noise = 4 * np.median(abs(border - background))
    foreground = np.where(foreground > noise, foreground, 0).astype(np.float64)
    if not foreground.any():
        raise ImageError(_EMPTY_MESSAGE)
    # Drawn in gray, or in the 16 levels of scikit-learn's digits.
    return foreground if foreground.max() >= 0.5 else foreground / foreground.max()


class SegmentedPage:
    """A photo without uneven illumination and printed lines, and its connected components.

    Parameters
    ----------
    gray : ndarray of shape (height, width)
        Luminance, 0 to 1.
    polarity : {"auto", "dark", "light"}
        Whether the foreground is darker or lighter than the background.

    Attributes
    ----------
    illumination_corrected, lines_removed : ndarray of shape (height, width)
        The evenly lit image, in which the background is 1, and the same without printed lines.
    components : Components
        The connected components of the foreground.
    candidates : ndarray of int
        The components that may be digits.
    contrast : float
        How much darker the foreground is than the background.
    """

    def __init__(self, gray: np.ndarray, polarity: str) -> None:
        is_light = polarity == "light" or (polarity == "auto" and is_light_on_dark(gray))
        self.illumination_corrected = correct_illumination(1 - gray if is_light else gray)
        self.lines_removed = remove_lines(self.illumination_corrected)
        darkness = ndimage.gaussian_filter(1 - self.lines_removed, 1, mode="nearest")
        noise = estimate_noise(darkness)
        # First the contrast is that of the darkest thousandth, then that of the largest component.
        self.contrast = darkest_quantile(darkness)
        for threshold in _THRESHOLDS:
            if self.contrast < max(_MIN_CONTRAST, 5 * noise):
                raise ImageError(_EMPTY_MESSAGE)
            self.components = Components(darkness > threshold * self.contrast, darkness)
            self.candidates, self._inside = self.components.digit_candidates()
            if not len(self.candidates):
                raise ImageError(_EMPTY_MESSAGE)
            self._largest = self.candidates[self.components.masses[self.candidates].argmax()]
            largest_mask = self.components.labels == self._largest + 1
            self.contrast = float(np.percentile(darkness[largest_mask], 60))

    def largest_digit(self) -> list[int]:
        """Return the indices of the components of the largest digit."""
        inside = self._inside
        candidates = np.flatnonzero(inside) if inside[self._largest] else self.candidates
        return self.components.group_around(self._largest, candidates)

    def foreground(self, indices: Sequence[int]) -> np.ndarray:
        """Return the foreground of these components, smoothed and cropped, 0 to 1."""
        top, left, bottom, right = self.components.bounding_box(indices)
        side = max(bottom - top, right - left)
        margin = max(3, side // 8)
        crop = np.s_[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
        # Beyond the border there is background.
        darkness = np.pad(1 - self.lines_removed[crop], margin)
        mask = np.pad(self.components.mask(indices, crop), margin)
        stroke_width = 2 * mask.sum() / (mask ^ ndimage.binary_erosion(mask)).sum()
        smooth = ndimage.gaussian_filter(darkness, min(_BLUR * side, _MAX_BLUR * stroke_width))
        foreground = np.clip((smooth / self.contrast - 0.5) / _EDGE_WIDTH + 0.5, 0, 1)
        foreground[~ndimage.binary_dilation(mask, iterations=max(2, margin // 4))] = 0
        if not (foreground >= 0.5).any():
            raise ImageError(_EMPTY_MESSAGE)
        return foreground


def normalize_stroke_width(foreground: np.ndarray) -> np.ndarray:
    """Return the foreground with strokes as wide as MNIST's, if they are thinner or wider."""
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
        # A dot never disappears.
        distance = np.maximum(change, 0.5 - depth.max()) + depth
    return np.clip(distance + 0.5, 0, 1)


def _measure_stroke_width(foreground: np.ndarray) -> tuple[float, int]:
    """Return the stroke width, if the longer side of the bounding box were 20, and that side."""
    mask = foreground >= 0.5
    rows, columns = np.nonzero(mask)
    side = int(max(np.ptp(rows), np.ptp(columns))) + 1
    return 4 * ndimage.distance_transform_edt(mask)[mask].mean() * 20 / side, side
