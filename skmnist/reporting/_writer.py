"""Last step of a report: its files, all of them or none."""

import contextlib
import errno
from pathlib import Path

from skmnist._files.atomic import atomic_write

_FULL = "Make room there, or write to another folder."
_FORBIDDEN = "Write to a folder in which you may make files."
_WHAT_TO_DO = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.EEXIST: "A file of this name is where the folder should be; name another folder.",
    errno.ENOTDIR: "A file is where a folder should be; name another folder.",
}


def write(contents, folder):
    """Write files to a folder, which is made if needed.

    They get their names when all are written: what was there before stays if something fails.

    Parameters
    ----------
    contents : dict of str to bytes
        What to write, by file name.
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
                file.flush()  # what the disk has no room for fails before the first gets its name
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        what_to_do = _WHAT_TO_DO.get(error.errno, "Write to another folder.")
        message = f"The report was not written to {folder}: {reason}. {what_to_do}"
        raise OSError(*filter(None, (error.errno, message))) from error
    return paths
