"""Mini-batches that are computed in shards by several threads."""

import threading

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from skmnist import CNNClassifier, MLPClassifier
from skmnist._training import shards
from skmnist._training.shards import count_shards
from tests.helpers import EachBatch, digits, same_network, tiny

# Networks and parameters that use every part of a step.
VARIANTS = {
    "cnn": tiny(CNNClassifier, batch_size=48),
    "cnn with dropout": tiny(CNNClassifier, dropout=0.3, channels=(4, 6)),
    "cnn with smooth labels": tiny(CNNClassifier, label_smoothing=0.1, optimizer="sgd"),
    "cnn with augmentation": tiny(CNNClassifier, augment="light", lr_schedule="onecycle"),
    "cnn with average pooling": tiny(CNNClassifier, pooling="average", global_pool="max"),
    "mlp": tiny(MLPClassifier, activation="gelu"),
    "mlp with class weights": tiny(MLPClassifier, class_weight={3: 2.5}, dropout=0.2),
    "mlp in bfloat16": tiny(MLPClassifier, precision="bfloat16"),
    "mlp in float16": tiny(MLPClassifier, precision="float16"),
}


@pytest.fixture
def small_shards(monkeypatch):
    """Let shards have eight samples, however little work they are."""
    monkeypatch.setattr(shards, "_MIN_SAMPLES", 8)
    monkeypatch.setattr(shards, "_MIN_FLOPS", 1)
    monkeypatch.setattr(shards, "_MIN_FLOPS_PER_PARAMETER", 0)
    monkeypatch.setattr("skmnist._estimators.net_classifier._MIN_FLOPS_FOR_THREADS", 1)


def every_variant(test):
    return pytest.mark.parametrize("clf", VARIANTS.values(), ids=VARIANTS)(test)


@every_variant
def test_number_of_threads_does_not_change_a_bit(clf, small_shards):
    X, y = digits(50)
    one = clone(clf).set_params(n_threads=1).fit(X, y).partial_fit(X, y)
    for n_threads in (2, 3, 8):
        other = clone(clf).set_params(n_threads=n_threads).fit(X, y).partial_fit(X, y)
        assert same_network(other, one)
        assert np.array_equal(other.predict_proba(X), one.predict_proba(X))


def test_processes_give_the_same_bits_as_threads():
    X, y = digits(20)
    clf = CNNClassifier(max_epochs=1, random_state=0)
    serial, parallel = (cross_val_predict(clf, X, y, cv=2, method="predict_proba", n_jobs=n)
                        for n in (1, 2))  # fmt: skip
    assert np.array_equal(serial, parallel)


@every_variant
def test_sharded_training_equals_that_of_whole_batches(clf, small_shards, monkeypatch):
    if clf.dropout:
        pytest.skip("the dropout masks are drawn per shard")
    X, y = digits(20)
    sharded = clone(clf).set_params(precision="float64").fit(X, y)
    monkeypatch.setattr(shards, "_MIN_SAMPLES", 10**6)
    whole = clone(clf).set_params(precision="float64").fit(X, y)
    assert not same_network(sharded, whole)  # rounding differs
    for a, b in zip(sharded.coefs_, whole.coefs_, strict=True):
        assert np.allclose(a, b, atol=1e-7)
    assert np.allclose(sharded.loss_curve_, whole.loss_curve_)


def test_shards_run_in_several_threads(small_shards, monkeypatch):
    barrier, names = threading.Barrier(2), set()
    compute = shards.ShardedGradient._compute

    def meet_and_compute(*args):
        names.add(threading.current_thread().name)
        barrier.wait(30)  # breaks unless two shards run at the same time
        assert torch.get_num_threads() == 1
        return compute(*args)

    monkeypatch.setattr(shards.ShardedGradient, "_compute", meet_and_compute)
    X, y = digits(50)
    tiny(CNNClassifier, batch_size=16, n_threads=2).fit(X[:96], y[:96])
    assert len(names) == 2
    assert threading.active_count() == 1 or not any(
        thread.name in names for thread in threading.enumerate()
    )


def test_callbacks_see_the_gradients_of_the_whole_batch(small_shards):
    norms = []

    class RecordGradients(EachBatch):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            norms.append([float(p.grad.norm()) for _, p in named_parameters])

    X, y = digits(50)
    callback = RecordGradients(lambda *_: None)
    tiny(CNNClassifier, callbacks=[callback], max_epochs=1).fit(X, y)
    assert norms and all(np.all(np.array(batch) > 0) for batch in norms)


def test_interrupt_while_shards_run_leaves_the_last_whole_epoch(small_shards, monkeypatch):
    X, y = digits(50)
    whole = tiny(CNNClassifier, max_epochs=1).fit(X, y)
    calls, compute = [], shards.ShardedGradient.__call__

    def interrupt(*args):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return compute(*args)

    monkeypatch.setattr(shards.ShardedGradient, "__call__", interrupt)
    clf = tiny(CNNClassifier, max_epochs=3, n_threads=2)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, y)
    assert same_network(clf, whole)


@pytest.mark.parametrize(
    "batch_size, flops_per_sample, n_parameters, expected",
    [
        (128, 1e7, 2e5, 4),  # at least 32 samples
        (100, 1e7, 2e5, 3),
        (16, 1e9, 2e5, 1),
        (1000, 1e5, 2e4, 2),  # at least 50 million operations
        (256, 6e6, 1e6, 2),  # and 700 per parameter
    ],
)
def test_number_of_shards(batch_size, flops_per_sample, n_parameters, expected):
    assert count_shards(batch_size, flops_per_sample, n_parameters) == expected
