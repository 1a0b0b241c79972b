"""load_image_csv: tables with one column for each pixel."""

import bz2
import gzip
import lzma
import zipfile

import numpy as np
import pandas as pd
import pytest

from skmnist.datasets import _text_blocks, load_image_csv
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import csv_text
from tests.helpers import small_digits

N = 196  # pixels of the small digits


@pytest.fixture(scope="module")
def data():
    return small_digits()


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


def assert_loads(path, data, **options):
    X, y = load_image_csv(path, return_X_y=True, **options)
    np.testing.assert_array_equal(X, data[0])
    np.testing.assert_array_equal(y, data[1])
    assert (X.dtype, y.dtype) == (np.uint8, np.int64)
    assert X.flags.c_contiguous


def test_attributes_of_the_bunch(tmp_path, data):
    path = write(tmp_path / "train.csv", csv_text(*data))
    bunch = load_image_csv(path)
    assert bunch.data.shape == (100, N)
    assert bunch.images.shape == (100, 14, 14)
    assert np.shares_memory(bunch.images, bunch.data)
    assert bunch.target_names == list("0123456789")
    assert bunch.feature_names == [f"pixel{i}" for i in range(N)]
    assert bunch.ids is None
    assert bunch.frame is None
    assert str(path) in bunch.DESCR
    assert "100 images of 14 x 14 pixels with values from 0 to 255, of 10 classes." in bunch.DESCR


def test_data_frames(tmp_path, data):
    path = write(tmp_path / "train.csv", csv_text(*data))
    X, y = load_image_csv(path, return_X_y=True, as_frame=True)
    np.testing.assert_array_equal(X, data[0])
    assert isinstance(y, pd.Series)
    assert load_image_csv(path, as_frame=True).frame.shape == (100, N + 1)
    path = write(tmp_path / "test.csv", csv_text(data[0]))
    assert load_image_csv(path, label=None, as_frame=True).frame.shape == (100, N)


@pytest.mark.parametrize("label", ["label", "Class", "TARGET", "y", " digit ", "Labels", "letter"])
@pytest.mark.parametrize("position", [0, N])
def test_column_of_labels_is_found_by_its_name(tmp_path, data, label, position):
    frame = pd.DataFrame(data[0]).add_prefix("pixel")
    frame.insert(position, label, data[1])
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data)


@pytest.mark.parametrize("label", ["kind", "KIND", 7, 7 - N - 1])
def test_column_of_labels_by_argument(tmp_path, data, label):
    frame = pd.DataFrame(data[0]).add_prefix("pixel")
    frame.insert(7, "kind", data[1])
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data, label=label)
    with pytest.raises(DatasetError, match="label"):
        load_image_csv(tmp_path / "train.csv")


@pytest.mark.parametrize("position", [0, N])
def test_column_of_labels_without_a_header_is_found_by_its_values(tmp_path, data, position):
    table = np.insert(data[0].astype(int), position, data[1], axis=1)
    np.savetxt(tmp_path / "train.csv", table, "%d", delimiter=",")
    assert_loads(tmp_path / "train.csv", data)
    # A header of numbers, as of a table that was made from an array.
    pd.DataFrame(table).to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data)
    pd.DataFrame(table).to_csv(tmp_path / "train.csv")
    assert_loads(tmp_path / "train.csv", data)


@pytest.mark.parametrize("position", [0, N])
def test_first_image_that_pandas_took_for_the_header(tmp_path, data, position):
    table = np.insert(data[0].astype(int), position, data[1], axis=1)
    np.savetxt(tmp_path / "a.csv", table, "%d", delimiter=",")
    pd.read_csv(tmp_path / "a.csv").to_csv(tmp_path / "b.csv", index=False)
    assert (tmp_path / "b.csv").read_text().startswith("0,0.1,0.2,0.3,")
    assert_loads(tmp_path / "b.csv", data)


@pytest.mark.parametrize("background", [0, 255])
def test_label_of_one_image_without_a_header(tmp_path, data, background):
    image = np.abs(background - data[0][42:43].astype(int))
    path = write(tmp_path / "one.csv", csv_text(image, [4], names=None))
    assert_loads(path, (image, [4]))
    path = write(tmp_path / "one.csv", csv_text(image, [0], names=None))
    with pytest.raises(DatasetError, match="first or in the last column.*label=0"):
        load_image_csv(path)
    assert_loads(path, (image, [0]), label=0)


@pytest.mark.parametrize("form", ["pixel{}", "{}", "px_{}", "V{}", "{0:03}", "attr {}"])
def test_pixels_are_sorted_by_the_numbers_in_their_names(tmp_path, data, form):
    order = np.random.default_rng(0).permutation(N)
    frame = pd.DataFrame(data[0][:, order], columns=[form.format(i + 1) for i in order])
    frame.insert(0, "label", data[1])
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data)


