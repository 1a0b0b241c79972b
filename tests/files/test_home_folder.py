"""``~`` in a path is the home folder."""

from pathlib import Path

import pytest
from PIL import Image

import skmnist
from skmnist import MLPClassifier
from skmnist._files.atomic import atomic_write
from skmnist.datasets import load_image_folder
from skmnist.preprocessing import read_image
from tests.helpers import digits, same_network, small_digits, tiny


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(Path(__file__).parent)
    return tmp_path


def test_models_are_saved_and_loaded_there(home):
    clf = tiny(MLPClassifier, max_epochs=1).fit(*small_digits())
    skmnist.save(clf, "~/model.safetensors")
    assert (home / "model.safetensors").is_file()
    assert same_network(skmnist.load(Path("~", "model.safetensors")), clf)
    clf.save(Path("~/again.safetensors"))
    assert same_network(MLPClassifier.load("~/again.safetensors"), clf)


def test_images_are_read_there(home):
    image = Image.fromarray(255 - digits()[0][0].reshape(28, 28))
    for label in "34":
        (home / "digits" / label).mkdir(parents=True)
        image.save(home / "digits" / label / "a.png")
    assert load_image_folder("~/digits").target_names == ["3", "4"]
    assert load_image_folder(Path("~/digits"), return_X_y=True)[1].tolist() == [0, 1]
    assert read_image("~/digits/3/a.png").shape == (28, 28)


def test_only_a_leading_tilde_is_replaced(home):
    with atomic_write(home / "a~b", "w") as file:
        file.write("text")
    assert (home / "a~b").is_file()
