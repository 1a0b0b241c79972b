"""``skmnist serve``."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import webbrowser
from urllib.request import urlopen

import pytest

from skmnist.cli import main
from skmnist.serving import DigitServer
from tests.cli.helpers import get_error, get_usage_error


@contextlib.contextmanager
def serve(folder, *argv):
    """Run ``skmnist serve`` in a separate process; yield it and its first line of output."""
    command = [sys.executable, "-m", "skmnist", "serve", str(folder / "digits.safetensors"), *argv]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


def test_serve_prints_its_address_and_stops_after_ctrl_c(folder):
    with serve(folder, "--port", "0") as (process, line):
        url = re.fullmatch(
            r"Serving on (http://127\.0\.0\.1:\d+/) \(press Ctrl\+C to stop\)\n", line
        )[1]
        with urlopen(url, timeout=60) as response:
            assert b"Draw a digit" in response.read()
        with socket.create_connection(("127.0.0.1", int(url.split(":")[2][:-1]))):
            # Even while a client is connected.
            process.send_signal(signal.SIGINT)
            printed, errors = process.communicate(timeout=60)
        assert process.returncode == 0
        assert printed == "\nStopped.\n"
        assert errors == ""


def test_pretrained_model_is_served_if_there_is_no_other(capsys, return_at_once):
    assert main(["serve", "--port", "0"]) == 0
    assert capsys.readouterr().err.startswith('Model: load_pretrained("digits")')


def test_port_in_use_is_an_error(folder, capsys):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        error = get_error(capsys, "serve", folder / "digits.safetensors", "--port", port)
    assert f"port {port} of 127.0.0.1" in error
    assert "Choose another port" in error


@pytest.fixture
def return_at_once(monkeypatch):
    """Make the server return immediately."""
    monkeypatch.setattr(DigitServer, "run", lambda self: None)


def test_serving_to_a_network_prints_a_warning(folder, capsys, return_at_once):
    argv = ["serve", str(folder / "digits.safetensors"), "--port", "0"]
    assert main(argv) == 0
    assert capsys.readouterr().err == ""
    assert main([*argv, "--host", "0.0.0.0"]) == 0
    assert "everyone who can reach this computer" in capsys.readouterr().err


def test_browser_is_opened_only_on_request(folder, capsys, return_at_once, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    argv = ["serve", str(folder / "digits.safetensors"), "--port", "0"]
    assert main(argv) == 0
    assert opened == []
    assert main([*argv, "--open"]) == 0
    assert f"Serving on {opened[0]} (press Ctrl+C to stop)" in capsys.readouterr().out


def test_invalid_arguments_are_rejected(folder, capsys):
    for port in ("-1", "65536", "x", "1.5"):
        assert "expected an integer from 0 to 65535" in get_usage_error(
            capsys, "serve", "model", "--port", port
        )
    assert "FILE" in get_usage_error(capsys, "predict")
    error = get_error(
        capsys, "serve", folder / "digits.safetensors", "--host", "no.such.host.invalid"
    )
    assert "is not an address of this machine" in error
