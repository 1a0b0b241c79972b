"""Presets of CNNClassifier, and the parameters that they need."""

import numpy as np
import pytest
import torch

from skmnist import CNNClassifier, MLPClassifier
from skmnist._estimators.presets import PRESETS
from tests.helpers import digits, small_digits, tiny


@pytest.mark.parametrize("name", PRESETS)
def test_presets_learn_from_small_data(name):
    X, y = digits(10)
    clf = CNNClassifier.from_preset(name, max_epochs=8, augment=None, random_state=0)
    assert clf.fit(X, y).score(X, y) > 0.9


def test_parameters_replace_those_of_the_preset():
    clf = CNNClassifier.from_preset("fast", lr=0.5, random_state=3)
    assert (clf.lr, clf.random_state, clf.channels) == (0.5, 3, PRESETS["fast"]["channels"])


def test_unknown_preset_is_rejected_with_a_suggestion():
    with pytest.raises(ValueError, match="'fats' instead. Did you mean 'fast'?"):
        CNNClassifier.from_preset("fats")


def test_tiny_network_has_fewer_than_10000_parameters():
    X, y = digits(50)
    clf = CNNClassifier.from_preset("tiny", max_epochs=1).fit(X, y)
    assert clf.n_parameters_ < 10_000


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_test_time_augmentation_averages_the_probabilities_of_translated_images(loss):
    X, y = digits(50)
    images = np.pad(X.reshape(-1, 28, 28), [(0, 0), (2, 2), (2, 2)])  # nothing at the border
    clf = tiny(CNNClassifier, loss=loss).fit(images, y)
    shifts = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
    if loss == "cross_entropy":
        single = [clf.predict_proba(np.roll(images, shift, (1, 2))) for shift in shifts]
        expected = np.mean(single, 0)
        averaged = clf.set_params(test_time_augment=True).predict_proba(images)
        assert np.allclose(averaged, expected, atol=1e-6)
    before = clf.set_params(test_time_augment=False).predict_proba(images)
    assert np.abs(clf.set_params(test_time_augment=True).predict_proba(images) - before).max() > 0


def test_smooth_labels_make_the_network_less_confident():
    X, y = small_digits()
    plain, smooth = (
        MLPClassifier(label_smoothing=s, max_epochs=60, random_state=0).fit(X, y) for s in (0, 0.2)
    )
    assert plain.predict_proba(X).max(1).mean() > 0.95
    assert smooth.predict_proba(X).max(1).mean() == pytest.approx(0.82, abs=0.05)
    # The loss of the smooth targets can't fall below their entropy.
    targets = torch.tensor([0.82] + [0.02] * 9)
    assert smooth.loss_ > float(-(targets * targets.log()).sum())


@pytest.mark.parametrize("pooling, function", [("max", torch.amax), ("average", torch.mean)])
def test_global_pool_reduces_each_feature_map_to_one_value(pooling, function):
    X, y = digits(50)
    clf = tiny(CNNClassifier, global_pool=pooling, hidden_layer_sizes=()).fit(X, y)
    assert clf.coefs_[-1].shape == (4, 10)
    x = torch.from_numpy(X[:5].reshape(-1, 1, 28, 28) / np.float32(255))
    maps = clf.module_.features[:-1](x)
    assert torch.allclose(clf.module_.features(x).flatten(1), function(maps, (2, 3)))


def test_optimizer_params_reach_the_optimizer_and_can_be_removed():
    X, y = small_digits()
    clf = MLPClassifier(optimizer_params={"betas": (0.5, 0.6)}, warm_start=True, max_epochs=1)
    group = clf.fit(X, y).net_.optimizer_.param_groups[0]
    assert group["betas"] == (0.5, 0.6)
    group = clf.set_params(optimizer_params=None).fit(X, y).net_.optimizer_.param_groups[0]
    assert group["betas"] == (0.9, 0.999)
