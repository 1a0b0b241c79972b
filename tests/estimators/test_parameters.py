"""Validation of every parameter: valid values can be trained, others are rejected."""

import inspect
import tempfile

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import EpochTimer
from torch import nn

import skmnist
from skmnist import CNNClassifier, MLPClassifier, TorchClassifier
from skmnist._estimators.parameters import PARAMETERS
from skmnist._utils.device import AUTOCAST_DTYPES
from tests.helpers import (
    CLASSIFIERS,
    assert_rejected,
    assert_rejected_at_fit,
    brief,
    digits,
    every_classifier,
    has,
    same_network,
    tiny,
)


def test_table_lists_exactly_the_parameters_of_the_classifiers():
    assert set(PARAMETERS) == {name for cls in CLASSIFIERS for name in cls().get_params()}


def _width(n_features, n_classes, width=8):
    return nn.Sequential(nn.Linear(n_features, width), nn.ReLU(), nn.Linear(width, n_classes))


class _Folder:
    """A path whose repr is the same in every process."""

    made = tempfile.TemporaryDirectory()

    def __fspath__(self):
        return self.made.name


# Values other than the defaults, for parameters that are not a choice among names.
OTHER_VALUES = {
    "hidden_layer_sizes": [8, (8, 4), [8], (), np.array([8, 4])],
    "channels": [3, (3, 2), np.array([3, 2], np.uint8)],
    "kernel_size": [5, (3,), ((3, 5),), np.array([[3, 5]])],
    "stride": [2, ((2, 1),)],
    "padding": [0, (2,)],
    "pool_size": [None, 1, 3],
    "pool_stride": [1, (3,)],
    "pooling": [("average",)],
    "global_pool": [None],
    "image_shape": [(28, 28), (1, 28, 28), [14, 56], np.array([28, 28]), None],
    "dropout": [0.5],
    "batch_norm": [True],
    "optimizer": [torch.optim.Adamax, torch.optim.LBFGS],
    "lr": [1e-2, 1, np.float32(1e-2)],
    "momentum": [0.9],
    "nesterov": [False],
    "weight_decay": [1e-2],
    "lr_schedule": [None],
    "batch_size": [1, 100_000],
    "max_epochs": [1, np.int64(3)],
    "shuffle": [False],
    "average": [True, False],
    "test_time_augment": [True],
    "label_smoothing": [0.1],
    "optimizer_params": [None, {"eps": 1e-6}],
    "early_stopping": [True],
    "validation_fraction": [0.5],
    "n_iter_no_change": [1],
    "tol": [0],
    "class_weight": [None, {3: 2.5}],
    "augment": [torch.tanh],
    "callbacks": [[EpochTimer()], [("timer", EpochTimer())], ()],
    "warm_start": [True],
    "checkpoint_dir": [_Folder()],
    "device": [torch.device("cpu"), "cpu"],
    "n_threads": [2],
    "deterministic": [False],
    "random_state": [None, 5, np.random.RandomState(0)],
    "verbose": [1, True],
    "module": [None, _width, _width(784, 10)],
    "module_params": [None, {}],
}


def _every_parameter():
    for cls in CLASSIFIERS:
        for name in inspect.signature(cls).parameters:
            choices = [c for constraint in PARAMETERS[name].constraints for c in constraint.choices]
            for value in [*choices, *OTHER_VALUES.get(name, [])]:
                if (
                    cls is skmnist.BackpropClassifier
                    and name == "precision"
                    and value in AUTOCAST_DTYPES
                ):
                    continue  # rejected: see test_backprop.py
                yield pytest.param(cls, name, value, id=f"{cls.__name__}-{name}={brief(value)}")


def test_every_parameter_has_other_values_to_test():
    choices = {name for name, p in PARAMETERS.items() if any(c.choices for c in p.constraints)}
    assert set(PARAMETERS) == choices | set(OTHER_VALUES)


@pytest.mark.parametrize("cls, name, value", list(_every_parameter()))
def test_every_allowed_value_of_every_parameter_trains(cls, name, value, capsys):
    X, y = digits(50)
    clf = tiny(cls).set_params(**{name: value})
    assert clf.get_params()[name] is value
    proba = clf.fit(X, y).predict_proba(X)
    assert proba.shape == (len(X), 10)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    assert clf.get_params()[name] is value


@every_classifier
def test_parameters_change_the_network(cls):
    """A parameter that is ignored would pass the test above."""
    X, y = digits(50)
    X = X / 255  # float64, so that precision has something to change
    reference = tiny(cls).fit(X, y)
    others = {
        "hidden_layer_sizes": (15,), "channels": (5,), "kernel_size": 5, "stride": 2,
        "padding": 0, "pool_size": 3, "pool_stride": 1, "activation": "tanh", "dropout": 0.5,
        "batch_norm": True, "weight_init": "he", "optimizer": "sgd", "lr": 1e-2,
        "weight_decay": 0.1, "lr_schedule": "cosine", "batch_size": 16, "max_epochs": 1,
        "shuffle": False, "early_stopping": True, "class_weight": {3: 2.5},
        "augment": torch.tanh, "precision": "float32", "random_state": 1, "module": _width,
        "loss": "mse" if cls().loss == "cross_entropy" else "cross_entropy",
    }  # fmt: skip
    for name, value in others.items():
        if has(cls, name):
            assert not same_network(tiny(cls, **{name: value}).fit(X, y), reference), name


