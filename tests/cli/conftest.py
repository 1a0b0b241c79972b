"""Data and models for the tests of the commands."""

import numpy as np
import pytest
from PIL import Image
from sklearn.utils import Bunch

from skmnist import MLPClassifier, cli, datasets, save
from skmnist.cli import _data as cli_data
from skmnist.cli import main
from skmnist.datasets import load_mnist_sample


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a network, a photo of a digit and one of three digits."""
    folder = tmp_path_factory.mktemp("predict")
    X, y = load_mnist_sample(return_X_y=True)
    save(MLPClassifier(max_epochs=5, random_state=0).fit(X, y), folder / "digits.safetensors")
    rows = [255 - X[i].reshape(28, 28) for i in (700, 2300, 4800)]
    photos = [np.asarray(Image.fromarray(row).resize((112, 112))) for row in rows]
    Image.fromarray(photos[1]).save(folder / "photo.jpg")
    Image.fromarray(np.hstack(photos)).save(folder / "row.png")
    assert y[[700, 2300, 4800]].tolist() == [1, 4, 9]
    return folder


@pytest.fixture
def few_images(monkeypatch):
    """Let the sample be 200 images to train on and 50 to test on."""
    sample = datasets.load_mnist_sample()
    rows = slice(None, None, 20)
    few = Bunch(**{**sample, "data": sample.data[rows], "target": sample.target[rows]})
    monkeypatch.setattr(datasets, "load_mnist_sample", lambda: few)
    monkeypatch.setattr(cli_data, "N_TEST_IMAGES", 50)


@pytest.fixture
def classifiers_of(monkeypatch):
    """Return a function that runs a command and returns the classifiers that it would train."""
    seen = []
    monkeypatch.setattr(cli, "_run", lambda _, parser, args: seen.append(args.classifiers))

    def run(*argv):
        assert main(argv) == 0
        return seen[-1]

    return run
