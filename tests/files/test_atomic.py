"""Files are written atomically."""

import os
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import skmnist
from skmnist._files.atomic import atomic_write
from skmnist._persistence.save_load import save
from tests.helpers import small_digits, tiny

X, Y = small_digits()


def test_full_disk_leaves_the_old_file_only(tmp_path):
    path = tmp_path / "model.safetensors"
    save(tiny(skmnist.MLPClassifier, random_state=1).fit(X, Y), path)
    old, clf = path.read_bytes(), tiny(skmnist.MLPClassifier).fit(X, Y)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for i in range(13):
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) * i // 13, hard))
        try:
            with pytest.raises(OSError, match="model.safetensors"):
                save(clf, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_error_while_writing_leaves_the_old_file(error, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_write(path, "w", encoding="utf-8") as file:
        file.write("new")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    script = (
        "import os, signal; from skmnist._files.atomic import atomic_write\n"
        "with atomic_write('notes.txt') as file:\n"
        "    file.write(b'new'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path)
    assert result.returncode < 0
    assert path.read_text() == "old"

    [stale] = set(tmp_path.iterdir()) - {path}
    for age, expected in ((60, {path, stale}), (7200, {path})):
        os.utime(stale, (time.time() - age,) * 2)
        with atomic_write(path, "w", encoding="utf-8") as file:
            file.write("newer")
        assert set(tmp_path.iterdir()) == expected


def test_content_is_on_the_disk_before_it_replaces_a_file(tmp_path, monkeypatch):
    """After a power failure, the name refers to the old or to the new content, never to less."""
    steps, replace = [], os.replace

    def fsync(descriptor):
        status = os.fstat(descriptor)
        steps.append("folder" if stat.S_ISDIR(status.st_mode) else status.st_size)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", lambda *paths: steps.append("replace") or replace(*paths))
    with atomic_write(tmp_path / "notes.txt") as file:
        file.write(b"complete")
    assert steps == [len(b"complete"), "replace", "folder"]


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux")
def test_no_file_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with atomic_write(tmp_path / "notes.txt") as file:
            file.write(b"text")
    assert len(os.listdir("/proc/self/fd")) == before


def test_only_the_temporary_files_of_the_same_name_are_removed(tmp_path):
    old = time.time() - 7200
    for name in (".[ab].txt.0123.tmp", ".a.txt.0123.tmp"):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (old, old))
    with atomic_write(tmp_path / "[ab].txt") as file:
        file.write(b"text")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.txt.0123.tmp", "[ab].txt"]


def test_names_may_be_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("n" * 255)
    with atomic_write(path) as file:
        file.write(b"text")
    assert path.read_bytes() == b"text"


def test_replacing_keeps_permissions_and_links_and_new_files_get_the_defaults(tmp_path):
    path, ordinary = tmp_path / "notes.txt", tmp_path / "ordinary"
    ordinary.touch()
    with atomic_write(path, "w") as file:
        file.write("one")
    assert path.stat().st_mode == ordinary.stat().st_mode
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    with atomic_write(tmp_path / "link", "w") as file:
        file.write("two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()


def test_folders_and_devices_are_not_replaced(tmp_path):
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match="not a file"), atomic_write(path):
            pass
    with pytest.raises(FileNotFoundError, match="absent/notes.txt"):
        with atomic_write(tmp_path / "absent" / "notes.txt"):
            pass