@every_classifier
def test_repr_shows_changed_parameters_only(cls):
    assert repr(cls(lr=0.25, batch_size=7)) == f"{cls.__name__}(batch_size=7, lr=0.25)"


BAD_VALUES = {
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "nan": np.nan,
    "inf": np.inf,
    "True": True,
    "None": None,
    "text": "helloworld",
    "bytes": b"1",
    "list": [],
    "dict": {},
    "array": np.array([1, 2]),
    "object": object(),
}


# Parameter -> those of BAD_VALUES that it allows.
ALLOWED = {
    "hidden_layer_sizes": {"list", "array"},
    "channels": {"array"},
    "padding": {"0"},
    "pool_size": {"None"},
    "pool_stride": {"None"},
    "image_shape": {"None"},
    "dropout": {"0"},
    "batch_norm": {"True"},
    "lr": {"2.5"},
    "momentum": {"0"},
    "nesterov": {"True"},
    "weight_decay": {"0", "2.5"},
    "lr_schedule": {"None"},
    "shuffle": {"True"},
    "early_stopping": {"True"},
    "tol": {"0", "2.5"},
    "class_weight": {"None", "dict"},
    "augment": {"None"},
    "callbacks": {"None", "list"},
    "warm_start": {"True"},
    "n_threads": {"None"},
    "checkpoint_dir": {"None", "text"},
    "deterministic": {"True"},
    "random_state": {"0", "None"},
    "verbose": {"0", "True"},
    "module": {"None"},
    "module_params": {"None", "dict"},
    "average": {"True"},
    "test_time_augment": {"True"},
    "label_smoothing": {"0"},
    "optimizer_params": {"None", "dict"},
    "global_pool": {"None"},
}


@pytest.mark.parametrize("value", list(BAD_VALUES))
@every_classifier
def test_invalid_value_of_each_parameter_is_rejected_at_fit_and_not_earlier(cls, value):
    X, y = digits(50)
    for name in inspect.signature(cls).parameters:
        if value not in ALLOWED.get(name, ()):
            clf = cls(**{name: BAD_VALUES[value]})
            assert repr(clone(clf, safe=False))
            assert_rejected([name, repr(BAD_VALUES[value])], clf.fit, X, y)
            assert not hasattr(clf, "net_")


BAD_PARAMETERS = [
    ("hidden_layer_sizes", (64, 0)),
    ("hidden_layer_sizes", (64, -1)),
    ("hidden_layer_sizes", (2.5,)),
    ("hidden_layer_sizes", ("64",)),
    ("hidden_layer_sizes", ((64, 32),)),
    ("hidden_layer_sizes", (True,)),
    ("hidden_layer_sizes", np.array([2.5, 8.0])),
    ("hidden_layer_sizes", np.array([[8, 4]])),
    ("hidden_layer_sizes", np.array(8.0)),
    ("channels", ()),
    ("channels", (4, 0)),
    ("kernel_size", (3, 3)),  # one convolution
    ("kernel_size", ((3, 3, 3),)),
    ("stride", (0,)),
    ("stride", ((1, 0),)),
    ("padding", (-1,)),
    ("pool_size", (0,)),
    ("pool_stride", (1.5,)),
    ("image_shape", (28,)),
    ("image_shape", (27, 28)),
    ("image_shape", (3, 28, 28)),
    ("image_shape", (-28, -28)),
    ("image_shape", (28.0, 28.0)),
    ("image_shape", (16, 16, 3)),
    ("image_shape", ("28", "28")),
    ("image_shape", (1, 1, 28, 28)),
    ("pooling", ("max", "max")),
    ("pooling", ("mean",)),
    ("global_pool", "mean"),
    ("label_smoothing", 1.0),
    ("optimizer_params", {"beta1": 0.9}),
    ("optimizer_params", {"lr": 0.1}),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("lr", 0.0),
    ("lr", -1e-3),
    ("lr", "0.001"),
    ("lr", 10**400),
    ("momentum", 1.0),
    ("batch_size", 32.0),
    ("max_epochs", 0),
    ("validation_fraction", 1.0),
    ("class_weight", {77: 1.0}),
    ("class_weight", {3: -1.0}),
    ("class_weight", {3: np.nan}),
    ("class_weight", {3: "heavy"}),
    ("class_weight", {3: None}),
    ("class_weight", dict.fromkeys(range(10), 0)),
    ("callbacks", [1]),
    ("callbacks", ["print"]),
    ("device", "cuda:77"),
    ("device", "gpu"),
    ("device", "cpu:1"),
    ("device", torch.device("meta")),
    ("random_state", -1),
    ("random_state", 2**70),
    ("optimizer", torch.nn.Linear),
    ("optimizer", torch.optim.Adam([torch.zeros(1)])),
    ("module", torch.zeros(3)),
    ("module", dict),
    ("module_params", ["width"]),
]


