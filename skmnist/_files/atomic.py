"""Atomic writing of files."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

_STALE_SECONDS = 3600


@contextlib.contextmanager
def atomic_write(
    path: str | os.PathLike[str],
    mode: Literal["wb", "w"] = "wb",
    *,
    sync: bool = True,
    **kwargs: Any,
) -> Iterator[IO[Any]]:
    """Open a file that replaces `path` if the block ends without an error.

    The data are written to a temporary file in the same folder, which is synced to the disk and
    then renamed. If the block ends with an error (the disk is full, Ctrl+C), `path` is unchanged
    and the temporary file is deleted. Only a process that is killed leaves the temporary file,
    ``.name.<random>.tmp``. The next write to `path` deletes it if it is older than an hour.

    Parameters
    ----------
    path : str or path
        Path of the file; ``~`` is the home folder. For a symbolic link, the target is replaced.
    mode : {"wb", "w"}, default="wb"
        Mode in which the file is opened.
    sync : bool, default=True
        Whether to sync the file to the disk, so that it survives a power failure.
    **kwargs
        Arguments of :func:`open`, such as ``encoding="utf-8"``.

    Yields
    ------
    file : file object

    Raises
    ------
    OSError
        If the file cannot be written. The error contains `path`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skmnist._files.atomic import atomic_write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "notes.txt")
    ...     with atomic_write(path, "w", encoding="utf-8") as file:
    ...         _ = file.write("complete")
    ...     path.read_text(encoding="utf-8")
    'complete'
    """
    target = Path(os.path.realpath(os.path.expanduser(path)))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a file. Pass the path of a file.")
    _remove_stale(target)
    temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, mode.replace("w", "x"), **kwargs) as file:
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        if sync:
            _sync_folder(target.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise


def _prefix(target: Path) -> str:
    return f".{target.name[:100]}."  # file names are limited to 255 bytes


def _remove_stale(target: Path) -> None:
    """Remove temporary files of `target` from killed processes.

    Recent files are kept, because they may belong to a running process.
    """
    for stale in target.parent.glob(f"{glob.escape(_prefix(target))}*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > _STALE_SECONDS:
                stale.unlink()


def _sync_folder(folder: Path) -> None:
    """Sync the folder to the disk if the operating system supports it."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
