import contextlib
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image
from test_cli import refused

from skmnist import MLPClassifier, save
from skmnist.cli import main
from skmnist.datasets import load_mnist_sample
from skmnist.serving import DigitServer


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a network, a photo of a digit and one of three digits."""
    folder = tmp_path_factory.mktemp("predict")
    X, y = load_mnist_sample(return_X_y=True)
    save(MLPClassifier(max_epochs=5, random_state=0).fit(X, y), folder / "digits.skm")
    rows = [255 - X[i].reshape(28, 28) for i in (700, 2300, 4800)]
    photos = [np.asarray(Image.fromarray(row).resize((112, 112))) for row in rows]
    Image.fromarray(photos[1]).save(folder / "photo.jpg")
    Image.fromarray(np.hstack(photos)).save(folder / "row.png")
    assert y[[700, 2300, 4800]].tolist() == [1, 4, 9]
    return folder


def error_of(capsys, *argv):
    """Return the one line with which a command fails."""
    assert main([str(word) for word in argv]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1, error
    return error


# -- predict -----------------------------------------------------------------------------------


def test_predict_prints_the_digit_and_its_probabilities(folder, capsys):
    assert main(["predict", str(folder / "digits.skm"), str(folder / "photo.jpg")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'photo.jpg'}: 4"
    percents = [float(re.fullmatch(r"  \d +([\d.]+)%( +#+)?", line)[1]) for line in lines]
    assert len(lines) == 3
    assert lines[0].split()[0] == "4"
    assert percents == sorted(percents, reverse=True)


def test_predict_splits_a_row_of_digits(folder, capsys):
    assert main(["predict", str(folder / "digits.skm"), str(folder / "row.png"), "--multiple"]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'row.png'}: 1 4 9"
    left = [int(re.search(r"rows \d+ to \d+, columns (\d+) to \d+$", line)[1]) for line in lines]
    assert len(left) == 3
    assert left == sorted(left)


@pytest.mark.parametrize("multiple", [[], ["--multiple"]])
def test_predict_draws_the_steps(folder, tmp_path, capsys, multiple):
    path = tmp_path / "deep" / "steps.png"
    photo = folder / ("row.png" if multiple else "photo.jpg")
    assert (
        main(["predict", str(folder / "digits.skm"), str(photo), "--show", str(path), *multiple])
        == 0
    )
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200


def test_predict_fails_in_words(folder, tmp_path, capsys):
    model, photo = folder / "digits.skm", folder / "photo.jpg"
    assert "no.jpg: there is no such file" in error_of(capsys, "predict", model, "no.jpg")
    assert "is a folder" in error_of(capsys, "predict", model, folder)
    assert "is no picture" in error_of(capsys, "predict", model, model)
    assert "no.skm" in error_of(capsys, "predict", folder / "no.skm", photo)
    assert "not a model file" in error_of(capsys, "predict", photo, photo)
    X, y = load_mnist_sample(return_X_y=True)
    save(MLPClassifier(4, max_epochs=1).fit(X[::50, :64], y[::50]), tmp_path / "small.skm")
    assert "28 x 28" in error_of(capsys, "predict", tmp_path / "small.skm", photo)
    assert "28 x 28" in error_of(capsys, "serve", tmp_path / "small.skm")


# -- serve -------------------------------------------------------------------------------------


@contextlib.contextmanager
def serve(folder, *argv):
    """Run ``skmnist serve`` in a process of its own; yield it and the first line that it prints."""
    command = [sys.executable, "-m", "skmnist", "serve", str(folder / "digits.skm"), *argv]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def test_serve_prints_its_address_and_ends_with_ctrl_c(folder):
    with serve(folder, "--port", "0") as (process, line):
        url = re.fullmatch(r"The page: (http://127\.0\.0\.1:\d+/)\n", line)[1]
        with urlopen(url, timeout=60) as answer:
            assert b"Draw a digit" in answer.read()
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2][:-1]))):
            # Even with a client that waits.
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        assert process.returncode == 130
        assert errors == "\nskmnist: interrupted\n"


def test_port_that_is_taken_is_an_error(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        error = error_of(capsys, "serve", folder / "digits.skm", "--port", port)
    assert f"port {port} at 127.0.0.1" in error
    assert "Name another port" in error


@pytest.fixture
def short(monkeypatch):
    """Let servers end at once."""
    monkeypatch.setattr(DigitServer, "serve_until_interrupted", lambda self: None)


def test_network_is_warned_of(folder, capsys, short):
    argv = ["serve", str(folder / "digits.skm"), "--port", "0"]
    assert main(argv) == 0
    assert capsys.readouterr().err == ""
    assert main([*argv, "--host", "0.0.0.0"]) == 0
    assert "whoever can reach this computer" in capsys.readouterr().err


def test_browser_is_opened_only_where_that_is_wanted(folder, capsys, short, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    argv = ["serve", str(folder / "digits.skm"), "--port", "0"]
    assert main(argv) == 0
    assert opened == []
    assert main([*argv, "--open"]) == 0
    assert f"The page: {opened[0]}" in capsys.readouterr().out


def test_bad_arguments_are_refused(folder, capsys):
    for port in ("-1", "65536", "x", "1.5"):
        assert "0 to 65535" in refused(capsys, "serve", "model", "--port", port)
    assert "FILE" in refused(capsys, "serve")
    assert "IMAGE" in refused(capsys, "predict", "model")
    error = error_of(capsys, "serve", folder / "digits.skm", "--host", "no.such.host.invalid")
    assert "no address of this machine" in error
