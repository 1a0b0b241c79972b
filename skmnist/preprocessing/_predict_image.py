"""Predict the digits in a photo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ._digit_normalizer import DigitNormalizer
from ._image_prediction import ImagePrediction
from ._segment_digits import segment_digits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sklearn.base import BaseEstimator

    from ._image_io import ImageLike

_IMAGE_SHAPE = (28, 28)
# Fitted attributes of transformers: one is above 1 if they were fitted on pixels up to 255.
_FITTED_STATS = ("data_max_", "max_abs_", "center_", "mean_")


@overload
def predict_image(
    estimator: BaseEstimator,
    image: ImageLike,
    *,
    multiple: Literal[False] = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction: ...
@overload
def predict_image(
    estimator: BaseEstimator,
    image: ImageLike,
    *,
    multiple: Literal[True],
    normalizer: DigitNormalizer | None = None,
) -> list[ImagePrediction]: ...
@overload
def predict_image(
    estimator: BaseEstimator,
    image: ImageLike,
    *,
    multiple: bool = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction | list[ImagePrediction]: ...


def predict_image(
    estimator: BaseEstimator,
    image: ImageLike,
    *,
    multiple: bool = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction | list[ImagePrediction]:
    """Predict the digit in a photo or a drawing, or all digits in it.

    The image is first brought into MNIST's form by a
    :class:`~skmnist.preprocessing.DigitNormalizer`.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted on grayscale images of 28 x 28 pixels such as MNIST's, with ``predict_proba``. If it
        is a Pipeline that begins with a DigitNormalizer, that one is used.
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image, of any kind and size: see :func:`skmnist.preprocessing.read_image`.
    multiple : bool, default=False
        Whether the image shows several digits, in one line or a few lines.
    normalizer : DigitNormalizer, default=None
        Brings the image into MNIST's form. If None, ``DigitNormalizer()``.

    Returns
    -------
    prediction : ImagePrediction, or list of ImagePrediction for ``multiple=True``
        One for each digit, in reading order.

    Raises
    ------
    ImageError
        If the image cannot be read or has no foreground.
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` has no ``predict_proba``.
    ValueError
        If `estimator` was not fitted on grayscale images of 28 x 28 pixels, with values from 0 to
        255 or from 0 to 1.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Brings images into MNIST's form.
    skmnist.preprocessing.segment_digits : Cuts an image of several digits into single digits.
    skmnist.displays.PreprocessingDisplay : Shows the steps.

    Notes
    -----
    `estimator` gets pixels from 0 to 1 if it, or the first step of a Pipeline, was fitted on such
    pixels, and bytes otherwise. The range is read from skmnist's classifiers and scikit-learn's
    scalers; for other estimators bytes are assumed.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import MLPClassifier, predict_image
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=5, random_state=0).fit(X, y)
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40  # a one, in the upper left of the sheet
    >>> prediction = predict_image(clf, photo)
    >>> prediction.label
    1
    >>> prediction.proba[1] > 0.5
    True
    >>> prediction.image.shape
    (28, 28)
    """
    classifier, own_normalizer = _split_normalizer(estimator)
    normalizer = normalizer or own_normalizer or DigitNormalizer()
    pixel_max = _pixel_max(classifier)
    images: list[Any] = [image]
    boxes: list[Any] = [None]
    if multiple:
        images, box_array = segment_digits(image)
        boxes = [tuple(box) for box in box_array.tolist()]
    pixels = normalizer.transform(images)
    X: Any = pixels if pixel_max == 255 else pixels / np.float32(255)
    if hasattr(classifier, "feature_names_in_"):
        import pandas as pd

        X = pd.DataFrame(X, columns=classifier.feature_names_in_)
    classes = classifier.classes_.tolist()
    predictions = [
        ImagePrediction(
            label=label,
            proba=dict(zip(classes, proba, strict=True)),
            image=flat_image.reshape(_IMAGE_SHAPE),
            box=box,
        )
        for label, proba, flat_image, box in zip(
            np.asarray(classifier.predict(X)).tolist(),
            classifier.predict_proba(X).tolist(),
            pixels,
            boxes,
            strict=True,
        )
    ]
    return predictions if multiple else predictions[0]


def _split_normalizer(estimator: Any) -> tuple[Any, DigitNormalizer | None]:
    """Return a classifier of flat images, and the DigitNormalizer before it or None."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline) and isinstance(estimator[0], DigitNormalizer):
        return estimator[1:], estimator[0]
    return estimator, None


def _pixel_max(estimator: Any) -> int:
    """Return the largest value of the pixels that `estimator` was fitted on: 255 or 1.

    Raises TypeError or ValueError if `estimator` is not for images like MNIST's.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{name} has no predict_proba, a classifier that has one is wanted. scikit-learn's "
            "CalibratedClassifierCV gives one to others."
        )
    first = next(_iter_steps(estimator))
    # A Pipeline has no n_features_in_ if its first step is "passthrough".
    n_features = getattr(estimator, "n_features_in_", None)
    n_features = n_features or getattr(first, "n_features_in_", None)
    shape = getattr(first, "image_shape_", _IMAGE_SHAPE)
    if n_features not in (None, math.prod(_IMAGE_SHAPE)) or shape[-2:] != _IMAGE_SHAPE:
        form = f"{n_features:,} features" if shape == _IMAGE_SHAPE else f"pictures of shape {shape}"
        raise ValueError(
            f"{name} was fitted on {form}, wanted are grey pictures of 28 x 28 pixels, which are "
            "784 features: such are made of photos."
        )
    if getattr(first, "pixel_scale_", 1) == 255:
        return 255
    if hasattr(first, "pixel_range_"):
        low, high = first.pixel_range_
        if low < 0 or high > 255:
            raise ValueError(
                f"{name} was fitted on pixels from {low:g} to {high:g}, wanted are 0 to 255 or 0 "
                "to 1. What scales them has to be a step of a Pipeline, before the classifier."
            )
        return 1 if high <= 1 else 255
    stats = (getattr(first, attribute, None) for attribute in _FITTED_STATS)
    stat = next((stat for stat in stats if stat is not None), None)
    return 1 if stat is not None and np.max(stat) <= 1 else 255


def _iter_steps(estimator: Any) -> Iterator[Any]:
    """Yield the steps of an estimator, from the first; without steps, the estimator itself."""
    estimator = getattr(estimator, "estimator_", estimator)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            if step not in (None, "passthrough"):
                yield from _iter_steps(step)
    else:
        yield estimator
