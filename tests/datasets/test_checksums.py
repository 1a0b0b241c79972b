"""Damaged files raise a DatasetError."""

import bz2
import gzip
import hashlib
import pickle
import tracemalloc

import numpy as np
import pytest

from skmnist import datasets
from skmnist.datasets import (
    fetch_kmnist,
    fetch_mnist,
)
from skmnist.datasets._dataset_spec import File
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import (
    ADVICE,
    EVERY_SET,
    KMNIST_IMAGES,
    KMNIST_LABELS,
    N_IMAGES,
    SPECS,
    FakeSet,
    answers,
    fail_as_torchvision,
    idx_bytes,
    use_as_torchvision,
)


def overwrite(home, path, content, compressed):
    if compressed:
        path, content = f"{path}.gz", gzip.compress(content)
    (home / path).write_bytes(content)


IMAGES_SIZE = 16 + N_IMAGES["train"] * 784


CORRUPTIONS = {
    **{
        f"truncated at {n}": (
            lambda content, n=n: content[:n],
            f"Expected {IMAGES_SIZE} bytes, got only {n}",
        )
        for n in (0, 1, 4, 10, 16, 2000, IMAGES_SIZE - 1)
    },
    "too long": (lambda content: content + b"\0", f"Expected {IMAGES_SIZE} bytes, got more"),
    "wrong magic number": (
        lambda content: b"\0\0\x08\x01" + content[4:],
        r"begins with b'\\x00\\x00\\x08\\x03', got b'\\x00\\x00\\x08\\x01'",
    ),
    "web page": (lambda content: b"<html>403 Forbidden</html>", "got b'<htm'"),
    "another count": (
        lambda content: content[:4] + bytes([0, 0, 0, 8]) + content[8:],
        r"shape \(9, 28, 28\), got \(8, 28, 28\)",
    ),
    "huge count": (
        lambda content: content[:4] + bytes([255] * 12) + content[16:],
        r"shape \(9, 28, 28\), got \(4294967295, ",
    ),
}


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("change, message", CORRUPTIONS.values(), ids=CORRUPTIONS)
def test_corrupt_file_raises(change, message, compressed, kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path, compressed=compressed)
    fail_as_torchvision(monkeypatch)
    overwrite(tmp_path, KMNIST_IMAGES, change(kmnist.files[KMNIST_IMAGES]), compressed)
    with pytest.raises(DatasetError, match=rf"{KMNIST_IMAGES}.*{message}.*Delete.*{ADVICE}"):
        fetch_kmnist(data_home=tmp_path)


def test_fewer_labels_than_images_raise(kmnist, tmp_path):
    kmnist.write(tmp_path)
    overwrite(tmp_path, KMNIST_LABELS, idx_bytes(np.zeros(8, np.uint8)), compressed=False)
    with pytest.raises(DatasetError, match=rf"{KMNIST_LABELS}.*shape \(9,\), got \(8,\)"):
        fetch_kmnist(data_home=tmp_path)


IN_TWO_FILES = [case for case in EVERY_SET if len(set(case.values[1].splits["train"].files)) == 2]


# In the other sets, the checksum of the file covers the labels.
@pytest.mark.parametrize("fetch, spec", IN_TWO_FILES)
def test_label_out_of_range_raises(fetch, spec, monkeypatch, tmp_path):
    fake = FakeSet(spec, monkeypatch)
    fake.write(tmp_path)
    split = spec.splits["train"]
    shape = (split.n_images,) if spec.label_columns == 1 else (split.n_images, 8)
    first, n_classes = spec.first_label, len(spec.target_names)
    for wrong in [first + n_classes, *([first - 1] if first else [])]:
        labels = np.full(shape, first, "uint8" if spec.label_columns == 1 else "int32")
        labels[3] = wrong
        content = idx_bytes(labels)
        (tmp_path / split.labels.path).write_bytes(content)
        if split.labels.checksum:
            labels_file = File(split.labels.path, hashlib.sha256(content).hexdigest())
            monkeypatch.setitem(spec.splits, "train", split._replace(labels=labels_file))
        last = first + n_classes - 1
        message = (
            f"{split.labels.path}: Expected labels from {first} to {last}, got {wrong} for sample 3"
        )
        with pytest.raises(DatasetError, match=message):
            fetch(data_home=tmp_path)


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("file", ["images-idx3", "labels-idx1"])
def test_any_flipped_bit_of_mnist_is_detected(file, compressed, monkeypatch, tmp_path):
    fake = FakeSet(SPECS["mnist"], monkeypatch)
    path = f"MNIST/raw/train-{file}-ubyte"
    for position in (0, 7, 8, -1):
        fake.write(tmp_path, compressed=compressed)
        content = bytearray(fake.files[path])
        content[position] ^= 1
        overwrite(tmp_path, path, bytes(content), compressed)
        with pytest.raises(DatasetError, match=f"{path}.*Expected.*got.*Delete"):
            fetch_mnist(data_home=tmp_path)


