"""Our learning and validation curves in scikit-learn's Displays."""

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv  # noqa: F401

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.studies import (
    learning_curve,
    validation_curve,
)
from tests.displays.helpers import assert_readable


@pytest.fixture(scope="module")
def data():
    X, y = load_mnist_sample(return_X_y=True)
    return X[::25], y[::25]


def tiny(**params):
    return MLPClassifier((8,), **{"max_epochs": 1, "random_state": 0, **params})


def test_learning_curve_is_drawn_by_scikit_learn(data):
    curve = learning_curve(tiny(), *data, train_sizes=[50, 100], cv=2, shuffle=True)
    display = curve.plot()
    train, test = display.lines_
    np.testing.assert_allclose(test.get_ydata(), curve.test_scores.mean(axis=1))
    assert display.ax_.get_ylabel() == "Accuracy"


@pytest.mark.parametrize(
    "sizes", [[(8,), (8, 4)], [(8,), (8, 8, 8, 8), (16, 16, 16, 16), (8, 8, 8), (4, 4, 4, 4, 4)]]
)
def test_validation_curve_names_values_that_are_no_numbers(data, sizes, boxes_of):
    given = {"param_name": "hidden_layer_sizes", "param_range": sizes}
    display = validation_curve(tiny(), *data, **given, cv=2).plot()
    assert len(display.ax_.get_xticklabels()) == len(sizes)
    assert_readable(display.figure_, boxes_of)
