"""load_image_parquet: a column for each pixel, or a column of images."""

import io
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skmnist.datasets import _parquet_table, load_image_parquet
from skmnist.exceptions import DatasetError
from tests.helpers import small_digits


@pytest.fixture(scope="module")
def data():
    return small_digits()


@pytest.fixture
def parquet():
    """Parquet files need an optional dependency."""
    return pytest.importorskip("pyarrow.parquet")


def encode(image, format="PNG"):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format)
    return file.getvalue()


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


@pytest.mark.parametrize("form", ["struct", "path first", "bytes", "list"])
def test_parquet_file_with_a_column_of_images(tmp_path, data, parquet, form):
    X, y = data
    encoded = [encode(image.reshape(14, 14)) for image in X]
    forms = {
        "struct": [{"bytes": content, "path": None} for content in encoded],
        "path first": [{"path": None, "bytes": content} for content in encoded],
        "bytes": encoded,
        "list": list(X),
    }
    frame = pd.DataFrame({"image": forms[form], "label": y})
    frame.to_parquet(tmp_path / "a.parquet")
    bunch = load_image_parquet(tmp_path / "a.parquet")
    np.testing.assert_array_equal(bunch.data, X)
    np.testing.assert_array_equal(bunch.target, y)
    assert bunch.images.shape == (100, 14, 14)


@pytest.fixture
def gray(data):
    """Eight gray images and the labels."""
    return data[0][:8].reshape(-1, 14, 14), data[1][:8]


def load_encoded(folder, images, **options):
    frame = pd.DataFrame({"image": images, "label": range(len(images))})
    frame.to_parquet(folder / "a.parquet")
    return load_image_parquet(folder / "a.parquet", **options).images


def test_channels_of_encoded_images_come_first(tmp_path, gray, parquet):
    colored = np.stack([gray[0], gray[0] // 2, gray[0] // 3], axis=-1)
    encoded = [encode(image) for image in colored]
    expected = np.moveaxis(colored, -1, 1)
    np.testing.assert_array_equal(load_encoded(tmp_path, encoded), expected)
    images = load_encoded(tmp_path, encoded, image_shape=(14, 14, 3))
    np.testing.assert_array_equal(images, colored)
    assert load_encoded(tmp_path, encoded, image_shape=(14, 14)).shape == (8, 14, 14)
    with pytest.raises(DatasetError, match=r"shape \(7, 28\), got \(14, 14\)"):
        load_encoded(tmp_path, encoded, image_shape=(7, 28))


@pytest.mark.parametrize("batch_size", [2, 100])
def test_gray_images_among_color_images_get_equal_channels(
    tmp_path, gray, parquet, batch_size, monkeypatch
):
    monkeypatch.setattr(_parquet_table, "_BATCH_SIZE", batch_size)
    colored = gray[0][3][..., np.newaxis] // np.array([1, 2, 3], np.uint8)
    encoded = [encode(image) for image in gray[0]]
    images = load_encoded(tmp_path, [*encoded[:3], encode(colored), *encoded[4:]])
    np.testing.assert_array_equal(images[3], np.moveaxis(colored, -1, 0))
    for i in (0, 7):
        np.testing.assert_array_equal(images[i], np.stack([gray[0][i]] * 3))


def test_kinds_of_encoded_gray_images_have_the_same_pixels(tmp_path, gray, parquet):
    alpha = np.dstack([np.zeros((14, 14, 3), np.uint8), gray[0][0]])
    images = [gray[0][0], gray[0][0].astype(np.uint16) * 257, np.dstack([gray[0][0]] * 3)]
    encoded = [*map(encode, images), encode(gray[0][0], "GIF"), encode(alpha)]
    expected = [gray[0][0]] * 4 + [255 - gray[0][0]]
    np.testing.assert_array_equal(load_encoded(tmp_path, encoded), expected)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (encode(np.eye(14, dtype=np.uint8))[:-30], "Row 2: the image cannot be read.*truncated"),
        (b"text", "Row 2: .*not an image in a supported format"),
        (None, "Row 2: .*Expected an encoded image, got none"),
        (encode(np.zeros((1001, 1000), np.uint8)), r"Row 2: .*It has the shape \(1001, 1000, 3\)"),
        (encode(np.zeros((13, 14), np.uint8)), r"Row 2: expected an image of shape \(14, 14, 3\)"),
    ],
)
def test_encoded_image_that_cannot_be_used(tmp_path, gray, parquet, image, message):
    with pytest.raises(DatasetError, match=message):
        load_encoded(tmp_path, [encode(gray[0][0]), image])


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
