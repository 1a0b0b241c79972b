"""Downloads with the real torchvision and a fake network."""

import sys

import numpy as np
import pytest

from skmnist import datasets
from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import (
    fetch_kmnist,
)
from skmnist.datasets._dataset_spec import File
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import EVERY_SET, SPECS, FakeSet, answers, files_below


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_torchvision_downloads_the_files_that_are_read(fetch, spec, server, monkeypatch, tmp_path):
    fake = FakeSet(spec, monkeypatch)
    server.content = answers(fake)
    bunch = fetch(subset="all", data_home=tmp_path)
    np.testing.assert_array_equal(bunch.images, fake.all_of(fake.images))
    np.testing.assert_array_equal(bunch.target, fake.all_of(fake.target))
    assert files_below(tmp_path) == fake.downloaded


@pytest.mark.parametrize("fetch, spec", EVERY_SET)
def test_download_without_a_network_raises(fetch, spec, server, tmp_path):
    name = spec.torchvision_name
    with pytest.raises(DatasetError, match=rf"(?s){tmp_path}: {name} could not .*not known"):
        fetch(data_home=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_usps_pixels_equal_torchvisions(monkeypatch, tmp_path):
    FakeSet(SPECS["usps"], monkeypatch).write(tmp_path)
    theirs = import_torchvision().datasets.USPS(tmp_path, train=True)
    ours = datasets.fetch_usps(data_home=tmp_path)
    np.testing.assert_array_equal(ours.images, theirs.data)
    np.testing.assert_array_equal(ours.target, theirs.targets)


def test_specs_agree_with_torchvision():
    theirs = import_torchvision().datasets
    for name, spec in SPECS.items():
        names = list(spec.target_names)
        if name.startswith("emnist-"):
            classes = theirs.EMNIST.classes_split_dict[name.removeprefix("emnist-")]
            assert names == [name for name in classes if name != "N/A"]
        elif name in ("usps", "svhn"):
            split_list = getattr(theirs, spec.torchvision_name).split_list
            for subset, (_, file, md5) in split_list.items():
                if subset == "extra":
                    continue
                assert spec.splits[subset].images == File(file, md5)
        elif spec.url is None:
            classes = getattr(theirs, spec.torchvision_name).classes
            assert names == [name.partition(" - ")[0] for name in classes]


def test_broken_torchvision_raises_and_names_the_packages_to_install(kmnist, monkeypatch, tmp_path):
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
