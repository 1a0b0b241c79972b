"""The result of predict_image."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class ImagePrediction:
    """The prediction of a classifier for one digit.

    Attributes
    ----------
    label : object
        The predicted label.
    proba : dict of label to float
        The probability of each class, in the order of the classifier's ``classes_``.
    image : ndarray of shape (28, 28), uint8
        The image that was passed to the classifier, bright on black.
    box : tuple of int or None
        The digit's bounding box in the image, in pixels: top, left, bottom, right. None unless the
        image was segmented, with ``multiple=True``.
    """

    label: Any
    proba: dict[Any, float]
    image: np.ndarray = field(repr=False)
    box: tuple[int, int, int, int] | None = None
