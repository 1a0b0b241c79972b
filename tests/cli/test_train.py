"""``skmnist train``."""

import re
import socket

import pytest
from sklearn.utils import Bunch

from skmnist import datasets
from skmnist.cli import _data as cli_data
from skmnist.cli import _model_params as model_params
from skmnist.cli import main
from tests.cli.helpers import REPORT, file_names, get_usage_error

MODELS = {model: model_params.model_class(model) for model in model_params.MODELS}


every_model = pytest.mark.parametrize("model", MODELS)


@every_model
def test_train_prints_and_writes_a_report(small_sample, tmp_path, capsys, model):
    argv = ["train", "--model", model, "--output-dir", str(tmp_path), "--max-epochs", "2"]
    assert main([*argv, "--random-state", "0", "--verbose", "0"]) == 0
    printed, errors = capsys.readouterr()
    assert MODELS[model].__name__ in printed
    assert "2 epochs in " in printed
    assert not errors
    assert file_names(tmp_path) == REPORT
    assert str(tmp_path / "report.html") in printed


def test_train_scores_the_test_set_and_prints_class_names(tmp_path, capsys, monkeypatch):
    sample = datasets.load_mnist_sample()
    names = [f"digit number {i}" for i in range(10)]
    parts = {"train": slice(0, None, 10), "test": slice(5, None, 50)}

    def fetch(subset, data_home):
        assert data_home == "somewhere"
        selection = parts[subset]
        return Bunch(
            data=sample.data[selection],
            target=sample.target[selection],
            target_names=names,
            DESCR="Clothes\n-------",
        )

    monkeypatch.setattr(datasets, "fetch_fashion_mnist", fetch)
    argv = ["train", "--data", "fashion-mnist", "--data-home", "somewhere", "--max-epochs", "1"]
    assert main([*argv, "--output-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Clothes (somewhere)\n500 images to train on, 100 to test on" in printed
    assert "digit number 7" in printed


def test_every_data_set_is_known():
    public = {name for name in datasets.__all__ if name.startswith(("fetch_", "load_mnist"))}
    assert set(cli_data.DATASETS.values()) == public


@pytest.mark.full_data
def test_train_on_the_full_mnist(full_mnist, tmp_path, capsys):
    argv = [
        "train",
        "--data",
        "mnist",
        "--data-home",
        str(full_mnist),
        "--output-dir",
        str(tmp_path),
    ]
    assert main([*argv, "--max-epochs", "1", "--random-state", "0"]) == 0
    printed = capsys.readouterr().out
    assert "60,000 images to train on, 10,000 to test on" in printed
    assert float(re.search(r"Test accuracy: ([\d.]+)%", printed)[1]) > 90


def test_invalid_layer_size_is_rejected(small_sample, capsys, tmp_path):
    argv = ["train", "--output-dir", str(tmp_path), "--hidden-layer-sizes", "64,0"]
    assert "must be an int in the range [1, inf) or a tuple of such ints" in get_usage_error(
        capsys, *argv
    )


def test_data_that_cannot_be_downloaded_is_an_error(tmp_path, capsys, monkeypatch):
    def no_network(*_, **__):
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    monkeypatch.setenv("SKMNIST_DATA", str(tmp_path / "data"))
    assert main(["train", "--data", "mnist", "--output-dir", str(tmp_path / "out")]) == 1
    printed, error = capsys.readouterr()
    assert not printed
    assert error.startswith(f"skmnist: {tmp_path / 'data'}: MNIST could not be downloaded")
    assert "load_mnist_sample() always works" in error
    assert not file_names(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--model cnn --channels 4,4,4 --kernel-size 9 --padding 0", "convolution 3 of 3"),
        ("--device cuda:99", "device='cuda:99' is not on this machine"),
        ("--lr 1e30 --optimizer sgd --loss mse --activation identity", "The loss became"),
    ],
)
def test_failed_training_is_an_error(options, message, small_sample, tmp_path, capsys):
    assert main(["train", "--output-dir", str(tmp_path), "--verbose", "0", *options.split()]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not file_names(tmp_path)
