"""EpochGridSearchCV gives the same results as GridSearchCV."""

import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    ShuffleSplit,
)
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import CNNClassifier, MLPClassifier
from skmnist._training.schedules import NEEDS_MAX_EPOCHS, SCHEDULES
from skmnist.studies import EpochGridSearchCV
from tests.helpers import same_network
from tests.studies.helpers import DIVERGING, assert_same, tiny

EPOCHS = {"max_epochs": [3, 1, 2]}
GRID = {"lr": [1e-3, 1e-2], **EPOCHS}


def both(estimator, grid, data, fit_params=None, **params):
    """Fit an EpochGridSearchCV and a GridSearchCV, compare and return them."""
    params = {"cv": 2} | params
    searches = [
        cls(clone(estimator), grid, **params).fit(*data, **(fit_params or {}))
        for cls in (EpochGridSearchCV, GridSearchCV)
    ]
    assert_same(*searches, extra={"staged_"}, extra_params={"time_limit", "stack"})
    return searches


# -- the same as GridSearchCV ------------------------------------------------------------------


def test_each_group_is_trained_once_for_its_largest_number_of_epochs(data, epochs_run):
    grid = {"max_epochs": range(1, 11), "lr": [1e-3, 1e-2]}
    search = EpochGridSearchCV(tiny(), grid, cv=2, refit=False).fit(*data)
    assert len(epochs_run) == 2 * 2 * 10
    assert search.staged_.all()
    assert len(search.cv_results_["params"]) == 20


def test_best_estimator_is_the_same(data):
    search, reference = both(tiny(), GRID, data, return_train_score=True)
    assert type(search.best_estimator_) is MLPClassifier
    assert same_network(search.best_estimator_, reference.best_estimator_)
    assert search.score(*data) == reference.score(*data)
    np.testing.assert_array_equal(search.predict(data[0]), reference.predict(data[0]))


def negative_error_counts(estimator, X, y):
    wrong = estimator.predict(X) != y
    return {"wrong": -wrong.sum(), "wrong_zeros": -wrong[y == 0].sum()}


def last_candidate(results):
    return len(results["params"]) - 1


def score_from_fitted_attributes(estimator, X, y):
    return estimator.n_iter_ + estimator.max_epochs / 10 + len(estimator.history_) / 100


@pytest.mark.parametrize(
    "params",
    [
        {"scoring": "neg_log_loss"},
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
        {"scoring": {"a": "accuracy", "b": make_scorer(accuracy_score)}, "refit": False},
        {"scoring": negative_error_counts, "refit": "wrong_zeros", "return_train_score": True},
        {"scoring": ("accuracy", "f1_macro"), "refit": last_candidate, "return_train_score": True},
        {"scoring": score_from_fitted_attributes, "refit": last_candidate},
        {"refit": False},
        {"cv": ShuffleSplit(3, random_state=0), "error_score": "raise"},
        pytest.param({"n_jobs": 2}, marks=pytest.mark.slow),
    ],
)
def test_settings_of_the_search(data, params):
    search, _ = both(tiny(), GRID, data, **params)
    assert search.staged_.all()


@pytest.mark.parametrize(
    ("grid", "staged"),
    [
        (EPOCHS, [True] * 3),
        ({"max_epochs": np.arange(1, 4), "lr": np.logspace(-3, -2, 2)}, [True] * 6),
        ({"max_epochs": [2, 1], "hidden_layer_sizes": [(4,), [4, 4]]}, [True] * 4),
        ([{"lr": [1e-2], **EPOCHS}, {"momentum": [0.5, 0.9], **EPOCHS}], [True] * 9),
        ([{"lr": [1e-3]}, EPOCHS, {"max_epochs": [3]}, {}], [False, *[True] * 4, False]),
        ({"max_epochs": [2, 2, 1]}, [True] * 3),
        ({"lr": [1e-2, 1e-3]}, [False] * 2),
    ],
)
def test_grids(data, grid, staged):
    search, _ = both(tiny(optimizer="sgd", max_epochs=2), grid, data)
    assert search.staged_.tolist() == staged


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule(data, schedule):
    search, _ = both(tiny(lr_schedule=schedule), EPOCHS, data)
    assert (search.staged_ == (schedule not in NEEDS_MAX_EPOCHS)).all()


def test_schedules_in_the_grid(data):
    grid = {"lr_schedule": [None, "cosine"], **EPOCHS}
    search, _ = both(tiny(), grid, data)
    assert search.staged_.tolist() == [True] * 3 + [False] * 3


