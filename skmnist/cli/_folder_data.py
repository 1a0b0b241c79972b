"""Load a folder of images with a subfolder for each class, for training or evaluation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

# Names of the subfolders of a data set that has a separate test set.
_TRAIN, _TEST = ("train", "training"), ("test", "testing")


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Add --size, --color and --normalize."""
    group = parser.add_argument_group("folders of images")
    group.add_argument(
        "--size",
        metavar="N",
        type=_parse_size,
        help="resize the images of a folder to N x N pixels, or to HEIGHT,WIDTH (default: the size "
        "of the images or of the model)",
    )
    group.add_argument(
        "--color",
        choices=("auto", "yes", "no"),
        default="auto",
        help="whether the images of a folder keep their colors (default: %(default)s, if an image "
        "has colors or the model was trained with colors)",
    )
    group.add_argument(
        "--normalize",
        action="store_true",
        help="convert photos of digits in a folder to MNIST's format",
    )


def read_folder(
    path: Path, args: argparse.Namespace, image_shape: tuple[int, ...] | None, only_test: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the images and the labels of a folder, or of its subfolders train and test.

    Parameters
    ----------
    path : Path
        The folder.
    args : Namespace
        The values of the options of :func:`add_folder_options`.
    image_shape : tuple or None
        The shape of the images of the model or of the training set, if it is known.
    only_test : bool
        Whether to leave out the training set if there is a test set.
    """
    folders = {entry.name.lower(): entry for entry in path.iterdir() if entry.is_dir()}
    train = next((folders[name] for name in _TRAIN if name in folders), None)
    test = next((folders[name] for name in _TEST if name in folders), None)
    if train is None or test is None:
        return {"train": _load(path, args, image_shape)}
    if only_test:
        return {"test": _load(test, args, image_shape)}
    X, y = _load(train, args, image_shape)
    return {"train": (X, y), "test": _load(test, args, X.shape[1:])}


def _load(
    path: Path, args: argparse.Namespace, image_shape: tuple[int, ...] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a folder and their labels.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features), (n_samples, height, width) or \
            (n_samples, *image_shape)
    y : ndarray of int or str of shape (n_samples,)
        The names of the subfolders; integers if all names are integers.
    """
    import numpy as np

    from skmnist._utils.image_shape import is_channels_last, with_channels
    from skmnist.datasets import load_image_folder
    from skmnist.preprocessing import DigitNormalizer

    bunch: Any
    color: Any
    if args.normalize:
        if args.size or args.color != "auto":
            raise ValueError(
                "--normalize determines the size and the colors. Leave out --size and --color."
            )
        bunch = load_image_folder(path, normalizer=DigitNormalizer())
        X = bunch.data
    else:
        size, color = args.size, {"auto": "auto", "yes": True, "no": False}[args.color]
        if image_shape is not None and len(image_shape) > 1:
            channels, *sides = with_channels(image_shape)
            size, color = size or tuple(sides), channels == 3 if color == "auto" else color
        bunch = load_image_folder(path, size=size, color=color)
        X = bunch.images
        if image_shape is not None and is_channels_last(image_shape) and X.ndim == 4:
            X = X.transpose(0, 2, 3, 1)
    names = bunch.target_names
    are_numbers = all(name.isdecimal() for name in names)
    labels = np.array([int(name) for name in names] if are_numbers else names)
    return X, labels[bunch.target]


def fitted_image_shape(estimator: Any) -> tuple[int, ...] | None:
    """Return the shape of the images on which a classifier was fitted, or None."""
    from skmnist.preprocessing._fitted_input import iter_steps

    shapes = (getattr(step, "image_shape_", None) for step in iter_steps(estimator))
    return next((shape for shape in shapes if shape is not None), None)


def _parse_size(text: str) -> int | tuple[int, int]:
    try:
        sides = [int(side) for side in text.split(",")]
    except ValueError:
        sides = []
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise argparse.ArgumentTypeError(
            f"expected a positive integer or HEIGHT,WIDTH, got {text!r}"
        )
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])
