"""HiddenActivations: the layers of every network as features."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier as SklearnMLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.utils.estimator_checks import estimator_checks_generator
from torch import nn

from skmnist import (
    BackpropClassifier,
    CNNClassifier,
    HiddenActivations,
    MLPClassifier,
    TorchClassifier,
)
from tests.helpers import digits, every_classifier, tiny

X, Y = digits(step=20)
OTHERS, _ = digits(step=33)


def frozen(clf, layer=-2):
    return HiddenActivations(FrozenEstimator(clf), layer).fit(OTHERS)


def checks():
    for estimator in (MLPClassifier(random_state=0), SklearnMLPClassifier(random_state=0)):
        for instance, check in estimator_checks_generator(HiddenActivations(estimator)):
            name = f"{type(estimator).__module__.split('.')[0]}-{check.func.__name__}"
            yield pytest.param(instance, check, id=name)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("instance, check", list(checks()))
def test_scikit_learns_checks_pass(instance, check):
    check(instance)


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
def test_layers_of_an_mlp(activation):
    params = {"activation": activation, "dropout": 0.3, "max_epochs": 1, "random_state": 0}
    clf = MLPClassifier((16, 12), **params).fit(X, Y)
    function = {"relu": torch.relu, "tanh": torch.tanh, "silu": nn.functional.silu}[activation]
    x = torch.from_numpy(OTHERS / np.float32(255))
    expected = []
    for coef, intercept in zip(clf.coefs_, clf.intercepts_, strict=True):
        z = x @ torch.from_numpy(coef) + torch.from_numpy(intercept)
        x = function(z)
        expected.append(x)
    expected[-1] = z
    for layer in (0, 1, 2, -1, -2, -3):
        found = frozen(clf, layer).transform(OTHERS)
        np.testing.assert_allclose(found, expected[layer], atol=1e-5)
    assert np.array_equal(found := frozen(clf, -1).transform(OTHERS), clf.decision_function(OTHERS))
    assert found.dtype == np.float32


def test_layers_of_a_cnn_with_batch_normalization():
    params = {"hidden_layer_sizes": (20,), "batch_norm": True, "max_epochs": 1, "random_state": 0}
    clf = CNNClassifier((4, 6), **params).fit(X, Y)
    module, x = clf.module_, torch.from_numpy(OTHERS / np.float32(255)).view(-1, 1, 28, 28)
    with torch.no_grad():
        maps = module.features(x)
        last = module.classifier[:-1](maps.flatten(1))
    np.testing.assert_allclose(frozen(clf, 1).transform(OTHERS), maps.flatten(1), atol=1e-5)
    np.testing.assert_allclose(frozen(clf).transform(OTHERS), last, atol=1e-5)
    pooled = frozen(clf, 0).transform(OTHERS)
    assert pooled.shape[1] % 4 == 0
    with torch.no_grad():
        first = module.features[0](x)
    named = frozen(clf, "features.0").transform(OTHERS)
    np.testing.assert_allclose(named, first.flatten(1), atol=1e-5)


def test_layers_of_hand_written_backpropagation():
    clf = BackpropClassifier((16, 8), "tanh", max_epochs=1, random_state=0).fit(X, Y)
    x = OTHERS / 255
    for layer, (coef, intercept) in enumerate(zip(clf.coefs_, clf.intercepts_, strict=True)):
        z = x @ coef + intercept
        x = np.tanh(z)
        if layer < 2:
            np.testing.assert_allclose(frozen(clf, layer).transform(OTHERS), x, atol=1e-5)
    outputs = frozen(clf, -1).transform(OTHERS)
    np.testing.assert_allclose(outputs, 1 / (1 + np.exp(-z)), atol=1e-5)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
def test_layers_of_scikit_learns_mlp(activation):
    clf = SklearnMLPClassifier((16, 8), activation=activation, max_iter=2, random_state=0)
    clf.fit(X / 255, Y)
    activations = [OTHERS / 255, *[None] * 3]
    for i in range(3):
        hidden = clf.coefs_[i].T @ activations[i].T + clf.intercepts_[i][:, None]
        functions = {"identity": lambda z: z, "logistic": lambda z: 1 / (1 + np.exp(-z))}
        functions |= {"tanh": np.tanh, "relu": lambda z: z * (z > 0)}
        activations[i + 1] = functions[activation](hidden.T)
    transformer = HiddenActivations(FrozenEstimator(clf)).fit(OTHERS / 255)
    np.testing.assert_allclose(transformer.transform(OTHERS / 255), activations[2])
    logits = HiddenActivations(FrozenEstimator(clf), -1).fit(X / 255).transform(OTHERS / 255)
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(proba, clf.predict_proba(OTHERS / 255))


class Functional(nn.Module):
    """A module whose activation functions and pooling are not modules."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 3, 5, stride=2)
        self.hidden = nn.Linear(3 * 6 * 6, 9)
        self.outputs = nn.Linear(9, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu_(self.convolution(x)), 2)
        return self.outputs(torch.tanh_(self.hidden(x.flatten(1))))


