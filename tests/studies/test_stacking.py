"""Candidates, folds and seeds that are trained at once have the results of separate fits."""

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist import CNNClassifier
from skmnist._estimators import stacked_fit
from skmnist._training.net import Net
from skmnist.exceptions import InvalidParameterError
from skmnist.studies import EpochGridSearchCV, EpochRandomizedSearchCV, seed_study
from skmnist.studies._staged import last_step
from tests.helpers import same_network, some_weights
from tests.studies.helpers import DIVERGING, assert_same_results, tiny

GRID = {"max_epochs": [1, 3], "lr": [1e-3, 1e-2], "weight_decay": [0, 1e-2]}


@pytest.fixture
def n_stacked(monkeypatch):
    """Return a list to which the number of members of each stack is appended."""
    sizes, train = [], stacked_fit.train_stacked_epoch

    def counted(members, **kwargs):
        if len(members[0].net.history) == 1:
            sizes.append(len(members))
        return train(members, **kwargs)

    monkeypatch.setattr(stacked_fit, "train_stacked_epoch", counted)
    return sizes


def both(estimator, grid, data, cls=EpochGridSearchCV, fit_params=None, **params):
    """Fit a search without and with a stack, compare and return them."""
    searches = [
        cls(estimator, grid, stack=stack, **{"cv": 3, **params}).fit(*data, **(fit_params or {}))
        for stack in (False, True)
    ]
    assert_same_results(searches[1].cv_results_, searches[0].cv_results_)
    if searches[0].refit:
        assert searches[0].best_params_ == searches[1].best_params_
        assert same_network(*(last_step(search.best_estimator_)[0] for search in searches))
    return searches


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"average": False, "optimizer": "sgd", "momentum": 0.9},
        {"class_weight": "balanced", "lr_schedule": "exponential"},
        {"hidden_layer_sizes": (70, 8)},
    ],
    ids=str,
)
def test_grid_search(params, data, n_stacked):
    _, stacked = both(tiny().set_params(**params), GRID, data, return_train_score=True)
    assert sum(n_stacked) == 4 * 3
    assert stacked.staged_.all()
    times = stacked.cv_results_["mean_fit_time"]
    assert (times > 0).all()


def test_randomized_search(data):
    space = {"max_epochs": [1, 2], "lr": [1e-3, 1e-2], "hidden_layer_sizes": [(8,), (5,)]}
    both(tiny(), space, data, EpochRandomizedSearchCV, n_iter=6, random_state=0)


def test_search_without_numbers_of_epochs(data, n_stacked):
    grid = {"lr": [1e-3, 1e-2], "lr_schedule": [None, "cosine"]}
    _, stacked = both(tiny(max_epochs=2), grid, data)
    assert not stacked.staged_.any()
    assert sum(n_stacked) == 4 * 3


def test_arguments_of_fit_and_several_metrics(data):
    X, y = data
    fit_params = {"sample_weight": some_weights(len(y)) / 3, "X_val": X[:50], "y_val": y[:50]}
    metrics = ["accuracy", "neg_log_loss"]
    both(tiny(), GRID, data, fit_params=fit_params, scoring=metrics, refit="neg_log_loss")


