"""What a fitted classifier expects as input: the shape and the range of the pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from skmnist._utils.image_shape import is_channels_last, with_channels

from ._plain_image import read_plain_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._image_io import ImageLike

_DIGIT_SHAPE = (1, 28, 28)
# Fitted attributes of scikit-learn's scalers, which show the range of the training pixels: one of
# them is above 1 if the pixels were in 0 to 255.
FITTED_STATS = ("data_max_", "max_abs_", "center_", "mean_")

# Attributes of meta-estimators, such as CalibratedClassifierCV or VotingClassifier, that hold a
# fitted estimator or a list of them.
_FITTED_ESTIMATORS = (
    "best_estimator_",
    "calibrated_classifiers_",
    "estimators_",
    "estimator_",
    "estimator",
)


class PlainInput(NamedTuple):
    """The input of a classifier that was fitted on other images than digits in MNIST's format.

    Attributes
    ----------
    image_shape : tuple
        The shape of one image, with or without channels.
    sample_shape : tuple
        The shape of one sample of X.
    pixel_max : int
        The maximum of the pixel range: 255 or 1.
    """

    image_shape: tuple[int, ...]
    sample_shape: tuple[int, ...]
    pixel_max: int

    @classmethod
    def of(cls, estimator: Any) -> PlainInput | None:
        """Return the input of a fitted classifier, or None if it is gray, 28 x 28 or unknown."""
        steps = list(iter_steps(estimator))
        clf = next((step for step in steps if hasattr(step, "image_shape_")), None)
        if clf is None or not hasattr(estimator, "predict_proba"):
            return None
        given, shape = getattr(clf, "_input_image_shape", None), clf.image_shape_
        is_guessed = given is None and not _is_tuple(getattr(clf, "image_shape", None))
        channels = with_channels(shape)[0]
        n_features = getattr(estimator, "n_features_in_", None)
        is_part = n_features not in (None, math.prod(shape), (given or shape)[0])
        if is_guessed or is_part or channels not in (1, 3) or with_channels(shape) == _DIGIT_SHAPE:
            return None
        sample_shape = (clf.n_features_in_,) if given is None else given
        return cls(shape, sample_shape, pixel_range(steps[0], type(estimator).__name__))

    def read(self, image: ImageLike) -> np.ndarray:
        """Return an image as uint8 of shape (height, width) or (height, width, 3)."""
        channels, height, width = with_channels(self.image_shape)
        return read_plain_image(image, (height, width), color=channels == 3)

    def to_X(self, pixels: np.ndarray) -> np.ndarray:
        """Return the pixels as a batch of one sample, in the order and the range of X."""
        if pixels.ndim == 3 and not is_channels_last(self.image_shape):
            pixels = np.moveaxis(pixels, -1, 0)
        X = pixels.reshape(1, *self.sample_shape)
        return X if self.pixel_max == 255 else X / np.float32(255)


def pixel_range(first: Any, name: str, caller: str = "predict_image") -> int:
    """Return the maximum of the pixel range that an estimator was fitted on: 255 or 1.

    Parameters
    ----------
    first : estimator
        The first step of the fitted estimator.
    name, caller : str
        The names of the estimator and of the public function, for error messages.

    Raises
    ------
    ValueError
        If the pixels were from another range.
    """
    if getattr(first, "pixel_scale_", 1) == 255:
        return 255
    if hasattr(first, "pixel_range_"):
        low, high = first.pixel_range_
        if low < 0 or high > 255:
            raise ValueError(
                f"{caller} needs a classifier fitted on pixels from 0 to 255 or from 0 to 1, but "
                f"{name} was fitted on pixels from {low:g} to {high:g}. If the pixels were "
                "scaled, make the scaler a step of a Pipeline, before the classifier."
            )
        return 1 if high <= 1 else 255
    stats = (getattr(first, attribute, None) for attribute in FITTED_STATS)
    stat = next((stat for stat in stats if stat is not None), None)
    return 1 if stat is not None and np.max(stat) <= 1 else 255


def iter_steps(estimator: Any) -> Iterator[Any]:
    """Yield the steps of a Pipeline in order, or the estimator itself if it is not a Pipeline.

    Of a meta-estimator, the first fitted estimator is taken.
    """
    fitted = (getattr(estimator, attribute, None) for attribute in _FITTED_ESTIMATORS)
    inner = next((value for value in fitted if value is not None), None)
    if inner is not None:
        inner = inner[0] if isinstance(inner, (list, tuple)) else inner
        yield from iter_steps(inner)
    elif isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            if step not in (None, "passthrough"):
                yield from iter_steps(step)
    else:
        yield estimator


def _is_tuple(image_shape: Any) -> bool:
    return image_shape is not None and not isinstance(image_shape, str)
