"""Training: seeds, weights, going on, stopping, gradients, schedules, callbacks, modules."""

import contextlib
import copy
import functools
import hashlib
import os
import random
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.utils.class_weight import compute_class_weight
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
)
from test_common import CLASSIFIERS, digits, every_classifier, has, same_network, tiny
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist._networks.losses import LOSSES
from skmnist._networks.modules import ACTIVATION_MODULES, WEIGHT_INITS
from skmnist._training.optimizers import (
    OPTIMIZERS,
    optimizer_settings,
    quick_step,
    stored_by_columns,
)
from skmnist._training.schedules import SCHEDULES


def having(*parameters):
    """Parametrize a test with the classifiers that have the parameters."""
    classes = [cls for cls in CLASSIFIERS if all(has(cls, name) for name in parameters)]
    assert classes
    return pytest.mark.parametrize("cls", classes, ids=lambda cls: cls.__name__)


def rich(cls, **params):
    """Return a tiny classifier with dropout and batch normalisation, where it has them."""
    options = {"dropout": 0.3, "batch_norm": True}
    known = {name: value for name, value in options.items() if has(cls, name)}
    return tiny(cls, **{**known, **params})


class EachEpoch(Callback):
    """Call a function, which isn't copied along with the callback, after each epoch."""

    def __init__(self, function):
        self.function = function

    def on_epoch_end(self, net, **kwargs):
        self.function(net)


class EachBatch(Callback):
    """Call a function with the net and the batch before each batch."""

    def __init__(self, function):
        self.function = function

    def on_batch_begin(self, net, batch, training, **kwargs):
        if training:
            self.function(net, batch)


def labels_of_each_epoch(clf, X, y, **kwargs):
    """Return, epoch by epoch, the class numbers in the order in which they were trained on."""
    epochs = {}

    def note(net, batch):
        epochs.setdefault(net.history[-1, "epoch"], []).extend(batch[1].tolist())

    clf.set_params(callbacks=[EachBatch(note)]).fit(X, y, **kwargs)
    return list(epochs.values())


# -- the same seed, the same bits ------------------------------------------------------------


def digest(clf):
    bits = hashlib.sha256()
    for tensor in clf.module_.state_dict().values():
        bits.update(tensor.cpu().numpy().tobytes())
    return bits.hexdigest()


def digests():
    """Train every classifier; for other processes."""
    X, y = digits()
    return [digest(rich(cls).fit(X, y)) for cls in CLASSIFIERS]


@every_classifier
def test_same_seed_gives_the_same_bits_and_another_seed_others(cls):
    X, y = digits()
    first = rich(cls, random_state=3).fit(X, y)
    rich(cls, random_state=4).fit(X, y)  # others in between change nothing
    assert same_network(rich(cls, random_state=3).fit(X, y), first)
    assert same_network(rich(cls, random_state=np.random.RandomState(3)).fit(X, y), first)
    assert not same_network(rich(cls, random_state=4).fit(X, y), first)
    assert not same_network(
        rich(cls, random_state=None).fit(X, y), rich(cls, random_state=None).fit(X, y)
    )


def in_a_new_process(script):
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_same_seed_gives_the_same_bits_in_a_new_process_and_in_its_fork():
    # torch's threads don't survive a fork; whoever waits for them waits for ever.
    script = """
import multiprocessing, os, torch
from test_training import digests
print(*digests())
torch.set_num_threads(2)
torch.ones(512, 512) @ torch.ones(512, 512)
if hasattr(os, "fork"):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(*pool.apply_async(digests).get(timeout=60))
"""
    assert in_a_new_process(script) == digests() * (2 if hasattr(os, "fork") else 1)


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_grid_search_in_two_processes_gives_the_same_bits(cls):
    X, y = digits()
    grid = {"lr": [1e-3, 1e-2], "batch_size": [16, 32]}
    searches = [GridSearchCV(rich(cls), grid, cv=2, n_jobs=n).fit(X, y) for n in (1, 2)]
    scores = [search.cv_results_["mean_test_score"].tolist() for search in searches]
    assert scores[0] == scores[1]
    assert same_network(searches[0].best_estimator_, searches[1].best_estimator_)
    with joblib.parallel_backend("loky", n_jobs=2):
        fitted = joblib.Parallel()(joblib.delayed(rich(cls).fit)(X, y) for _ in range(2))
    assert all(same_network(clf, rich(cls).fit(X, y)) for clf in fitted)


@every_classifier
def test_fits_at_once_in_several_threads_give_the_same_bits(cls):
    X, y = digits()
    alone = rich(cls, max_epochs=4).fit(X, y)
    expected = alone.predict_proba(X)
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(4) as pool:
        fits = [pool.submit(rich(cls, max_epochs=4).fit, X, y) for _ in range(8)]
        answers = [pool.submit(alone.predict_proba, X) for _ in range(8)]
    assert all(same_network(fit.result(), alone) for fit in fits)
    assert all(np.array_equal(answer.result(), expected) for answer in answers)
    assert torch.get_num_threads() == threads


def noisy(x):
    """An augmentation that draws from torch's and from NumPy's global generators."""
    return x + 0.1 * torch.rand_like(x)


def with_dropout(n_features, n_classes):
    return nn.Sequential(
        nn.Linear(n_features, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, n_classes)
    )


def drawing():
    yield from (pytest.param(rich(cls), id=cls.__name__) for cls in CLASSIFIERS)
    yield pytest.param(tiny(MLPClassifier, augment=noisy), id="augment")
    yield pytest.param(tiny(TorchClassifier, module=with_dropout), id="module")
    yield pytest.param(tiny(MLPClassifier, random_state=None), id="no-seed")


def generators():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


@pytest.mark.parametrize("clf", list(drawing()))
def test_global_generators_are_neither_used_nor_changed(clf):
    X, y = digits()
    fitted = []
    for seed in (0, 1):
        random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
        before = generators()
        fitted.append(copy.deepcopy(clf).fit(X, y, X_val=X, y_val=y).partial_fit(X, y))
        fitted[-1].predict_proba(X)
        assert generators() == before
    assert same_network(*fitted) == (clf.random_state is not None)


def process_state():
    return {
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "autocast": torch.is_autocast_enabled("cpu"),
        "warnings": list(warnings.filters),
        "numpy": np.geterr(),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
    }


