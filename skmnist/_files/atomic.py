"""Write a file so that it is complete, or as it was before."""

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
    path: str | os.PathLike[str], mode: Literal["wb", "w"] = "wb", **kwargs: Any
) -> Iterator[IO[Any]]:
    """Open a file that takes the place of `path` when the block ends without an error.

    What is written goes to a temporary file beside `path`, which is synced to the disk and then
    renamed. Where the block ends with an error (the disk is full, Ctrl-C), `path` is what it was
    before and the temporary file is gone. Only a process that is killed while it writes can leave
    the temporary file, ``.name.<random>.tmp``; `path` is whole then, too, and the first writing of
    `path` after an hour removes it.

    Parameters
    ----------
    path : str or path
        A link is followed: the file that it points to is replaced.
    mode : {"wb", "w"}, default="wb"
    **kwargs
        For :func:`open`, such as ``encoding="utf-8"``.

    Yields
    ------
    file object

    Raises
    ------
    OSError
        It names `path`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skmnist._files.atomic import atomic_write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "notes.txt")
    ...     with atomic_write(path, "w", encoding="utf-8") as file:
    ...         _ = file.write("whole")
    ...     path.read_text(encoding="utf-8")
    'whole'
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a file that could be replaced. Pass the name of a file.")
    _remove_stale(target)
    temporary = target.with_name(f"{_prefix(target)}{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, mode.replace("w", "x"), **kwargs) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
        _sync_folder(target.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(temporary)):
            error.filename, error.filename2 = str(path), None
        raise


def _prefix(target: Path) -> str:
    return f".{target.name[:100]}."  # names have at most 255 bytes


def _remove_stale(target: Path) -> None:
    """Remove the temporary files of killed writers of `target`, except recent ones.

    A recent one may belong to a writer that is still running.
    """
    for stale in target.parent.glob(f"{glob.escape(_prefix(target))}*.tmp"):
        with contextlib.suppress(OSError):
            if time.time() - stale.stat().st_mtime > _STALE_SECONDS:
                stale.unlink()


def _sync_folder(folder: Path) -> None:
    """Sync the new name to the disk, if the system can sync a folder."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
