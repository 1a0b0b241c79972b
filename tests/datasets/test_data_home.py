"""The folder of the data sets."""

import os
import tempfile

import numpy as np
import pytest

from skmnist.datasets import (
    fetch_kmnist,
    get_data_home,
)
from skmnist.exceptions import DatasetError
from tests.datasets.helpers import (
    ADVICE,
    KMNIST_IMAGES,
    KMNIST_LABELS,
    fail_as_torchvision,
    use_as_torchvision,
)


def test_data_home_is_the_argument_else_the_variable_else_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path / "variable"))
    assert get_data_home(tmp_path / "argument") == str(tmp_path / "argument")
    assert get_data_home() == str(tmp_path / "variable")
    monkeypatch.setenv("SKMNIST_DATA", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert get_data_home() == str(tmp_path / "skmnist_data")
    assert get_data_home("~/images") == str(tmp_path) + "/images"
    assert list(tmp_path.iterdir()) == []


def test_environment_variable_sets_the_data_home(kmnist, monkeypatch, tmp_path):
    kmnist.write(tmp_path)
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path))
    np.testing.assert_array_equal(fetch_kmnist().images, kmnist.images["train"])


def test_read_only_data_home_is_read_and_unchanged(kmnist, monkeypatch, tmp_path):
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


def test_missing_files_raise_if_not_downloaded(kmnist, monkeypatch, tmp_path):
    fail_as_torchvision(monkeypatch)
    home = tmp_path / "home"
    message = rf"{home / KMNIST_IMAGES}: No such file .*SKMNIST_DATA .*{ADVICE}"
    with pytest.raises(DatasetError, match=message):
        fetch_kmnist(data_home=home, download_if_missing=False)
    assert not home.exists()
    kmnist.write(home)
    (home / KMNIST_LABELS).unlink()
    with pytest.raises(OSError, match=f"{KMNIST_LABELS}: No such file"):
        fetch_kmnist(data_home=home, download_if_missing=False)


def test_file_as_the_data_home_raises(kmnist, tmp_path):
    home = tmp_path / "file"
    home.touch()
    with pytest.raises(DatasetError, match=f"{home}.* Cannot (read|write) .*SKMNIST_DATA"):
        fetch_kmnist(data_home=home)


def test_folder_instead_of_a_file_raises(kmnist, tmp_path):
    kmnist.write(tmp_path)
    (tmp_path / KMNIST_IMAGES).unlink()
    (tmp_path / KMNIST_IMAGES).mkdir()
    with pytest.raises(DatasetError, match=f"{KMNIST_IMAGES}: Cannot read .*SKMNIST_DATA"):
        fetch_kmnist(data_home=tmp_path)


def test_data_home_without_write_permission_raises(kmnist, monkeypatch, tmp_path):
    def deny(**kwargs):
        raise PermissionError(13, "Permission denied")

    use_as_torchvision(monkeypatch, kmnist.write)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", deny)
    message = rf"{tmp_path}: Cannot write to the folder \(Permission denied\).*SKMNIST_DATA"
    with pytest.raises(DatasetError, match=message):
        fetch_kmnist(data_home=tmp_path)