@pytest.mark.parametrize(
    "params",
    [
        {"early_stopping": True, "n_iter_no_change": 1, "tol": 0.1},
        {"warm_start": True},
        {"random_state": np.random.RandomState(0)},
        {"dropout": 0.2, "batch_norm": True},
        {"callbacks": []},
    ],
    ids=lambda params: " ".join(params),
)
def test_settings_of_the_estimator(data, params):
    search, _ = both(tiny(**params), {"max_epochs": [6, 1, 3, 2]}, data, return_train_score=True)
    assert search.staged_.all()


def test_convolutions(data):
    cnn = CNNClassifier(channels=(2,), hidden_layer_sizes=(), random_state=0)
    both(cnn, {"max_epochs": [1, 2], "channels": [(2,), (3,)]}, data)


def test_pipeline(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    grid = {
        "mlpclassifier__max_epochs": [1, 3],
        "mlpclassifier__lr": [1e-3, 1e-2],
        "minmaxscaler__feature_range": [(0, 1), (-1, 1)],
    }
    search, reference = both(pipe, grid, data, return_train_score=True)
    assert search.staged_.all()
    assert same_network(search.best_estimator_[-1], reference.best_estimator_[-1])


def test_last_step_in_the_grid(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    grid = {
        "mlpclassifier": [
            tiny(lr=0.01),
            CNNClassifier((2,), hidden_layer_sizes=(), random_state=0),
        ],
        "mlpclassifier__max_epochs": [1, 2],
    }
    searches = [s(pipe, grid, cv=2).fit(*data) for s in (EpochGridSearchCV, GridSearchCV)]
    scores = [search.cv_results_["mean_test_score"] for search in searches]
    np.testing.assert_array_equal(*scores)
    assert searches[0].staged_.all()


def test_weights_and_groups(data):
    rng = np.random.default_rng(0)
    n = len(data[0])
    fit_params = {"sample_weight": rng.integers(0, 3, n), "groups": rng.integers(0, 9, n)}
    both(tiny(), EPOCHS, data, fit_params, cv=GroupKFold(3), scoring="accuracy")


def test_metadata_routing(data):
    rng = np.random.default_rng(0)
    n = len(data[0])
    fit_params = {"sample_weight": rng.uniform(0, 2, n), "groups": rng.integers(0, 9, n)}
    with sklearn.config_context(enable_metadata_routing=True):
        both(
            tiny().set_fit_request(sample_weight=True),
            EPOCHS,
            data,
            fit_params,
            cv=GroupKFold(3),
            scoring=make_scorer(accuracy_score).set_score_request(sample_weight=True),
            return_train_score=True,
        )
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            EpochGridSearchCV(tiny(), EPOCHS).fit(*data, sample_weight=fit_params["sample_weight"])


def test_search_can_be_cloned_copied_and_fitted_again(data):
    search = EpochGridSearchCV(tiny(), EPOCHS, cv=2)
    before = search.get_params()
    first = search.fit(*data).cv_results_
    assert search.get_params() == before
    again = clone(search).fit(*data).cv_results_
    np.testing.assert_array_equal(first["mean_test_score"], again["mean_test_score"])
    assert search.set_params(refit=False).fit(*data).best_score_ == first["mean_test_score"].max()


def test_times_grow_with_the_epochs(data):
    search = EpochGridSearchCV(tiny(), {"max_epochs": [1, 5, 20]}, cv=2).fit(*data)
    times = search.cv_results_["mean_fit_time"]
    assert 0 < times[0] < times[1] < times[2]
    assert (search.cv_results_["mean_score_time"] > 0).all()


# -- classifiers of scikit-learn ---------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "estimator", [SklearnMLPClassifier((4,), random_state=0), LogisticRegression()], ids=repr
)
def test_other_classifiers_are_trained_separately(data, estimator):
    search, _ = both(estimator, {"max_iter": [1, 3]}, data)
    assert not search.staged_.any()


# -- failing fits ------------------------------------------------------------------------------


def fit_and_record_warnings(cls, estimator, grid, data, **params):
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        search = cls(estimator, grid, cv=2, **params).fit(*data)
    return search, {warning.category for warning in record}


@pytest.mark.parametrize("error_score", [np.nan, -1.0])
@pytest.mark.parametrize(
    ("params", "grid"),
    [
        (DIVERGING, {"max_epochs": [1, 8, 2, 6]}),
        ({}, {"hidden_layer_sizes": [(4,), (0,)], "max_epochs": [1, 2]}),
        ({}, {"max_epochs": [0, 1, 2, -1]}),
        (DIVERGING, {"max_epochs": [1, 7], "lr": [0.01, 100.0, 1e6]}),
    ],
)
@pytest.mark.parametrize(
    "scoring", [{}, {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"}], ids=["one", "two"]
)
def test_failing_candidates_get_the_error_score(data, error_score, params, grid, scoring):
    kwargs = {"error_score": error_score, "return_train_score": True, **scoring}
    search, warned = fit_and_record_warnings(
        EpochGridSearchCV, tiny(**params), grid, data, **kwargs
    )
    reference, expected = fit_and_record_warnings(
        GridSearchCV, tiny(**params), grid, data, **kwargs
    )
    assert_same(search, reference, extra={"staged_"}, extra_params={"time_limit", "stack"})
    assert warned == expected
    assert FitFailedWarning in warned
    metric = "accuracy" if scoring else "score"
    scores = search.cv_results_[f"mean_test_{metric}"]
    failed = np.isnan(scores) if np.isnan(error_score) else scores == error_score
    assert 0 < failed.sum() < len(scores)


def test_warning_about_failing_fits_contains_the_error(data):
    search = EpochGridSearchCV(tiny(**DIVERGING), {"max_epochs": [1, 8]}, cv=2, error_score=0.0)
    with pytest.warns(FitFailedWarning, match="2 of 4 fits failed(.|\n)*loss became"):
        search.fit(*data)


@pytest.mark.parametrize(
    ("params", "grid"),
    [
        (DIVERGING, {"max_epochs": [1, 8]}),
        ({}, {"max_epochs": [1, 2], "lr": [1e-3, -1]}),
        ({}, {"max_epochs": [0, 1]}),
    ],
)
def test_error_score_raise_raises_the_error(data, params, grid):
    for cls in (GridSearchCV, EpochGridSearchCV):
        with pytest.raises(ValueError, match="loss became|'lr'|'max_epochs'"):
            cls(tiny(**params), grid, cv=2, error_score="raise").fit(*data)


@pytest.mark.parametrize("stack", [False, True])
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_scorer_that_returns_no_number_gives_all_candidates_the_error_score(data, stack):
    search = EpochGridSearchCV(
        tiny(), {"max_epochs": [1, 2]}, scoring=lambda *args: "high", cv=2, refit=False, stack=stack
    )
    with pytest.warns(UserWarning, match="(?s)Scoring failed.*scoring must return a number"):
        search.fit(*data)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, True]


def test_all_candidates_failing_is_an_error(data):
    grid = {"max_epochs": [1, 2], "lr": [-1, -2]}
    with pytest.raises(ValueError, match="All the 4 fits failed"):
        EpochGridSearchCV(tiny(), grid, cv=2).fit(*data)


def fails_after_one_epoch(estimator, X, y):
    if estimator.n_iter_ > 1:
        raise ValueError("no score for that many")
    return 1.0


def test_failing_scorer(data):
    kwargs = {"scoring": fails_after_one_epoch, "refit": False}
    search, _ = fit_and_record_warnings(
        EpochGridSearchCV, tiny(), {"max_epochs": [1, 2]}, data, **kwargs
    )
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], [1, np.nan])
    with pytest.raises(ValueError, match="no score for that many"):
        clone(search).set_params(error_score="raise").fit(*data)


