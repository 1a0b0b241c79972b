"""partial_fit and warm_start."""

import copy

import numpy as np
import pytest
import torch
from skorch.callbacks import (
    GradientNormClipping,
)

from skmnist import MLPClassifier, TorchClassifier
from skmnist._training.optimizers import (
    OPTIMIZERS,
)
from skmnist._training.schedules import SCHEDULES
from tests.helpers import (
    CLASSIFIERS,
    classifiers_with,
    digits,
    every_classifier,
    has,
    noisy,
    regularized,
    same_network,
    some_weights,
    tiny,
    with_dropout,
)


def assert_partial_fits_equal_fit(clf, X, y, **kwargs):
    clf.set_params(max_epochs=3)
    whole = copy.deepcopy(clf).fit(X, y, **kwargs)
    for _ in range(3):
        clf.partial_fit(X, y, **kwargs)
    assert same_network(clf, whole)
    assert clf.loss_curve_ == whole.loss_curve_
    assert clf.history_["lr"].tolist() == whole.history_["lr"].tolist()
    assert clf.n_iter_ == whole.n_iter_ == 3


@every_classifier
def test_partial_fits_equal_one_fit(cls):
    X, y = digits(50)
    assert_partial_fits_equal_fit(regularized(cls), X, y)
    assert_partial_fits_equal_fit(regularized(cls), X, y, sample_weight=some_weights(len(y)))
    assert_partial_fits_equal_fit(regularized(cls), X, y, sample_weight=np.linspace(0, 1, len(y)))


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, torch.optim.Adamax])
@classifiers_with("optimizer")
def test_partial_fits_equal_one_fit_with_every_optimizer(cls, optimizer):
    X, y = digits(50)
    clf = regularized(cls, optimizer=optimizer, momentum=0.9, weight_decay=1e-3)
    assert_partial_fits_equal_fit(clf, X, y)


@pytest.mark.parametrize("schedule", SCHEDULES)
@every_classifier
def test_partial_fits_equal_one_fit_with_every_schedule(cls, schedule):
    assert_partial_fits_equal_fit(regularized(cls, lr_schedule=schedule), *digits(50))


def test_partial_fits_equal_one_fit_with_augmentation_and_dropout():
    assert_partial_fits_equal_fit(tiny(MLPClassifier, augment=noisy), *digits(50))
    assert_partial_fits_equal_fit(tiny(TorchClassifier, module=with_dropout), *digits(50))


@every_classifier
def test_warm_start_equals_one_longer_fit(cls):
    X, y = digits(50)
    clf = regularized(cls, warm_start=True, max_epochs=3).fit(X, y)
    clf.set_params(max_epochs=2).fit(X, y)
    whole = regularized(cls, max_epochs=5).fit(X, y)
    assert same_network(clf, whole)
    assert clf.n_iter_ == 5
    assert clf.loss_curve_ == whole.loss_curve_
    assert clf.history_["epoch"].tolist() == [1, 2, 3, 4, 5]


@every_classifier
def test_without_warm_start_fit_starts_again(cls):
    X, y = digits(50)
    clf = regularized(cls).fit(X, y).partial_fit(X, y).fit(X, y)
    assert clf.n_iter_ == 2
    assert same_network(clf, regularized(cls).fit(X, y))
    flipped = clf.fit(X.reshape(-1, 28, 28)[:, ::2, ::2], y > 4)
    assert (flipped.n_features_in_, flipped.image_shape_) == (196, (14, 14))
    assert flipped.classes_.tolist() == [False, True]


ARCHITECTURES = {
    "hidden_layer_sizes": (8, 8),
    "channels": (3,),
    "kernel_size": 5,
    "stride": 2,
    "padding": 0,
    "pool_size": 1,
    "pool_stride": 1,
    "image_shape": (14, 56),
    "activation": "tanh",
    "dropout": 0.5,
    "batch_norm": True,
    "module": with_dropout,
    "module_params": {"width": 3},
}


@every_classifier
def test_warm_start_rejects_another_architecture_and_keeps_the_network(cls):
    X, y = digits(50)
    for name, value in ARCHITECTURES.items():
        if has(cls, name):
            clf = tiny(cls, warm_start=True).fit(X, y)
            before, old = clf.predict_proba(X), getattr(clf, name)
            clf.set_params(**{name: value})
            for train in (clf.fit, clf.partial_fit):
                with pytest.raises(ValueError) as caught:
                    train(X, y)
                for part in (name, repr(old), repr(value)):
                    assert part in str(caught.value)
            assert np.array_equal(clf.predict_proba(X), before)


CHANGEABLE = {
    "loss": {"mse": "cross_entropy", "cross_entropy": "mse"},
    "optimizer": "sgd",
    "lr": 0.05,
    "momentum": 0.9,
    "weight_decay": 0.5,
    "lr_schedule": "cosine",
    "batch_size": 16,
    "max_epochs": 1,
    "shuffle": False,
    "class_weight": {3: 2.5},
    "augment": noisy,
    "precision": "float64",
    "callbacks": [GradientNormClipping(1e-3)],
}


@pytest.mark.parametrize(
    "cls, name",
    [
        pytest.param(cls, name, id=f"{cls.__name__}-{name}")
        for cls in CLASSIFIERS
        for name in CHANGEABLE
        if has(cls, name)
    ],
)
def test_parameters_changed_under_warm_start_are_used_or_rejected(cls, name):
    X, y = digits(50)
    start = {"optimizer": "sgd"} if name == "momentum" else {}
    clf = tiny(cls, warm_start=True, **start).fit(X, y)
    value = CHANGEABLE[name]
    if name == "loss":
        value = value[clf.loss]
    changed = copy.deepcopy(clf).set_params(**{name: value})
    try:
        changed.fit(X, y)
    except ValueError as error:
        assert name in str(error)
    else:
        assert not same_network(changed, clf.fit(X, y))


def test_array_of_sizes_equals_a_tuple_under_warm_start():
    X, y = digits(50)
    clf = tiny(MLPClassifier, hidden_layer_sizes=np.array([8, 4]), warm_start=True).fit(X, y)
    clf.fit(X, y).set_params(hidden_layer_sizes=(8, 4)).fit(X, y)
    whole = tiny(MLPClassifier, hidden_layer_sizes=[8, 4], max_epochs=6).fit(X, y)
    assert same_network(clf, whole)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        clf.set_params(hidden_layer_sizes=np.array([8, 5])).fit(X, y)


@every_classifier
def test_warm_start_rejects_other_widths_and_unknown_classes(cls):
    X, y = digits(50)
    clf = tiny(cls, warm_start=True).fit(X, y)
    before = clf.predict_proba(X)
    with pytest.raises(ValueError, match="700 features"):
        clf.fit(X[:, :700], y)
    with pytest.raises(ValueError, match=r"\[77\]"):
        clf.fit(X, np.where(y == 7, 77, y))
    assert np.array_equal(clf.predict_proba(X), before)


@every_classifier
def test_warm_start_keeps_epochs_without_validation_as_nan(cls):
    X, y = digits(50)
    clf = tiny(cls, warm_start=True).fit(X, y)
    clf.fit(X, y, X_val=X, y_val=y)
    assert len(clf.loss_curve_) == clf.n_iter_ == len(clf.history_) == 4
    scores = clf.history_["validation_score"]
    assert scores.isna().tolist() == [True, True, False, False]
    assert clf.best_epoch_ in (3, 4)
    assert clf.best_epoch_ == scores.argmax() + 1
    # Again without a validation set.
    clf.fit(X, y)
    assert len(clf.loss_curve_) == len(clf.history_) == 6
