"""The order of the samples: shuffled in each epoch, the same for the same samples."""

import numpy as np
import pytest

from skmnist._training import sampling
from skmnist._training.sampling import canonical_order
from tests.helpers import digits, every_classifier, labels_by_epoch, regularized, same_network, tiny


def near_duplicates(dtype):
    """Return digits several times: unchanged, with one other pixel, with another label."""
    X, labels = digits(step=50)
    other = X.copy()
    other[::2, 401] ^= 1  # not in the columns that are compared first
    X, labels = np.concatenate([X, X, other, X]), np.concatenate([labels] * 3 + [(labels + 1) % 10])
    return X.astype(dtype), labels


@pytest.mark.parametrize("chunk_size", [1, 7, 1000])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_sample_order_depends_on_values_only(dtype, chunk_size, monkeypatch):
    monkeypatch.setattr(sampling, "_CHUNK_SIZE", chunk_size)
    X, labels = near_duplicates(dtype)
    order = canonical_order(X, labels)
    assert sorted(order) == list(range(len(X)))
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(len(X))
        other = shuffled[canonical_order(X[shuffled], labels[shuffled])]
        assert (X[other] == X[order]).all()
        assert (labels[other] == labels[order]).all()


def test_sample_order_is_the_same_for_bytes_and_floats():
    X, labels = near_duplicates(np.uint8)
    assert (
        canonical_order((X / 255).astype(np.float32), labels) == canonical_order(X, labels)
    ).all()


@every_classifier
def test_order_of_the_samples_does_not_matter(cls):
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    clf = regularized(cls).fit(X, y)
    assert same_network(regularized(cls).fit(X[order], y[order]), clf)
    assert same_network(
        regularized(cls, early_stopping=True).fit(X[order], y[order]),
        regularized(cls, early_stopping=True).fit(X, y),
    )


@every_classifier
def test_every_sample_comes_once_per_epoch_in_a_new_order(cls):
    X, y = digits()
    first, second = labels_by_epoch(tiny(cls), X, y)
    assert sorted(first) == sorted(second) == sorted(y)
    assert first != second != sorted(y) != first


@every_classifier
def test_without_shuffle_the_samples_keep_their_order(cls):
    X, y = digits()
    order = np.random.default_rng(0).permutation(len(y))
    for epoch in labels_by_epoch(tiny(cls, shuffle=False), X[order], y[order]):
        assert epoch == y[order].tolist()
