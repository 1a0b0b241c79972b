"""Conversion of tensors, lists and arrays of objects to NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


def as_numpy(data: Any) -> Any:
    """Convert lists and torch tensors on any device to arrays; return anything else unchanged."""
    if isinstance(data, torch.Tensor):
        return _tensor_to_numpy(data)
    if isinstance(data, (list, tuple)):
        return np.asarray([_tensor_to_numpy(v) if torch.is_tensor(v) else v for v in data])
    return data


def images_as_numpy(X: Any) -> Any:
    """Convert images like :func:`as_numpy`, and columns of arrays, too.

    Raises
    ------
    ValueError
        If the images have different shapes.
    TypeError
        If X is a data set of torch or an iterator.
    """
    if isinstance(X, (Dataset, DataLoader, Iterator)):
        raise TypeError(
            f"X must be an array or a tensor of images. Got a {type(X).__name__} instead. Pass "
            "tensors: if it yields pairs of an image and a label, X = torch.stack([image for "
            "image, _ in pairs])."
        )
    X = _column_as_list(X)
    try:
        return as_numpy(X)
    except ValueError as error:
        raise ValueError(_different_shapes_message(X)) from error


def _tensor_to_numpy(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    tensor = tensor.to_dense() if tensor.layout != torch.strided else tensor
    # NumPy has no counterpart of torch's other small types, such as bfloat16.
    is_small = tensor.is_floating_point() and tensor.element_size() <= 2
    return (tensor.float() if is_small and tensor.dtype != torch.float16 else tensor).numpy()


def _column_as_list(X: Any) -> Any:
    """Return a column of arrays (a Series, or an array of objects) as a list of arrays."""
    column = X
    if getattr(X, "ndim", 0) == 2 and X.shape[1] == 1:
        column = X.iloc[:, 0] if hasattr(X, "iloc") else X[:, 0]
    if not isinstance(getattr(column, "dtype", None), np.dtype) or column.dtype.kind != "O":
        return X
    images = list(column)
    return images if column.ndim == 1 and images and hasattr(images[0], "shape") else X


def _different_shapes_message(X: Any) -> str:
    shapes = [_shape(sample) for sample in X]
    different = next((i for i, shape in enumerate(shapes) if shape != shapes[0]), None)
    if different is None or None in (shapes[0], shapes[different]):
        bad = 0 if different is None or shapes[0] is None else different
        return (
            f"X must contain one image per sample. Sample {bad} is a {type(X[bad]).__name__} of "
            "values of different shapes. Pass the images as X, and the labels as y."
        )
    return (
        f"X must contain samples of the same shape. Sample 0 has the shape {shapes[0]}, sample "
        f"{different} has the shape {shapes[different]}. Resize the images, or convert photos of "
        "digits with skmnist.preprocessing.DigitNormalizer."
    )


def _shape(sample: Any) -> tuple[int, ...] | None:
    """Return the shape of a sample, or None if its values have different shapes."""
    try:
        return np.shape(sample)
    except ValueError:
        return None
