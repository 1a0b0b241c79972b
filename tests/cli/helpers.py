"""Helpers for the tests of several commands."""

import contextlib
import errno
import os

import pytest

from skmnist.cli import _output as output
from skmnist.cli import main


def get_error(capsys, *argv):
    """Run a command that fails; return its error message, which must be one line."""
    assert main([str(word) for word in argv]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1, error
    return error


def make_read_only(monkeypatch):
    """Make every folder read-only. Permissions do not suffice: tests may run as root."""

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a/temporary/name")

    monkeypatch.setattr(output.tempfile, "TemporaryFile", refuse)


@contextlib.contextmanager
def limit_file_size():
    """Limit the size of files to 100 bytes, which has the same effect as a full disk.

    It is not a fixture, because the limit would also apply to the output of pytest.
    """
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def get_usage_error(capsys, *argv):
    """Run a command with invalid arguments; return its error message."""
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 2
    return capsys.readouterr().err


def file_names(folder):
    return sorted(path.name for path in folder.iterdir())


REPORT = [
    "calibration.png",
    "confusion-matrix.png",
    "report.html",
    "report.json",
    "report.md",
    "training-curves.png",
    "worst-mistakes.png",
]
