"""The specification of a data set: its files, sizes and classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ._read_split import read_idx_split

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np


class File(NamedTuple):
    """A file: its path below the data home (torchvision's layout) and its checksum, if known.

    The checksum is a SHA-256 or MD5: for an IDX file that of its unpacked content, for any other
    file that of the file itself.
    """

    path: str
    checksum: str | None = None


class Split(NamedTuple):
    """The training set or the test set of a data set."""

    images: File
    labels: File
    n_images: int

    @property
    def files(self) -> tuple[File, File]:
        """Both files (for USPS, the same file twice)."""
        return self.images, self.labels


@dataclass(frozen=True)
class DatasetSpec:
    """What is needed to fetch, read and describe a data set.

    `torchvision_name` and `torchvision_options` name the torchvision class that
    downloads it. In its files the labels start at `first_label`, are the first of
    `label_columns` columns, and the images may be `transposed`.
    """

    torchvision_name: str
    splits: dict[str, Split]
    target_names: tuple[str, ...]
    description: str
    torchvision_options: dict[str, str] = field(default_factory=dict)
    image_shape: tuple[int, int] = (28, 28)
    first_label: int = 0
    label_columns: int = 1
    transposed: bool = False
    read_split: Callable[[DatasetSpec, Split, Path], tuple[np.ndarray, np.ndarray]] = read_idx_split

    @property
    def has_known_checksums(self) -> bool:
        """Whether the checksums of all its files are known in advance."""
        return all(file.checksum for split in self.splits.values() for file in split.files)


def idx_split(
    folder: str,
    prefix: str,
    n_images: int,
    images_checksum: str | None = None,
    labels_checksum: str | None = None,
    labels: str = "idx1-ubyte",
) -> Split:
    """Return the split that consists of two IDX files, with torchvision's names."""
    # If no checksum is known, that of the download (torchvision checks the archive's) is written
    # beside the file. For files from elsewhere only the format is then checked.
    return Split(
        File(f"{folder}/raw/{prefix}-images-idx3-ubyte", images_checksum),
        File(f"{folder}/raw/{prefix}-labels-{labels}", labels_checksum),
        n_images,
    )