def interrupt(net):
    raise KeyboardInterrupt


@every_classifier
def test_process_is_left_as_it_was_also_after_exceptions(cls):
    X, y = digits()
    before = process_state()
    clf = tiny(cls, n_threads=2).fit(X, y)
    assert process_state() == before
    clf.partial_fit(X, y).predict(X)
    assert process_state() == before
    for wrong, error in (
        (tiny(cls, n_threads=2, max_epochs=0), ValueError),
        (tiny(cls, n_threads=2, lr=1e30, loss="cross_entropy"), ValueError),
        (tiny(cls, n_threads=2, callbacks=[EachEpoch(interrupt)]), KeyboardInterrupt),
    ):
        with pytest.raises(error):
            wrong.fit(X, y)
        assert process_state() == before
    with pytest.raises(ValueError):
        clf.predict(X[:, :3])
    assert process_state() == before


@every_classifier
def test_threads_asked_for_are_those_used(cls):
    X, y = digits()
    used = []
    callback = EachEpoch(lambda net: used.append(torch.get_num_threads()))
    for n_threads in (1, 2, None):
        tiny(cls, n_threads=n_threads, max_epochs=1, callbacks=[callback]).fit(X, y)
    # None with a seed is 1, because the number of threads changes the last bits.
    assert used == [1, 2, 1]


# -- weights and the order of rows -----------------------------------------------------------


def some_weights(n):
    return np.random.default_rng(0).integers(0, 4, n)


@every_classifier
def test_row_of_weight_zero_is_absent(cls):
    X, y = digits()
    weights = (some_weights(len(y)) > 0).astype(float)
    kept = weights > 0
    clf = rich(cls).fit(X, y, sample_weight=weights)
    assert same_network(clf, rich(cls).fit(X[kept], y[kept]))


@every_classifier
def test_row_of_weight_zero_has_no_say_in_classes_scale_and_range(cls):
    X, y = digits()
    X = X.astype(np.int64)
    clf = rich(cls).fit(X, y)
    absent = np.full((1, 784), 1000)
    weighted = rich(cls).fit(
        np.r_[X, absent], np.r_[y, 77], sample_weight=np.r_[np.ones(len(y)), 0]
    )
    assert weighted.classes_.tolist() == clf.classes_.tolist()
    assert weighted.pixel_scale_ == clf.pixel_scale_ == 255
    assert weighted.pixel_range_ == clf.pixel_range_
    assert same_network(weighted, clf)


@every_classifier
def test_row_of_weight_two_is_a_row_that_comes_twice(cls):
    X, y = digits()
    weights = some_weights(len(y))
    clf = rich(cls).fit(X, y, sample_weight=weights)
    repeated = rich(cls).fit(X.repeat(weights, axis=0), y.repeat(weights))
    assert same_network(clf, repeated)
    assert clf.loss_curve_ == repeated.loss_curve_


@every_classifier
def test_equal_weights_are_no_weights(cls):
    X, y = digits()
    clf = rich(cls).fit(X, y)
    assert same_network(rich(cls).fit(X, y, sample_weight=np.ones(len(y))), clf)
    # Only their proportion counts.
    clf = rich(cls).fit(X / 255, y)
    for factor in (0.25, 1e-6, 1e6, 1e-50, 1e30):
        other = rich(cls).fit(X / 255, y, sample_weight=np.full(len(y), factor))
        np.testing.assert_allclose(other.predict_proba(X / 255), clf.predict_proba(X / 255))


@every_classifier
def test_fractional_weights_act_in_proportion(cls):
    X, y = digits()
    X = X / 255  # float64: rounding can't hide a difference
    counts = some_weights(len(y)) + 1
    params = {"batch_size": 1000, "max_epochs": 5}
    repeated = tiny(cls, **params).fit(X.repeat(counts, axis=0), y.repeat(counts))
    weighted = tiny(cls, **params).fit(X, y, sample_weight=counts / 8)
    np.testing.assert_allclose(
        weighted.predict_proba(X), repeated.predict_proba(X), rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


@every_classifier
def test_order_of_the_rows_does_not_matter(cls):
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    clf = rich(cls).fit(X, y)
    assert same_network(rich(cls).fit(X[order], y[order]), clf)
    assert same_network(
        rich(cls, early_stopping=True).fit(X[order], y[order]),
        rich(cls, early_stopping=True).fit(X, y),
    )


@every_classifier
def test_every_row_comes_once_an_epoch_in_a_new_order(cls):
    X, y = digits()
    first, second = labels_of_each_epoch(tiny(cls), X, y)
    assert sorted(first) == sorted(second) == sorted(y)
    assert first != second != sorted(y) != first


@every_classifier
def test_without_shuffle_the_rows_come_as_they_are(cls):
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    for epoch in labels_of_each_epoch(tiny(cls, shuffle=False), X[order], y[order]):
        assert epoch == y[order].tolist()


@every_classifier
def test_class_weight_means_a_weight_for_each_row_of_the_class(cls):
    X, y = digits()
    X = X / 255
    params = {"batch_size": 1000, "max_epochs": 5}
    of_rows = np.where(y == 3, 2.5, 1.0)
    by_class = tiny(cls, class_weight={3: 2.5}, **params).fit(X, y)
    by_row = tiny(cls, **params).fit(X, y, sample_weight=of_rows)
    np.testing.assert_allclose(by_class.predict_proba(X), by_row.predict_proba(X), rtol=1e-7)
    both = tiny(cls, class_weight={3: 2.5}, **params).fit(X, y, sample_weight=of_rows)
    product = tiny(cls, **params).fit(X, y, sample_weight=of_rows**2)
    np.testing.assert_allclose(both.predict_proba(X), product.predict_proba(X), rtol=1e-7)


@every_classifier
def test_balanced_is_scikit_learns(cls):
    X, y = digits()
    X, y = X[60:], y[60:]  # fewer of some digits
    classes = np.unique(y)
    weights = compute_class_weight("balanced", classes=classes, y=y)
    balanced = rich(cls, class_weight="balanced").fit(X, y)
    given = rich(cls, class_weight=dict(zip(classes.tolist(), weights, strict=True))).fit(X, y)
    np.testing.assert_allclose(balanced.predict_proba(X), given.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("batch_size", [1, 2, 32])
@every_classifier
def test_class_of_weight_zero_is_known_but_not_learnt(cls, batch_size):
    X, y = digits()
    rows = np.r_[0:250:5]
    # With batches this small some hold nothing else.
    clf = tiny(cls, class_weight={3: 0}, batch_size=batch_size, max_epochs=20, lr=0.01)
    clf.fit(X[rows], y[rows])
    assert clf.classes_.tolist() == list(range(10))
    assert np.isfinite(clf.loss_curve_).all()
    proba = clf.predict_proba(X[y == 3])[:, 3]
    assert proba.max() < 0.1


# -- partial_fit and warm_start --------------------------------------------------------------


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
    X, y = digits()
    assert_partial_fits_equal_fit(rich(cls), X, y)
    assert_partial_fits_equal_fit(rich(cls), X, y, sample_weight=some_weights(len(y)))
    assert_partial_fits_equal_fit(rich(cls), X, y, sample_weight=np.linspace(0, 1, len(y)))


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, torch.optim.Adamax])
@having("optimizer")
def test_partial_fits_equal_one_fit_with_every_optimizer(cls, optimizer):
    X, y = digits()
    clf = rich(cls, optimizer=optimizer, momentum=0.9, weight_decay=1e-3)
    assert_partial_fits_equal_fit(clf, X, y)


