"""Download a set through torchvision, which knows the mirrors and the digests."""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

from skmnist._utils.optional_dependencies import import_torchvision

from ._checksums import note_digest
from ._errors import dataset_error
from ._retrieve import retrieve

_PACKED = {".gz", ".zip"}  # torchvision leaves them beside what it unpacked


def download(image_set, subsets, home):
    """Download `subsets` of a set, and what comes with them, into `home`.

    Everything is downloaded, unpacked and checked in a temporary folder. A file gets
    its final name in one step, when it is whole, so that neither a broken download nor
    a second process that downloads the same can leave or see half a file.

    Parameters
    ----------
    image_set : ImageSet
    subsets : iterable of str
        Names of the set's parts.
    home : Path
        The data home. It is created if needed.
    """
    torchvision = import_torchvision().datasets
    torchvision_class = getattr(torchvision, image_set.torchvision_name)
    try:
        home.mkdir(parents=True, exist_ok=True)
        temporary = tempfile.TemporaryDirectory(
            prefix=".download-", dir=home, ignore_cleanup_errors=True
        )
    except OSError as error:
        remedy = (
            "Let SKMNIST_DATA (or data_home) name a folder that may be written to, or one that"
            f" already holds the files of {image_set.torchvision_name}."
        )
        problem = f"cannot be written to ({error.strerror or error})"
        raise dataset_error(home, problem, remedy) from error

    with temporary as folder, _our_retrieval(torchvision.utils):
        try:
            for subset in subsets:
                torchvision_class(
                    folder,
                    train=subset == "train",
                    download=True,
                    **image_set.torchvision_options,
                )
                image_set.read(image_set, image_set.parts[subset], Path(folder))
            if not image_set.has_known_digests:
                for path in _unpacked_files(Path(folder)):
                    note_digest(path)
            _move(_unpacked_files(Path(folder)), Path(folder), home)
        # Whatever it is that fails in there (network, mirror, archive, disk), the set did not come.
        except Exception as error:
            remedy = (
                "Check the network and the space on the disk and try again, or let SKMNIST_DATA"
                " (or data_home) name a folder that already holds the files."
            )
            problem = (
                f"{image_set.torchvision_name} could not be downloaded into this folder"
                f" ({type(error).__name__}: {getattr(error, 'problem', error)})"
            )
            raise dataset_error(home, problem, remedy) from error


def _unpacked_files(folder):
    # Backwards: a digest (FILE.sha256) comes before its file, which then never lies there without.
    paths = sorted(folder.rglob("*"), reverse=True)
    return [path for path in paths if path.is_file() and path.suffix not in _PACKED]


def _move(paths, source, home):
    for path in paths:
        destination = home / path.relative_to(source)
        # What is there is whole, from another process or from before.
        if not destination.exists():
            destination.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, destination)


@contextmanager
def _our_retrieval(utils):
    # torchvision waits for ever for a slow server, and falls back from https to http.
    theirs = utils._urlretrieve, utils._get_redirect_url
    utils._urlretrieve, utils._get_redirect_url = retrieve, lambda url, **options: url
    try:
        yield
    finally:
        utils._urlretrieve, utils._get_redirect_url = theirs
