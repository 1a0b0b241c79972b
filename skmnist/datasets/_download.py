"""Download a data set through torchvision, which knows the mirrors and the checksums."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmnist._utils.optional_dependencies import import_torchvision

from ._checksums import write_checksum
from ._errors import dataset_error
from ._retrieve import retrieve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._dataset_spec import DatasetSpec

_ARCHIVE_SUFFIXES = {".gz", ".zip"}  # torchvision leaves them beside the unpacked files


def download(spec: DatasetSpec, names: Iterable[str], home: Path) -> None:
    """Download splits of a data set, and what torchvision downloads with them, into `home`.

    Everything is downloaded, unpacked and checked in a temporary folder. A file gets
    its final name in one step, when it is complete. So an interrupted download leaves no
    incomplete file, and a second process that downloads the same sees none.

    Parameters
    ----------
    spec : DatasetSpec
    names : iterable of str
        Names of the splits.
    home : Path
        The data home. It is created if needed.
    """
    torchvision = import_torchvision().datasets
    torchvision_class = getattr(torchvision, spec.torchvision_name)
    try:
        home.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(
            prefix=".download-", dir=home, ignore_cleanup_errors=True
        )
    except OSError as error:
        remedy = (
            "Let SKMNIST_DATA (or data_home) name a folder that may be written to, or one that"
            f" already holds the files of {spec.torchvision_name}."
        )
        problem = f"cannot be written to ({error.strerror or error})"
        raise dataset_error(home, problem, remedy) from error

    with temporary as folder, _patched_retrieval(torchvision.utils):
        try:
            for name in names:
                torchvision_class(
                    folder,
                    train=name == "train",
                    download=True,
                    **spec.torchvision_options,
                )
                spec.read_split(spec, spec.splits[name], Path(folder))
            if not spec.has_known_checksums:
                for path in _unpacked_files(Path(folder)):
                    write_checksum(path)
            _move(_unpacked_files(Path(folder)), Path(folder), home)
        # Whatever fails (network, mirror, archive, disk), the data set was not downloaded.
        except Exception as error:
            remedy = (
                "Check the network and the space on the disk and try again, or let SKMNIST_DATA"
                " (or data_home) name a folder that already holds the files."
            )
            problem = (
                f"{spec.torchvision_name} could not be downloaded into this folder"
                f" ({type(error).__name__}: {getattr(error, 'problem', error)})"
            )
            raise dataset_error(home, problem, remedy) from error


def _unpacked_files(folder: Path) -> list[Path]:
    # In reverse: a checksum (FILE.sha256) is moved before its file, so no file is without one.
    paths = sorted(folder.rglob("*"), reverse=True)
    return [path for path in paths if path.is_file() and path.suffix not in _ARCHIVE_SUFFIXES]


def _move(paths: list[Path], source: Path, home: Path) -> None:
    for path in paths:
        destination = home / path.relative_to(source)
        # An existing file is complete: another process or an earlier download moved it here.
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, destination)


@contextmanager
def _patched_retrieval(utils: Any) -> Iterator[None]:
    # torchvision waits forever for a slow server, and falls back from https to http.
    original = utils._urlretrieve, utils._get_redirect_url
    utils._urlretrieve, utils._get_redirect_url = retrieve, lambda url, **options: url
    try:
        yield
    finally:
        utils._urlretrieve, utils._get_redirect_url = original
