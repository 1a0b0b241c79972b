"""What a classifier makes of a photo."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ._digit_normalizer import DigitNormalizer
from ._segment_digits import segment_digits

_SHAPE = (28, 28)
# What transformers learn of the pixels they are fitted on: some is above 1 where white is 255.
_LEARNT = ("data_max_", "max_abs_", "center_", "mean_")


@dataclass(frozen=True, eq=False)
class ImagePrediction:
    """What a classifier makes of one digit.

    Attributes
    ----------
    label : object
        The label that was predicted.
    proba : dict of label to float
        The probability of each class, in the order of the classifier's ``classes_``.
    image : ndarray of shape (28, 28), uint8
        What the classifier saw: ink bright on black.
    box : tuple of int or None
        Where the digit lies in the picture, in its pixels: top, left, bottom, right. None unless
        several digits were looked for.
    """

    label: Any
    proba: dict
    image: np.ndarray = field(repr=False)
    box: tuple | None = None


def predict_image(estimator, image, *, multiple=False, normalizer=None):
    """Predict the digit in a photo or a drawing, or all digits in it.

    The picture is brought into MNIST's form first, by a
    :class:`~skmnist.preprocessing.DigitNormalizer`.

    Parameters
    ----------
    estimator : classifier or Pipeline
        Fitted on pictures of 28 x 28 grey pixels such as MNIST's, with ``predict_proba``. Its own
        DigitNormalizer is taken if it is a Pipeline that begins with one.
    image : str, path-like, binary file, PIL Image, array-like or tensor
        The picture, of any kind and size: see :func:`skmnist.preprocessing.read_image`.
    multiple : bool, default=False
        Whether the picture holds several digits, in a row or in a few rows.
    normalizer : DigitNormalizer, default=None
        How the picture is brought into MNIST's form; by default as ``DigitNormalizer()`` does.

    Returns
    -------
    prediction : ImagePrediction, or list of ImagePrediction for ``multiple=True``
        One for each digit, in reading order.

    Raises
    ------
    ImageError
        If the picture cannot be read or shows no ink.
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` has no ``predict_proba``.
    ValueError
        If `estimator` was not fitted on grayscale images of 28 x 28 pixels, with values from 0 to
        255 or from 0 to 1.

    See Also
    --------
    skmnist.preprocessing.DigitNormalizer : Brings pictures into MNIST's form.
    skmnist.displays.PreprocessingDisplay : Shows how.

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
    estimator, own = _without_normalizer(estimator)
    normalizer = normalizer or own or DigitNormalizer()
    white = _white_of(estimator)
    images, boxes = segment_digits(image) if multiple else ([image], [None])
    rows = normalizer.transform(images)
    X = rows if white == 255 else rows / np.float32(255)
    if hasattr(estimator, "feature_names_in_"):
        import pandas as pd

        X = pd.DataFrame(X, columns=estimator.feature_names_in_)
    classes = estimator.classes_.tolist()
    found = [
        ImagePrediction(
            label=label,
            proba=dict(zip(classes, proba, strict=True)),
            image=row.reshape(_SHAPE),
            box=None if box is None else tuple(box.tolist()),
        )
        for label, proba, row, box in zip(
            np.asarray(estimator.predict(X)).tolist(),
            estimator.predict_proba(X).tolist(),
            rows,
            boxes,
            strict=True,
        )
    ]
    return found if multiple else found[0]


def _without_normalizer(estimator):
    """Return a classifier of rows of pixels, and the DigitNormalizer before it or None."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    check_is_fitted(estimator)
    if isinstance(estimator, Pipeline) and isinstance(estimator[0], DigitNormalizer):
        return estimator[1:], estimator[0]
    return estimator, None


def _white_of(estimator):
    """Return the value of white in the pixels that `estimator` was fitted on: 255 or 1.

    Raises TypeError or ValueError where `estimator` is not for pictures like MNIST's.
    """
    name = type(estimator).__name__
    if not hasattr(estimator, "predict_proba"):
        raise TypeError(
            f"{name} has no predict_proba, a classifier that has one is wanted. scikit-learn's "
            "CalibratedClassifierCV gives one to others."
        )
    first = next(_steps(estimator))
    # A Pipeline doesn't tell where its first step is "passthrough".
    n_features = getattr(estimator, "n_features_in_", None)
    n_features = n_features or getattr(first, "n_features_in_", None)
    shape = getattr(first, "image_shape_", _SHAPE)
    if n_features not in (None, math.prod(_SHAPE)) or shape[-2:] != _SHAPE:
        form = f"{n_features:,} features" if shape == _SHAPE else f"pictures of shape {shape}"
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
    learnt = [getattr(first, name) for name in _LEARNT if getattr(first, name, None) is not None]
    return 1 if learnt and np.max(learnt[0]) <= 1 else 255


def _steps(estimator):
    """Yield the steps of an estimator, from the first; by itself it is the only one."""
    estimator = getattr(estimator, "estimator_", estimator)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps:
            if step not in (None, "passthrough"):
                yield from _steps(step)
    else:
        yield estimator
