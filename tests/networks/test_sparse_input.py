"""Products by way of the pixels that aren't blank: the same as the full ones, where they pay."""

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
from skmnist._training import batches
from skmnist.exceptions import DivergenceError
from tests.helpers import digits, has, same_network, tiny

HANDLED = (MLPClassifier, BackpropClassifier, TorchClassifier)


every_handled = pytest.mark.parametrize("cls", HANDLED)


@pytest.fixture
def count(monkeypatch):
    """Let every batch of digits be a sparse one; a function tells how many there were."""
    monkeypatch.setattr(batches, "is_faster", lambda *cost: True)
    seen, make = [], SparsePixels.batches

    def counted(self, rows, sizes):
        for batch in make(self, rows, sizes):
            seen.append(batch)
            yield batch

    monkeypatch.setattr(SparsePixels, "batches", counted)
    return lambda: len(seen)


def small(cls, **params):
    """Return a classifier whose network is trained by hand."""
    if cls is TorchClassifier:
        generator = torch.Generator().manual_seed(0)
        params = {"module": MLP((784, 12, 10), generator=generator), **params}
    return tiny(cls, **params)


def as_scaled(pixels):
    return pixels.to(torch.float32) / 255


# -- the products ----------------------------------------------------------------------------


def blank_in_places(X):
    X = X.copy()
    X[:3] = X[-1] = 0
    X[:, -5:] = 0
    return X


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize(
    "make", [lambda X: X, blank_in_places, np.zeros_like, np.ones_like, lambda X: X[:, 400:401]]
)
def test_batches_hold_the_pixels_of_their_rows(make, dtype):
    X = np.ascontiguousarray(make(digits(4)[0]), dtype=dtype)  # more rows than are looked at once
    rows = torch.randperm(len(X), generator=torch.Generator().manual_seed(0))[:100]
    sizes = [32, 32, 1, 35]
    made = SparsePixels(X, as_scaled).batches(rows, sizes)
    for batch, part in zip(made, rows.split(sizes), strict=True):
        assert torch.equal(batch.to_dense(), as_scaled(torch.from_numpy(X[part.numpy()])))


@pytest.mark.parametrize("n_units", [1, 3, 10, 64, 200])
@pytest.mark.parametrize("make", [lambda X: X, blank_in_places, np.zeros_like])
def test_products_are_the_full_ones_to_rounding(make, n_units):
    X = make(digits()[0])
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(784, n_units, generator=generator)
    d = torch.randn(len(X), n_units, generator=generator)
    (batch,) = SparsePixels(X, as_scaled).batches(torch.arange(len(X)), [len(X)])
    x = as_scaled(torch.from_numpy(X)).double()
    for product, wanted in (
        (batch.matmul(weight), x @ weight.double()),
        (batch.t_matmul(d), x.t() @ d.double()),
    ):
        torch.testing.assert_close(product.double(), wanted, rtol=1e-5, atol=1e-4)


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
    [(cls, p) for cls in HANDLED for p in _SETTINGS if all(has(cls, name) for name in p)],
)
def test_training_comes_to_the_same_as_with_full_products(cls, params, count, monkeypatch):
    X, y = digits()
    clf = small(cls, max_epochs=2, **params)
    by_few = copy.deepcopy(clf).fit(X, y)
    assert count() > 0
    monkeypatch.setattr(batches, "is_faster", lambda *cost: False)
    np.testing.assert_allclose(
        by_few.predict_proba(X), clf.fit(X, y).predict_proba(X), rtol=1e-3, atol=1e-4
    )
    assert not same_network(by_few, clf)  # or the switch doesn't switch


@every_handled
def test_weights_and_what_the_optimizer_keeps_end_up_stored_row_by_row(cls, count):
    clf = small(cls).fit(*digits())
    state = clf.net_.optimizer_.state_dict()["state"].values()
    kept = [value for entries in state for value in entries.values()]
    assert all(t.is_contiguous() for t in [*clf.module_.parameters(), *kept])
    assert all(p.grad.is_contiguous() for p in clf.module_.parameters())


def test_autograd_goes_on_with_the_gradients_left_behind(count):
    X, y = digits()
    clf = small(MLPClassifier).fit(X, y)
    weight = clf.module_.layers[0].weight
    left = weight.grad.clone()
    assert left.any()
    clf.module_(torch.from_numpy(X[:4].reshape(4, -1).astype(np.float32))).sum().backward()
    assert not torch.equal(weight.grad, left)


