"""scikit-learn's own checks of every classifier."""

from unittest import SkipTest

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_inplace_ensure_writeable,
    estimator_checks_generator,
)

from tests.helpers import CLASSIFIERS, every_classifier


def _checks():
    for cls in CLASSIFIERS:
        for estimator, check in estimator_checks_generator(cls()):
            name = getattr(check, "func", check).__name__
            yield pytest.param(estimator, check, id=f"{cls.__name__}-{name}")


# Some of the data (values near 100) saturate sigmoids, so that nothing is learned.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator, check", list(_checks()))
def test_scikit_learns_check_passes_and_is_not_skipped(estimator, check):
    try:
        check(estimator)
    except SkipTest as skip:
        pytest.fail(f"skipped: {skip}")


@every_classifier
def test_scikit_learn_has_at_least_62_checks_for_it(cls):
    assert len(list(estimator_checks_generator(cls()))) >= 62


@pytest.mark.parametrize(
    "check", [check_dataframe_column_names_consistency, check_inplace_ensure_writeable]
)
@every_classifier
def test_scikit_learns_internal_checks_pass(cls, check):
    check(cls.__name__, cls())


def _seeds(few, many):
    return [*range(few), *(pytest.param(s, marks=pytest.mark.slow) for s in range(few, many))]


@pytest.mark.parametrize("seed", _seeds(3, 20))
@every_classifier
def test_defaults_learn_two_features_at_any_seed(cls, seed):
    # The data and the minimum score of check_classifiers_train, which tests a single seed.
    X, y = make_blobs(n_samples=300, random_state=0)
    X = StandardScaler().fit_transform(X)
    two = y != 2
    assert cls(random_state=seed).fit(X, y).score(X, y) > 0.83
    assert cls(random_state=seed).fit(X[two], y[two]).score(X[two], y[two]) > 0.83


@pytest.mark.parametrize("seed", _seeds(3, 30))
@every_classifier
def test_integer_weights_equal_repeated_samples_at_any_seed(cls, seed):
    # The sizes and tolerances of check_sample_weight_equivalence, which tests a single seed.
    rng = np.random.default_rng(seed)
    X = rng.random((15, 30))
    y = np.r_[0, 1, 2, rng.integers(0, 3, 12)]
    weights = np.r_[1, 1, 1, rng.integers(0, 5, 12)]
    order = rng.permutation(15)
    repeated = cls(random_state=seed).fit(X.repeat(weights, axis=0), y.repeat(weights))
    weighted = cls(random_state=seed).fit(X[order], y[order], sample_weight=weights[order])
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(
        weighted.decision_function(X), repeated.decision_function(X), rtol=1e-7, atol=1e-9
    )
