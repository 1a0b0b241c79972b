"""Downloads: once, and all files or none."""

import http.client
import io
import multiprocessing
import os
import threading
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError

import numpy as np
import pytest

from skmnist._utils.optional_dependencies import import_torchvision
from skmnist.datasets import (
    fetch_kmnist,
)
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import (
    ADVICE,
    KMNIST_IMAGES,
    KMNIST_LABELS,
    SPECS,
    FakeSet,
    answers,
    files_below,
    use_as_torchvision,
)


def test_download_fills_the_data_home_once(kmnist, monkeypatch, tmp_path):
    home = tmp_path / "new" / "home"

    def download(root):
        kmnist.write(root)
        kmnist.write(root, compressed=True)  # torchvision keeps the archives

    torchvision = use_as_torchvision(monkeypatch, download)
    for _ in range(2):
        images = fetch_kmnist(data_home=home).images
        np.testing.assert_array_equal(images, kmnist.images["train"])
    assert torchvision.calls == 1
    assert files_below(home) == kmnist.downloaded
    assert set(os.listdir(home)) == {"KMNIST"}


def test_existing_files_are_kept(kmnist, monkeypatch, tmp_path):
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
def test_failed_download_raises_and_leaves_no_file(failure, kmnist, monkeypatch, tmp_path):
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
def test_incomplete_download_raises_and_leaves_no_file(size, kmnist, monkeypatch, tmp_path):
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


def test_checksum_is_in_place_before_its_file(kmnist, monkeypatch, tmp_path):
    """Another process that sees a file must be able to verify it."""
    moved, replace = [], os.replace

    def record(source, target):
        moved.append(Path(target).name)
        replace(source, target)

    monkeypatch.setattr(os, "replace", record)
    use_as_torchvision(monkeypatch, kmnist.write)
    fetch_kmnist(data_home=tmp_path)
    names = [name for name in moved if f"{name}.sha256" in moved]
    assert len(names) >= 2
    assert all(moved.index(f"{name}.sha256") < moved.index(name) for name in names)


def test_patch_of_torchvision_is_undone(server, kmnist, tmp_path):
    utils = import_torchvision().datasets.utils
    before = utils._urlretrieve, utils._get_redirect_url
    server.content = answers(kmnist)
    fetch_kmnist(data_home=tmp_path / "good")
    server.content = {}
    with pytest.raises(DatasetError):
        fetch_kmnist(data_home=tmp_path / "bad")
    assert (utils._urlretrieve, utils._get_redirect_url) == before


def test_concurrent_threads_download_once(kmnist, monkeypatch, tmp_path):
    def download(root):
        time.sleep(0.05)
        kmnist.write(root)

    torchvision = use_as_torchvision(monkeypatch, download)
    barrier = threading.Barrier(4)

    def fetch(_):
        barrier.wait()
        return fetch_kmnist(data_home=tmp_path).images

    with ThreadPoolExecutor(4) as pool:
        for images in pool.map(fetch, range(4)):
            np.testing.assert_array_equal(images, kmnist.images["train"])
    assert torchvision.calls == 1
    assert files_below(tmp_path) == kmnist.downloaded


def fetch_in_a_process(home):
    """Fetch while another process downloads. A file of each process signals its download."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        fake = FakeSet(SPECS["kmnist"], monkeypatch)

        def download(root):
            Path(f"{home}-{os.getpid()}").touch()
            deadline = time.monotonic() + 60
            while len(list(home.parent.glob(f"{home.name}-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            fake.write(root)

        use_as_torchvision(monkeypatch, download)
        return np.array_equal(fetch_kmnist(data_home=home).images, fake.images["train"])


def test_concurrent_processes_both_succeed(kmnist, tmp_path):
    home = tmp_path / "home"
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert list(pool.map(fetch_in_a_process, [home, home])) == [True, True]
    assert files_below(home) == kmnist.downloaded
    assert set(os.listdir(home)) == {"KMNIST"}
