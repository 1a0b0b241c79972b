"""Explain the worst mistakes of a report: what speaks for the true and for the predicted class."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from skmnist._utils.image_shape import channels_first
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
    image_shape: tuple[int, ...],
    classes: Sequence[tuple[int, int]],
) -> Results:
    """Compute the maps of occlusion for two classes of each image.

    Parameters
    ----------
    estimator : estimator
        A fitted classifier with ``predict_proba``.
    samples : list of array-like of shape (1, ...)
        The images as the classifier receives them.
    image_shape : tuple
        Shape of one image, with or without channels, first or last.
    classes : list of (int, int)
        Indices of the true and of the predicted class in ``estimator.classes_``.

    Returns
    -------
    dict
        "shape", the maps as bytes ("values") and the largest drop of the probability of each image
        ("scales").
    """
    n_features = math.prod(image_shape)
    layout = channels_first(np.arange(n_features).reshape(1, -1), image_shape)[0]
    maps = []
    for sample, pair in zip(samples, classes, strict=True):
        options = Options(baseline=_background(np.asarray(sample), layout), stride=_STRIDE)
        maps.append(attribute(estimator, sample, layout, pair, "occlusion", options))
    return _encode(np.stack(maps))


def _encode(maps: np.ndarray) -> Results:
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


def _background(sample: np.ndarray, layout: np.ndarray) -> Any:
    """Return the median of the pixels at the border of the image, in their type."""
    border = [layout[..., 0, :], layout[..., -1, :], layout[..., :, 0], layout[..., :, -1]]
    pixels = sample.ravel()[np.concatenate([side.ravel() for side in border])]
    return np.median(pixels).astype(sample.dtype)