@pytest.mark.parametrize(("form", "first"), [("{}x{}", 1), ("pixel_{}_{}", 0), ("r{}c{}", 0)])
def test_shape_is_read_from_names_of_rows_and_columns(tmp_path, data, form, first):
    X = data[0][:, : 14 * 13]
    names = [form.format(i + first, j + first) for i in range(13) for j in range(14)]
    frame = pd.DataFrame(X, columns=names)
    frame["label"] = data[1]
    frame[["label", *sorted(names)]].to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", (X, data[1]))
    assert load_image_csv(tmp_path / "train.csv").images.shape == (100, 13, 14)


def test_shape_of_color_images_is_read_from_names(tmp_path, data):
    names = [f"px2_{i}_{j}_{c}" for i in range(4) for j in range(7) for c in range(3)]
    frame = pd.DataFrame(data[0][:, :84], columns=names).assign(label=data[1])
    frame[["label", *sorted(names)]].to_csv(tmp_path / "train.csv", index=False)
    assert load_image_csv(tmp_path / "train.csv").images.shape == (100, 4, 7, 3)
    assert_loads(tmp_path / "train.csv", (data[0][:, :84], data[1]))


@pytest.mark.parametrize("order", [lambda name: name, lambda name: (int(name[1:]), name)])
def test_channels_with_names_of_their_own_stay_in_the_order_of_the_file(tmp_path, data, order):
    names = sorted((f"{c}{i}" for c in "rgb" for i in range(49)), key=order)
    frame = pd.DataFrame(data[0][:, :147], columns=names).assign(label=data[1])
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", (data[0][:, :147], data[1]), image_shape=(3, 7, 7))


def test_image_shape_parameter(tmp_path, data):
    path = write(tmp_path / "train.csv", csv_text(data[0][:, :192], data[1]))
    assert load_image_csv(path, image_shape=(3, 8, 8)).images.shape == (100, 3, 8, 8)
    with pytest.raises(DatasetError, match=r"square number of pixels, got 192.*image_shape="):
        load_image_csv(path)
    with pytest.raises(DatasetError, match=r"shape \(28, 28\), that is 784 pixels, got 192"):
        load_image_csv(path, image_shape=(28, 28))


@pytest.mark.parametrize("name", ["ImageId", "id", "", "Index"])
def test_identifiers_are_no_pixels(tmp_path, data, name):
    frame = pd.DataFrame(data[0]).add_prefix("pixel")
    frame.insert(0, name, np.arange(100) + 1)
    frame["label"] = data[1]
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data)
    np.testing.assert_array_equal(load_image_csv(tmp_path / "train.csv").ids, np.arange(100) + 1)
    frame[name] = [f"{i:05}" for i in range(100)]
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert load_image_csv(tmp_path / "train.csv").ids[7] == "00007"


@pytest.mark.parametrize("label", ["index", N, -1])
def test_column_of_labels_may_have_the_name_of_identifiers(tmp_path, data, label):
    frame = pd.DataFrame(data[0]).add_prefix("pixel").assign(index=data[1])
    frame.to_csv(tmp_path / "train.csv", index=False)
    assert_loads(tmp_path / "train.csv", data, label=label)


def test_file_without_labels(tmp_path, data):
    path = write(tmp_path / "test.csv", csv_text(data[0]))
    X, y = load_image_csv(path, label=None, return_X_y=True)
    np.testing.assert_array_equal(X, data[0])
    assert y is None
    bunch = load_image_csv(path, label=None)
    assert (bunch.target, bunch.target_names) == (None, [])
    with pytest.raises(DatasetError, match="column of labels.*got none.*label=None"):
        load_image_csv(path)


def test_labels_are_integers_or_strings(tmp_path, data):
    names = np.array([f"number {digit}" for digit in range(10)])[data[1]]
    path = write(tmp_path / "train.csv", csv_text(data[0], [f"  {name} " for name in names]))
    bunch = load_image_csv(path)
    np.testing.assert_array_equal(bunch.target, names)
    assert bunch.target_names == [f"number {digit}" for digit in range(10)]
    assert_loads(write(tmp_path / "a.csv", csv_text(data[0], [f"{d}.0" for d in data[1]])), data)
    # A label in quotes may contain the separator.
    path = write(tmp_path / "train.csv", csv_text(data[0], [f'"{name}, x"' for name in names]))
    assert load_image_csv(path).target[0] == f"{names[0]}, x"


