"""Read the splits of CIFAR-10, SVHN and MedMNIST.

The contents are not validated, because the checksums cover the whole files. No format that contains
pickled objects is read.
"""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import numpy as np

from ._read_split import read_verified

if TYPE_CHECKING:
    from pathlib import Path

    from ._dataset_spec import DatasetSpec, Split

_CIFAR_FOLDER = "cifar-10-batches-bin"
_CIFAR_FILES = {
    "train": tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    "test": ("test_batch.bin",),
}


def read_cifar_split(spec: DatasetSpec, split: Split, home: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the target of a split of CIFAR-10's binary version.

    Each image is one byte with its label and 3,072 bytes of red, green and blue.
    """
    _, content = read_verified(home, split.images)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        files = [
            archive.extractfile(f"{_CIFAR_FOLDER}/{file}") for file in _CIFAR_FILES[split.part]
        ]
        parts = [np.frombuffer(file.read(), np.uint8) for file in files if file is not None]
    records = np.concatenate(parts).reshape(split.n_images, -1)
    images = np.ascontiguousarray(records[:, 1:]).reshape(-1, *spec.image_shape)
    return images, records[:, 0].astype(np.int64)


def read_svhn_split(spec: DatasetSpec, split: Split, home: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the target of a split of SVHN, which is a MATLAB file."""
    from scipy.io import loadmat

    _, content = read_verified(home, split.images)
    arrays = loadmat(io.BytesIO(content), variable_names=["X", "y"])
    images = np.ascontiguousarray(arrays["X"].transpose(3, 2, 0, 1))
    # The label 10 is the digit 0.
    return images, arrays["y"].ravel().astype(np.int64) % 10


def read_medmnist_split(
    spec: DatasetSpec, split: Split, home: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the target of a split of a MedMNIST data set."""
    _, content = read_verified(home, split.images)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        images, labels = arrays[f"{split.part}_images"], arrays[f"{split.part}_labels"]
    if images.ndim == 4:
        images = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return images, labels.ravel().astype(np.int64)
