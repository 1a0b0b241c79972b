"""Model files of every release can still be loaded.

``python -m tests.test_released_files`` writes the files of this version. Run it for a new version,
or if the format changes before the release.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from torch import nn

import skmnist
from skmnist.datasets import load_mnist_sample
from skmnist.preprocessing import PixelStandardizer

FOLDER = Path(__file__).parent / "released_files"
FILES = sorted(FOLDER.glob("*/*.safetensors"))


def small_digits():
    """Return 100 digits of 4 x 4 pixels."""
    X, y = load_mnist_sample(return_X_y=True)
    blocks = X[::50].reshape(-1, 4, 7, 4, 7)
    return blocks.mean(axis=(2, 4)).astype(np.uint8).reshape(-1, 16), y[::50]


def to_input(name, X):
    """Return the pixels in the format that the estimator of this name expects."""
    if name == "pipeline":
        return pd.DataFrame(X / 255.0).add_prefix("pixel ")
    return X.reshape(-1, 4, 4) if name == "cnn" else X


def linear(n_features, n_classes):
    """Return a custom module."""
    return nn.Sequential(nn.Linear(n_features, n_classes))


def make_estimators(y):
    """Return ``{name: (estimator, labels)}`` with different parameters and types of labels."""
    common = {"random_state": 0, "max_epochs": 3}
    names = np.array([f"digit {label}" for label in y])
    mlp = skmnist.MLPClassifier((5,), batch_norm=True, lr_schedule="cosine", **common)
    cnn = skmnist.CNNClassifier((3,), hidden_layer_sizes=(), early_stopping=True, **common)
    pipeline = make_pipeline(MinMaxScaler(), PixelStandardizer(), PCA(6), mlp)
    return {
        "mlp": (mlp, names),
        "cnn": (cnn, y * 10 - 7),
        "backprop": (skmnist.BackpropClassifier((4,), activation="tanh", **common), y > 4),
        "torch": (skmnist.TorchClassifier(linear, optimizer="sgd", **common), names.astype(object)),
        "pipeline": (pipeline, y),
    }


def write_files():
    """Write the files of this version."""
    folder = FOLDER / skmnist.__version__
    folder.mkdir(parents=True, exist_ok=True)
    X, y = small_digits()
    expected = {}
    for name, (estimator, labels) in make_estimators(y).items():
        estimator.fit(to_input(name, X), labels)
        skmnist.save(estimator, folder / f"{name}.safetensors")
        expected[name] = estimator.predict_proba(to_input(name, X))[::10]
    np.savez_compressed(folder / "probabilities.npz", **expected)


def test_files_of_this_version_exist():
    assert {path.stem for path in (FOLDER / skmnist.__version__).glob("*.safetensors")} == set(
        make_estimators(small_digits()[1])
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_of_every_release_predict_the_same_and_train_further(path):
    X, y = small_digits()
    X, (original, labels) = to_input(path.stem, X), make_estimators(y)[path.stem]
    module = linear if path.stem == "torch" else None
    estimator = skmnist.load(path, module=module)
    assert type(estimator) is type(original)
    with np.load(path.parent / "probabilities.npz") as expected:
        probabilities = expected[path.stem]
    # Not exactly equal, because the files were written on another machine.
    np.testing.assert_allclose(estimator.predict_proba(X)[::10], probabilities, rtol=0, atol=1e-5)
    assert set(estimator.predict(X)) <= set(labels)
    classifier = estimator[-1] if path.stem == "pipeline" else estimator
    assert (classifier.classes_ == np.unique(labels)).all()
    assert classifier.n_iter_ == 3
    Xt = estimator[:-1].transform(X) if path.stem == "pipeline" else X
    assert classifier.set_params(warm_start=True).fit(Xt, labels).n_iter_ == 6


if __name__ == "__main__":
    write_files()
