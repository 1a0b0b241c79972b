"""``skmnist train``."""

import re
import socket

import numpy as np
import pytest
from sklearn.utils import Bunch

from skmnist import MLPClassifier, datasets, load
from skmnist.cli import _data as cli_data
from skmnist.cli import _model_params as model_params
from skmnist.cli import main
from tests.cli.helpers import REPORT, file_names, get_usage_error
from tests.helpers import digits

pytestmark = pytest.mark.usefixtures("small_figures")

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
    X, y = digits(1)
    names = [f"digit number {i}" for i in range(10)]
    parts = {"train": slice(0, None, 10), "test": slice(5, None, 50)}

    def fetch(subset, data_home):
        assert data_home == "somewhere"
        selection = parts[subset]
        return Bunch(
            data=X[selection],
            images=X[selection].reshape(-1, 28, 28),
            target=y[selection],
            target_names=names,
            DESCR="Clothes\n-------",
        )

    monkeypatch.setattr(datasets, "fetch_fashion_mnist", fetch)
    argv = ["train", "--data", "fashion-mnist", "--data-home", "somewhere", "--max-epochs", "1"]
    assert main([*argv, "--output-dir", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Clothes (somewhere)\n500 training images, 100 test images" in printed
    assert "digit number 7" in printed


def test_resume_continues_from_the_latest_checkpoint(small_sample, tmp_path, capsys):
    def train(name, *options):
        argv = ["train", "--hidden-layer-sizes", "8", "--random-state", "0", "--verbose", "1"]
        argv += ["--output-dir", str(tmp_path / "out"), "--save", str(tmp_path / name)]
        assert main([*argv, "--checkpoint-dir", str(tmp_path / f"of-{name}"), *options]) == 0
        epochs = re.findall(
            r"^ +(\d+) +\S*\d\.\d+\S* +\d+\.\d+$", capsys.readouterr().out, flags=re.MULTILINE
        )
        return load(tmp_path / name), [int(epoch) for epoch in epochs]

    # Without a checkpoint, --resume trains from scratch.
    assert train("resumed", "--max-epochs", "2", "--resume")[1] == [1, 2]
    resumed, epochs = train("resumed", "--max-epochs", "4", "--resume")
    assert epochs == [3, 4]
    uninterrupted, epochs = train("uninterrupted", "--max-epochs", "4")
    assert epochs == [1, 2, 3, 4]
    for a, b in zip(resumed.coefs_, uninterrupted.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_interrupted_training_names_the_option_to_resume(
    small_sample, tmp_path, capsys, monkeypatch
):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(MLPClassifier, "fit", interrupted)
    argv = ["train", "--output-dir", str(tmp_path / "out")]
    assert main(argv) == 130
    assert capsys.readouterr().err == "\nskmnist: interrupted\n"
    assert main([*argv, "--checkpoint-dir", str(tmp_path)]) == 130
    assert capsys.readouterr().err == (
        "\nskmnist: interrupted: run the same command with --resume to continue from the latest "
        "checkpoint\n"
    )


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
    assert "60,000 training images, 10,000 test images" in printed
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
    assert "use skmnist.datasets.load_mnist_sample()" in error
    assert not file_names(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--model cnn --channels 4,4,4 --kernel-size 9 --padding 0", "convolution 3 of 3"),
        ("--device cuda:99", "an available device: 'cpu'. Got 'cuda:99'"),
        ("--lr 1e30 --optimizer sgd --loss mse --activation identity", "The loss became"),
    ],
)
def test_failed_training_is_an_error(options, message, small_sample, tmp_path, capsys):
    assert main(["train", "--output-dir", str(tmp_path), "--verbose", "0", *options.split()]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not file_names(tmp_path)
