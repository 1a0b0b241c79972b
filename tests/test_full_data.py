"""The accuracy of the classifiers on the full MNIST: 60,000 training and 10,000 test images."""

import pytest

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, load_pretrained
from skmnist.datasets import fetch_mnist

pytestmark = pytest.mark.full_data

_POOLS = {"pool_size": (2, 4), "pool_stride": (2, 4), "hidden_layer_sizes": ()}
WIDE = {"channels": (32, 64), "kernel_size": 5, "stride": (1, 3), "padding": 1, **_POOLS}
NARROW = {"channels": (4, 2), "kernel_size": 3, "stride": (1, 3), "padding": 0, **_POOLS}


@pytest.fixture(scope="module")
def accuracy(full_mnist):
    """Return a function that trains a classifier and measures its accuracy on the test set."""
    X, y = fetch_mnist(data_home=full_mnist, return_X_y=True, download_if_missing=False)
    X_test, y_test = fetch_mnist(
        subset="test", data_home=full_mnist, return_X_y=True, download_if_missing=False
    )
    assert (X.shape, X_test.shape) == ((60_000, 784), (10_000, 784))

    def train_and_test(clf):
        return clf.fit(X, y).score(X_test, y_test)

    return train_and_test


def test_pretrained_reader_reaches_99_6_percent(full_mnist):
    X, y = fetch_mnist(
        subset="test", data_home=full_mnist, return_X_y=True, download_if_missing=False
    )
    assert load_pretrained("digits").score(X, y) >= 0.996


def test_mlp_reaches_97_percent_with_its_defaults(accuracy):
    assert accuracy(MLPClassifier(random_state=0)) >= 0.973


@pytest.mark.slow
def test_backprop_reaches_97_percent_in_20_epochs(accuracy):
    clf = BackpropClassifier(hidden_layer_sizes=(256, 128, 64), random_state=0)
    assert clf.max_epochs == 20
    assert accuracy(clf) >= 0.975


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_cnn_reaches_99_percent_in_5_epochs(accuracy):
    assert accuracy(CNNClassifier(max_epochs=5, random_state=0)) >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_wide_cnn_reaches_97_percent_in_2_epochs(accuracy, seed):
    clf = CNNClassifier(**WIDE, batch_size=64, lr=1e-3, max_epochs=2, random_state=seed)
    assert accuracy(clf) >= 0.97


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_narrow_cnn_shows_what_two_features_can_and_cannot_do(accuracy, seed):
    clf = CNNClassifier(**NARROW, max_epochs=10, random_state=seed)
    reached = accuracy(clf)
    assert clf.coefs_[-1].shape == (2, 10)
    assert 0.30 <= reached <= 0.60
