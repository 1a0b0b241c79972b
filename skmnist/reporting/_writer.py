"""Write the files of a report, all of them or none."""

from __future__ import annotations

import contextlib
import errno
from pathlib import Path
from typing import TYPE_CHECKING

from skmnist._files.atomic import atomic_write

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_DISK_FULL = "Make room there, or write to another folder."
_NO_PERMISSION = "Write to a folder in which you may make files."
_ADVICE = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.EFBIG: _DISK_FULL,
    errno.EACCES: _NO_PERMISSION,
    errno.EPERM: _NO_PERMISSION,
    errno.EROFS: _NO_PERMISSION,
    errno.EEXIST: "A file of this name is where the folder should be; name another folder.",
    errno.ENOTDIR: "A file is where a folder should be; name another folder.",
}


def write(contents: Mapping[str, bytes], folder: str | os.PathLike[str]) -> list[Path]:
    """Write files to a folder, which is made if needed.

    The files are renamed when all are written: existing files stay if anything fails.

    Parameters
    ----------
    contents : dict of str to bytes
        The content of each file, by its name.
    folder : str or Path

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    OSError
        If they can't be written; it says what to do.
    """
    folder = Path(folder)
    paths = [folder / name for name in contents]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as files:
            for path, content in zip(paths, contents.values(), strict=True):
                file = files.enter_context(atomic_write(path))
                file.write(content)
                file.flush()  # a full disk raises before the first file is renamed
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        advice = _ADVICE.get(error.errno or 0, "Write to another folder.")
        message = f"The report was not written to {folder}: {reason}. {advice}"
        raise OSError(*filter(None, (error.errno, message))) from error
    return paths
