"""Result of :func:`predict_image`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class ImagePrediction:
    """Prediction for one digit in an image.

    Attributes
    ----------
    label : object
        The predicted label. A :class:`~skmnist.RejectClassifier` abstains with a label of its own,
        which is not in `proba`: -1 by default.
    proba : dict of label to float
        The predicted probability of each class, in the order of the classifier's ``classes_``.
    image : ndarray of shape (28, 28), (height, width) or (height, width, 3), uint8
        The image that the classifier received: for digits, bright strokes on black.
    box : tuple of int or None
        The bounding box of the digit in the original image, in pixels: (top, left, bottom, right).
        None unless ``multiple=True``.
    """

    label: Any
    proba: dict[Any, float]
    image: np.ndarray = field(repr=False)
    box: tuple[int, int, int, int] | None = None

    @property
    def confidence(self) -> float:
        """Float: the highest of the predicted probabilities."""
        return max(self.proba.values())

    @property
    def rejected(self) -> bool:
        """Bool: whether the classifier abstained."""
        return self.label not in self.proba