@pytest.mark.parametrize("schedule", SCHEDULES)
@every_classifier
def test_partial_fits_equal_one_fit_with_every_schedule(cls, schedule):
    assert_partial_fits_equal_fit(rich(cls, lr_schedule=schedule), *digits())


def test_partial_fits_equal_one_fit_with_augmentation_and_a_module_that_draws():
    assert_partial_fits_equal_fit(tiny(MLPClassifier, augment=noisy), *digits())
    assert_partial_fits_equal_fit(tiny(TorchClassifier, module=with_dropout), *digits())


@every_classifier
def test_warm_start_goes_on_as_if_there_had_been_no_pause(cls):
    X, y = digits()
    clf = rich(cls, warm_start=True, max_epochs=3).fit(X, y)
    clf.set_params(max_epochs=2).fit(X, y)
    whole = rich(cls, max_epochs=5).fit(X, y)
    assert same_network(clf, whole)
    assert clf.n_iter_ == 5
    assert clf.loss_curve_ == whole.loss_curve_
    assert clf.history_["epoch"].tolist() == [1, 2, 3, 4, 5]


@every_classifier
def test_without_warm_start_fit_begins_anew(cls):
    X, y = digits()
    clf = rich(cls).fit(X, y).partial_fit(X, y).fit(X, y)
    assert clf.n_iter_ == 2
    assert same_network(clf, rich(cls).fit(X, y))
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
def test_warm_start_refuses_another_architecture_and_keeps_the_network(cls):
    X, y = digits()
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
def test_what_changes_under_warm_start_is_taken_or_refused_but_never_ignored(cls, name):
    X, y = digits()
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


@every_classifier
def test_training_further_refuses_other_widths_and_unknown_classes(cls):
    X, y = digits()
    clf = tiny(cls, warm_start=True).fit(X, y)
    before = clf.predict_proba(X)
    with pytest.raises(ValueError, match="700 features"):
        clf.fit(X[:, :700], y)
    with pytest.raises(ValueError, match=r"\[77\]"):
        clf.fit(X, np.where(y == 7, 77, y))
    assert np.array_equal(clf.predict_proba(X), before)


@every_classifier
def test_training_further_counts_the_validation_from_the_right_epoch(cls):
    X, y = digits()
    clf = tiny(cls, warm_start=True).fit(X, y)
    clf.fit(X, y, X_val=X, y_val=y)
    assert len(clf.loss_curve_) == clf.n_iter_ == len(clf.history_) == 4
    scores = clf.history_["validation_score"]
    assert scores.isna().tolist() == [True, True, False, False]
    assert clf.best_epoch_ in (3, 4)
    assert clf.best_epoch_ == scores.argmax() + 1
    # And without any once more.
    clf.fit(X, y)
    assert len(clf.loss_curve_) == len(clf.history_) == 6


# -- validation and early stopping -----------------------------------------------------------


@every_classifier
def test_validation_curves_are_about_the_rows_given(cls):
    X, y = digits()
    X_val, y_val = digits(33)
    clf = rich(cls, max_epochs=3, loss="cross_entropy").fit(X, y, X_val=X_val, y_val=y_val)
    assert len(clf.validation_scores_) == len(clf.validation_loss_curve_) == 3
    assert clf.validation_scores_[-1] == pytest.approx(clf.score(X_val, y_val))
    assert clf.validation_loss_curve_[-1] == pytest.approx(
        log_loss(y_val, clf.predict_proba(X_val)), rel=1e-4
    )
    assert clf.best_epoch_ == np.argmax(clf.validation_scores_) + 1
    # Watching changes nothing, nor is anything held back.
    assert same_network(clf, rich(cls, max_epochs=3, loss="cross_entropy").fit(X, y))
    without = tiny(cls).fit(X, y)
    assert without.validation_scores_ is without.validation_loss_curve_ is None
    assert without.best_epoch_ is None


@every_classifier
def test_early_stopping_holds_back_its_share_of_each_class(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True, validation_fraction=0.2)
    for epoch in labels_of_each_epoch(clf, X, y):
        assert np.bincount(epoch).tolist() == [20] * 10
    # Each label in the score's steps: there are 50 rows to be right about.
    assert np.allclose(np.array(clf.validation_scores_) * 50 % 1, 0, atol=1e-6)


@every_classifier
def test_early_stopping_holds_nothing_back_where_validation_rows_are_given(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True)
    for epoch in labels_of_each_epoch(clf, X, y, X_val=X, y_val=y):
        assert len(epoch) == len(y)


