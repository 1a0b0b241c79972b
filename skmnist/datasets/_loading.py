"""What all ``fetch_*`` functions do: find or download the files, read them, hand them out."""

import os
import threading
from pathlib import Path

import numpy as np

from ._bunch import image_bunch
from ._data_home import get_data_home
from ._download import download
from ._errors import dataset_error
from ._read_parts import find_file

_SUBSETS = {"train": ["train"], "test": ["test"], "all": ["train", "test"]}
_one_download_at_a_time = threading.Lock()


def load_image_set(image_set, subset, return_X_y, as_frame, data_home, download_if_missing):
    """Return a set; the parameters are those of ``fetch_mnist``."""
    check_choice("subset", subset, _SUBSETS)
    home = Path(get_data_home(data_home))
    _provide_files(image_set, _SUBSETS[subset], home, download_if_missing)
    parts = [image_set.read(image_set, image_set.parts[part], home) for part in _SUBSETS[subset]]
    images, target = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    return image_bunch(
        images,
        target,
        image_set.target_names,
        image_set.description,
        return_X_y=return_X_y,
        as_frame=as_frame,
    )


def check_choice(parameter, value, choices):
    """Raise ValueError, in scikit-learn's words, unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(
            f"The {parameter!r} parameter must be a str among {sorted(choices)}."
            f" Got {value!r} instead."
        )


def _provide_files(image_set, subsets, home, download_if_missing):
    """See to it that the files of `subsets` are in `home`."""
    missing = _missing_files(image_set, subsets, home)
    if missing and not download_if_missing:
        path = home / missing[0][1].path
        remedy = (
            "Let SKMNIST_DATA (or data_home) name the folder that holds it, or pass"
            " download_if_missing=True."
        )
        raise dataset_error(path, "not found (nor as .gz), and download_if_missing=False", remedy)
    if missing:
        # What another thread has fetched meanwhile is there.
        with _one_download_at_a_time:
            missing = _missing_files(image_set, subsets, home)
            if missing:
                download(image_set, {subset for subset, _ in missing}, home)


def _missing_files(image_set, subsets, home):
    return [
        (subset, file)
        for subset in subsets
        for file in image_set.parts[subset].files
        if not find_file(home, file).exists()
    ]


def _begin_forked():
    # Who holds the lock is a thread of the parent, which will never release this copy of it.
    global _one_download_at_a_time
    _one_download_at_a_time = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_forked)
