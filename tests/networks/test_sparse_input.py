"""Sparse products: same results as the dense ones, used only if faster."""

import copy
import pickle

import joblib
import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, GradientNormClipping

from skmnist import BackpropClassifier, MLPClassifier, TorchClassifier
from skmnist._networks import sparse_input
from skmnist._networks.mlp import MLP
from skmnist._networks.sparse_input import SparsePixels, is_faster
from skmnist._training import image_dataset
from skmnist.exceptions import DivergenceError
from tests.helpers import digits, has, same_network, tiny

SUPPORTED = (MLPClassifier, BackpropClassifier, TorchClassifier)


every_supported = pytest.mark.parametrize("cls", SUPPORTED)


@pytest.fixture
def count_sparse_batches(monkeypatch):
    """Make every batch of digits sparse; a function returns the number of sparse batches."""
    monkeypatch.setattr(image_dataset, "is_faster", lambda *cost: True)
    sparse_batches, make_batches = [], SparsePixels.batches

    def counted(self, indices, batch_sizes):
        for batch in make_batches(self, indices, batch_sizes):
            sparse_batches.append(batch)
            yield batch

    monkeypatch.setattr(SparsePixels, "batches", counted)
    return lambda: len(sparse_batches)


def make_classifier(cls, **params):
    """Return a classifier with a manual backward pass."""
    if cls is TorchClassifier:
        generator = torch.Generator().manual_seed(0)
        params = {"module": MLP((784, 12, 10), generator=generator), **params}
    return tiny(cls, **params)


def scale(pixels):
    return pixels.to(torch.float32) / 255


# -- the products ----------------------------------------------------------------------------


def with_empty_images(X):
    X = X.copy()
    X[:3] = X[-1] = 0
    X[:, -5:] = 0
    return X


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize(
    "transform",
    [lambda X: X, with_empty_images, np.zeros_like, np.ones_like, lambda X: X[:, 400:401]],
)
def test_batches_hold_the_pixels_of_their_samples(transform, dtype):
    X = np.ascontiguousarray(transform(digits(4)[0]), dtype=dtype)  # more than one block
    indices = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))[:100]
    sizes = [32, 32, 1, 35]
    sparse_batches = SparsePixels(X, scale).batches(indices, sizes)
    for batch, part in zip(sparse_batches, indices.split(sizes), strict=True):
        assert torch.equal(batch.to_dense(), scale(torch.from_numpy(X[part.numpy()])))


@pytest.mark.parametrize("n_units", [1, 3, 10, 64, 200])
@pytest.mark.parametrize("transform", [lambda X: X, with_empty_images, np.zeros_like])
def test_products_equal_dense_products_to_rounding(transform, n_units):
    X = transform(digits()[0])
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(784, n_units, generator=generator)
    grad = torch.randn(len(X), n_units, generator=generator)
    (batch,) = SparsePixels(X, scale).batches(torch.arange(len(X)), [len(X)])
    x = scale(torch.from_numpy(X)).double()
    for product, expected in (
        (batch.matmul(weight), x @ weight.double()),
        (batch.t_matmul(grad), x.t() @ grad.double()),
    ):
        torch.testing.assert_close(product.double(), expected, rtol=1e-5, atol=1e-4)


# -- training --------------------------------------------------------------------------------


_SETTINGS = (
    {},
    {"activation": "tanh"},
    {"optimizer": "sgd", "momentum": 0.9, "lr": 0.1},
    {"weight_decay": 0.01},
    {"dropout": 0.3},
    {"loss": "mse"},
    {"hidden_layer_sizes": ()},
    {"class_weight": "balanced"},
)


@pytest.mark.parametrize(
    "cls, params",
    [(cls, p) for cls in SUPPORTED for p in _SETTINGS if all(has(cls, name) for name in p)],
)
def test_training_agrees_with_dense_products(cls, params, count_sparse_batches, monkeypatch):
    X, y = digits()
    clf = make_classifier(cls, max_epochs=2, **params)
    sparse_clf = copy.deepcopy(clf).fit(X, y)
    assert count_sparse_batches() > 0
    monkeypatch.setattr(image_dataset, "is_faster", lambda *cost: False)
    np.testing.assert_allclose(
        sparse_clf.predict_proba(X), clf.fit(X, y).predict_proba(X), rtol=1e-3, atol=1e-4
    )
    assert not same_network(sparse_clf, clf)  # otherwise both used the same products


@every_supported
def test_weights_and_optimizer_state_are_row_major_after_training(cls, count_sparse_batches):
    clf = make_classifier(cls).fit(*digits())
    state = clf.net_.optimizer_.state_dict()["state"].values()
    buffers = [value for entries in state for value in entries.values()]
    assert all(t.is_contiguous() for t in [*clf.module_.parameters(), *buffers])
    assert all(p.grad.is_contiguous() for p in clf.module_.parameters())


def test_autograd_adds_to_the_gradients_of_training(count_sparse_batches):
    X, y = digits()
    clf = make_classifier(MLPClassifier).fit(X, y)
    weight = clf.module_.layers[0].weight
    previous = weight.grad.clone()
    assert previous.any()
    clf.module_(torch.from_numpy(X[:4].reshape(4, -1).astype(np.float32))).sum().backward()
    assert not torch.equal(weight.grad, previous)


