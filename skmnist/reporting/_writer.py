"""Write all files of a report, or none if an error occurs."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from skmnist._files.atomic import atomic_write

if TYPE_CHECKING:
    from collections.abc import Mapping

_DISK_FULL = "Free disk space, or write to another folder."
_NO_PERMISSION = "Write to a folder for which you have write permission."
_ADVICE = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.EFBIG: _DISK_FULL,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: _NO_PERMISSION,
    errno.EEXIST: "A file with this name exists. Choose another folder.",
    errno.ENOTDIR: "Part of this path is a file. Choose another folder.",
}


def write(contents: Mapping[str, bytes], folder: str | os.PathLike[str]) -> list[Path]:
    """Write files to a folder, which is created if needed.

    The files get their names after all of them are written. If an error occurs, existing files are
    not changed.

    Parameters
    ----------
    contents : dict of str to bytes
        The content of each file, by its name.
    folder : str or Path
        The folder.

    Returns
    -------
    list of Path
        Paths of the files.

    Raises
    ------
    OSError
        If the files cannot be written. The message suggests a fix.
    """
    folder = Path(os.path.expanduser(folder))
    paths = [folder / name for name in contents]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as files:
            for path, content in zip(paths, contents.values(), strict=True):
                file = files.enter_context(atomic_write(path))
                file.write(content)
                file.flush()  # if the disk is full, fail before the first file is renamed
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        advice = _ADVICE.get(error.errno or 0, "Write to another folder.")
        message = f"The report was not written to {folder}: {reason}. {advice}"
        raise OSError(*filter(None, (error.errno, message))) from error
    return paths
