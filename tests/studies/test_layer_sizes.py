"""LayerSizes, and searches of scikit-learn over the parameters of skmnist."""

import numpy as np
import pytest
import torch
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
)

from skmnist import MLPClassifier
from skmnist.studies import EpochGridSearchCV, LayerSizes
from tests.studies.helpers import tiny


def test_randomized_search_over_layers(data):
    space = {"hidden_layer_sizes": LayerSizes(4, 16), "lr": loguniform(1e-3, 1e-1)}
    search = RandomizedSearchCV(tiny(max_epochs=1), space, n_iter=4, cv=2, random_state=0)
    found = [clone(search).fit(*data).cv_results_ for _ in range(2)]
    sizes = [params["hidden_layer_sizes"] for params in found[0]["params"]]
    assert len(set(sizes)) == 4
    assert found[0]["params"] == found[1]["params"]
    np.testing.assert_array_equal(*[results["mean_test_score"] for results in found])


def test_halving_search_over_layers_gives_epochs_to_the_best(data):
    search = HalvingRandomSearchCV(
        tiny(),
        {"hidden_layer_sizes": LayerSizes(4, 16)},
        resource="max_epochs",
        min_resources=1,
        max_resources=4,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(*data)
    assert search.best_estimator_.max_epochs == 4


def one_thread_only(images):
    if torch.get_num_threads() > 1:
        raise AssertionError(f"{torch.get_num_threads()} threads in a worker")
    return images


@pytest.mark.slow
def test_workers_use_one_thread_each_even_without_a_seed(data):
    # Wide and without a seed, so that outside of a worker it uses all cores.
    clf = MLPClassifier((2048,), batch_size=500, max_epochs=1, augment=one_thread_only)
    kwargs = {"cv": 2, "n_jobs": 2, "error_score": "raise"}
    space = {"lr": [1e-3, 1e-2], "optimizer": ["adam", "sgd"]}
    for search in (
        GridSearchCV(clf, space, **kwargs),
        EpochGridSearchCV(clf, {"max_epochs": [1, 2], **space}, **kwargs),
        RandomizedSearchCV(clf, space, n_iter=2, random_state=0, **kwargs),
        HalvingGridSearchCV(clf, space, resource="max_epochs", max_resources=3, **kwargs),
        HalvingRandomSearchCV(clf, space, min_resources=80, **kwargs),
    ):
        search.set_params(refit=False).fit(*data)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("decreasing", [False, True])
def test_layer_sizes_reach_their_bounds_and_stay_within(decreasing):
    drawn = LayerSizes(3, 6, 2, 4, decreasing).rvs(500, random_state=0)
    assert {len(sizes) for sizes in drawn} == {2, 3, 4}
    assert {units for sizes in drawn for units in sizes} == {3, 4, 5, 6}
    is_decreasing = [list(sizes) == sorted(sizes, reverse=True) for sizes in drawn]
    assert all(is_decreasing) == decreasing
    assert all(type(units) is int for sizes in drawn for units in sizes)


def test_layer_sizes_are_log_uniform():
    drawn = LayerSizes(10, 1000, max_layers=1).rvs(2000, random_state=0)
    assert np.mean([units < 100 for (units,) in drawn]) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("bounds", [(0, 4), (8, 4), (4, 8, 3, 2), (4.0, 8)])
def test_invalid_bounds_of_layer_sizes_are_rejected(bounds):
    with pytest.raises(
        ValueError, match="'m.._(units|layers)' and .* must be int with 1 <= .* Got m"
    ):
        LayerSizes(*bounds)
