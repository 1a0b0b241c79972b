"""Data augmentation during training."""

import numpy as np
import pytest
import torch

from skmnist import CNNClassifier, MLPClassifier
from skmnist.preprocessing._augmentation import AUGMENTATIONS
from skmnist.preprocessing._transforms import affine, warp
from tests.helpers import CLASSIFIERS, digits, has, same_network, tiny

X, Y = digits(step=10)


FEW = digits(step=100)


IMAGES = torch.from_numpy(X).view(-1, 1, 28, 28) / 255


AUGMENTED = [cls for cls in CLASSIFIERS if has(cls, "augment")]


every_augmented = pytest.mark.parametrize("cls", AUGMENTED, ids=lambda cls: cls.__name__)


every_augmentation = pytest.mark.parametrize("name", AUGMENTATIONS)


every_type = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def correlation(images, others):
    return torch.corrcoef(torch.stack([images.flatten(), others.flatten()]))[0, 1]


@every_type
@every_augmentation
def test_each_image_is_augmented_differently(name, dtype):
    same = IMAGES[:1].to(dtype).expand(20, -1, -1, -1)
    augmented = AUGMENTATIONS[name](same, seeded())
    assert (augmented.shape, augmented.dtype) == (same.shape, dtype)
    assert len(augmented.unique(dim=0)) == 20
    assert augmented.min() >= 0
    assert augmented.max() <= 1 + 1e-6


def test_augmented_images_resemble_the_originals_and_are_not_mirrored():
    augmented = AUGMENTATIONS["light"](IMAGES, seeded())
    assert correlation(augmented, IMAGES) > 0.5
    for mirrored in (augmented.flip(2), augmented.flip(3)):
        assert correlation(mirrored, IMAGES) < correlation(augmented, IMAGES) - 0.2


def test_half_of_the_images_are_flipped_horizontally():
    augmented = AUGMENTATIONS["flip"](IMAGES, seeded())
    is_flipped = [
        correlation(image, original.flip(2)) > correlation(image, original)
        for image, original in zip(augmented, IMAGES, strict=True)
    ]
    assert 0.4 < np.mean(is_flipped) < 0.6
    unflipped = torch.stack(
        [
            image.flip(2) if flip else image
            for image, flip in zip(augmented, is_flipped, strict=True)
        ]
    )
    assert correlation(unflipped, IMAGES) > 0.5


@every_augmentation
def test_color_channels_are_transformed_together(name):
    gray = IMAGES[:8].expand(-1, 3, -1, -1)
    red, green, blue = AUGMENTATIONS[name](gray, seeded()).unbind(1)
    assert torch.equal(red, green)
    assert torch.equal(red, blue)


@every_augmented
@every_augmentation
def test_each_epoch_augments_differently_and_reproducibly(cls, name):
    plain, augmented, again = (
        tiny(cls, augment=augment).fit(*FEW) for augment in (None, name, name)
    )
    assert same_network(augmented, again)
    assert not same_network(plain, augmented)
    partial = tiny(cls, augment=name)
    for _ in range(2):
        partial.partial_fit(*FEW)
    assert same_network(augmented, partial)


@every_augmentation
def test_predictions_are_not_augmented(name):
    clf = tiny(MLPClassifier, augment=name).fit(*FEW)
    assert np.array_equal(clf.predict_proba(X[:9]), clf.predict_proba(X[:9]))


@every_augmentation
def test_global_generators_are_unchanged(name):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    tiny(MLPClassifier, augment=name).fit(*FEW)
    assert torch.equal(before[0], torch.get_rng_state())
    assert np.array_equal(before[1], np.random.get_state()[1])


def test_augmentation_improves_robustness():
    X_test, y_test = digits(step=7)
    transformed = warp(
        torch.from_numpy(X_test).view(-1, 1, 28, 28).float(),
        affine((28, 28), degrees=10.0, shift=(1.5, -1.5)),
    )
    scores = [
        CNNClassifier(8, max_epochs=12, lr=5e-3, augment=augment, random_state=0)
        .fit(X, Y)
        .score(transformed.round().byte(), y_test)
        for augment in (None, "light")
    ]
    assert scores[1] > scores[0] + 0.05


def test_features_that_are_not_an_image_raise():
    rng = np.random.RandomState(0)
    data, labels = rng.rand(40, 5), np.arange(40) % 2
    with pytest.raises(ValueError, match="augment='light'.*5 features.*n_samples, height, width"):
        tiny(MLPClassifier, augment="light").fit(data, labels)


def test_error_suggests_the_nearest_augmentation():
    with pytest.raises(ValueError, match="'augment'.*'lihgt'.*Did you mean 'light'"):
        tiny(MLPClassifier, augment="lihgt").fit(*FEW)
