"""Intervals and tests of scores, compared with scipy and with a published example."""

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from skmnist.studies._resampled_statistics import (
    corrected_t_test,
    mean_interval,
    n_runs_to_resolve,
)

every_seed = pytest.mark.parametrize("seed", range(3))


@every_seed
def test_without_correction_they_are_scipys(seed):
    first, second = np.random.default_rng(seed).normal(0.9, 0.01, (2, 7))
    expected = stats.ttest_rel(first, second)
    np.testing.assert_allclose(corrected_t_test(first - second), expected)
    np.testing.assert_allclose(
        mean_interval(first - second, confidence=0.9), expected.confidence_interval(0.9)
    )


@pytest.mark.slow
def test_correction_gives_the_result_of_a_published_example():
    """Of scikit-learn's documentation, "Statistical comparison of models using grid search"."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    cv = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    models = SVC(kernel="rbf", random_state=0), SVC(kernel="linear", random_state=0)
    rbf, linear = (cross_val_score(m, X, y, cv=cv, scoring="roc_auc") for m in models)
    t, p_value = corrected_t_test(rbf - linear, 10 / 90)
    assert (round(t, 3), round(p_value / 2, 3)) == (0.750, 0.227)  # its test is one-sided
    t, p_value = corrected_t_test(rbf - linear)
    assert (round(t, 3), round(p_value / 2, 3)) == (2.611, 0.005)


@every_seed
def test_interval_contains_zero_exactly_if_the_test_is_not_significant(seed):
    rng = np.random.default_rng(seed)
    for mean in (0.0, 0.01, 0.02, 0.03):
        differences = rng.normal(mean, 0.03, 20)
        low, high = mean_interval(differences, 0.25)
        assert (low <= 0 <= high) == (corrected_t_test(differences, 0.25)[1] >= 0.05)


def test_nothing_can_be_said_without_randomness():
    assert np.isnan(corrected_t_test([0.1, 0.1, 0.1])).all()
    assert np.isnan(corrected_t_test([0.1])).all()
    assert np.isnan(mean_interval([0.1])).all()
    assert np.isnan(n_runs_to_resolve(np.nan, 0.001))


@pytest.mark.parametrize("std", [0.0007, 0.0015, 0.004])
def test_number_of_runs_finds_the_difference_with_the_stated_probability(std):
    n = int(n_runs_to_resolve(std, 0.001))
    rng = np.random.default_rng(0)
    found = [corrected_t_test(rng.normal(0.001, std, n))[1] < 0.05 for _ in range(1500)]
    assert n > 2
    assert 0.76 < np.mean(found) < 0.9
    n_fewer = max(2, n // 2)
    found = [corrected_t_test(rng.normal(0.001, std, n_fewer))[1] < 0.05 for _ in range(1500)]
    assert np.mean(found) < 0.72


def test_number_of_runs_is_the_smallest():
    def resolves(n):
        quantiles = stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.8, n - 1)
        return quantiles * 0.004 * np.sqrt(1 / n + 0.01) <= 0.005

    n = n_runs_to_resolve(0.004, 0.005, 0.01)
    assert resolves(n)
    assert not resolves(n - 1)
    assert n_runs_to_resolve(0.0, 0.001) == 2


def test_overlapping_training_sets_limit_what_can_be_resolved():
    assert n_runs_to_resolve(0.01, 0.001, test_train_ratio=0.25) == np.inf
    assert n_runs_to_resolve(0.01, 0.05, test_train_ratio=0.25) < 10
