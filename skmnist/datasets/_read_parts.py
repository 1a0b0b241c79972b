"""Read one subset of a set from the files in the data home, and check it."""

import os

import numpy as np

from ._checksums import check_digest, noted_digest
from ._errors import damaged, unreadable
from ._idx import read_idx


def find_file(home, file):
    """Return the path of `file`, as it is or with ``.gz``; if there is neither, as it would be."""
    plain = home / file.path
    for path in (plain, home / f"{file.path}.gz"):
        try:
            os.stat(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise unreadable(path, error) from error
        return path
    return plain


def read_idx_part(image_set, part, home):
    """Return the images and the target of a subset that consists of two IDX files."""
    images_path, labels_path = find_file(home, part.images), find_file(home, part.labels)
    images_digest, labels_digest = (
        file.digest or noted_digest(home / file.path) for file in part.files
    )
    images = read_idx(images_path, (part.n_images, *image_set.image_shape), "uint8", images_digest)
    if image_set.transposed:
        images = np.ascontiguousarray(images.transpose(0, 2, 1))

    if image_set.label_columns == 1:
        labels = read_idx(labels_path, (part.n_images,), "uint8", labels_digest)
    else:
        shape = (part.n_images, image_set.label_columns)
        labels = read_idx(labels_path, shape, "int32", labels_digest)[:, 0]
    target = labels.astype(np.int64) - image_set.first_label
    outside = np.flatnonzero((target < 0) | (target >= len(image_set.target_names)))
    if len(outside):
        first, last = image_set.first_label, image_set.first_label + len(image_set.target_names) - 1
        problem = (
            f"holds the label {labels[outside[0]]} (row {outside[0]}), wanted {first} to {last}"
        )
        raise damaged(labels_path, problem)
    return images, target


def read_usps_part(image_set, part, home):
    """Return the images and the target of a subset that is one LIBSVM file.

    The digest fixes every byte, so the content needs no other check.
    """
    from sklearn.datasets import load_svmlight_file

    path = find_file(home, part.images)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    check_digest(path, part.images.digest, content)
    height, width = image_set.image_shape
    values, labels = load_svmlight_file(
        str(path), n_features=height * width, dtype=np.float32, zero_based=False
    )
    # Rounded down, as torchvision does it.
    images = ((values.toarray() + 1) / 2 * 255).astype(np.uint8).reshape(-1, height, width)
    return images, labels.astype(np.int64) - image_set.first_label
