"""Errors and interruptions of every command, and the program in a separate process."""

import os
import subprocess
import sys

import pytest

from skmnist import __version__, cli
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
