"""The pixels in memory, and the mini-batches made of them."""

import numpy as np
import pytest
import torch

from skmnist import CNNClassifier
from tests.helpers import (
    classifiers_with,
    digits,
    every_classifier,
    regularized,
    same_network,
    some_weights,
    tiny,
)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@every_classifier
def test_read_only_memory_map_trains_like_the_array(cls, dtype, tmp_path):
    X, y = digits()
    X = X if dtype == np.uint8 else (X / 255).astype(dtype)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    weights = some_weights(len(y))
    clf = regularized(cls).fit(mapped, y, weights, X_val=mapped, y_val=y)
    assert same_network(clf, regularized(cls).fit(X, y, weights))


@every_classifier
def test_chunk_size_changes_no_bit(cls, monkeypatch):
    X, y = digits()
    clf = regularized(cls).fit(X, y)
    monkeypatch.setattr("skmnist._training.image_dataset._CHUNK_SIZE", 1)
    assert same_network(regularized(cls).fit(X, y), clf)


@classifiers_with("augment")
def test_augmentation_gets_the_batches_of_the_network_in_training_only(cls):
    X, y = digits()
    seen = []

    def record(x):
        seen.append((tuple(x.shape[1:]), x.dtype, float(x.max()) <= 1))
        return x

    clf = tiny(cls, augment=record, max_epochs=1).fit(X, y, X_val=X, y_val=y)
    assert len(seen) == 8
    shape = (1, 28, 28) if cls is CNNClassifier else (784,)
    assert set(seen) == {(shape, torch.float32, True)}
    clf.predict(X)
    assert len(seen) == 8
    assert same_network(clf, tiny(cls, max_epochs=1).fit(X, y))
