"""From the forms in which pictures come to arrays that can be drawn."""

import math

import numpy as np
import scipy.sparse

from skmnist._estimators.base import resolve_image_shape


def as_images(X, image_shape="auto"):
    """Return X as (n, height, width) or (n, channels, height, width)."""
    X = _as_array(X)
    given = X.shape[1:] if X.ndim > 2 else None
    return X.reshape(len(X), *resolve_image_shape(image_shape, given, math.prod(X.shape[1:])))


def one_image(estimator, image):
    """Return one picture as (height, width) or (channels, height, width), and as a row to predict.

    Parameters
    ----------
    estimator : estimator
        The fitted classifier that is to predict it.
    image : array-like or sparse matrix of shape (n_features,), (height, width), \
            (channels, height, width), or a batch of one of these
    """
    pixels = _as_array(image)
    n_features = getattr(estimator, "n_features_in_", pixels.size)
    if pixels.size != n_features:
        raise ValueError(
            f"image has the shape {pixels.shape}, that is {pixels.size:,} pixels, but "
            f"{type(estimator).__name__} was fitted on {n_features:,}: pass one picture, such as "
            "X[0]."
        )
    given = pixels.shape[1:] if pixels.ndim > 1 and len(pixels) == 1 else pixels.shape
    shape = getattr(estimator, "image_shape_", "auto")
    shape = resolve_image_shape(shape, given if len(given) > 1 else None, n_features)
    if hasattr(image, "to_frame"):  # a row of a DataFrame, whose names the estimator may check
        image = image.to_frame().T
    row = image if hasattr(image, "columns") else pixels.reshape(1, -1)
    return pixels.reshape(shape), row


def for_imshow(image, low, high):
    """Return a picture from 0 to 1, its channels (if it has three) last."""
    image = (image.astype(float) - low) / max(high - low, 1e-12)
    if image.ndim == 2:
        return image
    return np.moveaxis(image, 0, -1) if len(image) == 3 else image.mean(axis=0)


def _as_array(X):
    if scipy.sparse.issparse(X):
        X = X.toarray()
    return np.asarray(X.detach().cpu() if hasattr(X, "detach") else X)
