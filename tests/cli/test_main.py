"""Errors and interruptions of every command, and the program in a separate process."""

import contextlib
import io
import os
import subprocess
import sys

import pandas as pd
import pytest

from skmnist import __version__, cli
from skmnist.cli import _output as output
from skmnist.cli import main


def test_folder_that_cannot_be_created_is_an_error(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["demo", "--output-dir", str(tmp_path / "file")]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), pytest.param(RuntimeError("half imported"), id="swallowed")]
)
def test_interrupt_ends_with_one_line(error, capsys, monkeypatch):
    def interrupted(*_):
        # A library that is interrupted during its import can raise any error.
        try:
            if not isinstance(error, KeyboardInterrupt):
                os.kill(os.getpid(), cli.signal.SIGINT)
        except KeyboardInterrupt:
            pass
        raise error

    monkeypatch.setattr(cli, "_run", interrupted)
    before = cli.signal.getsignal(cli.signal.SIGINT)
    assert main(["demo"]) == 130
    assert capsys.readouterr().err.strip() == "skmnist: interrupted"
    assert cli.signal.getsignal(cli.signal.SIGINT) is before


def test_unexpected_errors_are_raised(monkeypatch):
    def broken(*_):
        raise AssertionError("a bug")

    monkeypatch.setattr(cli, "_run", broken)
    with pytest.raises(AssertionError, match="a bug"):
        main(["demo"])


def test_python_m_skmnist_prints_its_version():
    argv = [sys.executable, "-m", "skmnist", "--version"]
    assert subprocess.check_output(argv, text=True) == f"skmnist {__version__}\n"


def test_help_imports_nothing_heavy():
    script = (
        "import sys; from skmnist.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([m for m in ['numpy', 'torch', 'sklearn', 'matplotlib', 'pandas'] "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    for command in cli._COMMANDS:
        assert f"    {command} " in done.stdout


def test_figures_need_no_backend(folder, tmp_path):
    """A notebook names its backend in the environment, which a program need not have."""
    steps = tmp_path / "steps.png"
    argv = [sys.executable, "-m", "skmnist", "predict", folder / "digits.safetensors"]
    argv += [folder / "digits.png", "--multiple", "--save-steps", steps]
    env = {**os.environ, "MPLBACKEND": "module://backend_of_another_environment"}
    done = subprocess.run(argv, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert steps.is_file()


def test_backend_of_a_python_session_is_kept(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    monkeypatch.setattr(cli, "_run", lambda *_: None)
    assert main(["demo"]) == 0
    assert os.environ["MPLBACKEND"] == "svg"


@pytest.mark.parametrize(
    ("encoding", "errors", "name", "printed"),
    [
        ("ascii", "strict", "f\xfcnf.jpg", rb"f\xfcnf.jpg: 4"),
        ("ascii", "surrogateescape", "f\xfcnf.jpg", rb"f\xfcnf.jpg: 4"),
        ("ascii", "replace", "f\xfcnf.jpg", rb"f?nf.jpg: 4"),
        ("cp1252", "strict", "\u4e94.jpg", rb"\u4e94.jpg: 4"),
        ("utf-8", "strict", "f\xfcnf.jpg", "f\xfcnf.jpg: 4".encode()),
        # A name that is not UTF-8.
        ("utf-8", "strict", os.fsdecode(b"f\xfcnf.jpg"), rb"f\udcfcnf.jpg: 4"),
    ],
)
def test_characters_that_the_output_lacks_are_escaped(
    encoding, errors, name, printed, folder, tmp_path, monkeypatch
):
    (tmp_path / name).symlink_to(folder / "photo.jpg")
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors)
    monkeypatch.setattr(sys, "stdout", output)
    assert main(["predict", str(folder / "digits.safetensors"), str(tmp_path / name)]) == 0
    output.flush()
    assert printed in output.buffer.getvalue().splitlines()[0]
    assert output.errors == errors


def test_messages_and_the_help_are_escaped_too(monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stderr", output)
    assert main(["evaluate", "f\xfcnf.safetensors"]) == 1
    with contextlib.suppress(SystemExit):
        main(["\u4e94"])
    output.flush()
    text = output.buffer.getvalue()
    assert rb"f\xfcnf.safetensors" in text
    assert rb"unknown command '\u4e94'" in text


def test_text_that_is_not_valid_unicode_is_escaped_in_files(tmp_path):
    name = os.fsdecode(b"f\xfc")
    path = output.write_text(name, tmp_path / "text")
    assert path.read_text(encoding="utf-8") == r"f\udcfc"
    path = output.write_table(
        pd.DataFrame({"folder": [name]}, dtype=object), tmp_path / "table.csv"
    )
    assert path.read_text(encoding="utf-8").splitlines()[1] == r"0,f\udcfc"
