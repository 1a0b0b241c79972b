"""What scikit-learn's metrics leave out."""

import numpy as np
from sklearn.utils.validation import check_consistent_length, column_or_1d


def coverage_curve(y_true, y_pred, confidence):
    """Return the accuracy on the most confident predictions, from the surest one to all.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
        True labels and predicted ones.
    confidence : array-like of shape (n,)
        How sure each prediction is, such as the highest probability.

    Returns
    -------
    coverage : ndarray of shape (n_thresholds,)
        Share of the predictions that are at least as confident as the threshold; rises to 1.
    accuracy : ndarray of shape (n_thresholds,)
        Share of them that are right.
    thresholds : ndarray of shape (n_thresholds,)
        The confidences that occur, falling.

    Raises
    ------
    ValueError
        Where the lengths differ or a confidence is NaN.

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
    y_true, y_pred, confidence = (column_or_1d(one) for one in (y_true, y_pred, confidence))
    check_consistent_length(y_true, y_pred, confidence)
    if np.isnan(confidence).any():
        raise ValueError("confidence holds NaN. Leave the rows out that have no prediction.")
    order = np.argsort(-confidence, kind="stable")
    thresholds = confidence[order]
    n_right = np.cumsum((y_true == y_pred)[order])
    # Those of equal confidence are taken together.
    last = np.flatnonzero(np.append(np.diff(thresholds) != 0, True))
    n_answered = last + 1
    return n_answered / len(order), n_right[last] / n_answered, thresholds[last]
