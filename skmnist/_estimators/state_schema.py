"""Fitted attributes in a model file, and the validation of their values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable


def is_finite(value: Any) -> bool:
    """Return whether `value` is a finite float."""
    return isinstance(value, float) and math.isfinite(value)


def _is_int(value: Any, minimum: int = 0) -> bool:
    return type(value) is int and value >= minimum


def _is_shape(value: Any) -> bool:
    return type(value) is tuple and len(value) in (2, 3) and all(_is_int(n, 1) for n in value)


def _are_classes(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.ndim == 1
        and len(value) >= 2
        and np.array_equal(np.unique(value), value)
    )


def _are_names(value: Any) -> bool:
    return (
        isinstance(value, np.ndarray)
        and value.dtype == object
        and all(isinstance(name, str) for name in value)
    )


# Saved attributes -> whether a value is valid.
FITTED: dict[str, Callable[[Any], bool]] = {
    "n_features_in_": lambda value: _is_int(value, 1),
    "feature_names_in_": _are_names,
    "_input_image_shape": lambda value: value is None or _is_shape(value),
    "pixel_scale_": lambda value: value in (1.0, 255.0),
    "pixel_range_": lambda value: len(value) == 2 and all(map(is_finite, value)),
    "_mean_abs_pixel": is_finite,
    "classes_": _are_classes,
    "_seed": _is_int,
    "_dtype": lambda value: isinstance(value, torch.dtype),
    "best_epoch_": lambda value: value is None or _is_int(value, 1),
    "fit_time_": is_finite,
}
# The first only exists if X had column names; the others are not set during the first fit.
_OPTIONAL = {"feature_names_in_", "best_epoch_", "fit_time_"}


def set_fitted(estimator: Any, fitted: dict[str, Any]) -> None:
    """Set the fitted attributes of `estimator`; raise a ValueError if one is invalid."""
    if not FITTED.keys() - _OPTIONAL <= fitted.keys() <= FITTED.keys():
        raise ValueError(f"its fitted attributes are {sorted(fitted)}")
    for name, value in fitted.items():
        if not FITTED[name](value):
            raise ValueError(f"{name} has the invalid value {value!r:.100}")
        setattr(estimator, name, value)
    n_features, shape = estimator.n_features_in_, estimator._input_image_shape
    if shape is not None and math.prod(shape) != n_features:
        raise ValueError(f"images of shape {shape} do not have {n_features} pixels")
    if len(fitted.get("feature_names_in_", range(n_features))) != n_features:
        raise ValueError(
            f"it has {len(fitted['feature_names_in_'])} names for {n_features} features"
        )
