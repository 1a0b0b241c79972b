"""Classify the digits in a photo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal, cast, overload

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist.preprocessing import DigitNormalizer, ImagePrediction, segment_digits
from skmnist.preprocessing._fitted_input import PlainInput, iter_steps, pixel_range

if TYPE_CHECKING:
    from skmnist.preprocessing._image_io import ImageLike

_IMAGE_SHAPE = (28, 28)


@overload
def predict_image(
    image: ImageLike,
    estimator: BaseEstimator | None = None,
    *,
    multiple: Literal[False] = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction: ...
@overload
def predict_image(
    image: ImageLike,
    estimator: BaseEstimator | None = None,
    *,
    multiple: Literal[True],
    normalizer: DigitNormalizer | None = None,
) -> list[ImagePrediction]: ...
@overload
def predict_image(
    image: ImageLike,
    estimator: BaseEstimator | None = None,
    *,
    multiple: bool = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction | list[ImagePrediction]: ...


def predict_image(
    image: ImageLike,
    estimator: BaseEstimator | None = None,
    *,
    multiple: bool = False,
    normalizer: DigitNormalizer | None = None,
) -> ImagePrediction | list[ImagePrediction]:
    """Classify the digit in a photo or a drawing, or all digits in it.

    The image is first converted to MNIST's format by a
    :class:`~skmnist.preprocessing.DigitNormalizer`. For a classifier of skmnist that was fitted on
    color images or on images of another size, it is only resized, as by
    :func:`~skmnist.datasets.load_image_folder`.

    Parameters
    ----------
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The image, of any type and size. See :func:`skmnist.preprocessing.read_image`.
    estimator : classifier or Pipeline, default=None
        A classifier with ``predict_proba``, fitted on gray-scale images of 28 x 28 pixels such as
        MNIST's, or a classifier of skmnist fitted on color images or another size, in a 3-D or
        4-D `X` or with `image_shape`. If it is a Pipeline whose first step is a DigitNormalizer,
        that step is used. If None, ``load_pretrained("digits")`` in a :class:`RejectClassifier`:
        its label is -1 if the image does not look like a digit.
    multiple : bool, default=False
        Whether the image shows several digits, in one or a few lines. Only for gray-scale images of
        28 x 28 pixels.
    normalizer : DigitNormalizer, default=None
        The transformer that converts the image to MNIST's format. If None, the first step of
        `estimator` if that is a DigitNormalizer, else ``DigitNormalizer()``.

    Returns
    -------
    prediction : ImagePrediction, or list of ImagePrediction for ``multiple=True``
        The prediction for the digit, or for each of the digits in reading order.

    Raises
    ------
    ImageError
        If the image cannot be read or has no foreground.
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` has no ``predict_proba``, or there is no image.
    ValueError
        If `estimator` was fitted on images of an unknown shape, or on values that are not from 0 to
        255 or from 0 to 1.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Convert images to MNIST's format.
    skmnist.preprocessing.segment_digits : Split an image of several digits into images of single
        digits.
    skmnist.displays.PreprocessingDisplay : Plot the steps of the conversion.

    Notes
    -----
    ``predict_image(estimator, image)``, in the order of scikit-learn's functions, is the same as
    ``predict_image(image, estimator)``.

    If `estimator` was fitted on pixels from 0 to 1, it receives such pixels, else pixels from 0 to
    255. The range is known for skmnist's classifiers, for a Pipeline that begins with one of
    scikit-learn's scalers, and for meta-estimators such as CalibratedClassifierCV that contain one
    of them. For other estimators, 0 to 255 is assumed.

    Examples
    --------
    >>> import numpy as np
    >>> from skmnist import predict_image
    >>> photo = np.full((300, 200), 230, dtype=np.uint8)
    >>> photo[60:160, 50:62] = 40  # a 1 in the upper left of the page
    >>> prediction = predict_image(photo)
    >>> prediction.label
    1
    >>> prediction.confidence > 0.5
    True
    >>> prediction.image.shape
    (28, 28)

    With another classifier:

    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=5, random_state=0).fit(X, y)
    >>> predict_image(photo, clf).label
    1
    """
    if isinstance(image, BaseEstimator):
        image, estimator = cast("Any", estimator), image  # in the order of scikit-learn's functions
    if image is None:
        raise TypeError("predict_image needs an image: predict_image(image, estimator).")
    if estimator is None:
        from .load_pretrained import default_reader  # torch, which other classifiers do not need

        estimator = default_reader()
    classifier, own_normalizer = split_normalizer(estimator)
    normalizer = normalizer or own_normalizer
    plain = PlainInput.of(classifier) if normalizer is None and not multiple else None
    if plain is not None:
        pixels = plain.read(image)
        return _predict(classifier, plain.to_X(pixels), [pixels], [None])[0]
    normalizer = normalizer or DigitNormalizer()
    pixel_max = _pixel_max(classifier)
    images: list[Any] = [image]
    boxes: list[Any] = [None]
    if multiple:
        images, box_array = segment_digits(image)
        boxes = [tuple(box) for box in box_array.tolist()]
    # An array also if scikit-learn is configured to return DataFrames.
    pixels = np.asarray(normalizer.transform(images))
    X = pixels if pixel_max == 255 else pixels / np.float32(255)
    predictions = _predict(classifier, X, pixels.reshape(-1, *_IMAGE_SHAPE), boxes)
    return predictions if multiple else predictions[0]


def _predict(classifier: Any, X: Any, images: Any, boxes: list[Any]) -> list[ImagePrediction]:
    """Return the prediction for each sample of X, which the classifier receives."""
    X = _with_names(classifier, X)
    classes = classifier.classes_.tolist()
    return [
        ImagePrediction(
            label=label, proba=dict(zip(classes, proba, strict=True)), image=image, box=box
        )
        for label, proba, image, box in zip(
            np.asarray(classifier.predict(X)).tolist(),
            classifier.predict_proba(X).tolist(),
            images,
            boxes,
            strict=True,
        )
    ]


def split_normalizer(estimator: Any) -> tuple[Any, DigitNormalizer | None]:
    """Split an estimator into a classifier of flat images and its DigitNormalizer or None."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline) and isinstance(estimator[0], DigitNormalizer):
        return estimator[1:], estimator[0]
    return estimator, None


def as_input(classifier: Any, image: np.ndarray) -> Any:
    """Return the image of an :class:`ImagePrediction` as the classifier received it."""
    plain = PlainInput.of(classifier)
    if plain is not None:
        return _with_names(classifier, plain.to_X(image))
    X = image.reshape(1, -1)
    return _with_names(classifier, X if _pixel_max(classifier) == 255 else X / np.float32(255))


def _with_names(classifier: Any, X: np.ndarray) -> Any:
    """Return X with the names of the features, if the classifier was fitted on them."""
    if not hasattr(classifier, "feature_names_in_"):
        return X
    import pandas as pd

    return pd.DataFrame(X.reshape(len(X), -1), columns=classifier.feature_names_in_)


def _pixel_max(estimator: Any) -> int:
    """Return the maximum of the pixel range that `estimator` was fitted on: 255 or 1.

    Raises
    ------
    TypeError
        If `estimator` has no ``predict_proba``.
    ValueError
        If `estimator` was not fitted on images in MNIST's format.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"predict_image needs a classifier with predict_proba, but {name} does not have it. "
            "Use another classifier, or wrap it in scikit-learn's CalibratedClassifierCV."
        )
    first = next(iter_steps(estimator))
    # A Pipeline has no n_features_in_ if its first step is "passthrough".
    n_features = getattr(estimator, "n_features_in_", None)
    n_features = n_features or getattr(first, "n_features_in_", None)
    shape = getattr(first, "image_shape_", _IMAGE_SHAPE)
    if n_features != getattr(first, "n_features_in_", n_features):
        shape = _IMAGE_SHAPE  # a part of the pixels, such as those of one estimator of a bagging
    if n_features not in (None, math.prod(_IMAGE_SHAPE)) or shape[-2:] != _IMAGE_SHAPE:
        form = f"{n_features:,} features" if shape == _IMAGE_SHAPE else f"images of shape {shape}"
        raise ValueError(
            f"predict_image needs a classifier fitted on gray-scale images of 28 x 28 pixels (784 "
            f"features), but {name} was fitted on {form}. Fit it on images in MNIST's format, "
            "because photos are converted to that format."
        )
    return pixel_range(first, name)
