"""The time limit of the searches: no fit starts after it."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier

from skmnist.exceptions import TimeLimitWarning
from skmnist.studies import (
    EpochGridSearchCV,
    EpochHalvingSearchCV,
    EpochRandomizedSearchCV,
    _time_limit,
)
from tests.studies.helpers import DIVERGING, assert_same_results, tiny

LRS = {"lr": [1e-4, 1e-3, 1e-2]}
SEARCHES = {
    "grid": (EpochGridSearchCV, {"max_epochs": [1, 2], **LRS}),
    "randomized": (EpochRandomizedSearchCV, {"max_epochs": [1, 2], **LRS}),
    "halving": (EpochHalvingSearchCV, LRS),
}
every_search = pytest.mark.parametrize("name", SEARCHES)


@pytest.fixture
def clock(monkeypatch):
    """Let the clock of the searches advance by a second with each fit of an estimator."""
    seconds = [0.0]
    monkeypatch.setattr(_time_limit, "now", lambda: seconds[0])
    for cls in (type(tiny()), LogisticRegression, SklearnMLPClassifier):

        def fit(self, *args, original=cls.fit, **kwargs):
            seconds[0] += 1
            return original(self, *args, **kwargs)

        monkeypatch.setattr(cls, "fit", fit)


def make_search(name, **params):
    cls, grid = SEARCHES[name]
    specific = {
        "randomized": {"n_iter": 6, "random_state": 0},
        "halving": {"max_resources": 3, "min_resources": 1},
    }
    return cls(tiny(), grid, **{"cv": 2, **specific.get(name, {}), **params})


def fit(search, data, **kwargs):
    """Fit, and return the search and its warning about the time limit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(*data, **kwargs)
    messages = [str(w.message) for w in caught if w.category is TimeLimitWarning]
    assert len(messages) <= 1
    return search, messages[0] if messages else None


@every_search
def test_unfinished_candidates_get_nan_and_do_not_win(name, data, clock):
    # The third fit starts before the limit, the fourth does not: it is the second candidate's.
    search, message = fit(make_search(name, time_limit=2.5, error_score=1.0), data)
    scores = search.cv_results_["mean_test_score"]
    per_group = {"grid": 2, "randomized": 2, "halving": 1}[name]
    assert np.isfinite(scores).sum() == per_group
    assert np.isfinite(scores[search.best_index_])
    n_rows, n_missing = len(scores), len(scores) - per_group
    n_fits = 2 * n_missing - per_group
    assert f"{n_fits} of {2 * n_rows} fits were not started" in message
    assert f"{n_missing} of {n_rows} candidates have no score" in message
    assert search.best_estimator_.lr == search.best_params_["lr"]


@every_search
def test_results_are_unchanged_if_the_limit_is_not_reached(name, data, clock):
    search, message = fit(make_search(name, time_limit=1000), data)
    assert message is None
    unlimited, _ = fit(make_search(name), data)
    assert_same_results(search.cv_results_, unlimited.cv_results_)
    assert search.best_params_ == unlimited.best_params_


@every_search
def test_limit_before_the_first_candidate_is_an_error(name, data, clock):
    message = "'time_limit' parameter of Epoch.*SearchCV must be long enough .* on all 2 splits"
    with pytest.raises(ValueError, match=message):
        make_search(name, time_limit=0.5).fit(*data)


@pytest.mark.parametrize("limit", [0, -1, "10", float("nan")])
@every_search
def test_invalid_limits_are_rejected(name, data, limit):
    with pytest.raises(ValueError, match="'time_limit' parameter of Epoch"):
        make_search(name, time_limit=limit).fit(*data)


def nan_unaware(results):
    return np.asarray(results["mean_test_score"]).argmax()  # of NaN, if there is one


@every_search
def test_callable_refit_gets_only_finished_candidates(name, data, clock):
    search, _ = fit(make_search(name, time_limit=2.5, refit=nan_unaware), data)
    assert np.isfinite(search.cv_results_["mean_test_score"][search.best_index_])


def test_several_metrics(data, clock):
    scoring = {"a": "accuracy", "b": make_scorer(accuracy_score)}
    search, _ = fit(make_search("grid", time_limit=2.5, scoring=scoring, refit="b"), data)
    for metric in scoring:
        assert np.isfinite(search.cv_results_[f"mean_test_{metric}"]).sum() == 2
    assert search.best_index_ in (0, 3)


def test_error_score_raise_does_not_raise_for_unfinished_candidates(data, clock):
    _, message = fit(make_search("grid", time_limit=2.5, error_score="raise"), data)
    assert message is not None


@pytest.mark.parametrize(
    ("estimator", "grid"),
    [
        (LogisticRegression(max_iter=500), {"C": [1e-4, 1e-3, 1e-2]}),
        (SklearnMLPClassifier((4,), max_iter=500), {"alpha": [1e-4, 1e-3, 1e-2]}),
    ],
    ids=["logistic regression", "mlp"],
)
def test_classifiers_of_scikit_learn(data, clock, estimator, grid):
    search, message = fit(EpochGridSearchCV(estimator, grid, cv=2, time_limit=2.5), data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).tolist() == [True, False, False]
    assert "3 of 6 fits" in message


def test_only_failed_candidates_before_the_limit_are_an_error(data, clock):
    grid = {"hidden_layer_sizes": [(0,), (8,), (4,)]}
    search = EpochGridSearchCV(tiny(), grid, cv=2, time_limit=1.5)
    with (
        pytest.warns(FitFailedWarning, match="2 fits failed"),
        pytest.raises(ValueError, match="'time_limit'(.|\n)*2 fits failed"),
    ):
        search.fit(*data)


def test_failed_and_unfinished_candidates(data, clock):
    grid = {"max_epochs": [1, 8], "lr": [100.0, 0.01]}
    search, message = fit(
        EpochGridSearchCV(tiny(**DIVERGING), grid, cv=2, time_limit=1.5, error_score=-1.0), data
    )
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"][1:], [-1, np.nan, np.nan])
    assert "4 of 8 fits" in message


def test_halving_chooses_from_the_last_completed_iteration(data, clock):
    # Nine candidates with two splits, and one of three candidates of the second iteration.
    grid = {"batch_size": [16, 32, 64], **LRS}
    search = EpochHalvingSearchCV(tiny(), grid, cv=2, max_resources=9, time_limit=19.5)
    search, message = fit(search, data)
    results = search.cv_results_
    assert np.isfinite(results["mean_test_score"]).sum() == 10
    assert results["iter"][search.best_index_] == 0
    assert search.best_score_ == results["mean_test_score"][:9].max()
    assert "6 of 26 fits" in message


def test_halving_can_be_resumed_after_the_limit(data, clock, tmp_path):
    params = {"checkpoint_dir": tmp_path, "cv": 2, "max_resources": 3}
    search = EpochHalvingSearchCV(tiny(), LRS, time_limit=2.5, **params)
    _, message = fit(search, data)
    assert message is not None
    search, message = fit(search.set_params(time_limit=100), data, resume=True)
    assert message is None
    unlimited = EpochHalvingSearchCV(tiny(), LRS, cv=2, max_resources=3).fit(*data)
    assert_same_results(search.cv_results_, unlimited.cv_results_)
