"""The parts of an estimator that a web page needs: transformers, network, threshold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.base import resolve_image_shape
from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._estimators.reject import RejectClassifier
from skmnist._utils.image_shape import with_channels
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from skmnist.preprocessing._fitted_input import FITTED_STATS, pixel_range

from .estimator_module import CONVERTERS

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

_PASSTHROUGH = (None, "passthrough")
_MIN_SIDE = 8  # pixels: smaller images show no digits
# Smaller pixels are gray levels of fewer bits, such as those of scikit-learn's digits.
_MAX_LEVEL = 64
# Options of DigitNormalizer that the page's script does not have.
_UNSUPPORTED = {"method": "emnist", "polarity": "light"}


@dataclass(frozen=True)
class PageParts:
    """The parts of a fitted estimator, in the order in which an image passes through them.

    Attributes
    ----------
    normalizer : DigitNormalizer
        Converts drawings.
    image_shape : tuple (height, width)
    pixel_max : int
        The largest pixel value of the training images.
    steps : list of transformers
        Fitted instances of the classes in ``CONVERTERS``.
    clf : BaseNetClassifier
    reject : RejectClassifier or None
    """

    normalizer: DigitNormalizer
    image_shape: tuple[int, int]
    pixel_max: int
    steps: list[BaseEstimator]
    clf: BaseNetClassifier
    reject: RejectClassifier | None


def split_estimator(estimator: Any) -> PageParts:
    """Return the parts of a fitted estimator.

    Raises
    ------
    NotFittedError
        If a part is not fitted.
    TypeError
        If `estimator` contains no network of skmnist, or other meta-estimators.
    ValueError
        If a page cannot contain a transformer, or has no drawings for the shape of the images.
    """
    steps: list[Any] = []
    reject = None
    part = getattr(estimator, "best_estimator_", estimator)
    while not isinstance(part, BaseNetClassifier):
        if isinstance(part, Pipeline):
            *before, part = [step for _, step in part.steps]
            steps += [step for step in before if step not in _PASSTHROUGH]
        elif isinstance(part, FrozenEstimator):
            part = part.estimator
        elif isinstance(part, RejectClassifier) and reject is None:
            check_is_fitted(part)
            reject, part = part, part.estimator_
        else:
            raise _type_error(estimator, part)
    if part._custom_module:
        raise _type_error(estimator, part)
    has_normalizer = bool(steps) and isinstance(steps[0], DigitNormalizer)
    normalizer = steps.pop(0) if has_normalizer else DigitNormalizer()
    _check_steps(normalizer, steps)
    for step in (*steps, part):
        check_is_fitted(step)
    image_shape = _image_shape(steps, part)
    pixel_max = _pixel_max(steps, part, image_shape)
    return PageParts(normalizer, image_shape, pixel_max, steps, part, reject)


def _type_error(estimator: Any, part: Any) -> TypeError:
    within = "" if part is estimator else f", which contains {type(part).__name__},"
    return TypeError(
        "The 'estimator' parameter of export_page must be an MLPClassifier, a CNNClassifier or a "
        "BackpropClassifier, or a Pipeline or RejectClassifier with one of them. Got "
        f"{type(estimator).__name__}{within} instead. Use skmnist.serving.DigitServer, which "
        "serves a page for any classifier."
    )


def _check_steps(normalizer: DigitNormalizer, steps: list[Any]) -> None:
    for name, value in _UNSUPPORTED.items():
        if getattr(normalizer, name) == value:
            raise ValueError(
                f"The '{name}' parameter of DigitNormalizer must not be {value!r} in a page, whose "
                "drawings are dark on white and are converted to MNIST's format. Use the default."
            )
    for step in steps:
        if type(step) not in CONVERTERS:
            names = ", ".join(
                ["DigitNormalizer (the first step)", *(c.__name__ for c in CONVERTERS)]
            )
            raise ValueError(
                f"A page cannot contain the step {type(step).__name__} of the pipeline. Supported "
                f"steps are {names}. Use skmnist.serving.DigitServer, which supports any step."
            )


def _image_shape(steps: list[Any], clf: BaseNetClassifier) -> tuple[int, int]:
    """Return the height and the width of the images that the first step receives."""
    shape = clf.image_shape_
    if any(isinstance(step, PCA) for step in steps):
        shape = resolve_image_shape("auto", None, steps[0].n_features_in_)
    channels, height, width = with_channels(shape)
    if channels != 1 or min(height, width) < _MIN_SIDE:
        n_features = math.prod(shape)
        raise ValueError(
            "export_page needs a classifier of gray-scale images of at least 8 x 8 pixels, because "
            f"the page draws such images. Got one of images of shape {shape} ({n_features} "
            "features) instead."
        )
    return height, width


def _pixel_max(steps: list[Any], clf: BaseNetClassifier, image_shape: tuple[int, int]) -> int:
    """Return the largest pixel value that a drawing has, as the first step receives it."""
    first = (steps or [clf])[0]
    pixel_max = pixel_range(first, type(clf).__name__, "export_page")
    largest = _largest_pixel(first, clf)
    if image_shape == (28, 28) or pixel_max == 1 or not 0 < largest <= _MAX_LEVEL:
        return pixel_max
    return 2 ** math.ceil(math.log2(largest))


def _largest_pixel(first: Any, clf: BaseNetClassifier) -> float:
    """Return about the largest pixel of the training images; the mean for a StandardScaler."""
    if first is clf:
        return clf.pixel_range_[1]
    if isinstance(first, PixelStandardizer):
        return (clf.pixel_range_[1] * first.std_ + first.mean_) * first.pixel_scale_
    stats = [getattr(first, name, None) for name in FITTED_STATS]
    return max((float(np.max(stat)) for stat in stats if stat is not None), default=0.0)
