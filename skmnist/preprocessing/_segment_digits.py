"""Split an image of several digits into images of single digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image

from skmnist._utils.validation import check_choice
from skmnist.exceptions import ImageError

from ._components import box_distance, union_box
from ._image_io import add_filename, read_image
from ._segmentation import SegmentedPage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ._image_io import ImageLike

_WORKING_SIDE = 1600  # pixels: larger than for a single digit, because each digit is smaller
_MIN_WORKING_SIDE = 160  # pixels: smaller images are enlarged
_MAX_ENLARGEMENT = 8
_MIN_OVERLAP = 0.5  # fraction of the narrower width: components above each other are one digit
# Fractions of the typical height of a digit:
_MIN_DIGIT_HEIGHT = 0.6  # components of less height are parts of a digit
_MIN_PART_SIDE = 0.2  # smaller components are specks
_MAX_PART_DISTANCE = 0.3  # between a part and its digit
_MIN_LINE_DISTANCE = 0.6  # between the centers of digits in two lines


def segment_digits(
    image: ImageLike, *, polarity: Literal["auto", "dark", "light"] = "auto"
) -> tuple[list[NDArray[np.uint8]], NDArray[np.int_]]:
    """Split an image of one or a few lines of digits into images of single digits.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image. See :func:`read_image`.
    polarity : {"auto", "dark", "light"}, default="auto"
        Whether the foreground is darker or lighter than the background. "auto" assumes that the
        background fills most of the image, or most of the border of a drawing.

    Returns
    -------
    images : list of ndarray of shape (height, width), uint8
        The digits in reading order, as bright strokes on black. `DigitNormalizer` converts them
        to MNIST's format.
    boxes : ndarray of shape (n_digits, 4), int
        The bounding boxes of the digits in the image, in pixels: top, left, bottom, right.

    Raises
    ------
    ImageError
        If the image cannot be read or has no foreground.
    ValueError
        If `polarity` is invalid.

    See Also
    --------
    DigitNormalizer : Convert images of single digits to MNIST's format.

    Notes
    -----
    Digits that touch each other are not separated: they become one image.

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
    check_choice("segment_digits", "polarity", polarity, ("auto", "dark", "light"))
    full = read_image(image)
    gray = _enlarge(read_image(full, max_side=_WORKING_SIDE))
    try:
        page = SegmentedPage(gray, polarity)
    except ImageError as error:
        raise add_filename(image, error) from None
    digits = _group_components(page.components.boxes, page.candidates)
    images = [np.round(255 * page.foreground(digit)).astype(np.uint8) for digit in digits]
    scale = np.tile(np.divide(full.shape, gray.shape), 2)
    boxes = np.array([page.components.bounding_box(digit) for digit in digits]) * scale
    return images, np.round(boxes).astype(int)


def _enlarge(gray: np.ndarray) -> np.ndarray:
    """Enlarge a small image by bicubic interpolation, because strokes are measured in pixels."""
    factor = min(
        _MAX_ENLARGEMENT, _MIN_WORKING_SIDE / min(gray.shape), _WORKING_SIDE / max(gray.shape)
    )
    if factor <= 1:
        return gray
    height, width = (round(factor * side) for side in gray.shape)
    enlarged = Image.fromarray(gray).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(enlarged), 0, 1)


def _group_components(boxes: np.ndarray, candidates: np.ndarray) -> list[list[int]]:
    """Return the indices of the components of each digit, in reading order."""
    heights = boxes[:, 2] - boxes[:, 0]
    tallest = heights[candidates].max()
    typical = np.median(heights[candidates][heights[candidates] >= tallest / 2])
    sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    whole = [k for k in candidates if heights[k] >= _MIN_DIGIT_HEIGHT * typical]
    parts = [k for k in candidates if k not in whole and sides[k] >= _MIN_PART_SIDE * typical]
    digits: list[list[int]] = []
    for k in sorted(whole, key=lambda k: boxes[k, 1]):
        overlapping = [
            digit for digit in digits if _overlap_horizontally(union_box(boxes[digit]), boxes[k])
        ]
        if overlapping:
            overlapping[0].append(k)
        else:
            digits.append([k])
    for stack in _stack(parts, boxes, _MAX_PART_DISTANCE * typical):
        box = union_box(boxes[stack])
        alone = not any(_share_columns(union_box(boxes[digit]), box) for digit in digits)
        if alone and box[2] - box[0] >= _MIN_DIGIT_HEIGHT * typical:
            digits.append(stack)  # a digit in several parts
            parts = [k for k in parts if k not in stack]
    for k in parts:
        distances = [box_distance(union_box(boxes[digit]), boxes[k]) for digit in digits]
        nearest = int(np.argmin(distances))
        if distances[nearest] <= _MAX_PART_DISTANCE * typical:
            digits[nearest].append(k)
    return _in_reading_order(digits, boxes, typical)


def _stack(parts: list[int], boxes: np.ndarray, max_distance: float) -> list[list[int]]:
    """Return groups of the components `parts` that are above each other."""
    stacks: list[list[int]] = []
    for k in sorted(parts, key=lambda k: boxes[k, 0]):
        for stack in stacks:
            box = union_box(boxes[stack])
            if _share_columns(box, boxes[k]) and box_distance(box, boxes[k]) <= max_distance:
                stack.append(k)
                break
        else:
            stacks.append([k])
    return stacks


def _share_columns(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two boxes share most columns of the narrower box."""
    columns = min(first[3], second[3]) - max(first[1], second[1])
    narrower = min(first[3] - first[1], second[3] - second[1])
    return bool(columns >= _MIN_OVERLAP * narrower)


def _overlap_horizontally(first: np.ndarray, second: np.ndarray) -> bool:
    """Return whether two boxes share some rows and most columns of the narrower box."""
    rows = min(first[2], second[2]) - max(first[0], second[0])
    return bool(rows > 0 and _share_columns(first, second))


def _in_reading_order(
    digits: list[list[int]], boxes: np.ndarray, typical: float
) -> list[list[int]]:
    """Sort the digits by line from top to bottom, and within a line from left to right."""
    digit_boxes = [union_box(boxes[digit]) for digit in digits]
    centers = [(box[0] + box[2]) / 2 for box in digit_boxes]
    lines: list[list[int]] = []
    for i in sorted(range(len(digits)), key=centers.__getitem__):
        above = np.mean([centers[j] for j in lines[-1]]) if lines else -np.inf
        if centers[i] - above > _MIN_LINE_DISTANCE * typical:
            lines.append([])
        lines[-1].append(i)
    return [digits[i] for line in lines for i in sorted(line, key=lambda i: digit_boxes[i][1])]
