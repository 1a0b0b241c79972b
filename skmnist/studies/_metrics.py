"""Metrics of any fitted classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, log_loss

from skmnist._utils.messages import invalid_parameter_message

from ._staged import last_step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator


def log_loss_or_nan(classifier: BaseEstimator, X: ArrayLike, y: ArrayLike) -> float:
    """Return the log loss of the predicted probabilities, or NaN without ``predict_proba``."""
    if not hasattr(classifier, "predict_proba"):
        return np.nan
    return log_loss(y, classifier.predict_proba(X), labels=classifier.classes_)


def n_weights(classifier: BaseEstimator) -> float:
    """Return the number of weights without biases, or NaN if it is unknown."""
    last, _ = last_step(classifier)
    if hasattr(last, "n_weights_"):
        return last.n_weights_
    coefs = getattr(last, "coefs_", None) or [getattr(last, "coef_", None)]
    known = all(isinstance(coef, np.ndarray) for coef in coefs)
    return sum(coef.size for coef in coefs) if known else np.nan


def baseline_accuracy(estimator: BaseEstimator, y: Any) -> dict[str, float]:
    """Return ``{"baseline_accuracy": ...}``, the fraction of the most frequent class in `y`.

    The dict is empty if the estimator is not a classifier.
    """
    if not is_classifier(estimator):
        return {}
    _, counts = np.unique(np.asarray(y), return_counts=True)
    return {"baseline_accuracy": float(counts.max() / counts.sum())}


def scoring_name(scoring: str | Callable[..., float] | None, estimator: BaseEstimator) -> str:
    """Return the name of the metric."""
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "score"
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


def check_one_metric(
    owner: str, estimator: BaseEstimator, scoring: str | Callable[..., float] | None
) -> Callable[..., float]:
    """Return the scorer, a function of (estimator, X, y).

    Raises
    ------
    ValueError
        If there are several metrics, or the metric is unknown.
    """
    if isinstance(scoring, (list, tuple, set, dict)):
        expected = "None, a str or a callable, for one metric"
        raise ValueError(invalid_parameter_message("scoring", owner, expected, scoring))
    return check_scoring(estimator, scoring)