def test_error_shows_both_checksums(monkeypatch, tmp_path):
    fake = FakeSet(SPECS["mnist"], monkeypatch)
    fake.write(tmp_path)
    path = "MNIST/raw/train-images-idx3-ubyte"
    expected = hashlib.sha256(fake.files[path]).hexdigest()
    content = fake.files[path][:-1] + bytes([fake.files[path][-1] ^ 1])
    (tmp_path / path).write_bytes(content)
    actual = hashlib.sha256(content).hexdigest()
    message = f"{path}: Expected the SHA-256 checksum {expected}, got {actual}"
    with pytest.raises(DatasetError, match=message):
        fetch_mnist(data_home=tmp_path)


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_any_flipped_byte_of_a_download_is_detected(fetch, spec, server, monkeypatch, tmp_path):
    fake = FakeSet(spec, monkeypatch)
    server.content = answers(fake)
    fetch(subset="all", data_home=tmp_path)
    for path in fake.files:
        intact = (tmp_path / path).read_bytes()
        for position in (0, 7, len(intact) // 2, len(intact) - 1):
            content = bytearray(intact)
            content[position] ^= 1
            (tmp_path / path).write_bytes(content)
            with pytest.raises(DatasetError, match=f"{path}: Expected.*got.*Delete"):
                fetch(subset="all", data_home=tmp_path)
        (tmp_path / path).write_bytes(intact)
    fetch(subset="all", data_home=tmp_path)


def test_written_checksum_has_the_format_of_sha256sum_and_verifies_the_unpacked_file(
    kmnist, monkeypatch, tmp_path
):
    use_as_torchvision(monkeypatch, kmnist.write)
    fetch_kmnist(data_home=tmp_path)
    checksum_file = tmp_path / f"{KMNIST_IMAGES}.sha256"
    checksum = hashlib.sha256(kmnist.files[KMNIST_IMAGES]).hexdigest()
    assert checksum_file.read_text() == f"{checksum}  train-images-idx3-ubyte\n"
    (tmp_path / KMNIST_IMAGES).unlink()
    kmnist.write(tmp_path, compressed=True)
    (tmp_path / KMNIST_IMAGES).unlink(missing_ok=True)
    fetch_kmnist(data_home=tmp_path)
    other = kmnist.files[KMNIST_IMAGES][:-1] + b"\0"
    overwrite(tmp_path, KMNIST_IMAGES, other, compressed=True)
    with pytest.raises(
        DatasetError, match=rf"{KMNIST_IMAGES}\.gz: Expected the SHA-256 checksum {checksum}, got"
    ):
        fetch_kmnist(data_home=tmp_path)
    checksum_file.write_text("<html>")
    with pytest.raises(
        DatasetError, match=rf"{checksum_file}: Expected a SHA-256 checksum .* got '<html>'"
    ):
        fetch_kmnist(data_home=tmp_path)


def test_corrupt_usps_file_raises(monkeypatch, tmp_path):
    fake = FakeSet(SPECS["usps"], monkeypatch)
    for content in [b"", fake.files["usps.bz2"][:-9], b"<html>", bz2.compress(b"0 1:9")]:
        fake.write(tmp_path)
        (tmp_path / "usps.bz2").write_bytes(content)
        message = r"usps\.bz2: Expected the MD5 checksum .* got .*Delete"
        with pytest.raises(DatasetError, match=message):
            datasets.fetch_usps(data_home=tmp_path)


@pytest.mark.parametrize("cut", [1, 5, 12, 100, -9, -4, -1])
def test_truncated_gzip_file_raises(cut, kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    path = tmp_path / f"{KMNIST_IMAGES}.gz"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DatasetError, match=rf"{path}: Expected an intact gzip file .*Delete"):
        fetch_kmnist(data_home=tmp_path)


@pytest.mark.parametrize("position", [0, 30, 1000, -8, -4])
def test_gzip_file_with_a_flipped_bit_raises(position, kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    path = tmp_path / f"{KMNIST_IMAGES}.gz"
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{path}: .*Delete"):
        fetch_kmnist(data_home=tmp_path)


def test_gzip_bomb_needs_little_memory(kmnist, tmp_path):
    kmnist.write(tmp_path, compressed=True)
    overwrite(tmp_path, KMNIST_IMAGES, kmnist.files[KMNIST_IMAGES] + bytes(30_000_000), True)
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match=f"Expected {IMAGES_SIZE} bytes, got more"):
            fetch_kmnist(data_home=tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


def test_error_survives_pickling(kmnist, tmp_path):
    with pytest.raises(DatasetError) as caught:
        fetch_kmnist(data_home=tmp_path, download_if_missing=False)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
