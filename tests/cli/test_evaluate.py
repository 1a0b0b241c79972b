"""``skmnist evaluate``, and file errors of every command."""

import json

import pytest

from skmnist import MLPClassifier
from skmnist._persistence.save_load import load, save
from skmnist.cli import main
from skmnist.cli._train_and_evaluate import class_names
from tests.cli.helpers import (
    REPORT,
    file_names,
    get_error,
    get_usage_error,
    limit_file_size,
    make_read_only,
)
from tests.helpers import digits

SMALL = ["--hidden-layer-sizes", "8", "--max-epochs", "1", "--random-state", "0", "--verbose", "0"]


@pytest.fixture(scope="module")
def small():
    X, y = digits(1)
    return MLPClassifier(8, max_epochs=1, random_state=0).fit(X[::10], y[::10])


@pytest.fixture
def saved(small, tmp_path):
    """The path of a saved model."""
    path = tmp_path / "models" / "digits.safetensors"
    path.parent.mkdir()
    save(small, path)
    return path


def accuracy(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))["accuracy"]["value"]


def test_evaluate_writes_the_same_report_as_train(
    small_sample,
    small_figures,
    tmp_path,
    capsys,
):
    path = tmp_path / "models" / "digits.safetensors"
    assert (
        main(["train", "--output-dir", str(tmp_path / "train"), "--save", str(path), *SMALL]) == 0
    )
    assert str(path) in capsys.readouterr().out
    assert load(path).hidden_layer_sizes == 8

    assert main(["evaluate", str(path), "--output-dir", str(tmp_path / "report")]) == 0
    printed = capsys.readouterr().out
    assert "50 test images" in printed
    assert "training images" not in printed
    assert "Test accuracy: " in printed
    assert str(tmp_path / "report" / "report.html") in printed
    assert file_names(tmp_path / "report") == REPORT
    assert accuracy(tmp_path / "report") == accuracy(tmp_path / "train")


def test_class_names_come_from_the_data_set_if_it_has_all_of_them():
    names = {0: "T-shirt", 1: "Trouser"}.values()
    assert class_names([1], names) == ["Trouser"]
    assert class_names(["shirt", "trouser"], names) is None


def test_file_that_cannot_be_loaded_is_an_error(tmp_path, capsys):
    folder = ["--output-dir", tmp_path / "report"]
    assert "no.safetensors" in get_error(capsys, "evaluate", tmp_path / "no.safetensors", *folder)
    (tmp_path / "text.safetensors").write_text("not a model")
    assert "text.safetensors" in get_error(
        capsys, "evaluate", tmp_path / "text.safetensors", *folder
    )
    assert not (tmp_path / "report").exists()


def test_file_is_required(capsys):
    assert "required: FILE" in get_usage_error(capsys, "evaluate")


@pytest.mark.parametrize("command", ["demo", "train"])
def test_read_only_folder_is_an_error_before_training(command, tmp_path, capsys, monkeypatch):
    make_read_only(monkeypatch)
    error = get_error(capsys, command, "--output-dir", tmp_path)
    assert error == (
        f"skmnist: {tmp_path}: cannot write to this directory: Permission denied. "
        "Choose another one.\n"
    )
    assert not file_names(tmp_path)


def test_folder_of_the_model_file_is_checked_before_training(tmp_path, capsys):
    (tmp_path / "file").touch()
    argv = [
        "train",
        "--output-dir",
        tmp_path / "out",
        "--save",
        tmp_path / "file" / "digits.safetensors",
    ]
    assert str(tmp_path / "file") in get_error(capsys, *argv)
    assert not file_names(tmp_path / "out")


@pytest.mark.usefixtures("small_sample", "small_figures")
def test_full_disk_leaves_nothing_half_written(saved, tmp_path, capsys):
    before = saved.read_bytes()
    out = ["--output-dir", tmp_path / "out"]
    with limit_file_size():
        assert "File too large" in get_error(capsys, "train", "--save", saved, *out, *SMALL)
    assert saved.read_bytes() == before
    assert file_names(saved.parent) == [saved.name]
    with limit_file_size():
        assert "File too large" in get_error(capsys, "evaluate", saved, *out)
    assert not file_names(tmp_path / "out")
