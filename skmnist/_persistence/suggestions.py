"""Suggestions for estimators that model files do not support."""

from __future__ import annotations

from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.net_classifier import BaseNetClassifier

# Fitted attributes that hold the estimator to save.
_PARTS = ("best_estimator_", "estimator_")


def suggest_part(estimator: Any) -> str:
    """Return the name of the attribute that can be saved or exported instead, or ""."""
    return next((name for name in _PARTS if _is_fitted(getattr(estimator, name, None))), "")


def _is_fitted(part: Any) -> bool:
    try:
        check_is_fitted(part)
    except (TypeError, NotFittedError):  # TypeError: no estimator
        return False
    return True


def suggest_saving(estimator: Any) -> str:
    """Return a sentence that says how `estimator` can be saved.

    skops cannot save estimators that contain a classifier of skmnist, because it does not support
    torch's types.
    """
    if not contains_net(estimator):
        return (
            "Other scikit-learn estimators can be saved with skops (https://skops.readthedocs.io)."
        )
    part = suggest_part(estimator)
    if part:
        return f"Save its attribute {part}."
    return (
        "Save it with joblib.dump, and load the file only if you trust its source, because a "
        "pickle can execute code."
    )


def contains_net(estimator: Any) -> bool:
    """Return whether one of the parameters of `estimator`, nested or not, is a net classifier."""
    if not hasattr(estimator, "get_params") or isinstance(estimator, type):
        return False
    params = estimator.get_params().values()
    return any(isinstance(value, BaseNetClassifier) for value in params)
