"""load_pretrained: the classifiers that come with the package, and their model cards."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from skmnist import CNNClassifier, load_pretrained, predict_image
from skmnist._pretrained.load_pretrained import NAMES, default_reader, load_card
from skmnist.datasets import load_mnist_sample
from tests.helpers import digits

MAX_SIZE = 2_000_000  # bytes

every_name = pytest.mark.parametrize("name", NAMES)


def content(name):
    return (files("skmnist._pretrained") / f"{name}.safetensors").read_bytes()


@every_name
def test_model_card_describes_the_file(name):
    card, clf = load_card(name), load_pretrained(name)
    assert card["sha256"] == hashlib.sha256(content(name)).hexdigest()
    assert len(content(name)) < MAX_SIZE
    assert card["n_parameters"] == clf.n_parameters_
    expected = card["parameters"] | card["last_parameters"]
    parameters = clf.get_params()
    assert {key: parameters[key] for key in expected} == expected


@every_name
def test_file_has_no_times(name):
    """Training again gives the same file."""
    clf = load_pretrained(name)
    assert clf.fit_time_ == 0
    assert set(clf.net_.history[:, "dur"]) == {0}


@every_name
def test_digits_are_classified(name):
    X, y = load_mnist_sample(return_X_y=True)
    clf = load_pretrained(name)
    assert type(clf) is CNNClassifier
    assert clf.score(X[::5], y[::5]) > 0.99


def test_unknown_name_is_an_error():
    with pytest.raises(ValueError, match="The 'name' parameter of load_pretrained must be .*digi"):
        load_pretrained("letters")


def photo_of(row, level):
    """Return a photo of a digit on paper of some brightness."""
    digit = np.asarray(Image.fromarray(row.reshape(28, 28)).resize((168, 168))) / 255
    return (level * np.pad(1 - 0.7 * digit, 50, constant_values=1)).astype(np.uint8)


def test_predict_image_uses_it_by_default():
    X, y = digits(step=200)
    labels = [predict_image(photo_of(row, level=120 + 4 * i)).label for i, row in enumerate(X)]
    assert np.mean(labels == y) > 0.95


def test_confidence_is_the_highest_probability():
    X, _ = digits(step=1000)
    prediction = predict_image(photo_of(X[0], level=200))
    assert prediction.confidence == max(prediction.proba.values())
    assert not prediction.rejected


def waves(rng):
    y, x = np.mgrid[:28, :28]
    return 127 + 127 * np.sin(rng.uniform(0.2, 2) * y + rng.uniform(0.2, 2) * x + rng.uniform(0, 6))


def letter(rng):
    image = Image.new("L", (28, 28))
    font = ImageFont.load_default(20)
    ImageDraw.Draw(image).text(
        (14, 14), str(rng.choice(list("EFHKMRWX"))), fill=255, font=font, anchor="mm"
    )
    return np.asarray(image)


def random_pixels(rng):
    return rng.uniform(0, 255, (28, 28))


@pytest.mark.parametrize("make", [waves, letter, random_pixels])
def test_images_of_no_digit_are_rejected(make):
    rng = np.random.default_rng(5)
    X = np.stack([make(rng).astype(np.uint8).ravel() for _ in range(50)])
    assert np.mean(default_reader().predict(X) == -1) > 0.8


def test_label_of_an_image_of_no_digit_is_minus_one():
    prediction = predict_image(letter(np.random.default_rng(6)))
    assert prediction.label == -1
    assert prediction.rejected
    assert sum(prediction.proba.values()) == pytest.approx(1)
