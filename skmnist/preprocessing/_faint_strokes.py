"""Find strokes that are fainter than the darkest ones, such as a digit beside a blot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from ._components import Components, stroke_radius

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEVELS = (0.7, 0.5, 0.35)  # fractions of the threshold between the background and dark strokes
_MIN_GAIN = 1.4  # of the edges, if a component at a lower level replaces those inside of it
_MIN_RADIUS = 0.3  # fraction of that of the largest dark stroke: thinner are printed lines
_GAP = 9  # pixels: the blurred edge of a dark stroke is not a faint stroke


def add_faint_strokes(
    components: Components, darkness: np.ndarray, contrast: float, min_contrast: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Add strokes that are fainter than half of the contrast of the dark strokes.

    At lower and lower levels, a component replaces the components inside of it if its edges are
    clearly longer or stronger, as those of a stroke that begins with a blot. The edges are
    measured by the sum of the gradient along them.

    Parameters
    ----------
    components : Components
        The components at half of the contrast.
    darkness : ndarray of shape (height, width)
        Difference between the brightness of the background and that of each pixel.
    contrast : float
        The darkness of the dark strokes.
    min_contrast : float
        The darkness of the faintest strokes that differ from noise.

    Returns
    -------
    (mask, contrasts) : tuple of ndarray of shape (height, width) or None
        The mask with the faint strokes, and the darkness of the strokes around each pixel. None
        if there are no faint strokes.
    """
    mask = components.labels > 0
    near, contrasts, gradient = _dilate(mask), None, None
    for level in _LEVELS:
        low = darkness > max(level * contrast, min_contrast) / 2
        # Most photos have no faint strokes at all.
        if not _has_large_part(low & ~near, components.min_side):
            continue
        gradient = _gradient(darkness) if gradient is None else gradient
        for region, own in _faint_components(mask, low, darkness, gradient, components.min_side):
            if own >= min_contrast:
                contrasts = np.full(mask.shape, contrast) if contrasts is None else contrasts
                contrasts[region] = own
                mask |= region & (darkness > own / 2)
    return None if contrasts is None else (mask, contrasts)


def _faint_components(
    mask: np.ndarray, low: np.ndarray, darkness: np.ndarray, gradient: np.ndarray, min_side: float
) -> Iterator[tuple[np.ndarray, float]]:
    """Yield the region and the contrast of each component of `low` with new strokes."""
    dark, faint = Components(mask, darkness), Components(low, darkness)
    # The component at the lower level that contains each dark component.
    parents = np.zeros(len(dark.areas), int)
    parents[dark.labels[mask] - 1] = faint.labels[mask] - 1
    edges = _edges(faint, gradient)
    inside = np.bincount(parents, _edges(dark, gradient), minlength=len(edges))
    min_radius = _MIN_RADIUS * _radius(dark.mask([int(dark.masses.argmax())]))
    at_border = np.any((faint.boxes[:, :2] == 0) | (faint.boxes[:, 2:] == mask.shape), axis=1)
    stronger = (faint.sides >= min_side) & (edges >= _MIN_GAIN * inside) & ~at_border
    if not stronger.any():
        return
    near = _dilate(mask)
    for k in map(int, np.flatnonzero(stronger)):
        own = faint.typical_darkness(k, darkness)
        region = faint.labels == k + 1
        strokes = region & (darkness > own / 2)
        radius = _radius(strokes & ~near)
        if radius >= min_radius and faint.is_stroke_radius(k, radius):
            yield region, own


def _radius(mask: np.ndarray) -> float:
    """Return the :func:`stroke_radius` of a mask that is mostly empty."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return 0.0
    return stroke_radius(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _edges(components: Components, gradient: np.ndarray) -> np.ndarray:
    """Return the sum of the gradient along the outline of each component."""
    mask = components.labels > 0
    outline = mask & ~ndimage.binary_erosion(mask, border_value=1)
    n = len(components.areas) + 1
    return np.bincount(components.labels[outline], gradient[outline], minlength=n)[1:]


def _gradient(darkness: np.ndarray) -> np.ndarray:
    """Return the size of the gradient, of the steepest pixel nearby."""
    down, right = (step[1:-1, 1:-1] for step in np.gradient(np.pad(darkness, 1, mode="edge")))
    return ndimage.maximum_filter(np.hypot(down, right), 5)


def _dilate(mask: np.ndarray) -> np.ndarray:
    return ndimage.maximum_filter(mask, _GAP)


def _has_large_part(mask: np.ndarray, min_side: float) -> bool:
    """Return whether a component that does not touch the border has a length of `min_side`."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    return any(
        max(part.stop - part.start for part in parts) >= min_side
        and all(0 < p.start and p.stop < n for p, n in zip(parts, mask.shape, strict=True))
        for parts in ndimage.find_objects(labels)
    )
