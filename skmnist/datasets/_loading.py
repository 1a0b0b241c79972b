"""The shared body of the ``fetch_*`` functions: find or download the files, and read them."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._bunch import image_bunch
from ._data_home import get_data_home
from ._download import download
from ._errors import dataset_error
from ._read_split import find_file

if TYPE_CHECKING:
    from collections.abc import Collection

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
    """Return a data set; the parameters are those of ``fetch_mnist``."""
    check_choice("subset", subset, _SUBSETS)
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


def check_choice(parameter: str, value: object, choices: Collection[str]) -> None:
    """Raise ValueError, with scikit-learn's message, unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"The {parameter!r} parameter must be a str among {sorted(choices)}."
            f" Got {value!r} instead."
        )


def _ensure_files(
    spec: DatasetSpec, names: list[str], home: Path, download_if_missing: bool
) -> None:
    """Download the files of these splits that are not in `home`."""
    missing = _missing_files(spec, names, home)
    if missing and not download_if_missing:
        path = home / missing[0][1].path
        remedy = (
            "Let SKMNIST_DATA (or data_home) name the folder that holds it, or pass"
            " download_if_missing=True."
        )
        raise dataset_error(path, "not found (nor as .gz), and download_if_missing=False", remedy)
    if missing:
        # Another thread may download the files while this one waits.
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
    # The lock may be held by a thread of the parent, which never releases this copy of it.
    global _download_lock
    _download_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_after_fork)
