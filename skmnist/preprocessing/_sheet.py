"""Find a sheet of paper on a darker table, and extend it over the table."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull

from ._background import downscale, otsu, upscale

_COARSE_SIDE = 200  # pixels: longer side of the image in which the sheet is found
_MIN_SEPARATION = 0.7  # fraction of the variance that lies between the sheet and the table
_AREA = (0.1, 0.97)  # fraction of the image that a sheet covers
_INK = (0.001, 0.3)  # fraction of the sheet that is ink: a letter 0 is no sheet
_MIN_RECTANGULARITY = 0.85  # of the smallest rectangle around the sheet; an ellipse fills 0.79
_EDGE = 0.012  # fraction of the coarse side: shadows and blur along the edge of the sheet


def extend_sheet(gray: np.ndarray) -> np.ndarray:
    """Replace what surrounds a sheet of paper with the color of the nearest part of the sheet.

    Without a sheet, or if the sheet has no ink, `gray` itself is returned. The bright side of a
    shadow may also pass for a sheet, so this is for images in which the table is the larger part.
    """
    coarse = downscale(gray, _COARSE_SIDE)
    sheet = _find_sheet(coarse)
    if sheet is None:
        return gray
    nearest = ndimage.distance_transform_edt(~sheet, return_distances=False, return_indices=True)
    smooth = ndimage.percentile_filter(coarse, 70, 9, mode="nearest")
    paper = upscale(smooth[tuple(nearest)], gray.shape)
    return np.where(upscale(sheet.astype(np.float32), gray.shape) > 0.5, gray, paper)


def _find_sheet(gray: np.ndarray) -> np.ndarray | None:
    """Return the mask of the sheet without its edge, None if there is none."""
    threshold, separation = otsu(gray)
    labels, n = ndimage.label(gray > threshold)
    if not n or separation < _MIN_SEPARATION:
        return None
    paper = labels == 1 + np.bincount(labels.ravel())[1:].argmax()
    sheet = ndimage.binary_fill_holes(paper)
    low, high = _AREA
    if not low <= sheet.mean() <= high or _rectangularity(sheet) < _MIN_RECTANGULARITY:
        return None
    inner = ndimage.binary_erosion(sheet, iterations=1 + round(_EDGE * _COARSE_SIDE))
    low, high = _INK
    is_written = low <= (inner & ~paper).sum() / sheet.sum() <= high
    return inner if is_written else None


def _rectangularity(mask: np.ndarray) -> float:
    """Return the area of a mask, divided by that of the smallest rectangle around it."""
    points = np.argwhere(mask)
    hull = points[ConvexHull(points).vertices].astype(np.float64)
    edges = np.roll(hull, -1, axis=0) - hull
    directions = edges / np.linalg.norm(edges, axis=1, keepdims=True)
    normals = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
    sides = [1 + np.ptp(hull @ axes.T, axis=0) for axes in (directions, normals)]
    return float(mask.sum() / (sides[0] * sides[1]).min())