@pytest.mark.parametrize("scale", [1 / 255, 1 / 510])
def test_floats_are_float32(tmp_path, data, scale):
    X = data[0] * scale
    bunch = load_image_csv(write(tmp_path / "train.csv", csv_text(X, data[1])))
    assert bunch.data.dtype == np.float32
    np.testing.assert_array_equal(bunch.data, X.astype(np.float32))
    path = write(tmp_path / "train.csv", csv_text(2 * X / X.max() - 1, data[1]))
    assert load_image_csv(path).data.min() == -1
    path = write(tmp_path / "train.csv", csv_text(data[0] / 1.0, data[1]))
    assert load_image_csv(path).data.dtype == np.uint8


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", ", "])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_dialects(tmp_path, data, separator, end, encoding):
    text = csv_text(*data, separator=separator, end=end)
    text = f"\ufeff{text}" if encoding == "utf-16-be" else text
    assert_loads(write(tmp_path / "train.csv", text, encoding), data)
    # Without the end of the last line, and with blank lines.
    path = write(tmp_path / "train.csv", end + text.replace(end, end + end).strip(end), encoding)
    if encoding in ("utf-8", "utf-16"):
        assert_loads(path, data)


def test_quotes_and_decimal_commas(tmp_path, data):
    text = csv_text(*data, separator='","', end='"\n"')
    assert_loads(write(tmp_path / "train.csv", '"' + text.removesuffix('"')), data)
    X = data[0] / 2
    text = csv_text(X, data[1], separator=";").replace(".", ",")
    X_read, y = load_image_csv(write(tmp_path / "train.csv", text), return_X_y=True)
    np.testing.assert_array_equal(X_read, X.astype(np.float32))


def test_quotes_after_spaces_and_blank_lines_of_spaces(tmp_path, data):
    text = csv_text(*data, separator='", "', end='"\n  \n"')
    assert_loads(write(tmp_path / "train.csv", '"' + text.removesuffix('"')), data)


def test_labels_with_commas_beside_decimal_commas(tmp_path, data):
    labels = [f"{digit},5 mm, no. {digit},0" for digit in data[1]]
    text = csv_text(data[0] / 2, labels, separator=";").replace(".5;", ",5;").replace(".0;", ",0;")
    bunch = load_image_csv(write(tmp_path / "train.csv", text))
    np.testing.assert_array_equal(bunch.data, (data[0] / 2).astype(np.float32))
    np.testing.assert_array_equal(bunch.target, labels)


@pytest.mark.parametrize("separator", [",", " "])
def test_header_of_savetxt(tmp_path, data, separator):
    header = separator.join(["label", *(f"pixel{i}" for i in range(N))])
    table = np.insert(data[0].astype(int), 0, data[1], axis=1)
    np.savetxt(tmp_path / "train.csv", table, "%d", delimiter=separator, header=header)
    assert_loads(tmp_path / "train.csv", data)


@pytest.mark.parametrize("block_size", [100, 1000, 5000])
def test_result_does_not_depend_on_the_blocks(tmp_path, data, monkeypatch, block_size):
    monkeypatch.setattr(_text_blocks, "BLOCK_SIZE", block_size)
    for end in ("\n", "\r\n", "\r"):
        assert_loads(write(tmp_path / "train.csv", csv_text(*data, end=end)), data)
    assert_loads(write(tmp_path / "a.csv", csv_text(*data, end="\r\n"), "utf-16"), data)
    # Only some blocks contain fractions.
    X = data[0].astype(float)
    X[70, 100] = 0.5
    bunch = load_image_csv(write(tmp_path / "train.csv", csv_text(X, data[1])))
    np.testing.assert_array_equal(bunch.data, X.astype(np.float32))


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_compressed_files(tmp_path, data, compress):
    path = tmp_path / "train.csv.gz"  # the content tells the format, not the name
    path.write_bytes(compress(csv_text(*data).encode()))
    assert_loads(path, data)


def test_zip_archive_of_one_file(tmp_path, data):
    with zipfile.ZipFile(tmp_path / "train.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("digits/train.csv", csv_text(*data))
        archive.writestr("__MACOSX/digits/._train.csv", b"\0")
        archive.writestr("digits/.DS_Store", b"\0")
    assert_loads(tmp_path / "train.csv.zip", data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": 1.5}, "'label' parameter of load_image_csv must be the name or the position"),
        ({"label": True}, "Got True instead"),
        ({"image_shape": 28}, r"'auto' or a tuple of 2 or 3 positive ints, such as \(28, 28\)"),
        ({"image_shape": (0, 28)}, r"Got \(0, 28\) instead"),
    ],
)
def test_invalid_parameters(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        load_image_csv(tmp_path / "train.csv", **options)
