"""Shared implementation of the ``fetch_*`` functions: download missing files and read all."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from skmnist._utils.validation import check_choice

from ._bunch import image_bunch
from ._data_home import get_data_home
from ._download import download
from ._errors import dataset_error
from ._read_split import find_file

if TYPE_CHECKING:
    from sklearn.utils import Bunch

    from ._bunch import Arrays, Frames
    from ._dataset_spec import DatasetSpec, File

_SUBSETS = {"train": ["train"], "test": ["test"], "all": ["train", "test"]}
_download_lock = threading.Lock()


def load_dataset(
    spec: DatasetSpec,
    subset: str,
    return_X_y: bool,
    as_frame: bool,
    data_home: str | os.PathLike[str] | None,
    download_if_missing: bool,
) -> Bunch | Arrays | Frames:
    """Load a data set. See ``fetch_mnist`` for the parameters other than `spec`."""
    check_choice(spec.function, "subset", subset, _SUBSETS)
    home = Path(get_data_home(data_home))
    names = _SUBSETS[subset]
    _ensure_files(spec, names, home, download_if_missing)
    splits = [spec.read_split(spec, spec.splits[name], home) for name in names]
    images, target = splits[0]
    if len(splits) > 1:
        images, target = map(np.concatenate, zip(*splits, strict=True))
    return image_bunch(
        images,
        target,
        spec.target_names,
        spec.description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def _ensure_files(
    spec: DatasetSpec, names: list[str], home: Path, download_if_missing: bool
) -> None:
    """Download the files of the splits `names` that are missing in `home`."""
    missing = _missing_files(spec, names, home)
    if missing and not download_if_missing:
        path = home / missing[0][1].path
        remedy = (
            "Pass download_if_missing=True, or set SKMNIST_DATA (or data_home) to the folder that"
            " contains the data set."
        )
        problem = "No such file (with or without .gz), and download_if_missing=False"
        raise dataset_error(path, problem, remedy)
    if missing:
        # Another thread may have downloaded the files before this one gets the lock.
        with _download_lock:
            missing = _missing_files(spec, names, home)
            if missing:
                download(spec, {name for name, _ in missing}, home)


def _missing_files(spec: DatasetSpec, names: list[str], home: Path) -> list[tuple[str, File]]:
    return [
        (name, file)
        for name in names
        for file in spec.splits[name].files
        if not find_file(home, file).exists()
    ]


def _reset_after_fork() -> None:
    """Replace the lock: a thread of the parent process may hold it, and never release the copy."""
    global _download_lock
    _download_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
