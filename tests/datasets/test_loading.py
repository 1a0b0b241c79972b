"""The fetch functions return scikit-learn's Bunch, arrays or data frames."""

import inspect
import re

import numpy as np
import pytest

from skmnist.datasets import (
    fetch_emnist,
    fetch_qmnist,
)
from tests.datasets.helpers import EVERY_SET, N_IMAGES, SPECS, FakeSet, fail_as_torchvision

# Their results have other shapes, and some have other errors.
COLOR = {"fetch_cifar10", "fetch_medmnist", "fetch_svhn"}


@pytest.mark.parametrize("compressed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_bunch_has_the_attributes_of_scikit_learns(fetch, spec, compressed, monkeypatch, tmp_path):
    fake = FakeSet(spec, monkeypatch)
    fake.write(tmp_path, compressed=compressed)
    fail_as_torchvision(monkeypatch)
    for subset, names in {"train": ["train"], "test": ["test"], "all": ["train", "test"]}.items():
        bunch = fetch(subset=subset, data_home=tmp_path)
        images = np.concatenate([fake.images[split] for split in names])
        target = np.concatenate([fake.target[split] for split in names])
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


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_return_X_y_and_as_frame(fetch, spec, monkeypatch, tmp_path):
    fake = FakeSet(spec, monkeypatch)
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


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_docstring_states_the_numbers_of_samples_and_classes(fetch, spec):
    doc = getattr(fetch, "func", fetch).__doc__
    for number in [split.n_images for split in spec.splits.values()]:
        assert f"{number:,}" in doc
    assert re.search(rf"\b{len(spec.target_names)}\b", doc)
    assert f"(n_samples, {np.prod(spec.image_shape)})" in doc


def test_docstrings_of_shared_parameters_are_equal():
    def shared_part(fetch):
        doc = inspect.getdoc(fetch)
        end = "Returns\n" if fetch.__name__ in COLOR else "See Also\n"
        return re.sub(r"\d+", "N", doc[doc.index("subset : {") : doc.index(end)])

    fetches = {getattr(case.values[0], "func", case.values[0]) for case in EVERY_SET}
    shared = {fetch.__name__: shared_part(fetch) for fetch in fetches}
    mnist = shared["fetch_mnist"]
    for name, part in shared.items():
        assert mnist.startswith(part), name
        assert part == mnist or name in COLOR


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_invalid_subset_raises(fetch, spec):
    name = getattr(fetch, "func", fetch).__name__
    for subset in ("foo", None, ["train"], "Train"):
        message = (
            f"The 'subset' parameter of {name} must be a str among {{'train', 'test', 'all'}}. "
            f"Got {subset!r} instead."
        )
        with pytest.raises(ValueError, match=re.escape(message)):
            fetch(subset=subset)


def test_invalid_split_raises():
    message = (
        "The 'split' parameter of fetch_emnist must be a str among {'balanced', 'byclass', "
        "'bymerge', 'digits', 'letters', 'mnist'}. Got 'letter' instead. Did you mean 'letters'?"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        fetch_emnist(split="letter")


def test_emnist_images_are_upright(monkeypatch, tmp_path):
    fake = FakeSet(SPECS["emnist-balanced"], monkeypatch)
    fake.write(tmp_path)
    in_file = fake.files["EMNIST/raw/emnist-balanced-train-images-idx3-ubyte"][16:]
    in_file = np.frombuffer(in_file, np.uint8).reshape(-1, 28, 28)
    images = fetch_emnist(data_home=tmp_path).images
    assert not np.array_equal(images, in_file)
    np.testing.assert_array_equal(images, np.transpose(in_file, (0, 2, 1)))


def test_emnist_letters_start_at_0(monkeypatch, tmp_path):
    fake = FakeSet(SPECS["emnist-letters"], monkeypatch)
    fake.write(tmp_path)
    labels = fake.files["EMNIST/raw/emnist-letters-train-labels-idx1-ubyte"][8:]
    letters = fetch_emnist(split="letters", data_home=tmp_path)
    assert [chr(ord("a") + label - 1) for label in labels] == [
        letters.target_names[value] for value in letters.target
    ]


def test_qmnist_target_is_the_class_of_the_eight_labels(monkeypatch, tmp_path):
    fake = FakeSet(SPECS["qmnist"], monkeypatch)
    fake.write(tmp_path)
    target = fetch_qmnist(data_home=tmp_path).target
    assert target.shape == (N_IMAGES["train"],)
    np.testing.assert_array_equal(target, fake.target["train"])
