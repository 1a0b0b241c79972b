"""Download a data set: with torchvision, which knows the mirrors, or from its own address."""

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

_ARCHIVE_SUFFIXES = {".gz", ".zip"}  # torchvision does not delete the archives


def download(spec: DatasetSpec, names: Iterable[str], home: Path) -> None:
    """Download splits of a data set.

    The files are downloaded, unpacked and verified in a temporary folder, and then moved to
    `home`. An interrupted download therefore leaves no incomplete files, and processes that
    download the same data set at the same time do not disturb each other.

    Parameters
    ----------
    spec : DatasetSpec
        The data set.
    names : iterable of str
        The names of the splits.
    home : Path
        The data home, which is created if it does not exist.

    Raises
    ------
    DatasetError
        If the download fails, or `home` is not writable.
    """
    torchvision = import_torchvision().datasets if spec.url is None else None
    try:
        home.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(
            prefix=".download-", dir=home, ignore_cleanup_errors=True
        )
    except OSError as error:
        remedy = (
            "Set SKMNIST_DATA (or data_home) to a writable folder, or to one that already contains"
            f" the files of {spec.torchvision_name}."
        )
        problem = f"Cannot write to the folder ({error.strerror or error})"
        raise dataset_error(home, problem, remedy) from error

    with temporary as folder:
        try:
            if spec.url is None:
                _download_with_torchvision(torchvision, spec, names, folder)
            else:
                (file_name,) = spec.paths
                retrieve(spec.url, os.path.join(folder, file_name))
            for name in names:
                spec.read_split(spec, spec.splits[name], Path(folder))
            if not spec.has_known_checksums:
                for path in _unpacked_files(spec, Path(folder)):
                    write_checksum(path)
            _move(_unpacked_files(spec, Path(folder)), Path(folder), home)
        # Many things can fail (network, mirror, archive, disk), with many types of exceptions.
        except Exception as error:
            remedy = (
                "Check the network connection and the disk space and try again, or set"
                " SKMNIST_DATA (or data_home) to a folder that already contains the files."
            )
            problem = (
                f"{spec.torchvision_name} could not be downloaded to this folder"
                f" ({type(error).__name__}: {getattr(error, 'problem', error)})"
            )
            raise dataset_error(home, problem, remedy) from error


def _download_with_torchvision(
    torchvision: Any, spec: DatasetSpec, names: Iterable[str], folder: str
) -> None:
    with _patched_retrieval(torchvision.utils):
        for name in names:
            split: Any = name if spec.split_argument == "split" else name == "train"
            getattr(torchvision, spec.torchvision_name)(
                folder, download=True, **{spec.split_argument: split}, **spec.torchvision_options
            )


def _unpacked_files(spec: DatasetSpec, folder: Path) -> list[Path]:
    """Return the files in `folder`, without unpacked archives, each after its checksum."""
    read = {folder / path for path in spec.paths}
    # In reverse order FILE.sha256 precedes FILE, so a file is never moved before its checksum.
    paths = sorted(folder.rglob("*"), reverse=True)
    return [
        path
        for path in paths
        if path.is_file() and (path in read or path.suffix not in _ARCHIVE_SUFFIXES)
    ]


def _move(paths: list[Path], source: Path, home: Path) -> None:
    for path in paths:
        destination = home / path.relative_to(source)
        # An existing file is complete: an earlier download or another process moved it there.
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, destination)


@contextmanager
def _patched_retrieval(utils: Any) -> Iterator[None]:
    """Replace torchvision's function for HTTP downloads by ours."""
    # torchvision has no timeout for slow servers, and falls back from HTTPS to HTTP.
    original = utils._urlretrieve, utils._get_redirect_url
    utils._urlretrieve, utils._get_redirect_url = retrieve, lambda url, **options: url
    try:
        yield
    finally:
        utils._urlretrieve, utils._get_redirect_url = original
