"""Read and validate the training set or the test set of a data set."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ._checksums import read_checksum, verify_checksum
from ._errors import corrupt_error, unreadable_error
from ._idx import read_idx

if TYPE_CHECKING:
    from pathlib import Path

    from ._dataset_spec import DatasetSpec, File, Split


def find_file(home: Path, file: File) -> Path:
    """Return the path of `file`, or of its compressed version if only that exists."""
    uncompressed = home / file.path
    for path in (uncompressed, home / f"{file.path}.gz"):
        try:
            os.stat(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unreadable_error(path, error) from error
        return path
    return uncompressed


def read_idx_split(spec: DatasetSpec, split: Split, home: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the target of a split that consists of two IDX files."""
    images_path, labels_path = find_file(home, split.images), find_file(home, split.labels)
    images_checksum, labels_checksum = (
        file.checksum or read_checksum(home / file.path) for file in split.files
    )
    images = read_idx(images_path, (split.n_images, *spec.image_shape), "uint8", images_checksum)
    if spec.transposed:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))

    if spec.label_columns == 1:
        labels = read_idx(labels_path, (split.n_images,), "uint8", labels_checksum)
    else:
        shape = (split.n_images, spec.label_columns)
        labels = read_idx(labels_path, shape, "int32", labels_checksum)[:, 0]
    target = labels.astype(np.int64) - spec.first_label
    outside = np.flatnonzero((target < 0) | (target >= len(spec.target_names)))
    if len(outside):
        first, last = spec.first_label, spec.first_label + len(spec.target_names) - 1
        i = outside[0]
        problem = f"Expected labels from {first} to {last}, got {labels[i]} for sample {i}"
        raise corrupt_error(labels_path, problem)
    return images, target


def read_verified(home: Path, file: File) -> tuple[Path, bytes]:
    """Return the path and the content of a file whose checksum covers all of it."""
    path = find_file(home, file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable_error(path, error) from error
    verify_checksum(path, file.checksum, content)
    return path, content


def read_usps_split(spec: DatasetSpec, split: Split, home: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the images and the target of a split that is a single LIBSVM file.

    The content is not validated, because the checksum covers the whole file.
    """
    from sklearn.datasets import load_svmlight_file

    path, _ = read_verified(home, split.images)
    height, width = spec.image_shape
    values, labels = load_svmlight_file(
        str(path), n_features=height * width, dtype=np.float32, zero_based=False
    )
    # Round down, as torchvision does.
    images = ((values.toarray() + 1) / 2 * 255).astype(np.uint8).reshape(-1, height, width)
    return images, labels.astype(np.int64) - spec.first_label
