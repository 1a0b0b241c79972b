"""What has to be known about a set: its files, sizes and classes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from .reading import read_idx_part


class File(NamedTuple):
    """A file: its path below the data home (torchvision's layout) and a digest, if known.

    The digest is the SHA-256 of what an IDX file unpacks to, the MD5 of any other file.
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


def idx_part(folder, prefix, n_images, images_sha256=None, labels_sha256=None, labels="idx1-ubyte"):
    """Return the part that consists of two IDX files, as torchvision names them."""
    # Only MNIST's unpacked files have a known digest; for the other sets torchvision knows
    # the downloads' digests (and checks them), so later on their structure has to do.
    return Part(
        File(f"{folder}/raw/{prefix}-images-idx3-ubyte", images_sha256),
        File(f"{folder}/raw/{prefix}-labels-{labels}", labels_sha256),
        n_images,
    )
