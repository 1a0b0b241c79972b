"""learning_curve and validation_curve give the scores of scikit-learn."""

import numpy as np
import pytest
from sklearn import model_selection
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist.studies import (
    learning_curve,
    validation_curve,
)
from tests.studies.helpers import tiny


@pytest.mark.parametrize(
    "estimator",
    [
        tiny(max_epochs=2),
        make_pipeline(MinMaxScaler(), RidgeClassifier()),
        LogisticRegression(tol=0.1),
        SklearnMLPClassifier((4,), tol=10.0, random_state=0),
    ],
    ids=repr,
)
def test_learning_curve_has_the_scores_of_scikit_learn(data, estimator):
    kwargs = {"train_sizes": [0.3, 1.0], "cv": 3, "shuffle": True, "random_state": 0}
    curve = learning_curve(estimator, *data, **kwargs)
    sizes, train_scores, test_scores = model_selection.learning_curve(estimator, *data, **kwargs)
    np.testing.assert_array_equal(curve.train_sizes, sizes)
    np.testing.assert_array_equal(curve.train_scores, train_scores)
    np.testing.assert_array_equal(curve.test_scores, test_scores)
    assert curve.fit_times.shape == curve.score_times.shape == (2, 3)
    assert (curve.fit_times > 0).all()


@pytest.mark.parametrize(
    ("estimator", "name", "values"),
    [
        (tiny(max_epochs=2), "lr", [1e-3, 1e-2]),
        (tiny(max_epochs=2), "hidden_layer_sizes", [(4,), (8, 4)]),
        (tiny(), "max_epochs", range(1, 3)),
        (RidgeClassifier(), "alpha", np.logspace(-1, 1, 3)),
        (LogisticRegression(tol=0.1), "C", [0.01, 0.1]),
        (SklearnMLPClassifier((4,), tol=10.0, random_state=0), "alpha", [1e-4, 1e-2]),
    ],
    ids=repr,
)
def test_validation_curve_has_the_scores_of_scikit_learn(data, estimator, name, values):
    kwargs = {"param_name": name, "param_range": values}
    cv = model_selection.ShuffleSplit(2, random_state=0)
    curve = validation_curve(estimator, *data, **kwargs, cv=cv)
    train_scores, test_scores = model_selection.validation_curve(estimator, *data, **kwargs, cv=cv)
    np.testing.assert_array_equal(curve.train_scores, train_scores)
    np.testing.assert_array_equal(curve.test_scores, test_scores)
    assert curve.param_range == tuple(values)
    assert (curve.fit_times > 0).all()


def test_validation_curve_with_weights_and_groups(data):
    rng = np.random.default_rng(0)
    kwargs = {
        "param_name": "lr",
        "param_range": [1e-3, 1e-2],
        "groups": rng.integers(0, 5, len(data[0])),
        "params": {"sample_weight": rng.uniform(0, 2, len(data[0]))},
        "cv": model_selection.GroupKFold(3),
    }
    curve = validation_curve(tiny(max_epochs=1), *data, **kwargs)
    _, test_scores = model_selection.validation_curve(tiny(max_epochs=1), *data, **kwargs)
    np.testing.assert_array_equal(curve.test_scores, test_scores)


def test_value_whose_fits_all_fail_gets_the_error_score(data):
    kwargs = {"param_name": "lr", "param_range": [1e-3, -1.0], "cv": 2}
    with pytest.warns(FitFailedWarning, match="2 fits failed"):
        curve = validation_curve(tiny(max_epochs=1), *data, **kwargs)
    np.testing.assert_array_equal(np.isnan(curve.test_scores), [[False] * 2, [True] * 2])
    with pytest.raises(ValueError, match="lr"):
        validation_curve(tiny(max_epochs=1), *data, **kwargs, error_score="raise")