@pytest.mark.parametrize(
    "cls, name, value",
    [
        pytest.param(cls, name, value, id=f"{cls.__name__}-{name}={brief(value)}")
        for name, value in BAD_PARAMETERS
        for cls in CLASSIFIERS
        if has(cls, name)
    ],
)
def test_invalid_value_is_rejected_and_named(cls, name, value):
    assert_rejected_at_fit([name], tiny(cls, **{name: value}), *digits(50))


@pytest.mark.parametrize(
    "name, typo, meant",
    [
        ("optimizer", "adm", "adam"),
        ("optimizer", "SGD", "sgd"),
        ("activation", "rleu", "relu"),
        ("activation", "sigmoïd", "sigmoid"),
        ("loss", "crossentropy", "cross_entropy"),
        ("weight_init", "xglorot", "glorot"),
        ("lr_schedule", "cosin", "cosine"),
        ("class_weight", "balance", "balanced"),
        ("precision", "float_32", "float32"),
    ],
)
def test_misspelled_choice_gets_a_suggestion(name, typo, meant):
    X, y = digits(50)
    for cls in CLASSIFIERS:
        if has(cls, name):
            assert_rejected_at_fit(
                [name, repr(typo), f"Did you mean '{meant}'"], cls(**{name: typo}), X, y
            )


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
@every_classifier
def test_unavailable_device_error_lists_the_available_ones(cls, device):
    assert_rejected_at_fit([repr(device), "'cpu'"], tiny(cls, device=device), *digits(50))


def test_image_shape_error_contains_both_numbers_of_pixels():
    X, y = digits(50)
    for cls in (CNNClassifier, TorchClassifier):
        assert_rejected_at_fit(["(27, 28)", "756", "784"], tiny(cls, image_shape=(27, 28)), X, y)


@pytest.mark.parametrize("cls", [CNNClassifier, TorchClassifier])
def test_image_shape_that_contradicts_the_images_is_rejected(cls):
    X, y = digits(50)
    clf = tiny(cls, image_shape=(14, 56))
    assert_rejected_at_fit(["(14, 56)", "(28, 28)"], clf, X.reshape(-1, 28, 28), y)


@pytest.mark.parametrize(
    "params, layer, sizes",
    [
        ({"channels": (4, 4, 4, 4, 4)}, "5 of 5", "28x28 -> 28x28 -> 14x14"),
        ({"channels": (4, 4), "kernel_size": 15, "padding": 0}, "2 of 2", "28x28 -> 14x14 -> 7x7"),
        ({"channels": 4, "kernel_size": 29, "padding": 0}, "1 of 1", "28x28"),
        ({"channels": 4, "kernel_size": ((1, 30),), "padding": 0}, "1 of 1", "28x28"),
        ({"channels": (4, 4), "pool_size": (14, 3)}, "2 of 2", "28x28 -> 28x28 -> 2x2"),
    ],
)
def test_feature_map_below_one_pixel_is_rejected_with_layer_and_sizes(params, layer, sizes):
    assert_rejected_at_fit([layer, sizes], CNNClassifier(**params), *digits(50))


@every_classifier
def test_too_few_samples_for_a_stratified_validation_set_are_rejected(cls):
    X, y = digits(50)
    clf = tiny(cls, early_stopping=True)
    assert_rejected_at_fit(["early_stopping", "validation_fraction"], clf, X[::10], y[::10])
    assert_rejected_at_fit(["early_stopping", "77"], clf, X, np.r_[77, y[1:]])


@pytest.mark.parametrize(
    "augment",
    [lambda x: x[:, :-1], lambda x: x[:-1], lambda x: x.double(), lambda x: x.numpy()],
    ids=["fewer-columns", "fewer-samples", "other-type", "array"],
)
def test_augmentation_with_wrong_output_is_rejected(augment):
    assert_rejected(["augment"], tiny(MLPClassifier, augment=augment).fit, *digits(50))


def test_partial_fit_rejects_early_stopping():
    for cls in CLASSIFIERS:
        assert_rejected(["early_stopping"], tiny(cls, early_stopping=True).partial_fit, *digits(50))


@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "batch_norm")])
def test_batch_norm_rejects_batches_of_one_sample(cls):
    X, y = digits(50)
    clf = tiny(cls, batch_norm=True, batch_size=1)
    assert_rejected_at_fit(["batch_norm", "batch_size"], clf, X, y)
    assert_rejected(
        ["batch_norm"], tiny(cls, batch_norm=True).partial_fit, X[:1], y[:1], classes=range(10)
    )
