"""Find the connected components of an image, and tell digits from specks and edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MIN_DIGIT_SIDE = 0.04  # fraction of the image's shorter side
# The radius of a stroke, as fractions of the longer side of its component: thinner is a line or the
# edge of a page, thicker is a shadow, a table or a finger.
_STROKE_RADIUS = (0.02, 0.25)
_MIN_DOMINANCE = 4  # ratio of the mass of a digit at the border and that of the others
_MIN_AREA = 0.02  # fraction of the largest component's area: smaller components are specks
_MIN_DARKNESS = 0.4  # fraction of the largest component's squared darkness: lighter is a shadow
_MAX_DISTANCE = 0.3  # fraction of the digit's longer side, between two parts of the digit
_MAX_SPECK_DISTANCE = 2  # multiple of a part's own side: small parts farther away are specks


class Components:
    """Connected components of a mask, with their bounding boxes, areas and masses.

    Parameters
    ----------
    mask : ndarray of shape (height, width), bool
        True for the pixels that may be foreground.
    darkness : ndarray of shape (height, width)
        Difference between the brightness of the background and that of each pixel.

    Attributes
    ----------
    labels : ndarray of shape (height, width), int
        The number of the component at each pixel, from 1; 0 outside of the mask.
    boxes : ndarray of shape (n_components, 4), int
        The bounding boxes: top, left, bottom, right. Bottom and right are exclusive.
    areas : ndarray of shape (n_components,), int
        The numbers of pixels.
    masses : ndarray of shape (n_components,)
        The sums of the squared darkness.
    sides : ndarray of shape (n_components,), int
        The longer sides of the bounding boxes.
    min_side : float
        The minimum side of a digit.
    shape : tuple of int
        The shape of the mask.
    """

    labels: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    masses: np.ndarray
    sides: np.ndarray
    min_side: float
    shape: tuple[int, ...]

    def __init__(self, mask: np.ndarray, darkness: np.ndarray) -> None:
        self.labels, n = ndimage.label(mask, np.ones((3, 3)))
        slices = ndimage.find_objects(self.labels)
        edges = [(r.start, c.start, r.stop, c.stop) for r, c in slices]
        self.boxes = np.array(edges, dtype=int).reshape(n, 4)
        self.areas = np.bincount(self.labels.ravel(), minlength=n + 1)[1:]
        # The darkness is squared so that a large light shadow has less mass than dark strokes.
        self.masses = np.bincount(self.labels.ravel(), darkness.ravel() ** 2, minlength=n + 1)[1:]
        self.sides = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        self.min_side = max(3, _MIN_DIGIT_SIDE * min(mask.shape))
        self.shape = mask.shape

    def digit_candidates(self) -> tuple[np.ndarray, np.ndarray]:
        """Find the components that may be digits, and those that are not parts of the border.

        A component that touches the image's border is usually a page edge, a table or a shadow.
        Such components are candidates only if there are no others, or if they look like a digit
        and all others are specks in comparison.

        Returns
        -------
        candidates : ndarray of int
            Indices of the components that may be digits.
        free : ndarray of shape (n_components,), bool
            True for the components that do not touch the border, and for digits that do.
        """
        top_left, bottom_right = self.boxes[:, :2], self.boxes[:, 2:]
        large = self.sides >= self.min_side
        free = np.all((top_left > 0) & (bottom_right < self.shape), axis=1)
        candidates = large & free
        if not candidates.any():
            return np.flatnonzero(large), free
        min_mass = _MIN_DOMINANCE * self.masses[candidates].max()
        for k in np.flatnonzero(large & ~free & (self.masses >= min_mass)):
            free[k] = self._is_stroke(int(k))
        return np.flatnonzero(large & free), free

    def _is_stroke(self, k: int) -> bool:
        """Return whether a component has a stroke width and covers no corner of the image."""
        corners = self.labels[[0, 0, -1, -1], [0, -1, 0, -1]]
        radius = stroke_radius(self.mask([k], self.region(k)))
        return k + 1 not in corners and self.is_stroke_radius(k, radius)

    def is_stroke_radius(self, k: int, radius: float) -> bool:
        """Return whether a radius is that of a stroke, for the size of a component."""
        low, high = _STROKE_RADIUS
        return bool(low <= radius / self.sides[k] <= high)

    def region(self, k: int) -> tuple[slice, ...]:
        """Return the bounding box of a component as slices."""
        top, left, bottom, right = self.boxes[k]
        return np.s_[top:bottom, left:right]

    def typical_darkness(self, k: int, darkness: np.ndarray) -> float:
        """Return the darkness of most of a component, without its blurred edges."""
        region = self.region(k)
        return float(np.percentile(darkness[region][self.mask([k], region)], 60))

    def mask(
        self, indices: Sequence[int] | np.ndarray, region: tuple[slice, ...] | slice = np.s_[:]
    ) -> np.ndarray:
        """Return the mask of the components `indices` in a region of the image."""
        selected = np.zeros(len(self.areas) + 1, bool)
        selected[np.asarray(indices, dtype=int) + 1] = True
        return selected[self.labels[region]]

    def bounding_box(self, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the bounding box of the components `indices`: top, left, bottom, right."""
        return union_box(self.boxes[indices])

    def group_around(self, main: int, candidates: Iterable[int]) -> list[int]:
        """Return the indices of `main` and of the candidates that belong to the same digit."""
        darkness = self.masses / self.areas
        similar = (self.areas >= _MIN_AREA * self.areas[main]) & (
            darkness >= _MIN_DARKNESS * darkness[main]
        )
        candidates = [k for k in candidates if k != main and similar[k]]
        group, box, grown = [main], self.boxes[main], True
        while grown:
            reach = _MAX_DISTANCE * (box[2:] - box[:2]).max()
            near = [
                k
                for k in candidates
                if k not in group
                and box_distance(box, self.boxes[k])
                <= min(reach, _MAX_SPECK_DISTANCE * self.sides[k])
            ]
            group += near
            box, grown = self.bounding_box(group), bool(near)
        return group


def stroke_radius(mask: np.ndarray) -> float:
    """Return half of the largest stroke width of a mask, in pixels."""
    return float(ndimage.distance_transform_edt(np.pad(mask, 1)).max())


def union_box(boxes: np.ndarray) -> np.ndarray:
    """Return the bounding box of several boxes."""
    return np.r_[boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)]


def box_distance(first: np.ndarray, second: np.ndarray) -> int:
    """Return the distance between two boxes in pixels: the larger of the two axes' gaps."""
    return max(np.maximum(first[:2], second[:2]) - np.minimum(first[2:], second[2:]))
