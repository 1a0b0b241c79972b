"""Ink on paper: even light, ruled lines, and where the ink is."""

import math

import numpy as np
from PIL import Image
from scipy import ndimage

_COARSE = 320  # pixels: the longer side of the picture in which the light is estimated
_WIDEST_STROKE = 0.45  # of the shorter side: what is broader is paper or shadow
_STROKE_CORE = 0.65  # of the darkest ink: darker than shadows
_BLACK = 0.1  # of the brightest paper
_STEEPEST_LINE = math.tan(math.radians(20))  # printed lines are at most so much askew
_THICKEST_LINE = 0.02  # of the shorter side
_LINE_LENGTH = 50  # times its thickness: longer than any stroke
_LINE_CONTRAST = 0.06  # the faintest printed line, in parts of the paper's brightness


def is_light_on_dark(grey):
    """Return whether the ink is lighter than the paper, which is what most of a picture is.

    Ink differs more from the paper than light from shadow does, in proportion, however little of
    it there is.
    """
    small, coarse = _resize(grey, 200), _resize(grey, 32)
    paper = ndimage.median_filter(coarse, max(3, round(0.7 * min(coarse.shape))), mode="nearest")
    contrast = np.log((small + 0.05) / (_enlarge(paper, small.shape) + 0.05))
    height, width = contrast.shape
    # Without the photo's edge.
    contrast = contrast[height // 12 : height - height // 12, width // 12 : width - width // 12]
    return darkest(contrast) > darkest(-contrast)


def flatten(grey):
    """Return the picture divided by the light on its paper: paper becomes 1, ink less.

    The light is the morphological closing of a coarse picture, which fills what is dark and
    narrower than its window and keeps the edges of shadows as sharp as they are. A large window
    finds the darkest strokes, and how broad they are; then the smallest window that fills those
    takes no more of the shadows for ink than need be.
    """
    coarse = ndimage.median_filter(_resize(grey, _COARSE), 3, mode="nearest")
    coarse = np.maximum(ndimage.gaussian_filter(coarse, 0.7, mode="nearest"), 1 / 255)
    darkness = 1 - coarse / _closing(coarse, round(_WIDEST_STROKE * min(coarse.shape)))
    strokes = darkness > _STROKE_CORE * darkest(darkness)
    breadth = 2 * ndimage.distance_transform_edt(np.pad(strokes, 1)).max()
    light = _closing(coarse, round(1.4 * breadth) + 2)
    # Nearly black areas, such as the table beside the page, would be nothing but noise.
    black = _BLACK * float(light.max())
    light = _enlarge(light, grey.shape)
    flat = (grey + black) / (light + black)
    return flat / np.median(_some(flat))


def _closing(image, window):
    window = max(5, window)
    # What reaches the border goes on beyond it: an edge is no stroke, however narrow.
    padded = np.pad(image, window, mode="edge")
    return ndimage.grey_closing(padded, (window, window))[window:-window, window:-window]


def darkest(darkness):
    """Return how dark the darkest thousandth is."""
    some = _some(darkness).ravel()
    n = max(5, some.size // 1000)
    return float(np.partition(some, -n)[-n:].mean())


def noise_of(flat):
    """Return the standard deviation of the noise."""
    smooth = ndimage.gaussian_filter(flat, 2, mode="nearest", truncate=2)
    return 1.5 * float(np.median(abs(_some(flat) - _some(smooth))))


def _some(image):
    """Return pixels enough for statistics, which take longer than all else on a whole photo."""
    step = 1 + max(image.shape) // 400
    return image[::step, ::step]


def remove_lines(flat):
    """Return the flat picture without the printed lines of ruled or squared paper."""
    faintest = max(_LINE_CONTRAST, 2 * noise_of(flat))
    flat = _remove_rows_of_lines(flat, faintest)
    return np.ascontiguousarray(_remove_rows_of_lines(np.ascontiguousarray(flat.T), faintest).T)


def run_lengths(mask):
    """Return for each pixel of the mask how many stand unbroken above each other there, else 0."""
    rows = np.arange(len(mask), dtype=np.int16)[:, None]
    above = np.maximum.accumulate(np.where(mask, np.int16(-1), rows), axis=0)
    end = np.int16(len(mask))
    below = np.minimum.accumulate(np.where(mask, end, rows)[::-1], axis=0)[::-1]
    return np.where(mask, below - above - 1, 0)


def _remove_rows_of_lines(flat, faintest):
    """Remove lines that run from the left to the right, and are at least so much darker."""
    height, width = flat.shape
    thickest = max(3, round(_THICKEST_LINE * min(height, width)))
    dark = flat < 1 - faintest
    lengths = run_lengths(dark)
    thin = dark & (lengths <= thickest)
    y, x = np.nonzero(thin)
    if len(y) < width / 2:
        return flat
    slope = _common_slope(y, x, flat.shape)
    offset = np.round(y - slope * (x - width / 2)).astype(int)
    lines = _lines_at(offset, x, lengths[y, x], flat.shape, slope, dark & ~thin)
    if not len(lines):
        return flat
    nearest = lines[np.abs(offset[:, None] - lines).argmin(axis=1)] if len(y) else offset
    on_line = abs(offset - nearest) <= 2 + thickest // 4
    thickness = np.median(lengths[y[on_line], x[on_line]])
    on_line &= lengths[y, x] <= 1.5 * thickness + 2
    cleared = np.zeros(flat.shape, bool)
    cleared[y[on_line], x[on_line]] = True
    # The line's grey fringe goes with it.
    fringe = ndimage.binary_dilation(cleared, np.ones((3, 1))) & ~(dark & ~cleared)
    return np.where(fringe, np.maximum(flat, 1), flat)


def _common_slope(y, x, shape):
    """Return the slope for which the most pixels lie in the same rows."""
    height, width = shape
    step = max(1, len(y) // 10_000)
    y, x = y[::step], x[::step] - width / 2
    reach = math.ceil(_STEEPEST_LINE * width / 2) + 8

    def peakedness(slope):
        rows = np.bincount((y - slope * x + reach + 0.5).astype(np.intp))
        return rows @ rows

    # First in steps of 4 pixels at both ends, then of one.
    n = math.ceil(_STEEPEST_LINE * width / 8)
    best = max(np.linspace(-_STEEPEST_LINE, _STEEPEST_LINE, 2 * n + 1), key=peakedness)
    return max(best + np.arange(-8, 9) / width, key=peakedness)


def _lines_at(offset, x, lengths, shape, slope, thick):
    """Return the rows, in the middle of the picture, of lines that run all through it."""
    height, width = shape
    reach = math.ceil(_STEEPEST_LINE * width / 2) + 8
    rows = np.bincount(offset + reach, minlength=height + 2 * reach)
    rows = np.convolve(rows, np.ones(3), "same")
    peaks = np.flatnonzero((rows >= 0.3 * width) & (rows == ndimage.maximum_filter1d(rows, 7)))
    columns = np.arange(width)
    found = []
    for peak in peaks - reach:
        at = np.round(peak + slope * (columns - width / 2)).astype(int)
        inside = (at >= 0) & (at < height)
        free = inside.copy()
        free[inside] = ~thick[at[inside], columns[inside]]
        here = abs(offset - peak) <= 2
        covered = np.zeros(width, bool)
        covered[x[here]] = True
        is_long = covered.sum() >= _LINE_LENGTH * np.median(lengths[here])
        parts = [
            covered[part].sum() / max(1, free[part].sum())
            for part in np.array_split(columns, 10)
            if free[part].sum() > 2
        ]
        runs_through = bool(parts) and min(parts[0], parts[-1]) >= 0.3
        if parts and np.median(parts) >= 0.5 and (is_long or runs_through):
            found.append((peak, runs_through))
    found, through = np.array(found, dtype=int).reshape(-1, 2).T
    # A single one that ends on the paper may be a digit in thin pen.
    return found if len(found) and (through.any() or np.ptp(found) > 7) else found[:0]


def _resize(grey, side):
    """Return the picture with its longer side at most `side`."""
    longer = max(grey.shape)
    if longer <= side:
        return grey
    size = [max(1, round(length * side / longer)) for length in grey.shape[::-1]]
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def _enlarge(grey, shape):
    return np.asarray(Image.fromarray(grey).resize(shape[::-1], Image.Resampling.BILINEAR))
