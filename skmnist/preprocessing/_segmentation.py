"""The ink of a digit in a picture: light evened, paper, lines and specks removed."""

import numpy as np
from scipy import ndimage

from skmnist.exceptions import ImageError

from ._background import darkest, flatten, is_light_on_dark, noise_of, remove_lines
from ._components import Components

WORKING_SIDE = 800  # pixels: larger pictures are reduced to it
_SMALL = 40  # pixels: in so small a picture specks and lines cannot be told from strokes
_FAINTEST = 0.12  # the least contrast of ink, in parts of the paper's brightness
_BLUR = 0.012  # of the digit's side: what noise and paper grain are smoothed by
_LARGEST_BLUR = 0.3  # of the strokes' width: more would wipe out a hair
# Of the ink's contrast: where it begins. At first higher, as there may be a shadow as well.
_THRESHOLDS = (0.65, 0.5)
_SOFTNESS = 0.4  # of the ink's contrast: the width of the step from paper to ink
_THINNEST, _THICKEST = 2.0, 4.6  # the strokes of 19 in 20 of MNIST's digits, on 20 x 20 pixels

_NO_INK = (
    "no ink found: the picture is empty, or its contrast is too low. Show one digit in a plain "
    "ink on plain paper."
)


def is_small(grey):
    """Return whether the picture is taken as it is, as a drawing rather than a photo."""
    return max(grey.shape) <= _SMALL


def ink_of_small(grey, polarity):
    """Return what differs from the border of a small picture, 0 to 1."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).astype(np.float64)
    paper = np.median(border)
    light = polarity == "light" or (polarity == "auto" and paper < (grey.min() + grey.max()) / 2)
    ink = (grey - paper) / (1 - paper) if light and paper < 1 else None
    if not light:
        ink = (paper - grey) / paper if paper > 0 else None
    if ink is None:
        raise ImageError(_NO_INK)
    noise = 4 * np.median(abs(border - paper))
    ink = np.where(ink > noise, ink, 0).astype(np.float64)
    if not ink.any():
        raise ImageError(_NO_INK)
    # Drawn in grey, or in the 16 levels of scikit-learn's digits.
    return ink if ink.max() >= 0.5 else ink / ink.max()


class Page:
    """A photo, and what is left of it when light, lines and paper are taken away.

    Parameters
    ----------
    grey : ndarray of shape (height, width)
        Luminance, 0 to 1.
    polarity : {"auto", "dark", "light"}
        Whether the ink is darker or lighter than the paper.

    Attributes
    ----------
    flat, unruled : ndarray of shape (height, width)
        The picture in even light, paper 1, and without printed lines.
    components : Components
        The patches of ink.
    contrast : float
        By how much the ink is darker than paper.
    """

    def __init__(self, grey, polarity):
        light = polarity == "light" or (polarity == "auto" and is_light_on_dark(grey))
        self.flat = flatten(1 - grey if light else grey)
        self.unruled = remove_lines(self.flat)
        darkness = ndimage.gaussian_filter(1 - self.unruled, 1, mode="nearest")
        noise = noise_of(darkness)
        # First the darkest thousandth stands for the ink, then what the largest patch is like.
        self.contrast = darkest(darkness)
        for threshold in _THRESHOLDS:
            if self.contrast < max(_FAINTEST, 5 * noise):
                raise ImageError(_NO_INK)
            self.components = Components(darkness > threshold * self.contrast, darkness)
            self.large, self.inside = self.components.large()
            if not len(self.large):
                raise ImageError(_NO_INK)
            self.main = self.large[self.components.masses[self.large].argmax()]
            patch = self.components.labels == self.main + 1
            self.contrast = float(np.percentile(darkness[patch], 60))

    def digit(self):
        """Return the numbers of the components of the largest digit."""
        among = np.flatnonzero(self.inside) if self.inside[self.main] else self.large
        return self.components.around(self.main, among)

    def ink(self, numbers):
        """Return the ink of these components, smooth and cut out, 0 to 1."""
        top, left, bottom, right = self.components.box_of(numbers)
        side = max(bottom - top, right - left)
        margin = max(3, side // 8)
        cut = np.s_[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
        # Beyond the border there is paper.
        darkness = np.pad(1 - self.unruled[cut], margin)
        mine = np.pad(self.components.mask_of(numbers, cut), margin)
        width = 2 * mine.sum() / (mine ^ ndimage.binary_erosion(mine)).sum()
        smooth = ndimage.gaussian_filter(darkness, min(_BLUR * side, _LARGEST_BLUR * width))
        ink = np.clip((smooth / self.contrast - 0.5) / _SOFTNESS + 0.5, 0, 1)
        ink[~ndimage.binary_dilation(mine, iterations=max(2, margin // 4))] = 0
        if not (ink >= 0.5).any():
            raise ImageError(_NO_INK)
        return ink


def stroke_width(ink):
    """Return the width of the strokes, of 20 for the longer side of the ink's box."""
    mask = ink >= 0.5
    rows, columns = np.nonzero(mask)
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    return 4 * ndimage.distance_transform_edt(mask)[mask].mean() * 20 / side, side


def adjust_stroke(ink):
    """Return the ink with strokes as thick as MNIST's, if they are thinner or thicker."""
    width, side = stroke_width(ink)
    change = (np.clip(width, _THINNEST, _THICKEST) - width) / 2 * side / 20
    if abs(change) < 0.5:
        return ink
    mask = np.pad(ink >= 0.5, int(max(change, 0)) + 2)
    if change > 0:
        distance = change - ndimage.distance_transform_edt(~mask)
    else:
        inside = ndimage.distance_transform_edt(mask)
        distance = np.maximum(change, 0.5 - inside.max()) + inside  # something is left of a dot
    return np.clip(distance + 0.5, 0, 1)