def test_invalid_grids_raise_the_errors_of_scikit_learn(data):
    with pytest.raises(ValueError, match="Invalid parameter 'max_epoch'"):
        EpochGridSearchCV(tiny(), {"max_epoch": [1, 2], **EPOCHS}).fit(*data)
    with pytest.raises(ValueError, match="refit must be set"):
        EpochGridSearchCV(tiny(), EPOCHS, scoring=["accuracy", "f1_macro"]).fit(*data)
    with pytest.raises(TypeError, match="needs to be a list"):
        EpochGridSearchCV(tiny(), {"max_epochs": 3}).fit(*data)


INTERRUPTED = """
import signal, sys
from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.studies import EpochGridSearchCV

if __name__ == "__main__":
    # A process that was started in the background ignores it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    grid = {"max_epochs": [1, 100_000], "lr": [1e-3, 1e-2]}
    X, y = load_mnist_sample(return_X_y=True)
    search = EpochGridSearchCV(MLPClassifier(random_state=0), grid, n_jobs=int(sys.argv[1]))
    print("ready", flush=True)
    search.fit(X, y)
"""


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_ctrl_c_stops_a_search_immediately(n_jobs, tmp_path):
    script = tmp_path / "search.py"
    script.write_text(INTERRUPTED)
    command = [sys.executable, str(script), str(n_jobs)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5 * n_jobs)
        process.send_signal(signal.SIGINT)
        # The complete search would take days.
        _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
