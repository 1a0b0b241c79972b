"""What the tests of several commands share."""

import contextlib
import errno
import os

import pytest

from skmnist.cli import _output as output
from skmnist.cli import main


def get_error(capsys, *argv):
    """Return the one line with which a command fails."""
    assert main([str(word) for word in argv]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1, error
    return error


def make_read_only(monkeypatch):
    """Let nothing be made: root, as which tests may run, writes to read-only folders, too."""

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "a/temporary/name")

    monkeypatch.setattr(output.tempfile, "TemporaryFile", refuse)


@contextlib.contextmanager
def limit_file_size():
    """Let no file grow beyond 100 bytes, which the system refuses as it does on a full disk.

    A fixture would hold the limit while pytest prints, which may be into a file.
    """
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def get_usage_error(capsys, *argv):
    """Return the message with which arguments are rejected."""
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
