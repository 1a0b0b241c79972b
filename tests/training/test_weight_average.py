"""Averaging of the weights: the formula, and what uses the average."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn

from skmnist import CNNClassifier, MLPClassifier, TorchClassifier, load, save
from skmnist._training.weight_average import ETA, WeightAverage, average_share
from tests.helpers import EachBatch, EachEpoch, classifiers_with, digits, same_network, tiny

every_averaged = classifiers_with("average")


def test_average_after_few_steps_follows_the_formula():
    layer, generator = nn.Linear(3, 2), torch.Generator().manual_seed(0)
    average, expected = WeightAverage(layer), None
    for t in range(1, 30):
        with torch.no_grad():
            layer.weight.normal_(generator=generator)
        average.update(layer)
        previous = layer.weight.detach() if expected is None else expected
        expected = previous + (ETA + 1) / (t + ETA) * (layer.weight.detach() - previous)
    assert torch.allclose(average.other_weights[0], expected, atol=1e-6)


def test_share_of_several_steps_is_that_of_repeated_updates():
    value, target = 1.0, 3.0
    for t in range(101, 105):
        value += average_share(t, t - 1) * (target - value)
    assert 1.0 + average_share(104, 100) * (target - 1.0) == pytest.approx(value)
    assert average_share(1, 0) == 1


def batch_weights(net, batches):
    """Record the weights of `net` at the beginning of each batch."""
    batches.append([p.detach().clone() for p in net.module_.parameters()])


@every_averaged
def test_training_is_the_same_with_and_without_average(cls):
    X, y = digits()
    plain, averaged = [], []
    for average, batches in ((False, plain), (True, averaged)):
        callback = EachBatch(lambda net, *_, batches=batches: batch_weights(net, batches))
        tiny(cls, average=average, max_epochs=3, callbacks=[callback]).fit(X, y)
    assert len(plain) == len(averaged) > 10
    for a, b in zip(plain, averaged, strict=True):
        assert all(map(torch.equal, a, b))


@every_averaged
def test_predictions_and_scores_are_those_of_the_average(cls):
    X, y = digits()
    raw = tiny(cls, average=False, max_epochs=1).fit(X, y)
    clf = tiny(cls, average=True, max_epochs=1).fit(X, y, X_val=X, y_val=y)
    assert not same_network(raw, clf)
    assert clf.validation_scores_ == [clf.score(X, y)]
    n_steps = -(-len(X) // clf.batch_size)
    assert clf.net_.average_.n_steps == n_steps
    raw_weights = clf.net_.average_.other_weights
    assert all(map(torch.equal, raw_weights, raw.module_.parameters()))


@every_averaged
def test_partial_fit_equals_fit_with_an_average(cls):
    X, y = digits()
    fitted, epochs = tiny(cls, average=True, max_epochs=3), []
    with fitted._on_epoch_end(lambda n: epochs.append(copy.deepcopy(fitted.coefs_))):
        fitted.fit(X, y)
    clf = tiny(cls, average=True)
    for coefs in epochs:
        clf.partial_fit(X, y)
        assert all(map(np.array_equal, clf.coefs_, coefs))
        clf = pickle.loads(pickle.dumps(clf))
    assert same_network(clf, fitted)


@every_averaged
def test_saved_model_predicts_with_the_average_and_continues_from_the_raw_weights(cls, tmp_path):
    X, y = digits()
    clf = tiny(cls, average=True).fit(X, y)
    save(clf, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert np.array_equal(loaded.predict_proba(X), clf.predict_proba(X))
    assert same_network(loaded.partial_fit(X, y), clf.partial_fit(X, y))
    save(clf, tmp_path / "small.safetensors", optimizer_state=False)
    small = load(tmp_path / "small.safetensors")
    assert same_network(small, clf)
    assert all(map(torch.equal, small.net_.average_.other_weights, small.module_.parameters()))


def test_average_can_be_switched_on_and_off_between_fits():
    X, y = digits()
    plain = tiny(MLPClassifier, average=False, warm_start=True).fit(X, y).fit(X, y)
    clf = tiny(MLPClassifier, average=True, warm_start=True).fit(X, y)
    assert same_network(clf.set_params(average=False).fit(X, y), plain)
    assert clf.net_.average_ is None
    clf.set_params(average=True).fit(X, y)
    assert not same_network(clf, plain.fit(X, y))


def test_statistics_of_batch_normalization_are_those_of_the_averaged_network():
    X, y = digits()
    clf = tiny(MLPClassifier, average=True, batch_norm=True, lr=0.01, dropout=0.2).fit(X, y)
    linear, norm = clf.module_.layers[:2]
    z = linear(torch.from_numpy(X / np.float32(255)).float())
    assert torch.allclose(norm.running_mean, z.mean(0), atol=1e-5)
    assert torch.allclose(norm.running_var, z.var(0), rtol=0.01)
    assert norm.momentum == 0.1


def test_average_of_a_custom_module_with_frozen_weights_and_buffers():
    X, y = digits()
    module = nn.Sequential(nn.Linear(784, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 10))
    module[0].requires_grad_(False)
    clf = TorchClassifier(module, average=True, lr=0.01, max_epochs=10, random_state=0).fit(X, y)
    assert torch.equal(clf.module_[0].weight, module[0].weight)
    assert clf.score(X, y) > 0.5


def test_early_stopping_restores_the_best_average_and_its_raw_weights():
    X, y = digits()
    params = {"lr": 0.05, "average": True, "random_state": 0, "hidden_layer_sizes": (16,)}
    stopped = MLPClassifier(early_stopping=True, n_iter_no_change=3, max_epochs=40, **params)
    stopped.fit(X, y, X_val=X[::2], y_val=y[::2])
    best = MLPClassifier(max_epochs=stopped.best_epoch_, **params)
    best.fit(X, y, X_val=X[::2], y_val=y[::2])
    assert stopped.n_iter_ > stopped.best_epoch_
    assert same_network(stopped, best)
    averages = [clf.net_.average_.other_weights for clf in (stopped, best)]
    assert all(map(torch.equal, *averages))


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_interrupted_epoch_leaves_the_average_of_the_last_whole_epoch(cls):
    X, y = digits()
    clf = tiny(cls, average=True, max_epochs=3)
    n_batches = -(-len(X) // clf.batch_size)
    seen = []

    def interrupt_third_epoch(net, *_):
        seen.append(net)
        if len(seen) == 2 * n_batches + 3:
            raise KeyboardInterrupt

    interrupted = clone(clf).set_params(callbacks=[EachBatch(interrupt_third_epoch)])
    with pytest.raises(KeyboardInterrupt):
        interrupted.fit(X, y)
    whole = clone(clf).set_params(max_epochs=2).fit(X, y)
    assert same_network(interrupted, whole)
    interrupted.set_params(callbacks=[EachEpoch(lambda net: None)])
    assert same_network(interrupted.partial_fit(X, y), whole.partial_fit(X, y))