def test_layers_of_a_custom_module():
    clf = TorchClassifier(Functional, image_shape=(1, 28, 28), max_epochs=1, random_state=0)
    clf.fit(X, Y)
    found = frozen(clf).transform(OTHERS)
    module = clf.module_
    logits = torch.from_numpy(found) @ module.outputs.weight.T + module.outputs.bias
    np.testing.assert_allclose(logits.detach(), clf.decision_function(OTHERS), atol=1e-5)
    named = frozen(clf, "hidden").transform(OTHERS)
    np.testing.assert_allclose(np.tanh(named), found, atol=1e-5)
    assert frozen(clf, 0).transform(OTHERS).shape[1] == 3 * 6 * 6


@every_classifier
def test_every_classifier_works_in_a_pipeline(cls):
    hidden = HiddenActivations(tiny(cls), layer=-1)
    model = make_pipeline(MaxAbsScaler(clip=True), hidden, KNeighborsClassifier())
    model.fit(X, Y)
    expected = clone(hidden.estimator).fit(model[0].transform(X), Y)
    outputs = model[:-1].transform(OTHERS)
    if expected.loss == "cross_entropy":
        np.testing.assert_array_equal(
            outputs, expected.decision_function(model[0].transform(OTHERS))
        )
    assert hidden.fit(X, Y).classes_.tolist() == list(range(10))


def test_estimator_is_cloned_and_a_frozen_one_is_not_fitted_again():
    clf = tiny(MLPClassifier)
    hidden = HiddenActivations(clf).fit(X, Y)
    assert not hasattr(clf, "net_")
    weights = hidden.estimator_.coefs_[0].copy()
    again = frozen(hidden.estimator_)
    np.testing.assert_array_equal(again.estimator_.coefs_[0], weights)
    np.testing.assert_array_equal(again.transform(OTHERS), hidden.transform(OTHERS))
    with pytest.raises(NotFittedError):
        HiddenActivations(FrozenEstimator(clf)).fit(X)
    with pytest.raises(NotFittedError):
        HiddenActivations(clf).transform(X)


def test_pipelines_and_searches_inside():
    pipe = make_pipeline(MaxAbsScaler(), tiny(MLPClassifier))
    search = GridSearchCV(pipe, {"mlpclassifier__lr": [1e-3, 1e-2]}, cv=2)
    hidden = HiddenActivations(search).fit(X, Y)
    best = hidden.estimator_.best_estimator_
    scaled = best[0].transform(OTHERS)
    expected = HiddenActivations(FrozenEstimator(best[-1])).fit_transform(scaled)
    np.testing.assert_array_equal(hidden.transform(OTHERS), expected)


def test_layer_can_be_searched():
    model = make_pipeline(HiddenActivations(tiny(MLPClassifier)), KNeighborsClassifier(3))
    search = GridSearchCV(model, {"hiddenactivations__layer": [0, -1]}, cv=2).fit(X, Y)
    assert set(search.best_params_.values()) <= {0, -1}
    assert cross_val_score(model, X, Y, cv=2).mean() > 0.3


def test_output_container_and_names():
    hidden = HiddenActivations(tiny(MLPClassifier)).set_output(transform="pandas")
    frame = pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)])
    found = hidden.fit_transform(frame, Y)
    assert isinstance(found, pd.DataFrame)
    assert found.columns.tolist() == hidden.get_feature_names_out().tolist()
    assert found.columns[0] == "hiddenactivations0"
    assert found.shape == (len(X), 16)
    assert hidden.feature_names_in_.tolist() == frame.columns.tolist()


def test_sample_weight_is_passed_on():
    weights = np.arange(len(X)) % 3
    hidden = HiddenActivations(tiny(MLPClassifier)).fit(X, Y, sample_weight=weights)
    expected = tiny(MLPClassifier).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(hidden.transform(OTHERS), frozen(expected).transform(OTHERS))


def test_sample_weight_is_routed():
    import sklearn

    weights = np.arange(len(X)) % 3
    with sklearn.config_context(enable_metadata_routing=True):
        clf = tiny(MLPClassifier).set_fit_request(sample_weight=True)
        hidden = HiddenActivations(clf).fit(X, Y, sample_weight=weights)
    expected = tiny(MLPClassifier).fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(hidden.transform(OTHERS), frozen(expected).transform(OTHERS))


@pytest.mark.parametrize(
    ("layer", "error", "message"),
    [
        (2, ValueError, r"int in the range \[-2, 2\), because the network has 2 layers"),
        (-3, ValueError, r"'layer' parameter of HiddenActivations .* Got -3 instead"),
        (1.5, ValueError, "Got 1.5 instead"),
        ("layer.0", ValueError, r"name of a submodule among .* Did you mean 'layers.0'\?"),
    ],
)
def test_invalid_layers_are_rejected(layer, error, message):
    clf = tiny(MLPClassifier).fit(X, Y)
    with pytest.raises(error, match=message):
        frozen(clf, layer)


def test_estimators_without_layers_are_rejected():
    for estimator in (LogisticRegression(tol=0.1), KNeighborsClassifier()):
        with pytest.raises(TypeError, match="must be a network of skmnist, .* no hidden layers"):
            HiddenActivations(estimator).fit(X / 255, Y)
    clf = tiny(BackpropClassifier).fit(X, Y)
    with pytest.raises(ValueError, match="'layer' parameter .* Got 'hidden' instead"):
        frozen(clf, "hidden")
