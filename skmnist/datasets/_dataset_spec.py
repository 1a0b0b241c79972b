"""Specification of a data set: files, sizes and classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from ._read_split import read_idx_split

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class File(NamedTuple):
    """A file of a data set.

    Attributes
    ----------
    path : str
        The path relative to the data home, in torchvision's layout.
    checksum : str or None
        The SHA-256 or MD5 checksum, or None if it is not known. For an IDX file it is the
        checksum of the unpacked content, otherwise that of the file itself.
    """

    path: str
    checksum: str | None = None


class Split(NamedTuple):
    """The training, validation or test set of a data set.

    Attributes
    ----------
    images, labels : File
        The two files.
    n_images : int
        The number of images.
    part : str
        The name of the split inside a file that contains several.
    """

    images: File
    labels: File
    n_images: int
    part: str = ""

    @property
    def files(self) -> tuple[File, File]:
        """The two files. For some data sets, both are the same file."""
        return self.images, self.labels


@dataclass(frozen=True)
class DatasetSpec:
    """Specification of a data set: how to download, read and describe it.

    Attributes
    ----------
    function : str
        The name of the function that loads the data set, for error messages.
    torchvision_name : str
        The torchvision class that downloads the data set, or its name if `url` is given.
    splits : dict of str to Split
        The training set ("train"), the test set ("test") and, for MedMNIST, the validation set
        ("val").
    target_names : tuple of str
        The names of the classes.
    description : str
        The description of the data set (DESCR).
    url : str or None
        The address of the only file of the data set. If None, torchvision knows the addresses.
    torchvision_options : dict
        Additional arguments of the torchvision class.
    split_argument : str
        The argument of the torchvision class that selects the split: "train" (a bool) or "split"
        (the name).
    image_shape : tuple of int
        (height, width) or (channels, height, width) of the images.
    first_label : int
        The label of the first class in the files.
    label_columns : int
        The number of label columns in the files. The first one is the class.
    transposed : bool
        Whether the images are transposed in the files.
    read_split : callable
        The function that reads a split from its files.
    """

    function: str
    torchvision_name: str
    splits: dict[str, Split]
    target_names: tuple[str, ...]
    description: str
    url: str | None = None
    torchvision_options: dict[str, str] = field(default_factory=dict)
    split_argument: Literal["train", "split"] = "train"
    image_shape: tuple[int, ...] = (28, 28)
    first_label: int = 0
    label_columns: int = 1
    transposed: bool = False
    read_split: Callable[[DatasetSpec, Split, Path], tuple[np.ndarray, np.ndarray]] = read_idx_split

    @property
    def paths(self) -> set[str]:
        """The paths of all files, relative to the data home."""
        return {file.path for split in self.splits.values() for file in split.files}

    @property
    def has_known_checksums(self) -> bool:
        """Whether the checksums of all files are known before the download."""
        return all(file.checksum for split in self.splits.values() for file in split.files)


def file_split(path: str, n_images: int, md5: str, part: str = "") -> Split:
    """Return a split whose images and labels are in one file with a known checksum."""
    return Split(File(path, md5), File(path, md5), n_images, part)


def idx_split(
    folder: str,
    prefix: str,
    n_images: int,
    images_checksum: str | None = None,
    labels_checksum: str | None = None,
    labels: str = "idx1-ubyte",
) -> Split:
    """Return a split that consists of two IDX files with torchvision's names."""
    # If no checksum is known, it is computed after the download (torchvision verifies the archive)
    # and written next to the file. For files from other sources, only the format is checked.
    return Split(
        File(f"{folder}/raw/{prefix}-images-idx3-ubyte", images_checksum),
        File(f"{folder}/raw/{prefix}-labels-{labels}", labels_checksum),
        n_images,
    )