@every_classifier
def test_early_stopping_stops_and_returns_to_the_best_weights(cls):
    X, y = digits()
    X_val, y_val = digits(33)
    states = []
    clf = tiny(
        cls,
        early_stopping=True,
        n_iter_no_change=3,
        max_epochs=200,
        lr=0.02,
        loss="cross_entropy",
        callbacks=[EachEpoch(lambda net: states.append(copy.deepcopy(net.module_.state_dict())))],
    ).fit(X, y, X_val=X_val, y_val=y_val)
    assert clf.n_iter_ == len(states) < 200
    scores = clf.validation_scores_
    assert clf.best_epoch_ == np.argmax(scores) + 1 <= clf.n_iter_ - 3
    best = states[clf.best_epoch_ - 1]
    assert all(torch.equal(best[name], now) for name, now in clf.module_.state_dict().items())
    assert clf.score(X_val, y_val) == pytest.approx(max(scores))


@every_classifier
def test_tolerance_decides_what_is_a_rise(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True, n_iter_no_change=2, tol=1.0, max_epochs=50).fit(X, y)
    # No rise is larger than 1, after the first from minus infinity.
    assert clf.n_iter_ == 3


@every_classifier
def test_divergence_while_stopping_early_is_still_told(cls):
    X, y = digits()

    def explode(net):
        net.optimizer_.param_groups[0]["lr"] = 1e30

    clf = tiny(cls, early_stopping=True, loss="cross_entropy", callbacks=[EachEpoch(explode)])
    with pytest.raises(ValueError, match=r"epoch 2.*lr=1e\+30"):
        clf.fit(X, y)


# -- gradients by hand and by autograd -------------------------------------------------------

BY_HAND = [
    pytest.param(
        {"activation": activation, "loss": loss, "dropout": dropout},
        weighted,
        id=f"{activation}-{loss}-{dropout}-{'weights' if weighted else ''}",
    )
    for activation in ACTIVATION_MODULES
    for loss in LOSSES
    for dropout in (0.0, 0.3)
    for weighted in (False, True)
]


