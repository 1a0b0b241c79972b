"""MedMNIST, CIFAR-10 and SVHN: downloads from a local server, splits, licenses and labels."""

import dataclasses
import functools
import io
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pandas as pd
import pytest

from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import _cifar10, _medmnist, fetch_cifar10, fetch_medmnist, fetch_svhn
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import SPECS, FakeSet, fail_as_torchvision, files_below

MEDMNIST = sorted(_medmnist._SPECS)


@pytest.fixture
def web(tmp_path):
    """A local web server: the folder of its files and its address."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    folder = tmp_path / "web"
    folder.mkdir()
    handler = functools.partial(Handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def serve(spec, web, monkeypatch):
    """Serve random data in the format of a data set; let `spec` name the local server."""
    folder, address = web
    fake = FakeSet(spec, monkeypatch)
    fake.write(folder)
    return fake, f"{address}/{next(iter(fake.files))}"


def assert_downloaded(fetch, fake, home, web):
    """Check the first fetch, which downloads, and the second one, which does not."""
    for subset in ("train", "test", "all"):
        bunch = fetch(subset=subset, data_home=home)
        images = fake.images.get(subset, fake.all_of(fake.images))
        np.testing.assert_array_equal(bunch.images, images)
    assert files_below(home) == fake.downloaded
    for file in web[0].iterdir():
        file.unlink()
    assert len(fetch(data_home=home).images) == len(fake.images["train"])


@pytest.mark.parametrize("name", ["bloodmnist", "octmnist"])
def test_medmnist_is_downloaded_once(name, web, monkeypatch, tmp_path):
    fake, url = serve(SPECS[f"medmnist-{name}"], web, monkeypatch)
    spec = dataclasses.replace(SPECS[f"medmnist-{name}"], url=f"{url}?download=1")
    monkeypatch.setitem(_medmnist._SPECS, name, spec)
    fail_as_torchvision(monkeypatch)
    fetch = functools.partial(fetch_medmnist, name)
    assert_downloaded(fetch, fake, tmp_path / "home", web)


def test_cifar10_is_downloaded_once(web, monkeypatch, tmp_path):
    fake, url = serve(SPECS["cifar10"], web, monkeypatch)
    monkeypatch.setattr(_cifar10, "_CIFAR10", dataclasses.replace(SPECS["cifar10"], url=url))
    fail_as_torchvision(monkeypatch)
    assert_downloaded(fetch_cifar10, fake, tmp_path / "home", web)


def test_svhn_is_downloaded_once_by_torchvision(web, monkeypatch, tmp_path):
    fake, url = serve(SPECS["svhn"], web, monkeypatch)
    split_list = {
        subset: [f"{url.rpartition('/')[0]}/{split.images.path}", *split.images]
        for subset, split in SPECS["svhn"].splits.items()
    }
    monkeypatch.setattr(import_torchvision().datasets.SVHN, "split_list", split_list)
    assert_downloaded(fetch_svhn, fake, tmp_path / "home", web)


def test_damaged_download_leaves_no_file(web, monkeypatch, tmp_path):
    fake, url = serve(SPECS["cifar10"], web, monkeypatch)
    monkeypatch.setattr(_cifar10, "_CIFAR10", dataclasses.replace(SPECS["cifar10"], url=url))
    for path, content in fake.files.items():
        (web[0] / path).write_bytes(content[:-1] + b"?")
    with pytest.raises(DatasetError, match="CIFAR10 could not be downloaded.*MD5 checksum"):
        fetch_cifar10(data_home=tmp_path / "home")
    assert list((tmp_path / "home").iterdir()) == []


# -- MedMNIST --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MEDMNIST)
@pytest.mark.parametrize("as_frame", [False, True])
def test_validation_set_is_in_the_bunch(name, as_frame, monkeypatch, tmp_path):
    fake = FakeSet(SPECS[f"medmnist-{name}"], monkeypatch)
    fake.write(tmp_path)
    for subset in ("train", "test", "all"):
        bunch = fetch_medmnist(name, subset=subset, as_frame=as_frame, data_home=tmp_path)
        np.testing.assert_array_equal(bunch.X_val, fake.images["val"].reshape(4, -1))
        np.testing.assert_array_equal(bunch.y_val, fake.target["val"])
        assert type(bunch.X_val) is type(bunch.data)
    if as_frame:
        assert isinstance(bunch.y_val, pd.Series)
        assert list(bunch.X_val.columns) == bunch.feature_names


@pytest.mark.parametrize("name", MEDMNIST)
def test_description_has_the_task_and_the_license(name):
    description = SPECS[f"medmnist-{name}"].description
    task = {"breastmnist": "binary-class", "pneumoniamnist": "binary-class",
            "retinamnist": "ordinal-regression"}.get(name, "multi-class")  # fmt: skip
    license = "CC BY-NC 4.0" if name == "dermamnist" else "CC BY 4.0"
    assert re.search(rf"^Task: {task}\b", description, flags=re.MULTILINE)
    assert f"\nLicense: {license}.\n" in description
    assert f"{SPECS[f'medmnist-{name}'].splits['val'].n_images:,}" in description
    assert max(map(len, description.splitlines())) <= 100


def test_eleven_sets_can_be_loaded_and_chestmnist_is_refused():
    assert len(MEDMNIST) == 11
    for name in ("chestmnist", "ChestMNIST"):
        with pytest.raises(
            ValueError, match="single-label .* multi-label: an image can have several"
        ):
            fetch_medmnist(name)
    with pytest.raises(ValueError, match="'name' parameter .*'bloodmnits'.*mean 'bloodmnist'"):
        fetch_medmnist("bloodmnits")


def test_checksums_are_different_and_of_the_published_length():
    digests = {spec.splits["train"].images.checksum for spec in _medmnist._SPECS.values()}
    assert len(digests) == 11
    assert all(re.fullmatch("[0-9a-f]{32}", digest) for digest in digests)


def test_pickled_objects_are_never_loaded(monkeypatch, tmp_path):
    spec = SPECS["medmnist-breastmnist"]
    fake = FakeSet(spec, monkeypatch)
    file = io.BytesIO()
    np.savez(file, train_images=np.array([print], object), train_labels=np.zeros(1))
    monkeypatch.setattr(fake, "files", {"breastmnist.npz": file.getvalue()})
    fake.write(tmp_path)
    monkeypatch.setattr("skmnist.datasets._read_split.verify_checksum", lambda *_: None)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        fetch_medmnist("breastmnist", data_home=tmp_path)


# -- CIFAR-10 and SVHN -----------------------------------------------------------------------------


def test_colors_of_cifar10_are_in_the_order_of_its_records(monkeypatch, tmp_path):
    FakeSet(SPECS["cifar10"], monkeypatch).write(tmp_path)
    bunch = fetch_cifar10(data_home=tmp_path)
    assert bunch.images.shape[1:] == (3, 32, 32)
    np.testing.assert_array_equal(bunch.data[:, :1024], bunch.images[:, 0].reshape(-1, 1024))


def test_svhn_equals_torchvisions(monkeypatch, tmp_path):
    spec = SPECS["svhn"]
    FakeSet(spec, monkeypatch).write(tmp_path)
    monkeypatch.setattr(
        import_torchvision().datasets.SVHN,
        "split_list",
        {subset: ["", *split.images] for subset, split in spec.splits.items()},
    )
    theirs = import_torchvision().datasets.SVHN(tmp_path, split="train")
    ours = fetch_svhn(data_home=tmp_path)
    np.testing.assert_array_equal(ours.images, theirs.data)
    np.testing.assert_array_equal(ours.target, theirs.labels)