def test_callbacks_change_the_gradients_that_are_used(count):
    def first_weights(**params):
        return small(MLPClassifier, optimizer="sgd", **params).fit(*digits()).coefs_[0]

    start = first_weights(lr=1e-30)
    assert np.abs(first_weights(lr=0.1) - start).max() > 1e-3
    clip = GradientNormClipping(1e-9)
    assert np.abs(first_weights(lr=0.1, callbacks=[clip]) - start).max() < 1e-6
    assert count()


def test_weights_are_stored_row_by_row_after_an_error(count):
    clf = small(MLPClassifier, lr=0.01).fit(*digits())
    module = clf.module_
    with pytest.raises(DivergenceError):
        clf.set_params(optimizer="sgd", lr=1e30).partial_fit(*digits())
    assert all(p.is_contiguous() for p in module.parameters())


@every_handled
def test_epochs_one_by_one_come_to_the_bits_of_all_at_once(cls, count):
    X, y = digits()
    whole, parts = small(cls, max_epochs=3).fit(X, y), small(cls)
    for _ in range(3):
        parts = pickle.loads(pickle.dumps(parts.partial_fit(X, y)))
    assert same_network(whole, parts)


@every_handled
def test_neither_the_order_of_the_rows_nor_how_they_are_kept_changes_the_bits(cls, count, tmp_path):
    X, y = digits()
    clf = small(cls).fit(X, y)
    order = np.random.default_rng(0).permutation(len(X))
    assert same_network(small(cls).fit(X[order], y[order]), clf)
    joblib.dump(X, tmp_path / "X.joblib")
    assert same_network(small(cls).fit(joblib.load(tmp_path / "X.joblib", mmap_mode="r"), y), clf)
    twice = small(cls).fit(np.r_[X, X[:9]], np.r_[y, y[:9]])
    weights = np.r_[np.full(9, 2), np.ones(len(X) - 9)]
    assert same_network(small(cls).fit(X, y, sample_weight=weights), twice)


class Looks(Callback):
    """Look at the pixels of each batch."""

    seen = []  # of all copies: one of them is what runs

    def on_batch_end(self, net, batch, training, **kwargs):
        self.seen.append((training, batch[0]))


@every_handled
def test_callbacks_see_whole_pictures_and_change_no_bit(cls, count):
    X, y = digits()
    Looks.seen.clear()
    clf = small(cls, callbacks=[Looks()], max_epochs=1).fit(X, y)
    pixels = torch.cat([x for training, x in Looks.seen if training])
    wanted = as_scaled(torch.from_numpy(X))
    assert torch.equal(pixels.sum(0).round(), wanted.sum(0).round())
    assert pixels.shape == wanted.shape
    assert same_network(clf, small(cls, max_epochs=1).fit(X, y))


@pytest.mark.parametrize(
    "params",
    [{"precision": "float64"}, {"augment": "light"}, {"batch_norm": True}, {"optimizer": "rmsprop"},
     {"precision": "bfloat16"}],
)  # fmt: skip
def test_what_it_does_not_cover_goes_the_full_way(params, count):
    clf = small(MLPClassifier, **params).fit(*digits())
    assert count() == 0
    assert clf.n_iter_ > 0


# -- where it pays ---------------------------------------------------------------------------


def test_it_pays_for_wide_layers_and_few_pixels_in_batches_that_are_not_small(monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    digit_pixels, batch = 0.19, 64 * 784
    wide = [is_faster(digit_pixels, n_units, batch) for n_units in (8, 32, 64, 512)]
    full = [is_faster(share, 64, batch) for share in (0.0, 0.1, 0.3, 1.0)]
    large = [is_faster(digit_pixels, 64, n * 784) for n in (1, 16, 64, 512)]
    assert wide == large == [False, False, True, True]
    assert full == [True, True, False, False]
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", False)
    assert not is_faster(digit_pixels, 512, batch)


@pytest.mark.parametrize("units, X_to, expected", [
    (128, lambda X: X, True),
    (8, lambda X: X, False),
    (128, lambda X: X + np.uint8(1), False),
])  # fmt: skip
def test_a_network_decides_by_its_data_and_its_width(units, X_to, expected, monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    made = []
    monkeypatch.setattr(batches, "SparsePixels", lambda *a: made.append(a) or SparsePixels(*a))
    X, y = digits()
    MLPClassifier((units,), batch_size=64, max_epochs=1, random_state=0).fit(X_to(X), y)
    assert bool(made) == expected


def test_large_data_is_not_kept_a_second_time(monkeypatch):
    monkeypatch.setattr(sparse_input, "HAS_KERNEL", True)
    monkeypatch.setattr(batches, "_SPARSE_BYTES", 1000)
    monkeypatch.setattr(batches, "SparsePixels", None)
    MLPClassifier((128,), batch_size=64, max_epochs=1, random_state=0).fit(*digits())