@pytest.mark.parametrize("params, weighted", BY_HAND)
def test_training_by_hand_and_by_autograd_give_the_same_weights(params, weighted, monkeypatch):
    X, y = digits()
    weights = np.linspace(0.1, 1.3, len(y)) if weighted else None
    # float64, where a wrong formula can't pass as rounding; sgd, because Adam divides tiny
    # gradients by themselves and so makes rounding large.
    clf = tiny(
        MLPClassifier,
        hidden_layer_sizes=(16, 8),
        optimizer="sgd",
        momentum=0.9,
        lr=0.1,
        weight_decay=1e-3,
        max_epochs=3,
        **params,
    )
    by_hand = copy.deepcopy(clf).fit(X / 255, y, sample_weight=weights)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    by_autograd = clf.fit(X / 255, y, sample_weight=weights)
    pairs = zip(by_hand.module_.parameters(), by_autograd.module_.parameters(), strict=True)
    for a, b in pairs:
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(by_hand.loss_curve_, by_autograd.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_both_ways_agree_to_float32_rounding_with_every_optimizer(optimizer, monkeypatch):
    X, y = digits()
    # nadam and adam move by lr however small the gradient is: eps keeps rounding small.
    clf = tiny(MLPClassifier, activation="tanh", optimizer=optimizer, lr=1e-3)
    by_hand = copy.deepcopy(clf).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    by_autograd = clf.fit(X, y)
    np.testing.assert_allclose(by_hand.predict_proba(X), by_autograd.predict_proba(X), atol=1e-4)
    assert not same_network(by_hand, tiny(MLPClassifier, optimizer=optimizer).fit(X, y))


def test_switch_turns_autograd_on(monkeypatch):
    X, y = digits()
    clf = tiny(MLPClassifier, warm_start=True).fit(X, y)
    calls = []
    clf.module_.register_forward_hook(lambda *args: calls.append(torch.is_grad_enabled()))
    clf.fit(X, y)
    assert not calls  # the hand-written passes don't go through the module
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    clf.fit(X, y)
    assert len(calls) == 2 * 8
    assert all(calls)


@having("optimizer")
def test_trained_network_is_an_ordinary_module_that_torch_code_can_train_on(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    before = clf.coefs_[0]
    shape = (1, 28, 28) if cls is CNNClassifier else (784,)
    x = torch.tensor(X / np.float32(255)).view(-1, *shape).requires_grad_()
    optimizer = torch.optim.SGD(clf.module_.parameters(), lr=0.1)
    nn.functional.cross_entropy(clf.module_(x), torch.tensor(y)).backward()
    optimizer.step()
    assert x.grad.any()
    assert not np.array_equal(clf.coefs_[0], before)
    clf.partial_fit(X, y)


def test_switch_does_not_touch_what_is_always_written_by_hand(monkeypatch):
    X, y = digits()
    clf = tiny(BackpropClassifier).fit(X, y)
    monkeypatch.setenv("SKMNIST_AUTOGRAD", "1")
    assert same_network(tiny(BackpropClassifier).fit(X, y), clf)


@pytest.mark.parametrize("activation", ACTIVATION_MODULES)
def test_pooling_before_the_activation_is_the_same_function(activation):
    X, y = digits()
    clf = tiny(CNNClassifier, activation=activation, hidden_layer_sizes=(), max_epochs=1)
    clf.fit(X, y)
    # Far below zero silu and gelu fall: there the largest input hasn't the largest value.
    next(clf.module_.parameters()).data.mul_(50)
    (kernel, dense), (bias, dense_bias) = (
        [torch.tensor(a) for a in arrays] for arrays in (clf.coefs_, clf.intercepts_)
    )
    x = torch.tensor(X / np.float32(255)).view(-1, 1, 28, 28)
    a = ACTIVATION_MODULES[activation]()(nn.functional.conv2d(x, kernel, bias, padding=1))
    logits = nn.functional.max_pool2d(a, 2).flatten(1) @ dense + dense_bias
    np.testing.assert_allclose(clf.decision_function(X), logits.numpy(), rtol=1e-4, atol=1e-3)


_OF_ADAM = [{}, {"weight_decay": 0.1}, {"betas": (0.5, 0.6), "eps": 0.1}, {"amsgrad": True}]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "optimizer, settings",
    [
        *((optimizer, {"weight_decay": 0.1}) for optimizer in OPTIMIZERS.values()),
        *((torch.optim.Adam, settings) for settings in _OF_ADAM),
        *((torch.optim.AdamW, settings) for settings in _OF_ADAM),
        (torch.optim.SGD, {}),
        (torch.optim.SGD, {"momentum": 0.9}),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ],
)
def test_quick_step_does_what_the_optimizers_step_does(optimizer, settings, dtype, turned):
    generator = torch.Generator().manual_seed(0)
    shapes = [(30, 20), (20,)]
    start = [torch.randn(*shape, generator=generator, dtype=dtype) for shape in shapes]
    gradients = [[torch.randn(*s, generator=generator, dtype=dtype) for s in shapes]
                 for _ in range(6)]  # fmt: skip

    def train(choose):
        params = [nn.Parameter(tensor.clone()) for tensor in start]
        _, fused = optimizer_settings(optimizer, torch.device("cpu"))
        made = optimizer(params, lr=0.1, **settings, **fused)
        for i, row in enumerate(gradients):
            for param, gradient in zip(params, row, strict=True):
                param.grad = gradient.clone()
            made.param_groups[0]["lr"] = 0.1 / (i + 1)  # as a schedule does
            with stored_by_columns(params[0], made) if turned else contextlib.nullcontext():
                choose(made, i)()
        return params, made.state_dict()["state"]

    def quickly(made, i):
        # The first step makes the state; later on both ways may be mixed.
        return made.step if i in (0, 3) else quick_step(made)

    params, state = train(lambda made, i: made.step)
    quick_params, quick_state = train(quickly)
    assert all(map(torch.equal, params, quick_params))
    for number, entries in state.items():
        for name, value in entries.items():
            other = quick_state[number][name]
            assert torch.equal(value, other) if torch.is_tensor(value) else value == other


@every_classifier
def test_quick_steps_train_to_the_bits_of_the_optimizers_own(cls, monkeypatch):
    clf = rich(cls).fit(*digits())
    monkeypatch.setattr("skmnist._training.steps.quick_step", lambda optimizer: optimizer.step)
    assert same_network(rich(cls).fit(*digits()), clf)


class WantsClosure(torch.optim.SGD):
    """An optimizer that evaluates the loss by itself, whatever its signature says."""

    def step(self, closure=None):
        assert closure is not None
        return super().step(closure)


def test_optimizer_of_the_users_own_gets_the_closure():
    clf = tiny(CNNClassifier, optimizer=WantsClosure, lr=0.1).fit(*digits())
    assert same_network(clf, tiny(CNNClassifier, optimizer="sgd", lr=0.1).fit(*digits()))


# -- learning rates --------------------------------------------------------------------------


def rates_by_epoch(schedule, n_epochs, **params):
    X, y = digits()
    clf = tiny(MLPClassifier, lr_schedule=schedule, lr=0.1, max_epochs=n_epochs, **params)
    return clf.fit(X, y).history_["lr"].tolist()


def torchs_rates(make, n):
    """Return the rates of a torch scheduler during `n` steps."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for _ in range(n):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


TORCHS = {
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9),
    "step": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=3),
    "exponential": lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
}


@pytest.mark.parametrize("schedule", TORCHS)
def test_schedule_by_epoch_is_torchs(schedule):
    expected = torchs_rates(TORCHS[schedule], 9)
    assert rates_by_epoch(schedule, 9) == pytest.approx(expected, rel=1e-9)


def test_one_cycle_is_torchs_batch_by_batch():
    X, y = digits()
    rates = []
    note = EachBatch(lambda net, batch: rates.append(net.optimizer_.param_groups[0]["lr"]))
    params = {"lr_schedule": "onecycle", "lr": 0.1, "max_epochs": 5}
    tiny(MLPClassifier, callbacks=[note], **params).fit(X, y)
    assert len(rates) == 5 * 8
    expected = torchs_rates(
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.1, total_steps=40, cycle_momentum=False
        ),
        40,
    )
    assert rates == pytest.approx(expected, rel=1e-6)
    # And they are what trains: not to be confused with a constant rate.
    assert not same_network(
        tiny(MLPClassifier, **params).fit(X, y),
        tiny(MLPClassifier, **{**params, "lr_schedule": None}).fit(X, y),
    )


@pytest.mark.parametrize(
    "losses",
    [
        [1.0] * 12,
        [1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7],
        [1.0, 0.9995, 0.999, 0.9985, 0.998, 0.99],  # falls of less than a thousandth
        [1.0, 1.1, 1.2, 0.5, 0.6, 0.7, 0.8],
    ],
)
def test_plateau_is_torchs(losses):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, threshold=1e-3)
    for n, loss in enumerate(losses, 1):
        scheduler.step(loss)
        expected = optimizer.param_groups[0]["lr"]
        assert SCHEDULES["plateau"](0.5, n, losses[:n]) == pytest.approx(expected)


@every_classifier
def test_plateau_lowers_the_rate_when_the_loss_stalls(cls):
    X, y = digits()
    shuffled = np.random.default_rng(0).permutation(y)  # nothing to learn for other rows
    clf = tiny(cls, lr_schedule="plateau", max_epochs=40, lr=0.02, loss="cross_entropy")
    clf.fit(X, y, X_val=X, y_val=shuffled)
    rates = clf.history_["lr"]
    assert rates.is_monotonic_decreasing
    assert rates.iloc[-1] < rates.iloc[0] == 0.02


@every_classifier
def test_schedule_starts_anew_with_each_fit_under_warm_start(cls):
    X, y = digits()
    clf = tiny(cls, lr_schedule="cosine", warm_start=True, max_epochs=3).fit(X, y).fit(X, y)
    rates = clf.history_["lr"].tolist()
    assert rates[:3] == rates[3:]


# -- callbacks -------------------------------------------------------------------------------


@every_classifier
def test_quiet_callbacks_leave_no_history_of_batches(cls):
    X, y = digits()
    clf = tiny(cls, callbacks=[EpochTimer(), EachEpoch(id)]).fit(X, y)
    # At most one entry an epoch, instead of one for each batch.
    assert max(len(row["batches"]) for row in clf.net_.history) <= 1
    heard = tiny(cls, callbacks=[EachBatch(lambda net, batch: None)]).fit(X, y)
    assert [len(row["batches"]) for row in heard.net_.history] == [8, 8]
    # Being heard changes nothing.
    assert same_network(heard, clf)
    assert heard.loss_curve_ == pytest.approx(clf.loss_curve_)


class Every(Callback):
    """Note every event."""

    def __init__(self, note):
        self.note = note

    def on_train_begin(self, net, X, y, **kwargs):
        self.note("train begins", len(X), len(y))

    def on_train_end(self, net, **kwargs):
        self.note("train ends")

    def on_epoch_begin(self, net, dataset_train, **kwargs):
        self.note("epoch begins", len(dataset_train))

    def on_epoch_end(self, net, dataset_valid, **kwargs):
        self.note("epoch ends", len(dataset_valid))

    def on_batch_begin(self, net, batch, training, **kwargs):
        self.note("batch begins", *(tuple(part.shape) for part in batch), training)

    def on_grad_computed(self, net, named_parameters, **kwargs):
        names, params = zip(*named_parameters, strict=True)
        self.note("gradients", len(names), all(p.grad.any() for p in params))

    def on_batch_end(self, net, batch, training, loss, y_pred, **kwargs):
        self.note("batch ends", loss.numel(), tuple(y_pred.shape), training)


@every_classifier
def test_every_event_of_skorch_reaches_the_callbacks(cls):
    X, y = digits()
    events = []
    callback = Every(lambda *event: events.append(event))
    clf = tiny(cls, callbacks=[callback], max_epochs=1, batch_size=125)
    clf.fit(X, y, X_val=X[:50], y_val=y[:50])
    pixels = (125, 1, 28, 28) if cls is CNNClassifier else (125, 784)
    batch = [
        ("batch begins", pixels, (125,), True),
        ("gradients", len(list(clf.module_.parameters())), True),
        ("batch ends", 1, (125, 10), True),
    ]
    while_training = [event for event in events if event[-1] is True]
    assert while_training == 2 * batch
    assert events[:2] == [("train begins", 250, 250), ("epoch begins", 250)]
    assert events[-2:] == [("epoch ends", 50), ("train ends",)]


@pytest.mark.parametrize("on_train", [True, False])
@pytest.mark.parametrize("caching", [True, False])
@every_classifier
def test_epoch_scoring_scores(cls, caching, on_train):
    X, y = digits()
    X_val, y_val = digits(33)
    scoring = EpochScoring(
        "accuracy", name="share", on_train=on_train, use_caching=caching, lower_is_better=False
    )
    clf = tiny(cls, callbacks=[scoring]).fit(X, y, X_val=X_val, y_val=y_val)
    shares = clf.net_.history[:, "share"]
    assert len(shares) == 2
    if not on_train:
        assert shares == pytest.approx(clf.validation_scores_)
    elif not caching:
        assert shares[-1] == pytest.approx(clf.score(X, y))
    else:  # taken while the weights changed
        assert 0 < shares[-1] < 1


@every_classifier
def test_batch_scoring_scores(cls):
    X, y = digits()
    scoring = BatchScoring("accuracy", name="share", on_train=True, lower_is_better=False)
    clf = tiny(cls, callbacks=[scoring]).fit(X, y)
    assert len(clf.net_.history[:, "share"]) == 2


@every_classifier
def test_learning_rate_scheduler_of_skorch_sets_the_rate(cls):
    X, y = digits()
    scheduler = LRScheduler(policy="StepLR", step_size=1, gamma=0.5)
    clf = tiny(cls, callbacks=[scheduler], lr=0.02, max_epochs=3).fit(X, y)
    assert clf.history_["lr"].tolist() == pytest.approx([0.02, 0.01, 0.005])
    assert not same_network(clf, tiny(cls, lr=0.02, max_epochs=3).fit(X, y))


@every_classifier
def test_checkpoint_saves_the_best_epoch_and_can_bring_it_back(cls, tmp_path):
    X, y = digits()
    checkpoint = Checkpoint(dirname=tmp_path, monitor="valid_acc_best", load_best=True)
    clf = tiny(cls, callbacks=[checkpoint], lr=0.02, max_epochs=6)
    clf.fit(X, y, X_val=X, y_val=y)
    assert (tmp_path / "params.pt").is_file()
    assert clf.score(X, y) == pytest.approx(max(clf.validation_scores_))


@every_classifier
def test_early_stopping_of_skorch_stops_without_an_exception(cls):
    X, y = digits()
    stop = EarlyStopping(monitor="train_loss", patience=2, threshold=10.0, threshold_mode="abs")
    clf = tiny(cls, callbacks=[stop], max_epochs=20).fit(X, y)
    assert clf.n_iter_ == 3
    assert clf.predict(X).shape == (250,)


@every_classifier
def test_gradient_clipping_clips(cls):
    X, y = digits()
    free = tiny(cls, max_epochs=1).fit(X, y)
    clf = tiny(cls, callbacks=[GradientNormClipping(1e-9)], max_epochs=1)
    if has(cls, "optimizer"):
        clf.set_params(optimizer="sgd")
    start = copy.deepcopy(clf).set_params(lr=1e-30).fit(X, y)
    moved = [np.abs(a - b).max() for a, b in zip(clf.fit(X, y).coefs_, start.coefs_, strict=True)]
    assert max(moved) < 1e-6
    assert max(np.abs(a - b).max() for a, b in zip(free.coefs_, start.coefs_, strict=True)) > 1e-3


def test_freezer_freezes():
    X, y = digits()
    clf = tiny(MLPClassifier, warm_start=True, callbacks=[Freezer("layers.0.*")]).fit(X, y)
    before = clf.coefs_
    clf.fit(X, y)
    assert np.array_equal(clf.coefs_[0], before[0])
    assert not np.array_equal(clf.coefs_[1], before[1])


@every_classifier
def test_progress_bar_of_skorch_runs(cls, capsys):
    X, y = digits()
    clf = tiny(cls, callbacks=[ProgressBar()]).fit(X, y)
    assert clf.n_iter_ == 2
    assert "/8 [" in capsys.readouterr().err


@every_classifier
def test_callbacks_of_the_user_stay_as_they_were(cls):
    X, y = digits()
    callbacks = [("stop", EarlyStopping(monitor="train_loss")), EpochTimer()]
    before = joblib.hash(callbacks)
    clf = tiny(cls, callbacks=callbacks).fit(X, y, X_val=X, y_val=y)
    assert joblib.hash(callbacks) == before
    assert clf.callbacks is callbacks


def interrupting(epoch, when):
    def interrupt_in(net, *args):
        if net.history[-1, "epoch"] == epoch:
            raise KeyboardInterrupt

    return (EachEpoch if when == "after" else EachBatch)(interrupt_in)


@pytest.mark.parametrize("when, finished", [("after", 2), ("within", 1)])
@pytest.mark.parametrize("stopping", [False, True])
@every_classifier
def test_interrupt_reaches_the_caller_and_leaves_whole_epochs(cls, stopping, when, finished):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(2, when)], max_epochs=5, early_stopping=stopping)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert clf.n_iter_ == len(clf.history_) == len(clf.loss_curve_) == finished
    assert clf.loss_ == clf.loss_curve_[-1]
    assert clf.fit_time_ > 0
    assert clf.predict(X).shape == (250,)
    if stopping:
        assert len(clf.validation_scores_) == finished
        assert clf.best_epoch_ in range(1, finished + 1)


@pytest.mark.parametrize("schedule", [None, *SCHEDULES])
@every_classifier
def test_training_goes_on_after_an_interrupt(cls, schedule):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(2, "within")], warm_start=True, lr_schedule=schedule)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    clf.net_.callbacks_.clear()
    clf.partial_fit(X, y).partial_fit(X, y)
    assert clf.n_iter_ == 3
    assert clf.history_["epoch"].tolist() == [1, 2, 3]


@every_classifier
def test_interrupt_in_the_very_first_epoch_leaves_an_estimator_that_says_what_it_is(cls):
    X, y = digits()
    clf = tiny(cls, callbacks=[interrupting(1, "within")], early_stopping=True)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    # The weights are those of no whole epoch: either there is nothing, or it says 0 epochs.
    assert not hasattr(clf, "net_") or (clf.n_iter_, len(clf.history_)) == (0, 0)
    assert clf.set_params(callbacks=None).fit(X, y).n_iter_ == 2


# -- where the pixels lie --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@every_classifier
def test_read_only_memory_map_trains_to_the_bits_of_the_array(cls, dtype, tmp_path):
    X, y = digits()
    X = X if dtype == np.uint8 else (X / 255).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    weights = some_weights(len(y))
    clf = rich(cls).fit(mapped, y, weights, X_val=mapped, y_val=y)
    assert same_network(clf, rich(cls).fit(X, y, weights))


@every_classifier
def test_chunks_of_any_size_train_to_the_same_bits(cls, monkeypatch):
    X, y = digits()
    clf = rich(cls).fit(X, y)
    monkeypatch.setattr("skmnist._training.batches._CHUNK_ROWS", 1)
    assert same_network(rich(cls).fit(X, y), clf)


# -- a module of the user's own --------------------------------------------------------------


class Convolution(nn.Module):
    """A network for pictures, of torch's own layers."""

    def __init__(self, image_shape, n_classes, channels=2):
        super().__init__()
        self.seen = []
        self.conv = nn.Conv2d(image_shape[0], channels, 3)
        self.dense = nn.Linear(channels * (image_shape[1] - 2) * (image_shape[2] - 2), n_classes)

    def forward(self, x):
        self.seen.append(tuple(x.shape[1:]))
        return self.dense(torch.relu(self.conv(x)).flatten(1))


@pytest.mark.parametrize(
    "module, params",
    [
        (Convolution, {"image_shape": (1, 28, 28)}),
        (Convolution, {"image_shape": (1, 28, 28), "module_params": {"channels": 3}}),
        (with_dropout, {}),
        (functools.partial(nn.Linear, 784, 10), {}),
        (nn.Linear, {"module_params": {"in_features": 784, "out_features": 10}}),
        (nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10)), {}),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), {"image_shape": (28, 28)}),
    ],
)
def test_class_function_and_instance_make_the_network(module, params):
    X, y = digits(5)
    clf = TorchClassifier(module, max_epochs=10, random_state=0, **params).fit(X, y)
    assert clf.score(X, y) > 0.7
    again = TorchClassifier(module, max_epochs=10, random_state=0, **params).fit(X, y)
    assert same_network(clf, again)
    if "module_params" in params and module is Convolution:
        assert clf.coefs_[0].shape == (3, 1, 3, 3)


