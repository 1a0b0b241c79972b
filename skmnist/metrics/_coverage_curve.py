"""Accuracy and coverage of a classifier that can abstain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def coverage_curve(
    y_true: ArrayLike, y_pred: ArrayLike, confidence: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any]]:
    """Compute accuracy as a function of coverage.

    A classifier that can abstain accepts the predictions whose confidence is at least a threshold.
    Coverage is the fraction of accepted predictions.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        True and predicted labels.
    confidence : array-like of shape (n_samples,)
        Confidence of each prediction, such as its probability.

    Returns
    -------
    coverage : ndarray of shape (n_thresholds,)
        Fraction of accepted predictions for each threshold, in increasing order. The last value
        is 1.
    accuracy : ndarray of shape (n_thresholds,)
        Accuracy on the accepted predictions.
    thresholds : ndarray of shape (n_thresholds,)
        The distinct confidence values, in decreasing order.

    Raises
    ------
    ValueError
        If the lengths differ, or `confidence` contains NaN.

    References
    ----------
    R. El-Yaniv, Y. Wiener, "On the foundations of noise-free selective classification", Journal
    of Machine Learning Research 11, 1605-1641 (2010).

    Examples
    --------
    >>> from skmnist.metrics import coverage_curve
    >>> confidence = [1, 0.9, 0.8, 0.6]
    >>> coverage, accuracy, _ = coverage_curve([1, 1, 2, 2], [1, 1, 2, 1], confidence)
    >>> coverage
    array([0.25, 0.5 , 0.75, 1.  ])
    >>> accuracy
    array([1.  , 1.  , 1.  , 0.75])
    """
    true, predicted, scores = map(column_or_1d, (y_true, y_pred, confidence))
    check_consistent_length(true, predicted, scores)
    if np.isnan(scores).any():
        raise ValueError(
            "The 'confidence' parameter of coverage_curve must not contain NaN. Got "
            f"{int(np.isnan(scores).sum())} NaN values. Remove the samples without a prediction."
        )
    order = np.argsort(-scores, kind="stable")
    thresholds = scores[order]
    n_correct = np.cumsum((true == predicted)[order])
    # Predictions with the same confidence are accepted together.
    last = np.flatnonzero(np.append(np.diff(thresholds) != 0, True))
    n_accepted = last + 1
    return n_accepted / len(order), n_correct[last] / n_accepted, thresholds[last]
