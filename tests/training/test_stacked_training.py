"""Networks that are trained at once have the weights of networks that are trained alone."""

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skmnist import MLPClassifier
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.stacked import step as stacked_step
from skmnist._training.stacked.plan import plan_stacks, share_pixels
from skmnist.exceptions import DivergenceError
from tests.helpers import digits, same_network
from tests.training.helpers import fit_stacked

# What differs between the members.
OWN = [
    {"lr": 3e-3, "weight_decay": 0.0, "momentum": 0.5, "random_state": 0},
    {"lr": 1e-3, "weight_decay": 1e-2, "momentum": 0.9, "random_state": 1},
    {"lr": 1e-2, "weight_decay": 1e-3, "momentum": 0.0, "random_state": 2},
]


def members(**params):
    defaults = {"hidden_layer_sizes": (16,), "batch_size": 32, "max_epochs": 3}
    return [MLPClassifier(**{**defaults, **own, **params}) for own in OWN]


def assert_same_as_alone(classifiers, data, *, exact=True, **fit_params):
    alone = [clone(clf).fit(*own, **fit_params) for clf, own in zip(classifiers, data, strict=True)]
    errors, _ = fit_stacked(classifiers, data, **fit_params)
    assert errors == [None] * len(classifiers)
    for one, expected in zip(classifiers, alone, strict=True):
        for p, q in zip(one.module_.parameters(), expected.module_.parameters(), strict=True):
            torch.testing.assert_close(p, q, rtol=0, atol=1e-5)
        assert not exact or same_network(one, expected)
        for name in ("train_loss", "lr", "validation_loss", "validation_score"):
            if name in expected.history_:
                np.testing.assert_allclose(one.history_[name], expected.history_[name], rtol=1e-6)
        assert one.n_iter_ == expected.n_iter_
        assert one.best_epoch_ == expected.best_epoch_
        # The state of the optimizer and of the average is the same, too.
        one.partial_fit(*data[0][:2])
        expected.partial_fit(*data[0][:2])
        assert not exact or same_network(one, expected)


def folds(sizes=(161, 160, 161)):
    X, y = digits()
    return [(X[i : i + size], y[i : i + size]) for i, size in enumerate(sizes)]


@pytest.mark.parametrize("average", [True, False])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_with_its_own_numbers_seeds_and_samples(optimizer, average):
    assert_same_as_alone(members(optimizer=optimizer, average=average), folds())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("activation", ACTIVATION_MODULES)
@pytest.mark.parametrize(
    "params",
    [
        {"hidden_layer_sizes": (5, 3), "batch_size": 20},
        {"hidden_layer_sizes": (7, 1), "batch_size": 16},
        {"loss": "mse"},
    ],
    ids=["narrow layers", "a layer of one unit", "squared error"],
)
def test_each_activation(activation, params):
    assert_same_as_alone(members(activation=activation, **params), folds())


@pytest.mark.parametrize(
    "params",
    [
        {"lr_schedule": "exponential"},
        {"lr_schedule": "onecycle"},
        {"class_weight": "balanced"},
        {"label_smoothing": 0.1},
        {"nesterov": True, "momentum": 0.9, "optimizer": "sgd"},
        {"precision": "float64"},
        {"shuffle": False},
        {"batch_size": 500},
        {"batch_size": 160},
        {"random_state": 0},
        {"hidden_layer_sizes": (96, 8), "batch_size": 64},
        {"hidden_layer_sizes": (96,), "batch_size": 64, "optimizer": "sgd", "random_state": 0},
    ],
    ids=str,
)
def test_settings(params):
    assert_same_as_alone(members(**params), folds())
    # The same samples, too.
    assert_same_as_alone(members(**params), [digits()] * 3)


def test_sample_weights_and_validation_set():
    X, y = digits()
    weights = np.linspace(0.1, 2, len(y))
    data = [(X, y, weights), (X, y, weights[::-1].copy()), (X, y)]
    assert_same_as_alone(members(random_state=0), data, X_val=X[::3], y_val=y[::3])