def test_module_gets_pictures_in_the_shape_asked_for():
    X, y = digits()
    for image_shape, pixels in (
        ((1, 28, 28), X),
        ((1, 14, 56), X),
        (None, X.reshape(-1, 1, 28, 28)),
    ):
        clf = tiny(TorchClassifier, module=Convolution, image_shape=image_shape).fit(pixels, y)
        assert set(clf.module_.seen) == {image_shape or (1, 28, 28)}
        assert clf.predict(pixels).shape == (250,)


def test_instance_is_copied_and_its_weights_are_the_start():
    X, y = digits()
    module = nn.Linear(784, 10)
    before = copy.deepcopy(module.state_dict())
    clf = tiny(TorchClassifier, module=module, lr=1e-30, optimizer="sgd").fit(X, y)
    assert np.array_equal(clf.coefs_[0], before["weight"].T.numpy())
    tiny(TorchClassifier, module=module).fit(X, y)
    assert all(torch.equal(before[name], now) for name, now in module.state_dict().items())
    assert module.weight.grad is None


def test_frozen_weights_of_an_instance_stay_frozen():
    X, y = digits()
    module = nn.Sequential(nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 10))
    module[0].requires_grad_(False)
    clf = tiny(TorchClassifier, module=module).fit(X, y)
    assert np.array_equal(clf.coefs_[0], module[0].weight.T.numpy())
    assert not np.array_equal(clf.coefs_[1], module[2].weight.detach().T.numpy())


