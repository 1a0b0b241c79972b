"""Files of a report."""

import contextlib
import errno
import json
import os
import re
from pathlib import Path

import pytest

from skmnist import MLPClassifier
from skmnist.reporting import EvaluationReport
from skmnist.reporting import _writer as writer
from tests.reporting.helpers import FIGURES


def test_files_are_written_to_a_new_folder(report, page, tmp_path):
    folder = tmp_path / "a" / "b"
    paths = report.save(folder)
    names = [f"{name}.png" for name in FIGURES] + ["report.json", "report.md", "report.html"]
    assert paths == [folder / name for name in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == report.results
    linked = re.findall(r"!\[.*?\]\((.*?)\)", (folder / "report.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(names[:4])
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in linked)
    assert (folder / "report.html").read_text(encoding="utf-8") == page


@contextlib.contextmanager
def small_disk():
    """Limit the size of files to 5,000 bytes, to simulate a full disk.

    A fixture would also limit the output of pytest, which may be written to a file.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_does_not_change_existing_files(report, small_figures, tmp_path):
    (tmp_path / "report.html").write_text("old")
    message = "was not written to .*: File too large. Free disk space"
    with small_disk(), pytest.raises(OSError, match=message):
        report.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "old"


@pytest.mark.parametrize("function", ["open", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "No space left on device. Free disk space"),
        (errno.EACCES, "Permission denied. Write to a folder for which you have write permission"),
        (
            errno.EROFS,
            "Read-only file system. Write to a folder for which you have write permission",
        ),
    ],
)
def test_failing_system_calls_leave_no_files(function, number, message, tmp_path, monkeypatch):
    calls = []

    def fail(*args, **kwargs):
        calls.append(args)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("builtins.open" if function == "open" else f"os.{function}", fail)
    with pytest.raises(OSError, match=message) as raised:
        writer.write({"report.html": b"new", "report.md": b"new"}, tmp_path)
    monkeypatch.undo()
    assert raised.value.errno == number
    assert calls and list(tmp_path.iterdir()) == []


def test_interrupt_leaves_no_files(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        writer.write({"report.html": b"new"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="file.* Choose another folder"):
            writer.write({"report.html": b""}, folder)
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    with pytest.raises(OSError, match="report.html is not a file\\."):
        writer.write({"report.html": b""}, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*"))
    assert (tmp_path / "file").read_text() == "mine"


def test_folder_without_write_permission():
    folder = Path("/sys/kernel")  # not even root
    if not folder.is_dir():
        pytest.skip("needs /sys, a Linux folder in which even root cannot create files")
    with pytest.raises(OSError, match="was not written to /sys/kernel: .*Write to a folder"):
        writer.write({"report.html": b""}, folder)


def test_parameter_that_is_not_valid_unicode(data, tmp_path, small_figures):
    """The name of a folder on Linux can be any bytes."""
    folder = tmp_path / os.fsdecode(b"f\xfc")
    clf = MLPClassifier((4,), max_epochs=1, checkpoint_dir=str(folder)).fit(*data[:2])
    EvaluationReport.from_estimator(clf, *data[2:]).save(folder)
    for name in ("report.json", "report.md", "report.html"):
        assert r"\udcfc" in (folder / name).read_text(encoding="utf-8")
    assert json.loads((folder / "report.json").read_text(encoding="utf-8"))["parameters"]