def test_pipeline_with_parameters_of_a_transformer_in_the_grid(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    grid = {
        "mlpclassifier__max_epochs": [1, 2],
        "mlpclassifier__lr": [1e-3, 1e-2],
        "minmaxscaler__feature_range": [(0, 1), (0, 2)],
    }
    both(pipe, grid, data)


@pytest.mark.parametrize("stack", [True, "auto"])
def test_iterator_over_splits(stack, data):
    grid = {"lr": [1e-3, 2e-3, 5e-3, 1e-2], "max_epochs": [1, 2]}
    results = [
        EpochGridSearchCV(tiny(), grid, cv=KFold(3).split(*data), stack=each).fit(*data).cv_results_
        for each in (stack, False)
    ]
    assert_same_results(*results)


def test_splitter_with_a_generator_is_asked_for_the_same_splits(data):
    results = [
        EpochGridSearchCV(tiny(), GRID, cv=ShuffleSplit(2, random_state=rng), stack=stack)
        .fit(*data)
        .cv_results_
        for stack in (True, False)
        for rng in [np.random.RandomState(0)]
    ]
    assert_same_results(*results)


@pytest.mark.slow
def test_number_of_workers_does_not_matter(data):
    both(tiny(), GRID, data, n_jobs=2)


def test_pool_of_the_search_is_not_ended_by_that_of_the_stacks(data):
    # Both are in one block, which has one backend.
    with joblib.parallel_backend("multiprocessing"):
        both(tiny(), {"max_epochs": [1, 2], "lr": [1e-3, 1e-2]}, data, cv=2, n_jobs=2)


def test_fits_are_divided_among_the_workers(data, monkeypatch, n_stacked):
    for module in ("_stack_choice", "_stacking"):
        monkeypatch.setattr(f"skmnist.studies.{module}.effective_n_jobs", lambda n_jobs: 2)
    both(tiny(), GRID, data)
    assert n_stacked == [4] * 3  # twelve fits in three parts
    grid = {"lr": [1e-3, 2e-3, 5e-3, 1e-2], "max_epochs": [1]}
    EpochGridSearchCV(tiny(), grid, cv=3).fit(*data)  # too few for two workers
    assert len(n_stacked) == 3


def test_workers_on_other_machines_get_separate_fits(data, monkeypatch, n_stacked):
    monkeypatch.setattr("skmnist.studies._stack_choice._LOCAL_BACKENDS", set())
    grid = {"lr": [1e-3, 2e-3, 5e-3, 1e-2], "max_epochs": [1]}
    EpochGridSearchCV(tiny(), grid, cv=3).fit(*data)
    assert n_stacked == []


def test_same_bits_twice(data):
    first, second = (EpochGridSearchCV(tiny(), GRID, cv=3, stack=True).fit(*data) for _ in range(2))
    assert_same_results(first.cv_results_, second.cv_results_)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize(
    "grid",
    [
        {"max_epochs": [1, 7], "lr": [0.01, 100.0]},
        {"max_epochs": [1, 2], "lr": [0.01, -1.0]},
        {"max_epochs": [0, 1], "lr": [0.01, 0.02]},
    ],
    ids=["diverges", "invalid lr", "invalid number of epochs"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")
def test_candidates_that_fail_get_the_error_score(grid, data):
    _, stacked = both(tiny(**DIVERGING), grid, data)
    assert np.isnan(stacked.cv_results_["mean_test_score"]).any()
    messages = []
    for stack in (False, True):
        with pytest.raises(ValueError) as caught:
            EpochGridSearchCV(tiny(**DIVERGING), grid, cv=3, stack=stack, error_score="raise").fit(
                *data
            )
        messages.append(str(caught.value))
    assert messages[0] == messages[1]


def test_time_limit_is_checked_before_a_stack_is_trained(data, monkeypatch):
    # The start, and before the first of three stacks; then the limit is over.
    times = iter([0.0, 0.0])
    monkeypatch.setattr("skmnist.studies._time_limit.now", lambda: next(times, 100.0))
    monkeypatch.setattr("skmnist.studies._stacking._MAX_CHUNK", 4)
    grid = {"lr": [1e-3, 1e-2], "max_epochs": [1]}
    with pytest.raises(ValueError, match="'time_limit' parameter of EpochGridSearchCV"):
        EpochGridSearchCV(tiny(), grid, cv=3, stack=True, time_limit=1).fit(*data)
    times = iter([0.0, 0.0])
    monkeypatch.setattr("skmnist.studies._stacking._MAX_CHUNK", 6)
    search = EpochGridSearchCV(tiny(), grid, cv=3, stack=True, time_limit=1).fit(*data)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("estimator", "expected"),
    [
        (tiny(dropout=0.5), "dropout=0.5"),
        (tiny(batch_norm=True), "batch_norm=True"),
        (tiny(augment="affine"), "augment='affine'"),
        (tiny(early_stopping=True), "early_stopping=True"),
        (tiny(precision="bfloat16"), "precision='bfloat16'"),
        (tiny(verbose=1), "verbose=1"),
        (CNNClassifier(), "a CNNClassifier"),
        (make_pipeline(MinMaxScaler(), CNNClassifier()), "a CNNClassifier"),
        (LogisticRegression(), "a LogisticRegression"),
    ],
    ids=str,
)
def test_what_cannot_be_stacked_is_an_error(estimator, expected, data, held_out):
    parts = f"(?s)'stack' parameter.*with {expected}.*Use stack='auto'"
    with pytest.raises(InvalidParameterError, match=parts):
        EpochGridSearchCV(estimator, {}, stack=True).fit(*data)
    with pytest.raises(InvalidParameterError, match=parts):
        seed_study(estimator, *data, **held_out, n_seeds=2, stack=True)


def test_networks_whose_batches_are_divided_among_threads(data, monkeypatch, n_stacked):
    monkeypatch.setattr(Net, "count_shards", lambda net, batch_size: 2)
    grid = {"lr": [1e-3, 2e-3, 5e-3, 1e-2], "max_epochs": [1, 2]}
    results = [
        EpochGridSearchCV(tiny(), grid, cv=2, stack=stack).fit(*data).cv_results_
        for stack in ("auto", False)
    ]
    assert_same_results(*results)
    assert n_stacked == []
    with pytest.raises(InvalidParameterError, match="divided among threads.*Use stack='auto'"):
        EpochGridSearchCV(tiny(), grid, cv=2, stack=True).fit(*data)


@pytest.mark.parametrize("stack", ["on", 1, None])
def test_invalid_value(stack, data):
    with pytest.raises(ValueError, match="'stack' parameter of EpochGridSearchCV"):
        EpochGridSearchCV(tiny(), GRID, stack=stack).fit(*data)
    with pytest.raises(ValueError, match="'stack' parameter of seed_study"):
        seed_study(tiny(), *data, n_seeds=2, stack=stack)


def test_auto_stacks_small_networks_that_train_on_the_same_batches(data, n_stacked):
    grid = {"lr": np.geomspace(1e-3, 1e-2, 4), "max_epochs": [1]}
    search = EpochGridSearchCV(tiny(), grid, cv=2, refit=False)
    search.fit(*data)
    assert n_stacked == [4, 4]
    for estimator in (
        tiny(dropout=0.1),
        tiny(random_state=None),
        tiny().set_params(hidden_layer_sizes=(500,)),
    ):
        EpochGridSearchCV(estimator, grid, cv=2, refit=False).fit(*data)
    assert n_stacked == [4, 4]


@pytest.mark.parametrize("cv", [None, 3, KFold(2)])
def test_seed_study(cv, data, held_out, n_stacked):
    estimators = {"eight": tiny(max_epochs=2), "five": tiny().set_params(hidden_layer_sizes=(5,))}
    test = held_out if cv is None else {"cv": cv}
    alone, stacked = (
        seed_study(estimators, *data, n_seeds=3, stack=stack, **test) for stack in (False, True)
    )
    np.testing.assert_array_equal(stacked.scores, alone.scores)
    assert (stacked.fit_times > 0).all()
    assert sum(n_stacked) == stacked.scores.size
