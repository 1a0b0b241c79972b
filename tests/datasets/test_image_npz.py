"""load_image_npz: arrays of images and labels."""

import numpy as np
import pytest

from skmnist.datasets import load_image_npz
from skmnist.exceptions import DatasetError
from tests.helpers import small_digits


@pytest.fixture(scope="module")
def data():
    return small_digits()


@pytest.mark.parametrize(
    "names",
    [("X", "y"), ("x_train", "y_train"), ("train_images", "train_labels"), ("Data", "Target"),
     ("arr_0", "arr_1"), ("X_Train", "training-label"), ("trainX", "yTrain"),
     ("train/images", "train/labels")],
)  # fmt: skip
@pytest.mark.parametrize("shape", [(196,), (14, 14), (14, 14, 1), (1, 14, 14)])
def test_arrays_are_found_by_their_names(tmp_path, data, names, shape):
    X, y = data
    arrays = dict(zip(names, (X.reshape(-1, *shape), y), strict=True))
    np.savez(tmp_path / "a.npz", **arrays)
    X_read, y_read = load_image_npz(tmp_path / "a.npz", return_X_y=True)
    np.testing.assert_array_equal(X_read, X)
    np.testing.assert_array_equal(y_read, y)
    assert load_image_npz(tmp_path / "a.npz").images.shape == (100, 14, 14)


def test_subsets(tmp_path, data):
    X, y = data
    np.savez_compressed(
        tmp_path / "a.npz",
        train_images=X[:50], train_labels=y[:50, np.newaxis],
        val_images=X[50:70], val_labels=y[50:70],
        test_images=X[70:],
    )  # fmt: skip
    assert len(load_image_npz(tmp_path / "a.npz").data) == 50
    validation = load_image_npz(tmp_path / "a.npz", subset="validation")
    np.testing.assert_array_equal(validation.target, y[50:70])
    test = load_image_npz(tmp_path / "a.npz", subset="test", label=None)
    np.testing.assert_array_equal(test.data, X[70:])
    assert test.target is None
    with pytest.raises(DatasetError, match="labels of the test set, such as 'y' or 'y_test'"):
        load_image_npz(tmp_path / "a.npz", subset="test")


def test_arrays_by_argument(tmp_path, data):
    X, y = data
    np.savez(tmp_path / "a.npz", drawings=X, kinds=y.astype(str))
    X_read, y_read = load_image_npz(
        tmp_path / "a.npz", images="drawings", label="kinds", return_X_y=True
    )
    np.testing.assert_array_equal(X_read, X)
    np.testing.assert_array_equal(y_read, y)
    with pytest.raises(DatasetError, match="got 'drawings', 'kinds'. Pass its name as images="):
        load_image_npz(tmp_path / "a.npz")


def test_other_arrays_are_not_read(tmp_path, data):
    names = np.array(["zero", "one", None], dtype=object)
    np.savez(tmp_path / "a.npz", X=data[0], y=data[1], names=names, more=names[:, np.newaxis])
    np.testing.assert_array_equal(load_image_npz(tmp_path / "a.npz").data, data[0])


def test_labels_that_are_no_int64_are_strings(tmp_path, data):
    np.savez(tmp_path / "a.npz", X=data[0], y=data[1].astype(np.uint64) + 2**63)
    assert load_image_npz(tmp_path / "a.npz").target_names[0] == str(2**63)
    np.savez(tmp_path / "a.npz", X=data[0], y=data[1].astype(np.uint32))
    assert load_image_npz(tmp_path / "a.npz").target.dtype == np.int64


def test_color_images_keep_their_channels(tmp_path, data):
    X = np.stack([data[0].reshape(-1, 14, 14)] * 3, axis=1)
    np.savez(tmp_path / "a.npz", X=X, y=data[1])
    bunch = load_image_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(bunch.images, X)
    np.testing.assert_array_equal(bunch.data, X.reshape(100, -1))


def test_channels_are_moved_to_the_place_of_image_shape(tmp_path, data):
    first = data[0][:, :192].reshape(-1, 3, 8, 8)
    last = np.moveaxis(first, 1, -1)
    for name, images in {"first": first, "last": last}.items():
        np.savez(tmp_path / name, X=images, y=data[1])
        path = tmp_path / f"{name}.npz"
        np.testing.assert_array_equal(load_image_npz(path).images, images)
        np.testing.assert_array_equal(load_image_npz(path, image_shape=(3, 8, 8)).images, first)
        np.testing.assert_array_equal(load_image_npz(path, image_shape=(8, 8, 3)).images, last)
        with pytest.raises(DatasetError, match=r"shape \(3, 4, 16\), got \("):
            load_image_npz(path, image_shape=(3, 4, 16))
    np.savez(tmp_path / "gray", X=data[0].reshape(-1, 14, 14, 1), y=data[1])
    gray = load_image_npz(tmp_path / "gray.npz", image_shape=(1, 14, 14))
    np.testing.assert_array_equal(gray.data, data[0])


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.float16])
def test_pixels_are_stored_compactly(tmp_path, data, dtype):
    np.savez(tmp_path / "a.npz", X=data[0].astype(dtype), y=data[1].astype(float))
    bunch = load_image_npz(tmp_path / "a.npz")
    assert (bunch.data.dtype, bunch.target.dtype) == (np.uint8, np.int64)
    np.savez(tmp_path / "a.npz", X=data[0] / 255, y=data[1])
    assert load_image_npz(tmp_path / "a.npz").data.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subset": "tests"}, "Did you mean 'test'"),
        ({"images": 3}, "'images' parameter of load_image_npz must be the name of an array"),
        ({"label": 0}, "'label' parameter of load_image_npz must be the name of an array"),
    ],
)
def test_invalid_parameters(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        load_image_npz(tmp_path / "a.npz", **options)
