"""Explain the worst mistakes of a report: what speaks for the true and for the predicted class."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist.displays._attributions import Options, attribute
from skmnist.studies._jsonable import to_jsonable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._compute import Results

_MAX_VALUE = 127  # of the maps as bytes
_STRIDE = 2  # of the hidden square: a quarter of the predictions, and the maps look the same


def explain_mistakes(
    estimator: Any,
    samples: Sequence[Any],
    images: np.ndarray,
    classes: Sequence[tuple[int, int]],
) -> Results:
    """Compute the maps of occlusion for two classes of each image.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with ``predict_proba``.
    samples : list of array-like of shape (1, ...)
        The images as the classifier receives them.
    images : ndarray of shape (n, height, width) or (n, channels, height, width)
        The same images.
    classes : list of (int, int)
        Indices of the true and of the predicted class in ``estimator.classes_``.

    Returns
    -------
    dict
        "shape", the maps as bytes ("values") and the largest drop of the probability of each image
        ("scales").
    """
    maps = np.stack(
        [
            attribute(
                estimator,
                image,
                sample,
                pair,
                "occlusion",
                Options(baseline=_background(image), stride=_STRIDE),
            )
            for sample, image, pair in zip(samples, images, classes, strict=True)
        ]
    )
    scales = np.abs(maps).max(axis=(1, 2, 3))
    scaled = maps / np.maximum(scales, 1e-300)[:, None, None, None]
    values = np.rint(_MAX_VALUE * scaled).astype(np.int8)
    return {
        "shape": list(values.shape),
        "values": base64.b64encode(values.tobytes()).decode(),
        "scales": to_jsonable(scales),
    }


def decode_explanations(encoded: Results) -> np.ndarray:
    """Return the maps, of shape (n, 2, height, width), with values from -1 to 1."""
    values = base64.b64decode(encoded["values"])
    return np.frombuffer(values, dtype=np.int8).reshape(encoded["shape"]) / _MAX_VALUE


def _background(image: np.ndarray) -> Any:
    """Return the median of the pixels at the border, in the type of the image."""
    border = [image[..., 0, :], image[..., -1, :], image[..., :, 0], image[..., :, -1]]
    return np.median(np.concatenate([side.ravel() for side in border])).astype(image.dtype)
