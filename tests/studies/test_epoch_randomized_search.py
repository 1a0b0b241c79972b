"""EpochRandomizedSearchCV gives the same results as RandomizedSearchCV."""

import warnings

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist.studies import EpochRandomizedSearchCV, LayerSizes
from tests.helpers import same_network
from tests.studies.helpers import DIVERGING, assert_same, tiny

SPACE = {"max_epochs": randint(1, 5), "lr": [1e-3, 1e-2]}


def both(estimator, space, data, **params):
    """Fit an EpochRandomizedSearchCV and a RandomizedSearchCV, compare and return them."""
    params = {"cv": 2, "n_iter": 8, "random_state": 0} | params
    searches = []
    for cls in (EpochRandomizedSearchCV, RandomizedSearchCV):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            searches.append(cls(clone(estimator), space, **params).fit(*data))
    assert_same(*searches, extra={"staged_"}, extra_params={"time_limit", "stack"})
    return searches


def test_candidates_with_equal_other_parameters_are_trained_once(data, epochs_run):
    search = EpochRandomizedSearchCV(
        tiny(), SPACE, n_iter=8, cv=2, random_state=0, refit=False
    ).fit(*data)
    longest = {}
    for params in search.cv_results_["params"]:
        longest[params["lr"]] = max(params["max_epochs"], longest.get(params["lr"], 0))
    assert len(longest) == 2
    assert len(epochs_run) == 2 * sum(longest.values())
    assert search.staged_.all()


@pytest.mark.parametrize(
    ("space", "staged"),
    [
        (SPACE, 8),
        # Only lists: candidates are drawn without replacement from a grid, whose arrays give new
        # objects for equal values.
        ({"max_epochs": np.arange(1, 4), "lr": np.logspace(-3, -2, 3)}, 8),
        ({"max_epochs": [1, 2, 3], "lr": loguniform(1e-4, 1e-2)}, 0),
        ({"max_epochs": [1, 2], "hidden_layer_sizes": LayerSizes(4, 5, max_layers=1)}, None),
        ([{"lr": [1e-2], "max_epochs": [1, 2]}, {"momentum": [0.5, 0.9]}], None),
    ],
    ids=["distribution", "lists", "continuous", "layer sizes", "list of dicts"],
)
def test_spaces(data, space, staged):
    n_iter = 3 if isinstance(space, list) else 8
    search, reference = both(tiny(optimizer="sgd", max_epochs=2), space, data, n_iter=n_iter)
    assert staged is None or search.staged_.sum() == staged
    assert same_network(search.best_estimator_, reference.best_estimator_)


@pytest.mark.parametrize(
    "params",
    [
        {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss"},
        {"refit": False, "return_train_score": True},
    ],
    ids=lambda params: " ".join(params),
)
def test_settings_of_the_search(data, params):
    both(tiny(), SPACE, data, **params)


def test_random_state_instance_is_drawn_from_once(data):
    drawn = []
    for cls in (EpochRandomizedSearchCV, RandomizedSearchCV):
        rng = np.random.RandomState(3)
        cls(tiny(), SPACE, n_iter=3, cv=2, random_state=rng, refit=False).fit(*data)
        drawn.append(rng.randint(10**6))
    assert drawn[0] == drawn[1]


def test_pipeline(data):
    pipe = make_pipeline(MinMaxScaler(clip=True), tiny())
    space = {"mlpclassifier__max_epochs": [1, 2, 3], "mlpclassifier__lr": [1e-3, 1e-2]}
    search, _ = both(pipe, space, data, n_iter=6)
    assert search.staged_.all()


def test_values_of_different_types_are_trained_separately(data):
    # An int is a valid size, a float is not.
    space = {"max_epochs": [1, 2], "hidden_layer_sizes": [(8,), (8.0,)]}
    search, _ = both(tiny(), space, data, n_iter=4)
    assert np.isnan(search.cv_results_["mean_test_score"]).sum() == 2


def test_failing_candidates_get_the_error_score(data):
    space = {"max_epochs": [1, 8], "lr": [0.01, 100.0]}
    search, _ = both(tiny(**DIVERGING), space, data, n_iter=4)
    assert np.isnan(search.cv_results_["mean_test_score"]).sum() == 1


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_other_classifiers_are_trained_separately(data):
    search, _ = both(LogisticRegression(max_iter=3), {"C": [0.1, 1.0]}, data, n_iter=2)
    assert not search.staged_.any()
