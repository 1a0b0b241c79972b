"""MLPClassifier.from_sklearn: parameters, weights and labels of scikit-learn's."""

import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier as TheirMLP
from sklearn.neural_network import MLPRegressor

import skmnist
from skmnist import MLPClassifier
from tests.helpers import digits

BYTES, Y = digits(step=25)


X = BYTES / 255


def fitted(X=X, y=Y, **params):
    """Return scikit-learn's, fitted until its training loss stalls for lack of tolerance."""
    params = {"hidden_layer_sizes": (20, 10), "tol": 0.1, "n_iter_no_change": 2, **params}
    return TheirMLP(random_state=0, **params).fit(X, y)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("sizes", [(20, 10), (), 30])
def test_converted_network_predicts_the_same(activation, sizes):
    theirs = fitted(activation=activation, hidden_layer_sizes=sizes)
    ours = MLPClassifier.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)
    assert ours.loss_curve_ == theirs.loss_curve_
    assert ours.n_iter_ == theirs.n_iter_


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(dtype):
    theirs = fitted(X.astype(dtype))
    ours = MLPClassifier.from_sklearn(theirs)
    assert ours.coefs_[0].dtype == theirs.coefs_[0].dtype == dtype
    assert all(map(np.array_equal, ours.coefs_, theirs.coefs_))


def test_pixel_scale_of_the_converted_network_is_1():
    theirs = fitted(BYTES)
    ours = MLPClassifier.from_sklearn(theirs)
    np.testing.assert_allclose(ours.predict_proba(BYTES), theirs.predict_proba(BYTES), atol=1e-9)


@pytest.mark.parametrize(
    "labels",
    [Y > 4, np.where(Y > 4, "large", "small"), np.char.add("digit ", Y.astype(str)), Y - 3],
    ids=["bool", "two strings", "ten strings", "negative"],
)
def test_labels_of_every_type_are_converted(labels):
    theirs = fitted(y=labels)
    ours = MLPClassifier.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-12)


def test_column_names_are_converted():
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(X.shape[1])])
    ours = MLPClassifier.from_sklearn(fitted(frame))
    assert list(ours.feature_names_in_) == list(frame.columns)
    assert ours.predict(frame).shape == Y.shape


def test_early_stopping_scores_are_converted():
    theirs = fitted(early_stopping=True)
    ours = MLPClassifier.from_sklearn(theirs)
    np.testing.assert_array_equal(ours.validation_scores_, theirs.validation_scores_)
    assert ours.validation_scores_[ours.best_epoch_ - 1] == theirs.best_validation_score_


def test_converted_network_can_be_trained_further():
    ours = MLPClassifier.from_sklearn(fitted(), warm_start=True, max_epochs=2)
    n_before, loss = ours.n_iter_, ours.loss_
    ours.partial_fit(X, Y)
    assert (ours.n_iter_, ours.loss_ < loss) == (n_before + 1, True)
    assert ours.fit(X, Y).n_iter_ == n_before + 3


def test_converted_network_can_be_saved_and_loaded(tmp_path):
    ours = MLPClassifier.from_sklearn(fitted())
    ours.save(tmp_path / "digits.safetensors")
    again = skmnist.load(tmp_path / "digits.safetensors")
    np.testing.assert_array_equal(again.predict_proba(X), ours.predict_proba(X))


def test_parameters_are_converted():
    theirs = TheirMLP(50, activation="logistic", solver="sgd", alpha=0.02, batch_size=20,
                      learning_rate_init=0.5, max_iter=7, momentum=0.8)  # fmt: skip
    ours = MLPClassifier.from_sklearn(theirs, dropout=0.1)
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
    assert {name: ours.get_params()[name] for name in expected} == expected
    assert not hasattr(ours, "coefs_")


def test_training_with_converted_parameters_reaches_the_same_accuracy():
    params = {"hidden_layer_sizes": 40, "learning_rate_init": 0.01, "batch_size": 20}
    theirs = TheirMLP(max_iter=8, n_iter_no_change=8, random_state=0, **params)
    ours = MLPClassifier.from_sklearn(theirs)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        theirs.fit(X, Y)
    others, labels = digits(step=7)
    gap = ours.fit(X, Y).score(others / 255, labels) - theirs.score(others / 255, labels)
    assert abs(gap) < 0.05


@pytest.mark.parametrize(
    ("theirs", "word", "instead"),
    [
        ({"solver": "lbfgs"}, "solver='lbfgs'", {"optimizer": "adam"}),
        ({"solver": "sgd", "learning_rate": "adaptive"}, "adaptive", {"lr_schedule": "plateau"}),
        ({"solver": "sgd", "learning_rate": "invscaling"}, "invscaling", {"lr_schedule": None}),
        ({"beta_1": 0.5}, "beta_1=0.5", {"optimizer": "adam"}),
        ({"epsilon": 1e-3}, "epsilon=0.001", {"optimizer": "adamw"}),
    ],
)
def test_unsupported_parameters_must_be_replaced(theirs, word, instead):
    with pytest.raises(ValueError, match=f"{word}.*from_sklearn.estimator, {[*instead][0]}="):
        MLPClassifier.from_sklearn(TheirMLP(**theirs))
    ours = MLPClassifier.from_sklearn(TheirMLP(**theirs), **instead)
    assert instead.items() <= ours.get_params().items()


def test_other_estimators_are_rejected():
    for other in (MLPRegressor(), MLPClassifier(), TheirMLP):
        with pytest.raises(TypeError, match="sklearn.neural_network.MLPClassifier"):
            MLPClassifier.from_sklearn(other)


def test_multilabel_networks_are_rejected():
    theirs = fitted(y=np.eye(10, dtype=int)[Y])
    with pytest.raises(ValueError, match="multilabel.*not fitted"):
        MLPClassifier.from_sklearn(theirs)
