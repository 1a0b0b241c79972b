"""MLPClassifier.from_sklearn converts parameters, weights and labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier as SklearnMLP
from sklearn.neural_network import MLPRegressor

import skmnist
from skmnist import MLPClassifier
from tests.helpers import digits

BYTES, Y = digits(step=25)


X = BYTES / 255


def fit_sklearn(X=X, y=Y, **params):
    """Return a fitted classifier of scikit-learn, which stops early for lack of improvement."""
    params = {"hidden_layer_sizes": (20, 10), "tol": 0.1, "n_iter_no_change": 2, **params}
    return SklearnMLP(random_state=0, **params).fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("sizes", [(20, 10), (), 30])
def test_converted_network_predicts_the_same(activation, sizes):
    original = fit_sklearn(activation=activation, hidden_layer_sizes=sizes)
    converted = MLPClassifier.from_sklearn(original)
    np.testing.assert_array_equal(converted.predict(X), original.predict(X))
    np.testing.assert_allclose(converted.predict_proba(X), original.predict_proba(X), atol=1e-12)
    assert converted.loss_curve_ == original.loss_curve_
    assert converted.n_iter_ == original.n_iter_


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(dtype):
    original = fit_sklearn(X.astype(dtype))
    converted = MLPClassifier.from_sklearn(original)
    assert converted.coefs_[0].dtype == original.coefs_[0].dtype == dtype
    assert all(map(np.array_equal, converted.coefs_, original.coefs_))


def test_pixel_scale_of_the_converted_network_is_1():
    original = fit_sklearn(BYTES)
    converted = MLPClassifier.from_sklearn(original)
    np.testing.assert_allclose(
        converted.predict_proba(BYTES), original.predict_proba(BYTES), atol=1e-9
    )


@pytest.mark.parametrize(
    "labels",
    [Y > 4, np.where(Y > 4, "large", "small"), np.char.add("digit ", Y.astype(str)), Y - 3],
    ids=["bool", "two strings", "ten strings", "negative"],
)
def test_labels_of_every_type_are_converted(labels):
    original = fit_sklearn(y=labels)
    converted = MLPClassifier.from_sklearn(original)
    np.testing.assert_array_equal(converted.predict(X), original.predict(X))
    np.testing.assert_allclose(converted.predict_proba(X), original.predict_proba(X), atol=1e-12)


def test_column_names_are_converted():
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(X.shape[1])])
    converted = MLPClassifier.from_sklearn(fit_sklearn(frame))
    assert list(converted.feature_names_in_) == list(frame.columns)
    assert converted.predict(frame).shape == Y.shape


def test_early_stopping_scores_are_converted():
    original = fit_sklearn(early_stopping=True)
    converted = MLPClassifier.from_sklearn(original)
    np.testing.assert_array_equal(converted.validation_scores_, original.validation_scores_)
    assert (
        converted.validation_scores_[converted.best_epoch_ - 1] == original.best_validation_score_
    )


def test_converted_network_can_be_trained_further():
    converted = MLPClassifier.from_sklearn(fit_sklearn(), warm_start=True, max_epochs=2)
    n_before, loss = converted.n_iter_, converted.loss_
    converted.partial_fit(X, Y)
    assert (converted.n_iter_, converted.loss_ < loss) == (n_before + 1, True)
    assert converted.fit(X, Y).n_iter_ == n_before + 3


def test_converted_network_can_be_saved_and_loaded(tmp_path):
    converted = MLPClassifier.from_sklearn(fit_sklearn())
    converted.save(tmp_path / "digits.safetensors")
    again = skmnist.load(tmp_path / "digits.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), converted.predict_proba(X))


def test_parameters_are_converted():
    original = SklearnMLP(50, activation="logistic", solver="sgd", alpha=0.02, batch_size=20,
                      learning_rate_init=0.5, max_iter=7, momentum=0.8)  # fmt: skip
    converted = MLPClassifier.from_sklearn(original, dropout=0.1)
    expected = {
        "hidden_layer_sizes": 50,
        "activation": "sigmoid",
        "optimizer": "sgd",
        "weight_decay": 0.001,
        "batch_size": 20,
        "lr": 0.5,
        "max_epochs": 7,
        "momentum": 0.8,
        "nesterov": True,
        "dropout": 0.1,
    }
    assert {name: converted.get_params()[name] for name in expected} == expected
    assert not hasattr(converted, "coefs_")


def test_training_with_converted_parameters_reaches_the_same_accuracy():
    params = {"hidden_layer_sizes": 40, "learning_rate_init": 0.01, "batch_size": 20}
    original = SklearnMLP(max_iter=8, n_iter_no_change=8, random_state=0, **params)
    converted = MLPClassifier.from_sklearn(original)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        original.fit(X, Y)
    X_test, labels = digits(step=7)
    difference = converted.fit(X, Y).score(X_test / 255, labels) - original.score(
        X_test / 255, labels
    )
    assert abs(difference) < 0.05


@pytest.mark.parametrize(
    ("original", "word", "replacement"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs'", {"optimizer": "adam"}),
        ({"solver": "sgd", "learning_rate": "adaptive"}, "adaptive", {"lr_schedule": "plateau"}),
        ({"solver": "sgd", "learning_rate": "invscaling"}, "invscaling", {"lr_schedule": None}),
    ],
)
def test_unsupported_parameters_must_be_replaced(original, word, replacement):
    with pytest.raises(ValueError, match=f"{word}.*from_sklearn.estimator, {[*replacement][0]}="):
        MLPClassifier.from_sklearn(SklearnMLP(**original))
    converted = MLPClassifier.from_sklearn(SklearnMLP(**original), **replacement)
    assert replacement.items() <= converted.get_params().items()


def test_parameters_of_adam_are_converted():
    original = SklearnMLP(beta_1=0.5, epsilon=1e-3)
    converted = MLPClassifier.from_sklearn(original)
    assert converted.optimizer_params == {"betas": (0.5, 0.999), "eps": 1e-3}
    assert MLPClassifier.from_sklearn(original, optimizer="sgd").optimizer_params is None
    assert MLPClassifier.from_sklearn(SklearnMLP()).optimizer_params is None


def test_other_estimators_are_rejected():
    for other in (MLPRegressor(), MLPClassifier(), SklearnMLP):
        with pytest.raises(TypeError, match="sklearn.neural_network.MLPClassifier"):
            MLPClassifier.from_sklearn(other)


def test_multilabel_networks_are_rejected():
    original = fit_sklearn(y=np.eye(10, dtype=int)[Y])
    with pytest.raises(ValueError, match="Got one fitted on multilabel.*not fitted"):
        MLPClassifier.from_sklearn(original)
