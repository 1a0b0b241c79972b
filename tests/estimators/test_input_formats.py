"""Arrays, tables, sparse matrices and memory maps train and predict the same."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

from skmnist import MLPClassifier
from tests.helpers import (
    CLASSIFIERS,
    digits,
    every_classifier,
    forms,
    has,
    read_only,
    same_network,
    tiny,
)

# -- valid input -----------------------------------------------------------------------------


def wide(X):
    """Return every other column of an array twice as wide."""
    return np.repeat(X, 2, axis=1)[:, ::2]


def memory_map(X, tmp_path):
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


def as_objects(X):
    """Return an array of objects, each the array of a sample."""
    objects = np.empty(len(X), dtype=object)
    objects[:] = list(X)
    return objects


BOTH = {
    "images": lambda X: X.reshape(-1, 28, 28),
    "images-with-channel": lambda X: X.reshape(-1, 1, 28, 28),
    "fortran-order": np.asfortranarray,
    "fortran-order-images": lambda X: np.asfortranarray(X.reshape(-1, 28, 28)),
    "negative-strides": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "every-other-column": wide,
    "read-only": read_only,
    "list": lambda X: X.tolist(),
    "list-of-images": lambda X: X.reshape(-1, 28, 28).tolist(),
    "frame": lambda X: pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)]),
    "frame-with-missing-type": lambda X: pd.DataFrame(X).convert_dtypes(),
    "tensor": torch.tensor,
    "tensor-of-images": lambda X: torch.tensor(X.reshape(-1, 1, 28, 28)),
    "array-of-arrays": as_objects,
    "column-of-images": lambda X: pd.Series(list(X.reshape(-1, 28, 28))),
    "frame-of-arrays": lambda X: pd.DataFrame({"image": list(X)}),
    "list-of-arrays": list,
    "csr-tensor": lambda X: torch.tensor(X).to_sparse(),
    "csr-matrix": scipy.sparse.csr_matrix,
    "csr-array": scipy.sparse.csr_array,
    "csc-array": scipy.sparse.csc_array,
}


INTEGERS = {
    "int64": lambda X: X.astype(np.int64),
    "int16": lambda X: X.astype(np.int16),
    "uint32": lambda X: X.astype(np.uint32),
    "big-endian": lambda X: X.astype(">i4"),
    "int64-tensor": lambda X: torch.tensor(X.astype(np.int64)),
    "int64-frame": lambda X: pd.DataFrame(X.astype(np.int64)),
    "int64-csr": lambda X: scipy.sparse.csr_array(X.astype(np.int64)),
}


FLOATS = {
    "float16": lambda X: X.astype(np.float16),
    "float64": lambda X: X.astype(np.float64),
    "big-endian-float32": lambda X: X.astype(">f4"),
    "big-endian-float64": lambda X: X.astype(">f8"),
    "bfloat16-tensor": lambda X: torch.tensor(X, dtype=torch.bfloat16),
    "list-of-tensors": lambda X: [torch.tensor(x, requires_grad=True) for x in X],
    "tensor-with-gradient": lambda X: torch.tensor(X, requires_grad=True),
    "float64-tensor": lambda X: torch.tensor(X, dtype=torch.float64),
    "objects": lambda X: X.astype(object),
    "float64-csr": lambda X: scipy.sparse.csr_array(X.astype(np.float64)),
}


@forms(BOTH | INTEGERS)
@every_classifier
def test_integer_pixels_of_any_container_train_and_predict_the_same(cls, form):
    X, y = digits(50)
    plain = tiny(cls).fit(X, y)
    other = form(X)
    clf = tiny(cls).fit(other, y)
    assert same_network(clf, plain)
    assert np.array_equal(clf.predict_proba(other), plain.predict_proba(X))


@forms(BOTH | FLOATS)
@every_classifier
def test_float_pixels_of_any_container_train_and_predict_the_same(cls, form):
    X, y = digits(50)
    X = (X // 16 / np.float32(16)).astype(np.float32)  # exact in every floating-point type
    plain = tiny(cls, precision="float32").fit(X, y)
    other = form(X)
    clf = tiny(cls, precision="float32").fit(other, y)
    assert same_network(clf, plain)
    assert np.array_equal(clf.predict_proba(other), plain.predict_proba(X))


@every_classifier
def test_memory_maps_train_and_predict_the_same(cls, tmp_path):
    X, y = digits(50)
    for pixels in (X, X / np.float32(255)):
        plain = tiny(cls).fit(pixels, y)
        mapped = memory_map(pixels, tmp_path)
        clf = tiny(cls).fit(mapped, y)
        assert same_network(clf, plain)
        assert np.array_equal(clf.predict_proba(mapped), plain.predict_proba(pixels))


@every_classifier
def test_binary_pixels_of_any_type_train_the_same(cls):
    X, y = digits(50)
    black = X > 127
    plain = tiny(cls).fit(black, y)
    assert plain.pixel_scale_ == 1
    for dtype in (np.uint8, np.int64, np.float32):
        other = black.astype(dtype)
        clf = tiny(cls).fit(other, y)
        assert same_network(clf, plain), dtype
        assert np.array_equal(clf.predict_proba(other), plain.predict_proba(black))


@every_classifier
def test_bytes_train_like_the_same_pixels_divided_by_255(cls):
    X, y = digits(50)
    from_bytes = tiny(cls).fit(X, y)
    scaled = X / np.float32(255)
    from_floats = tiny(cls).fit(scaled, y)
    assert same_network(from_bytes, from_floats)
    assert np.array_equal(from_bytes.predict_proba(X), from_floats.predict_proba(scaled))


@every_classifier
def test_scale_of_the_fit_holds_at_predict(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    expected = clf.predict_proba(X)
    # Floating-point pixels from 0 to 255 are on the scale of the bytes; so is a blank image.
    assert np.array_equal(clf.predict_proba(X.astype(np.float32)), expected)
    assert np.array_equal(clf.predict_proba(X.astype(np.int64)), expected)
    blank = np.zeros((1, 784))
    assert np.array_equal(clf.predict_proba(blank.astype(np.uint8)), clf.predict_proba(blank))


@pytest.mark.parametrize(
    "low, high, scale",
    [(0, 255, 255), (0, 2, 255), (0, 1, 1), (-1, 255, 1), (0, 256, 1), (-128, 127, 1)],
)
def test_integers_are_divided_by_255_if_they_are_bytes_beyond_0_and_1(low, high, scale):
    X = np.random.default_rng(0).integers(low, high, size=(40, 9), endpoint=True)
    X[0, :2] = low, high
    y = np.arange(40) % 2
    clf = tiny(MLPClassifier).fit(X, y)
    assert (clf.pixel_scale_, clf.pixel_range_) == (scale, (low, high))


@every_classifier
def test_inputs_are_not_modified(cls):
    X, y = digits(50)
    weights = np.linspace(0, 2, len(y))
    for pixels in (X, X / np.float32(255), X / 255):
        given = pixels.copy(), y.copy(), weights.copy()
        clf = tiny(cls).fit(*given, X_val=given[0], y_val=given[1])
        clf.predict(given[0])
        for now, before in zip(given, (pixels, y, weights), strict=True):
            assert np.array_equal(now, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_classifier
def test_outputs_have_the_precision_of_the_computation(cls, dtype):
    X, y = digits(50)
    clf = tiny(cls).fit((X / 255).astype(dtype), y)
    assert clf.predict_proba((X / 255).astype(dtype)).dtype == dtype
    assert {p.dtype for p in clf.module_.parameters()} == {torch.tensor(dtype(0)).dtype}


# -- few samples, few features, odd batches --------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 33, 65])
@every_classifier
def test_any_number_of_samples_trains(cls, n):
    X, y = digits(50)
    samples = np.arange(n) * 7 % 100
    clf = tiny(cls).fit(X[samples], np.arange(n) % 2)
    assert clf.predict(X[:1]).shape == (1,)


@pytest.mark.parametrize("n", [33, 65, 3])
@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "batch_norm")])
def test_batch_norm_trains_with_a_last_batch_of_one_sample(cls, n):
    X, y = digits(50)
    samples = np.arange(n) * 7 % 100
    clf = tiny(cls, batch_norm=True, batch_size=min(32, n - 1))
    clf.fit(X[samples], np.arange(n) % 2)
    assert np.isfinite(clf.predict_proba(X[:1])).all()


@every_classifier
def test_single_feature_can_be_learned(cls):
    X = np.linspace(-2, 2, 200, dtype=np.float32)[:, None]
    y = (X[:, 0] > 0).astype(int)
    clf = cls(random_state=0, max_epochs=50).fit(X, y)
    assert clf.score(X, y) > 0.9


@every_classifier
def test_predict_in_chunks_equals_predict_at_once(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    many = np.tile(X, (12, 1))
    np.testing.assert_allclose(
        clf.predict_proba(many), np.tile(clf.predict_proba(X), (12, 1)), rtol=1e-4, atol=1e-6
    )
