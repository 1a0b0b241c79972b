"""Fixtures for the tests of the commands: data and models."""

import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.utils import Bunch

from skmnist import MLPClassifier, cli, datasets, save
from skmnist.cli import _data as cli_data
from skmnist.cli import main
from tests.helpers import digits, sample


@pytest.fixture(autouse=True)
def close_figures():
    """Close the figures of commands that failed before they had written them."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a saved model, a photo of one digit and an image of three digits."""
    folder = tmp_path_factory.mktemp("predict")
    X, y = digits(1)
    save(MLPClassifier(max_epochs=5, random_state=0).fit(X, y), folder / "digits.safetensors")
    images = [255 - X[i].reshape(28, 28) for i in (700, 2300, 4800)]
    photos = [np.asarray(Image.fromarray(image).resize((112, 112))) for image in images]
    Image.fromarray(photos[1]).save(folder / "photo.jpg")
    Image.fromarray(np.hstack(photos)).save(folder / "digits.png")
    assert y[[700, 2300, 4800]].tolist() == [1, 4, 9]
    return folder


@pytest.fixture
def small_sample(monkeypatch):
    """Reduce the sample to 200 training images and 50 test images."""
    X, y = digits()
    small = Bunch(**{**sample(), "data": X, "target": y})
    monkeypatch.setattr(datasets, "load_mnist_sample", lambda: small)
    monkeypatch.setattr(cli_data, "N_TEST_IMAGES", 50)


@pytest.fixture
def parse_classifiers(monkeypatch):
    """Return a function that parses a command and returns the classifiers that it would train."""
    classifiers = []
    monkeypatch.setattr(cli, "_run", lambda _, parser, args: classifiers.append(args.classifiers))

    def run(*argv):
        assert main(argv) == 0
        return classifiers[-1]

    return run
