"""What has to be known about a set: its files, sizes and classes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ._read_parts import read_idx_part


class File(NamedTuple):
    """A file: its path below the data home (torchvision's layout) and a digest, if known.

    The digest, a SHA-256 or MD5, is that of what an IDX file unpacks to, or of any other file as
    it is.
    """

    path: str
    digest: str | None = None


class Part(NamedTuple):
    """One subset of a set."""

    images: File
    labels: File
    n_images: int

    @property
    def files(self):
        """Both files (for USPS, twice the one)."""
        return self.images, self.labels


@dataclass(frozen=True)
class ImageSet:
    """What has to be known to fetch, read and describe a set.

    `torchvision_name` and `torchvision_options` name the torchvision class that
    downloads it. In its files the labels start at `first_label`, are the first of
    `label_columns` columns, and the images may be `transposed`.
    """

    torchvision_name: str
    parts: dict[str, Part]
    target_names: tuple[str, ...]
    description: str
    torchvision_options: dict[str, str] = field(default_factory=dict)
    image_shape: tuple[int, int] = (28, 28)
    first_label: int = 0
    label_columns: int = 1
    transposed: bool = False
    read: Callable = read_idx_part

    @property
    def has_known_digests(self):
        """Whether the digests of all its files are known beforehand."""
        return all(file.digest for part in self.parts.values() for file in part.files)


def idx_part(folder, prefix, n_images, images_digest=None, labels_digest=None, labels="idx1-ubyte"):
    """Return the part that consists of two IDX files, as torchvision names them."""
    # Where no digest is known, that of what was downloaded (which torchvision checks by the
    # archive's) is noted beside it. Files from elsewhere are then only checked for their form.
    return Part(
        File(f"{folder}/raw/{prefix}-images-idx3-ubyte", images_digest),
        File(f"{folder}/raw/{prefix}-labels-{labels}", labels_digest),
        n_images,
    )