def test_numbers_of_epochs_differ():
    classifiers = members()
    for n, clf in enumerate(classifiers, 1):
        clf.set_params(max_epochs=n)
    assert_same_as_alone(classifiers, folds())
    _, ended = fit_stacked([clone(clf) for clf in classifiers], folds())
    assert ended == [(0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (2, 3)]


def test_same_bits_twice():
    first, second = members(), members()
    for classifiers in (first, second):
        fit_stacked(classifiers, folds())
    assert all(map(same_network, first, second))


def test_a_member_that_diverges_leaves_the_others_as_they_are():
    classifiers = members(activation="identity", optimizer="sgd", max_epochs=7)
    classifiers[1].set_params(lr=100.0, momentum=0.0)
    with pytest.raises(DivergenceError) as alone:
        clone(classifiers[1]).fit(*folds()[1])
    errors, _ = fit_stacked(classifiers, folds())
    assert str(errors[1]) == str(alone.value)
    assert not hasattr(classifiers[1], "net_")
    for i in (0, 2):
        assert errors[i] is None
        assert same_network(classifiers[i], clone(classifiers[i]).fit(*folds()[i]))


def test_networks_of_different_sizes_or_numbers_of_batches_are_not_stacked():
    X, y = digits()
    classifiers = [*members()[:2], MLPClassifier((8,)), MLPClassifier((16,), batch_size=32)]
    deferred = []
    for clf, n in zip(classifiers, (161, 100, 161, 161), strict=True):
        with clf._defer_training() as fits:
            clf.fit(X[:n], y[:n])
        deferred += fits
    stacks, alone = plan_stacks([fit.member for fit in deferred])
    assert sorted(stacks) == [[0, 3], [1], [2]]
    assert alone == []


def test_members_on_the_same_batches_are_stacked_apart_on_the_cpu():
    seeds = [0, 1, 2, 0, 1, 0, 0]
    classifiers = [MLPClassifier((16,), random_state=seed) for seed in seeds]
    deferred = []
    for clf in classifiers:
        with clf._defer_training() as fits:
            clf.fit(*digits())
        deferred += fits
    share_pixels([fit.member for fit in deferred])
    stacks, _ = plan_stacks([fit.member for fit in deferred])
    assert stacks == [[0, 3, 5, 6], [1, 4, 2]]


UPDATES = pytest.mark.parametrize(
    "params",
    [
        {"optimizer": "adam"},
        {"optimizer": "adamw"},
        {"optimizer": "adam", "optimizer_params": {"betas": (0.8, 0.99), "eps": 1e-6}},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
        {"optimizer": "adam", "lr_schedule": "onecycle"},
        {"optimizer": "rmsprop"},
        {"optimizer": "adam", "optimizer_params": {"amsgrad": True}},
    ],
    ids=str,
)


@pytest.mark.parametrize("average", [True, False])
@UPDATES
def test_update_of_all_members_at_once(params, average, monkeypatch):
    # The update for GPUs. In float64, a wrong formula can't be mistaken for rounding.
    monkeypatch.setattr(stacked_step, "_VECTOR_DEVICES", ("cpu",))
    classifiers = members(precision="float64", average=average, activation="tanh", **params)
    assert_same_as_alone(classifiers, folds(), exact=False)


@pytest.mark.parametrize("same_batches", [True, False])
@UPDATES
def test_replayed_steps_give_the_same_bits(params, same_batches, replays, monkeypatch):
    monkeypatch.setattr(stacked_step, "_VECTOR_DEVICES", ("cpu",))
    X, y = digits()
    weights = np.linspace(0.1, 2, len(y))
    data = [(X, y, weights)] * 3 if same_batches else folds((163, 162, 163))
    own = {"random_state": 0} if same_batches else {}
    captured, eager = (members(**params, **own) for _ in range(2))
    fit_stacked(captured, data)
    is_vector = params["optimizer"] != "rmsprop" and "amsgrad" not in str(params)
    # The first batch of each epoch is not replayed, and the last one is smaller.
    n_full = len(data[0][0]) // 32
    assert len(replays) == (3 * (n_full - 1) if is_vector else 0)
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    fit_stacked(eager, data)
    for one, expected in zip(captured, eager, strict=True):
        assert same_network(one, expected)
        assert one.loss_curve_ == expected.loss_curve_