def test_callbacks_change_the_gradients_that_are_used(count_sparse_batches):
    def first_weights(**params):
        return make_classifier(MLPClassifier, optimizer="sgd", **params).fit(*digits()).coefs_[0]

    start = first_weights(lr=1e-30)
    assert np.abs(first_weights(lr=0.1) - start).max() > 1e-3
    clip = GradientNormClipping(1e-9)
    assert np.abs(first_weights(lr=0.1, callbacks=[clip]) - start).max() < 1e-6
    assert count_sparse_batches()


def test_weights_are_row_major_after_an_error(count_sparse_batches):
    clf = make_classifier(MLPClassifier, lr=0.01).fit(*digits())
    module = clf.module_
    with pytest.raises(DivergenceError):
        clf.set_params(optimizer="sgd", lr=1e30).partial_fit(*digits())
    assert all(p.is_contiguous() for p in module.parameters())


@every_supported
def test_resumed_training_gives_identical_weights(cls, count_sparse_batches):
    X, y = digits()
    at_once, resumed = make_classifier(cls, max_epochs=3).fit(X, y), make_classifier(cls)
    for _ in range(3):
        resumed = pickle.loads(pickle.dumps(resumed.partial_fit(X, y)))
    assert same_network(at_once, resumed)


@every_supported
def test_sample_order_and_storage_do_not_change_the_weights(cls, count_sparse_batches, tmp_path):
    X, y = digits()
    clf = make_classifier(cls).fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    assert same_network(make_classifier(cls).fit(X[order], y[order]), clf)
    joblib.dump(X, tmp_path / "X.joblib")
    assert same_network(
        make_classifier(cls).fit(joblib.load(tmp_path / "X.joblib", mmap_mode="r"), y), clf
    )
    repeated = make_classifier(cls).fit(np.r_[X, X[:9]], np.r_[y, y[:9]])
    weights = np.r_[np.full(9, 2), np.ones(len(X) - 9)]
    assert same_network(make_classifier(cls).fit(X, y, sample_weight=weights), repeated)


class RecordInputs(Callback):
    """Record the inputs of each batch."""

    seen = []  # shared by all copies: training uses a copy

    def on_batch_end(self, net, batch, training, **kwargs):
        self.seen.append((training, batch[0]))


@every_supported
def test_callbacks_get_dense_batches_and_change_no_weights(cls, count_sparse_batches):
    X, y = digits()
    RecordInputs.seen.clear()
    clf = make_classifier(cls, callbacks=[RecordInputs()], max_epochs=1).fit(X, y)
    pixels = torch.cat([x for training, x in RecordInputs.seen if training])
    expected = scale(torch.from_numpy(X))
    assert torch.equal(pixels.sum(0).round(), expected.sum(0).round())
    assert pixels.shape == expected.shape
    assert same_network(clf, make_classifier(cls, max_epochs=1).fit(X, y))


@pytest.mark.parametrize(
    "params",
    [{"precision": "float64"}, {"augment": "light"}, {"batch_norm": True}, {"optimizer": "rmsprop"},
     {"precision": "bfloat16"}, {"precision": "float16"}],
)  # fmt: skip
def test_unsupported_settings_use_dense_products(params, count_sparse_batches):
    clf = make_classifier(MLPClassifier, **params).fit(*digits())
    assert count_sparse_batches() == 0
    assert clf.n_iter_ > 0


# -- when it is faster -----------------------------------------------------------------------


def test_is_faster_for_wide_layers_low_density_and_large_batches(monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    digit_pixels, batch = 0.19, 64 * 784
    by_width = [is_faster(digit_pixels, n_units, batch) for n_units in (8, 32, 64, 512)]
    by_density = [is_faster(density, 64, batch) for density in (0.0, 0.1, 0.3, 1.0)]
    by_batch_size = [is_faster(digit_pixels, 64, n * 784) for n in (1, 16, 64, 512)]
    assert by_width == by_batch_size == [False, False, True, True]
    assert by_density == [True, True, False, False]
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", False)
    assert not is_faster(digit_pixels, 512, batch)


@pytest.mark.parametrize("units, transform, expected", [
    (128, lambda X: X, True),
    (8, lambda X: X, False),
    (128, lambda X: X + np.uint8(1), False),
])  # fmt: skip
def test_use_depends_on_density_and_width(units, transform, expected, monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    created = []
    monkeypatch.setattr(
        image_dataset, "SparsePixels", lambda *a: created.append(a) or SparsePixels(*a)
    )
    X, y = digits()
    MLPClassifier((units,), batch_size=64, max_epochs=1, random_state=0).fit(transform(X), y)
    assert bool(created) == expected


def test_large_data_is_not_copied(monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    monkeypatch.setattr(image_dataset, "_MAX_SPARSE_BYTES", 1000)
    monkeypatch.setattr(image_dataset, "SparsePixels", None)
    MLPClassifier((128,), batch_size=64, max_epochs=1, random_state=0).fit(*digits())
