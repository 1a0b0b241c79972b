"""load_image_npz and load_image_parquet: arrays and columns."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skmnist.datasets import load_image_npz, load_image_parquet
from skmnist.exceptions import DatasetError
from tests.helpers import small_digits


@pytest.fixture(scope="module")
def data():
    return small_digits()


@pytest.fixture
def parquet():
    """Parquet files need an optional dependency."""
    return pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize(
    "names",
    [("X", "y"), ("x_train", "y_train"), ("train_images", "train_labels"), ("Data", "Target"),
     ("arr_0", "arr_1"), ("X_Train", "training-label")],
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


def test_color_images_keep_their_channels(tmp_path, data):
    X = np.stack([data[0].reshape(-1, 14, 14)] * 3, axis=1)
    np.savez(tmp_path / "a.npz", X=X, y=data[1])
    bunch = load_image_npz(tmp_path / "a.npz")
    np.testing.assert_array_equal(bunch.images, X)
    np.testing.assert_array_equal(bunch.data, X.reshape(100, -1))


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


def test_parquet_file_with_a_column_for_each_pixel(tmp_path, data, parquet):
    X, y = data
    frame = pd.DataFrame(X[:, ::-1], columns=[f"pixel{i}" for i in range(195, -1, -1)])
    frame["id"], frame["Class"] = np.arange(100), y.astype(str)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=30)
    bunch = load_image_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(bunch.data, X)
    np.testing.assert_array_equal(bunch.target, y)
    np.testing.assert_array_equal(bunch.ids, np.arange(100))
    frame = frame.drop(columns="Class")
    frame.to_parquet(tmp_path / "a.parquet")
    assert load_image_parquet(tmp_path / "a.parquet", label=None).target is None


@pytest.mark.parametrize("form", ["struct", "bytes", "list"])
def test_parquet_file_with_a_column_of_images(tmp_path, data, parquet, form):
    X, y = data

    def encode(image):
        file = io.BytesIO()
        Image.fromarray(image.reshape(14, 14)).save(file, "PNG")
        encoded = file.getvalue()
        forms = {"struct": {"bytes": encoded, "path": None}, "bytes": encoded, "list": image}
        return forms[form]

    frame = pd.DataFrame({"image": [encode(image) for image in X], "label": y})
    frame.to_parquet(tmp_path / "a.parquet")
    bunch = load_image_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(bunch.data, X)
    np.testing.assert_array_equal(bunch.target, y)
    assert bunch.images.shape == (100, 14, 14)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.assign(pixel7=300), r"Row 1, column 8 \('pixel7'\): got 300"),
        (lambda frame: frame.assign(pixel7=None), "pixel7"),
        (lambda frame: frame.assign(pixel7="a"), "pixel7.*expected numbers"),
        (lambda frame: frame.drop(columns="label"), "column of labels.*got none"),
        (lambda frame: frame.drop(columns="pixel7"), "'pixel6' and 'pixel8'"),
        (lambda frame: frame.assign(label=None), "'label', sample 0: the label is missing"),
        (lambda frame: frame[:0], "0 rows"),
    ],
)
def test_invalid_parquet_files(tmp_path, data, parquet, change, message):
    frame = pd.DataFrame(data[0]).add_prefix("pixel").assign(label=data[1])
    change(frame).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(DatasetError, match=message):
        load_image_parquet(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    with pytest.raises(DatasetError, match="cannot be read as a Parquet file"):
        load_image_parquet(tmp_path / "b.parquet")


def test_missing_pyarrow_is_explained(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"pip install skmnist\[parquet\]"):
        load_image_parquet(tmp_path / "a.parquet")