class InPlace(nn.Module):
    """Normalises its input in place, as many published networks do."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.dense = nn.Linear(n_features, n_classes)

    def forward(self, x):
        return self.dense(x.sub_(0.13).div_(0.31))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_module_that_works_in_place_never_changes_the_callers_pixels(dtype):
    X, y = digits()
    X = X if dtype == np.uint8 else (X / 255).astype(dtype)
    given = X.copy()
    clf = tiny(TorchClassifier, module=InPlace).fit(given, y, X_val=given, y_val=y)
    first, second = clf.predict_proba(given), clf.predict_proba(given)
    assert np.array_equal(given, X)
    assert np.array_equal(first, second)


def test_module_with_outputs_of_another_shape_is_told_what_is_wanted():
    X, y = digits()
    for n_outputs in (1, 9, 11):
        clf = tiny(TorchClassifier, module=nn.Linear(784, n_outputs))
        with pytest.raises(ValueError, match=rf"\(32, {n_outputs}\).*\(32, 10\) is wanted"):
            clf.fit(X, y)


def test_module_params_without_something_to_call_are_refused():
    X, y = digits()
    for module in (None, nn.Linear(784, 10)):
        with pytest.raises((ValueError, TypeError), match="module_params"):
            tiny(TorchClassifier, module=module, module_params={"width": 3}).fit(X, y)


# -- the rest --------------------------------------------------------------------------------


@having("optimizer")
def test_optimizer_that_calls_back_trains(cls):
    X, y = digits()
    clf = tiny(cls, optimizer=torch.optim.LBFGS, lr=0.1, batch_size=250, max_epochs=4).fit(X, y)
    assert clf.loss_curve_[-1] < clf.loss_curve_[0] / 2


@having("precision")
def test_precision_of_the_weights_and_the_answers(cls):
    X, y = digits(10)
    pairs = [("float32", "float32"), ("float64", "float64")]
    if cls is not BackpropClassifier:  # whose passes are not autograd's
        pairs.append(("bfloat16", "float32"))
    for precision, dtype in pairs:
        clf = tiny(cls, precision=precision, max_epochs=8, batch_size=16)
        proba = clf.fit(X, y).predict_proba(X)
        assert proba.dtype == dtype
        assert {str(p.dtype) for p in clf.module_.parameters()} == {f"torch.{dtype}"}
        assert clf.score(X, y) > 0.5


def test_bfloat16_multiplies_in_bfloat16():
    X, y = digits()
    seen = set()

    def look(module, inputs, outputs):
        seen.add(outputs.dtype)

    clf = tiny(MLPClassifier, precision="bfloat16", warm_start=True).fit(X, y)
    clf.module_.register_forward_hook(look)
    clf.fit(X, y)
    assert seen == {torch.bfloat16}


@having("weight_init")
def test_weights_are_drawn_as_weight_init_says(cls):
    X, y = digits()
    n_in, n_out = 784, 400
    drawn = {}
    for how in ("auto", *WEIGHT_INITS):
        clf = tiny(cls, weight_init=how, lr=1e-30, optimizer="sgd", max_epochs=1)
        clf.set_params(hidden_layer_sizes=(n_out,))
        if cls is CNNClassifier:
            clf.set_params(channels=1, pool_size=1)
        drawn[how] = clf.fit(X, y).coefs_[-2]
    assert not drawn.pop("zeros").any()
    stds = {
        "torch": (3 * n_in) ** -0.5,  # uniform within 1 / sqrt(n_in)
        "he": (2 / n_in) ** 0.5,
        "glorot": (2 / (n_in + n_out)) ** 0.5,
        "lecun": n_in**-0.5,
    }
    stds["auto"] = stds["lecun" if cls is CNNClassifier else "torch"]
    for how, weights in drawn.items():
        assert weights.shape == (n_in, n_out)
        assert weights.std() == pytest.approx(stds[how], rel=0.02), how


@every_classifier
def test_verbose_prints_a_line_for_each_epoch_and_silence_is_the_default(cls, capsys):
    X, y = digits()
    tiny(cls).fit(X, y, X_val=X, y_val=y).predict(X)
    assert capsys.readouterr() == ("", "")
    tiny(cls, verbose=1, max_epochs=3).fit(X, y, X_val=X, y_val=y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.split()] == ["epoch", "-------", *"123"]
    tiny(cls, verbose="bar").fit(X, y)
    out, err = capsys.readouterr()
    assert not out
    assert "2/2" in err
    assert "loss" in err


@having("augment")
def test_augmentation_sees_batches_as_the_network_does_and_only_in_training(cls):
    X, y = digits()
    seen = []

    def look(x):
        seen.append((tuple(x.shape[1:]), x.dtype, float(x.max()) <= 1))
        return x

    clf = tiny(cls, augment=look, max_epochs=1).fit(X, y, X_val=X, y_val=y)
    assert len(seen) == 8
    shape = (1, 28, 28) if cls is CNNClassifier else (784,)
    assert set(seen) == {(shape, torch.float32, True)}
    clf.predict(X)
    assert len(seen) == 8
    assert same_network(clf, tiny(cls, max_epochs=1).fit(X, y))


@every_classifier
def test_history_is_one_table(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y, X_val=X, y_val=y)
    assert isinstance(clf.history_, pd.DataFrame)
    assert list(clf.history_) == [
        "epoch",
        "train_loss",
        "validation_loss",
        "validation_score",
        "lr",
        "seconds",
    ]


@every_classifier
def test_torchs_default_device_changes_no_bit(cls):
    X, y = digits()
    params = {"augment": "light"} if has(cls, "augment") else {}
    clf = rich(cls, early_stopping=True, **params).fit(X, y)
    with torch.device("meta"):  # not the CPU, and on every machine
        again = rich(cls, early_stopping=True, **params).fit(X, y)
        proba = again.predict_proba(X)
    assert same_network(again, clf)
    assert np.array_equal(proba, clf.predict_proba(X))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@every_classifier
def test_gpu_trains_to_the_same_bits_twice_and_its_model_loads_without_one(cls, tmp_path):
    X, y = digits()
    clf = rich(cls, device="cuda").fit(X, y)
    assert clf.device_ == "cuda:0"
    assert same_network(rich(cls, device="cuda").fit(X, y), clf)
    joblib.dump((clf, X, clf.predict_proba(X)), tmp_path / "clf.joblib")
    script = (
        "import os; os.environ['CUDA_VISIBLE_DEVICES'] = ''; import joblib, numpy\n"
        f"clf, X, proba = joblib.load({str(tmp_path / 'clf.joblib')!r})\n"
        "print(clf.device_, numpy.allclose(clf.predict_proba(X), proba, atol=1e-4))"
    )
    assert in_a_new_process(script) == ["cpu", "True"]
