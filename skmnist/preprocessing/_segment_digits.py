"""A picture of several digits, cut into single ones."""

import numpy as np

from skmnist.exceptions import ImageError

from ._components import gap, join
from ._image_io import naming, read_image
from ._parameters import check_choice
from ._segmentation import Page

_MAX_SIDE = 1600  # pixels: more than for one digit, as each is a part of the picture
_SMALL_PART = 0.6  # of a digit's height: lower than this, something is a part of a digit
_SPECK = 0.2  # of a digit's height: smaller than this, it is a speck
_GAP = 0.3  # of a digit's height: a part lies at most so far from its digit
_OVERLAP = 0.5  # of the narrower one's width: parts one above the other are one digit
_ROW = 0.6  # of a digit's height: further down begins another row


def segment_digits(image, *, polarity="auto"):
    """Cut a picture of a row of digits, or of a few rows, into pictures of single digits.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The picture, of any kind: see :func:`read_image`.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the ink is darker than its paper or lighter. "auto" takes for paper what most of
        the picture is.

    Returns
    -------
    images : list of ndarray of shape (height, width), uint8
        The digits in reading order: ink bright on black, cleaned, for `DigitNormalizer`.
    boxes : ndarray of shape (n_digits, 4), int
        Where each lies in the picture, in its pixels: top, left, bottom, right.

    Raises
    ------
    ImageError
        If the picture cannot be read or shows no ink.

    See Also
    --------
    DigitNormalizer : Brings the digits into MNIST's form.

    Notes
    -----
    Digits have to stand apart: those that touch come out as one.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.preprocessing import DigitNormalizer, segment_digits
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> digits = X[[0, 1000, 2000]].reshape(3, 28, 28).repeat(4, axis=1).repeat(4, axis=2)
    >>> images, boxes = segment_digits(255 - np.hstack(digits))
    >>> boxes.shape
    (3, 4)
    >>> DigitNormalizer().transform(images).shape
    (3, 784)
    """
    check_choice("polarity", polarity, ("auto", "dark", "light"))
    full = read_image(image)
    grey = read_image(full, max_side=_MAX_SIDE)
    try:
        page = Page(grey, polarity)
    except ImageError as error:
        raise naming(image, error) from None
    groups = _group(page.components.boxes, page.large)
    images = [np.round(255 * page.ink(group)).astype(np.uint8) for group in groups]
    scale = np.tile(np.divide(full.shape, grey.shape), 2)
    boxes = np.array([page.components.box_of(group) for group in groups]) * scale
    return images, np.round(boxes).astype(int)


def _group(boxes, numbers):
    """Return lists of the components that are one digit each, in reading order."""
    heights = boxes[:, 2] - boxes[:, 0]
    tallest = heights[numbers].max()
    typical = np.median(heights[numbers][heights[numbers] >= tallest / 2])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    whole = [k for k in numbers if heights[k] >= _SMALL_PART * typical]
    parts = [k for k in numbers if k not in whole and sides[k] >= _SPECK * typical]
    groups = []
    for k in sorted(whole, key=lambda k: boxes[k, 1]):
        same = [group for group in groups if _are_above(join(boxes[group]), boxes[k])]
        if same:
            same[0].append(k)
        else:
            groups.append([k])
    for k in parts:
        nearest = min(groups, key=lambda group: gap(join(boxes[group]), boxes[k]))
        if gap(join(boxes[nearest]), boxes[k]) <= _GAP * typical:
            nearest.append(k)
    return _in_reading_order(groups, boxes, typical)


def _are_above(one, other):
    """Return whether two boxes share most of their columns, and some rows."""
    columns = min(one[3], other[3]) - max(one[1], other[1])
    rows = min(one[2], other[2]) - max(one[0], other[0])
    return rows > 0 and columns >= _OVERLAP * min(one[3] - one[1], other[3] - other[1])


def _in_reading_order(groups, boxes, typical):
    joined = {id(group): join(boxes[group]) for group in groups}
    centre = {key: (box[0] + box[2]) / 2 for key, box in joined.items()}
    rows = []
    for group in sorted(groups, key=lambda group: centre[id(group)]):
        last = np.mean([centre[id(other)] for other in rows[-1]]) if rows else -np.inf
        if centre[id(group)] - last > _ROW * typical:
            rows.append([])
        rows[-1].append(group)
    return [group for row in rows for group in sorted(row, key=lambda g: joined[id(g)][1])]
