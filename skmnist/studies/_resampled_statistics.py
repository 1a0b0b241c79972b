"""Means, intervals and tests of scores that were computed with several seeds and splits.

The scores of a cross-validation are not independent, because its training sets overlap. Nadeau and
Bengio replace the variance ``1 / n`` of their mean by ``1 / n + n_test / n_train``, which is the
argument `test_train_ratio`. It is 0 for a fixed test set: the intervals and tests are then those of
Student.

References
----------
C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine Learning 52, 239-281 (2003).

R. R. Bouckaert, E. Frank, "Evaluating the replicability of significance tests for comparing
learning algorithms", PAKDD (2004), for repeated cross-validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

POWER = 0.8  # the probability with which a difference is to be found


def mean_interval(
    values: ArrayLike, test_train_ratio: float = 0.0, confidence: float = 0.95
) -> tuple[float, float]:
    """Return the confidence interval of the mean, by the t distribution.

    Parameters
    ----------
    values : array-like of shape (n,)
        Scores, or differences of scores.
    test_train_ratio : float, default=0.0
        Number of test samples divided by the number of training samples; 0 for a fixed test set.
    confidence : float, default=0.95
        Confidence level.

    Returns
    -------
    low, high : float
        NaN for a single value.
    """
    values = np.asarray(values, dtype=float)
    n = len(values)
    if n < 2:
        return np.nan, np.nan
    quantile = stats.t.ppf(0.5 + confidence / 2, n - 1)
    half_width = quantile * values.std(ddof=1) * np.sqrt(1 / n + test_train_ratio)
    return float(values.mean() - half_width), float(values.mean() + half_width)


def corrected_t_test(differences: ArrayLike, test_train_ratio: float = 0.0) -> tuple[float, float]:
    """Test whether the mean of paired differences is zero.

    Parameters
    ----------
    differences : array-like of shape (n,)
        Differences of the scores of two estimators with the same seeds and splits.
    test_train_ratio : float, default=0.0
        As for :func:`mean_interval`. 0 gives the paired t-test.

    Returns
    -------
    statistic, p_value : float
        The t statistic, and the two-sided p-value. NaN if all differences are the same, because
        there is then no randomness to test against.
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if n < 2 or np.ptp(differences) == 0:
        return np.nan, np.nan
    std_error = differences.std(ddof=1) * np.sqrt(1 / n + test_train_ratio)
    statistic = differences.mean() / std_error
    return float(statistic), float(2 * stats.t.sf(abs(statistic), n - 1))


def n_runs_to_resolve(
    std: float, resolution: float, test_train_ratio: float = 0.0, confidence: float = 0.95
) -> float:
    """Return how many runs resolve a difference.

    It is the smallest n for which a t-test at the level ``1 - confidence`` finds a true difference
    of `resolution` with a probability of 80%, if the standard deviation stays the same:
    ``(t[confidence] + t[80%]) * std * sqrt(1 / n + test_train_ratio) <= resolution``, with the
    quantiles of the t distribution with n - 1 degrees of freedom.

    Parameters
    ----------
    std : float
        Standard deviation of the differences.
    resolution : float
        The difference to find, > 0.
    test_train_ratio, confidence
        As for :func:`mean_interval`.

    Returns
    -------
    n : float
        At least 2. Infinity if no number of runs is enough, because the training sets overlap.
    """

    def resolves(n: float) -> bool:
        quantiles = stats.t.ppf([0.5 + confidence / 2, POWER], n - 1).sum()
        return bool(quantiles * std * np.sqrt(1 / n + test_train_ratio) <= resolution)

    if np.isnan(std):
        return np.nan
    if not resolves(1e12):
        return np.inf
    low, high = 1, 2
    while not resolves(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if resolves(middle) else (middle, high)
    return float(high)
