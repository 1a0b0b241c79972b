"""Weight initialization."""

import pytest

from skmnist import CNNClassifier
from skmnist._networks.weight_init import WEIGHT_INITS
from tests.helpers import classifiers_with, digits, tiny


@classifiers_with("weight_init")
def test_weight_init_determines_the_standard_deviation(cls):
    X, y = digits()
    n_in, n_out = 784, 400
    weights_by_method = {}
    for method in ("auto", *WEIGHT_INITS):
        clf = tiny(cls, weight_init=method, lr=1e-30, optimizer="sgd", max_epochs=1)
        clf.set_params(hidden_layer_sizes=(n_out,))
        if cls is CNNClassifier:
            clf.set_params(channels=1, pool_size=1)
        weights_by_method[method] = clf.fit(X, y).coefs_[-2]
    assert not weights_by_method.pop("zeros").any()
    stds = {
        "torch": (3 * n_in) ** -0.5,  # uniform within 1 / sqrt(n_in)
        "he": (2 / n_in) ** 0.5,
        "glorot": (2 / (n_in + n_out)) ** 0.5,
        "lecun": n_in**-0.5,
    }
    stds["auto"] = stds["lecun" if cls is CNNClassifier else "torch"]
    for method, weights in weights_by_method.items():
        assert weights.shape == (n_in, n_out)
        assert weights.std() == pytest.approx(stds[method], rel=0.02), method
