"""Color images with the channels first or last."""

import numpy as np
import pytest
from torch import nn

from skmnist import CNNClassifier, MLPClassifier, TorchClassifier, load, save
from tests.helpers import color_digits, same_network, tiny

X, Y = color_digits()
LAST = np.ascontiguousarray(X.transpose(0, 2, 3, 1))


@pytest.fixture(scope="module")
def first():
    return tiny(CNNClassifier).fit(X, Y)


FORMS = {
    "4-D": lambda images: images,
    "flat": lambda images: images.reshape(len(images), -1),
    "list": lambda images: list(images),
    "not contiguous": lambda images: images[:, ::-1][:, ::-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_channels_may_be_first_or_last(first, form):
    make = FORMS[form]
    first_again = tiny(CNNClassifier, image_shape=(3, 32, 32)).fit(make(X), Y)
    last = tiny(CNNClassifier, image_shape=(32, 32, 3)).fit(make(LAST), Y)
    assert first.image_shape_ == first_again.image_shape_ == (3, 32, 32)
    assert last.image_shape_ == (32, 32, 3)
    assert last.coefs_[0].shape == (4, 3, 3, 3)
    assert same_network(first, first_again)
    assert same_network(first, last)
    expected = first.predict_proba(X)
    for other in FORMS.values():
        np.testing.assert_array_equal(last.predict_proba(other(LAST)), expected)
        np.testing.assert_array_equal(first_again.predict_proba(other(X)), expected)


def test_validation_set_and_partial_fit_have_the_channels_of_the_training_set():
    fits = [
        tiny(CNNClassifier, image_shape=shape)
        .fit(images[::2], Y[::2], X_val=images[1::2], y_val=Y[1::2])
        .partial_fit(images, Y)
        for shape, images in (("auto", X), ((32, 32, 3), LAST))
    ]
    assert same_network(*fits)
    assert fits[0].validation_scores_ == fits[1].validation_scores_


def test_torch_module_gets_the_channels_first():
    shapes = []

    class Network(nn.Module):
        def __init__(self, image_shape, n_classes):
            super().__init__()
            shapes.append(image_shape)
            self.layers = nn.Sequential(
                nn.Conv2d(image_shape[0], 2, 5, stride=4), nn.Flatten(), nn.Linear(98, n_classes)
            )

        def forward(self, x):
            return self.layers(x)

    fits = [
        tiny(TorchClassifier, module=Network, image_shape=shape).fit(images, Y)
        for shape, images in (((3, 32, 32), X), ((32, 32, 3), LAST))
    ]
    assert shapes == [(3, 32, 32)] * 2
    assert same_network(*fits)
    np.testing.assert_array_equal(fits[0].predict_proba(X), fits[1].predict_proba(LAST))


@pytest.mark.parametrize("cls", [CNNClassifier, MLPClassifier])
def test_channels_at_the_end_are_not_guessed(cls, first):
    parts = r"\(n_samples, channels, height, width\). Got \(100, 32, 32, 3\) .* X.transpose"
    with pytest.raises(ValueError, match=parts) as caught:
        tiny(cls).fit(LAST, Y)
    assert ("image_shape=(32, 32, 3)" in str(caught.value)) == (cls is CNNClassifier)
    with pytest.raises(ValueError, match=r"Got \(100, 32, 32, 3\)"):
        first.predict(LAST)


@pytest.mark.parametrize("shape", [(6, 6, 3), (28, 28, 1), (16, 20, 4), (64, 64, 10), (4, 4, 3)])
def test_shape_whose_last_axis_may_be_the_channels_is_an_error(shape):
    X = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    y = np.arange(20) % 2
    with pytest.raises(ValueError, match="whose last axis may be the channels"):
        tiny(CNNClassifier, pool_size=1).fit(X, y)
    clf = tiny(CNNClassifier, pool_size=1, image_shape=shape).fit(X, y)
    n_channels = shape[2] if min(shape[:2]) > 4 and shape[2] in (1, 3, 4) else shape[0]
    assert clf.coefs_[0].shape[1] == n_channels


@pytest.mark.parametrize("shape", [(3, 8, 8), (16, 7, 7), (64, 3, 3), (8, 14, 14), (1, 5, 5)])
def test_square_images_with_the_channels_first_need_no_image_shape(shape):
    X = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    clf = tiny(CNNClassifier, pool_size=1).fit(X, np.arange(20) % 2)
    assert clf.image_shape_ == shape


def test_channels_that_contradict_the_parameter_are_an_error():
    with pytest.raises(ValueError, match="image_shape"):
        tiny(CNNClassifier, image_shape=(32, 32, 3)).fit(X, Y)
    with pytest.raises(ValueError, match="last axis may be the channels"):
        tiny(CNNClassifier, image_shape=(3, 32, 32)).fit(LAST, Y)
    clf = tiny(CNNClassifier, image_shape=(32, 32, 3)).fit(LAST, Y)
    with pytest.raises(ValueError, match=r"fitted on images of shape \(32, 32, 3\)"):
        clf.predict(X)


def test_flat_color_images_get_the_advice_to_pass_their_shape():
    message = r"3,072 features are color images, pass image_shape=\(3, 32, 32\), or \(32, 32, 3\)"
    with pytest.raises(ValueError, match=message):
        tiny(CNNClassifier).fit(X.reshape(len(X), -1), Y)
    with pytest.raises(ValueError) as caught:
        tiny(CNNClassifier).fit(np.zeros((20, 785), np.uint8), np.arange(20) % 2)
    assert "image_shape" not in str(caught.value)


@pytest.mark.parametrize("image_shape, images", [("auto", X), ((32, 32, 3), LAST)])
def test_saved_model_has_the_order_of_the_channels(tmp_path, image_shape, images):
    clf = tiny(CNNClassifier, image_shape=image_shape, augment="flip").fit(images, Y)
    save(clf, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.image_shape_ == clf.image_shape_
    np.testing.assert_array_equal(loaded.predict_proba(images), clf.predict_proba(images))
    flat = images.reshape(len(images), -1)
    np.testing.assert_array_equal(loaded.predict_proba(flat), clf.predict_proba(images))
