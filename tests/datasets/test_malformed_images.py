"""Malformed files of images: one clear error each, or the right data, with little memory."""

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image

from skmnist.datasets import load_image_csv, load_image_folder, load_image_npz
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import csv_text
from tests.helpers import small_digits

X, Y = small_digits()
GOOD = csv_text(X, Y)
LINES = GOOD.splitlines()
MAX_MEMORY = 120_000_000  # bytes


def edit(line, column, value):
    """Return the good file with another value in one field, both counted from 1."""
    lines = LINES.copy()
    fields = lines[line - 1].split(",")
    fields[column - 1] = value
    lines[line - 1] = ",".join(fields)
    return "\n".join(lines)


def replace_line(line, text):
    return "\n".join([*LINES[: line - 1], text, *LINES[line:]])


def zipped(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.csv", content)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def npy_with_header(shape):
    """Return an archive whose array claims to have this shape."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        array, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("X.npy", array.getvalue() + bytes(10_000))
        with archive.open("y.npy", "w") as labels:
            np.save(labels, Y)
    return file.getvalue()


def png(size=(20, 20)):
    file = io.BytesIO()
    image = Image.new("L", size, 255)
    image.paste(0, (8, 4, 11, 16))
    image.save(file, "PNG")
    return file.getvalue()


def nan_tiff():
    file = io.BytesIO()
    Image.fromarray(np.full((20, 20), np.nan, np.float32)).save(file, "TIFF")
    return file.getvalue()


GZIPPED = gzip.compress(GOOD.encode())
WIDE = 10_000_000

# Name -> (content of the CSV file, parts of the message).
BAD_CSV = {
    "empty": ("", "got an empty file"),
    "blank lines": ("\n\r\n\n", "got an empty file"),
    "header only": (LINES[0], "got only the header"),
    "one column": ("label\n1\n2\n", "3 to 200,000 columns, got 1 in line 1"),
    "file names": ("a.png,1\nb.png,2\n", "use skmnist.datasets.load_image_folder"),
    "missing label": (edit(5, 1, ""), "Line 5, column 1 ('label'): the label is missing"),
    "label NaN": (edit(5, 1, "NaN"), "Line 5, column 1 ('label'): the label is missing"),
    "fraction as label": (edit(5, 1, "1.5"), "Line 5, column 1 ('label'): expected a label"),
    "one word as label": (edit(5, 1, "abc"), "Line 5, column 1 ('label'): got 'abc', but most lab"),
    "separator at the end": (GOOD.replace("\n", ",\n"), "other columns ('')"),
    "no column of labels": (csv_text(X), "Expected a column of labels (label, "),
    "two columns of labels": (GOOD.replace("pixel195", "target"), "'label', 'target'"),
    "text in a pixel": (edit(7, 9, "abc"), "Line 7, column 9 ('pixel7'): expected a number"),
    "empty pixel": (edit(7, 9, ""), "Line 7, column 9 ('pixel7'): expected a number, got an empty"),
    "NaN in a pixel": (edit(101, 197, "nan"), "Line 101, column 197 ('pixel195'): got nan, but"),
    "infinity": (edit(3, 4, "inf"), "Line 3, column 4 ('pixel2'): got inf"),
    "negative pixel": (edit(7, 9, "-1"), "Line 7, column 9 ('pixel7'): got -1, but pixels must be"),
    "pixel of 300": (edit(7, 9, "300"), "Line 7, column 9 ('pixel7'): got 300, but pixels must be"),
    "pixel of 1e30": (edit(7, 9, "1e30"), "Line 7, column 9 ('pixel7'): got 1e+30"),
    "huge integer": (edit(7, 9, "9" * 50), "Line 7, column 9 ('pixel7'): got 1e+50"),
    "negative fraction": (edit(7, 9, "-0.5"), "Line 7, column 9 ('pixel7'): got -0.5"),
    "hexadecimal": (edit(7, 9, "0x1F"), "Line 7, column 9 ('pixel7'): expected a number"),
    "Arabic digits": (edit(7, 9, "\u0661\u0662"), "Line 7, column 9 ('pixel7'): expected a number"),
    "lines in quotes": ("\n".join(f'"{line}"' for line in LINES), "columns, got 1 in line 1"),
    "true": (edit(7, 9, "True"), "Line 7, column 9 ('pixel7'): expected a number, got 'True'"),
    "line too short": (replace_line(9, LINES[8][:-30]), "Line 9: expected 197 columns"),
    "line too long": (replace_line(9, LINES[8] + ",7,8"), "Line 9: expected 197 columns, as in "),
    "only separators": (replace_line(9, "," * 196), "Line 9, column 1 ('label'): the label is mis"),
    "first line short": (
        "\n".join([LINES[1][:-4], *LINES[2:]]),
        "got 194 columns of pixels (14 x 14 are 196)",
    ),
    "one pixel missing": (csv_text(X[:, :195], Y), "got 195 columns of pixels (14 x 14 are 196)"),
    "pixel missing in between": (GOOD.replace("pixel7,", "pixel500,"), "'pixel6' and 'pixel8'"),
    "duplicate header": (GOOD.replace("pixel9,", "pixel8,"), "columns 10 and 11 have the name"),
    "duplicate numbers": (GOOD.replace("pixel9,", "pixel08,"), "have the same number"),
    "unknown columns": (GOOD.replace("pixel0,pixel1,", "writer,age,"), "'writer', 'age'"),
    "number sign": (GOOD.replace("pixel7,", "pixel#,"), "1 other columns ('pixel#')"),
    "columns of rows": (GOOD.replace("pixel", "1x").replace("1x0,", "2x0,"), "for each pixel of 2"),
    "unbalanced quotes": (edit(7, 9, '"3'), "Line 7"),
    "latin-1 label": (edit(7, 1, "ä").encode("latin-1"), "Line 7: expected text in UTF-8"),
    "latin-1 header": (GOOD.replace("label", "ä").encode("latin-1"), "Line 1: expected text in U"),
    "truncated UTF-16": (GOOD.encode("utf-16")[:-5], "Line 101: expected 197 columns"),
    "truncated gzip": (GZIPPED[:-100], "truncated"),
    "damaged gzip": (GZIPPED[:500] + bytes(50) + GZIPPED[550:], "cannot be read"),
    "truncated zip": (zipped(a=GOOD)[:-100], "cannot be read"),
    "empty zip": (zipped(), "got 0 files"),
    "zip of two files": (zipped(train=GOOD, test=GOOD), "got 2 files (train.csv, test.csv)"),
    "zip bomb": (zipped(a=bytes(50_000_000)), "more than 200 times its size"),
    "gzip bomb": (gzip.compress(b"0," * 4_000_000 + b"\n" + b"0," * 30_000_000), "Expected a col"),
    "long line": (replace_line(9, "x" * 9_000_000), "Line 9 cannot be parsed"),
    "10 million columns": (f"{'0,' * WIDE}0\n{'0,' * WIDE}0\n", "Line 1 has more than 8 MB"),
    "a million columns": (f"{'0,' * 1_000_000}0\n", "3 to 200,000 columns, got 1,000,001"),
    "binary": (bytes(range(256)) * 100, "got a binary file"),
    "image": (png(), "got a PNG image"),
    "archive of arrays": (npz(X=X, y=Y), "use skmnist.datasets.load_image_npz"),
    "HTML page": ("<!DOCTYPE html>\n<html><body>Sign in</body></html>", "columns, got"),
}


@pytest.fixture
def limited_memory():
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MAX_MEMORY


@pytest.mark.parametrize("name", BAD_CSV)
def test_malformed_csv_file_is_one_clear_error(tmp_path, name, limited_memory):
    content, part = BAD_CSV[name]
    path = tmp_path / "train.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DatasetError) as caught:
        load_image_csv(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert part in message
    assert len(message.splitlines()) == 1
    assert len(message) < 500


def test_line_and_column_count_from_the_start_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr("skmnist.datasets._text_blocks.BLOCK_SIZE", 20_000)
    path = tmp_path / "train.csv"
    for end in ("\n", "\r\n", "\r"):
        for value in ("x", "300"):
            lines = edit(77, 9, value).split("\n")
            text = end + (end + end).join(lines[:6]) + end + end.join(lines[6:])
            path.write_bytes(text.encode())
            with pytest.raises(DatasetError, match=r"Line 83, column 9 \('pixel7'\)"):
                load_image_csv(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(DatasetError, match="No such file or directory.*Check the path"):
        load_image_csv(tmp_path / "no.csv")
    with pytest.raises(DatasetError, match="got a folder.*load_image_folder"):
        load_image_csv(tmp_path)
    with pytest.raises(DatasetError, match="No such file or directory"):
        load_image_npz(tmp_path / "no.npz")
    with pytest.raises(DatasetError, match="got a folder"):
        load_image_npz(tmp_path)


OBJECTS = np.array([X[0], X[1][:50]], dtype=object)
# Name -> (content of the npz file, part of the message).
BAD_NPZ = {
    "empty": (b"", "cannot be read as an .npz file"),
    "no arrays": (npz(), "got no arrays"),
    "wrong names": (npz(one=X, two=Y), "got 'one', 'two'. Pass its name as images="),
    "no labels": (npz(X=X), "Expected one array of labels"),
    "two arrays of images": (npz(X=X, data=X, y=Y), "got 'X', 'data'"),
    "only a test set": (npz(x_test=X, y_test=Y), "of the train set"),
    "objects": (npz(X=OBJECTS, y=Y[:2]), "'X' is an array of objects. It is not read"),
    "invalid shape": (npy_with_header((True, 196)), "cannot be read as an .npz file"),
    "huge shape": (npy_with_header((0, 2**70)), "cannot be read as an .npz file"),
    "objects as labels": (npz(X=X, y=Y.astype(object)), "'y' is an array of objects"),
    "fewer labels": (npz(X=X, y=Y[:-1]), "one label for each of 100 images, got 'y' of shape (99"),
    "one-hot labels": (npz(X=X, y=np.eye(10)[Y]), "labels.argmax(axis=1)"),
    "missing label": (npz(X=X, y=np.where(Y == 3, np.nan, Y)), "sample 30: the label is missing"),
    "fraction as label": (npz(X=X, y=Y / 2), "sample 10: expected a label"),
    "NaN": (npz(X=np.where(X == X.max(), np.nan, X), y=Y), "got nan"),
    "negative": (npz(X=X.astype(int) - 1, y=Y), "'X', sample 0, pixel 0: got -1"),
    "300": (npz(X=X * 2.0, y=Y), "pixels must be integers from 0 to 255"),
    "no square": (npz(X=X[:, 1:], y=Y), "got 195"),
    "no images": (npz(X=X[:0], y=Y[:0]), "Expected images"),
    "no pixels": (npz(X=X[:, :0], y=Y), "got 'X' of shape (100, 0)"),
    "flat": (npz(X=X.ravel(), y=Y), "of shape (n_samples, height, width)"),
    "text": (npz(X=X.astype(str), y=Y), "Expected images as numbers"),
    "complex": (npz(X=X.astype(complex), y=Y), "Expected images as numbers"),
    "dates": (npz(X=X.astype("M8[s]"), y=Y), "Expected images as numbers"),
    "truncated": (npz(X=X, y=Y)[:-200], "cannot be read as an .npz file"),
    "damaged": (npz(X=X, y=Y).replace(b"\x93", b"\0"), "cannot be read as an .npz file"),
    "too few bytes": (npy_with_header((10**9, 784)), "'X' is truncated"),
    "impossible shape": (npy_with_header((2**62, 2**62)), "'X' is truncated"),
    "bomb": (npz(X=np.zeros((60_000, 784), np.uint8), y=np.zeros(60_000)), "200 times its size"),
    "CSV file": (GOOD.encode(), "cannot be read as an .npz file"),
    "pickle": (b"\x80\x04N.", "cannot be read as an .npz file"),
}


@pytest.mark.parametrize("name", BAD_NPZ)
def test_malformed_npz_file_is_one_clear_error(tmp_path, name, limited_memory):
    content, part = BAD_NPZ[name]
    path = tmp_path / "train.npz"
    path.write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_image_npz(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert part in message
    assert len(message) < 500


# Name -> (files of the folder, part of the message).
BAD_FOLDERS = {
    "text as image": ({"0/a.png": png(), "1/b.png": b"text"}, "1 of 2 images cannot be used"),
    "empty file": ({"0/a.png": png(), "1/b.png": b""}, "b.png"),
    "truncated image": ({"0/a.png": png()[:-40], "1/b.png": png()}, "damaged or truncated"),
    "NaN": ({"0/a.tif": nan_tiff(), "1/b.png": png()}, "a.tif: Expected finite pixel values"),
    "too many pixels": ({"0/a.png": png((9000, 8000)), "1/b.png": png()}, "at most 64 million"),
    "only a list of pixels": ({"train.csv": GOOD.encode()}, "two columns"),
    "images without classes": ({"a.png": png(), "b.png": png()}, "no subfolders"),
}


@pytest.mark.parametrize("name", BAD_FOLDERS)
def test_malformed_folder_is_one_clear_error(tmp_path, name):
    files, part = BAD_FOLDERS[name]
    for file, content in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(content)
    with pytest.raises(DatasetError) as caught:
        load_image_folder(tmp_path)
    assert part in str(caught.value)
