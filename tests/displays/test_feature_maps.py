"""FeatureMapsDisplay."""

import numpy as np
import pytest
from torch import nn

from skmnist import TorchClassifier
from skmnist.displays import (
    FeatureMapsDisplay,
    PredictionDisplay,
)
from skmnist.displays._images import as_single_image
from tests.displays.helpers import assert_no_overlap


def test_feature_maps_are_the_outputs_of_each_layer(cnn, data):
    X, _ = data
    display = FeatureMapsDisplay.from_estimator(cnn, X[3])
    first, last = display.feature_maps
    assert (first.shape, last.shape) == ((4, 14, 14), (6, 7, 7))
    # The remaining layers, computed with NumPy, give the same logits.
    hidden = np.maximum(last.ravel() @ cnn.coefs_[2] + cnn.intercepts_[2], 0)
    logits = hidden @ cnn.coefs_[3] + cnn.intercepts_[3]
    np.testing.assert_allclose(logits, cnn.decision_function(X[[3]])[0], rtol=1e-4, atol=1e-4)


def test_feature_maps_of_a_layer_share_a_color_scale(cnn, data):
    display = FeatureMapsDisplay.from_estimator(cnn, data[0][0], n=3)
    assert len(display.axes_) == 1 + 3 + 3
    for maps, axes in zip(
        display.feature_maps, [display.axes_[1:4], display.axes_[4:]], strict=True
    ):
        limits = {ax.get_images()[0].get_clim() for ax in axes}
        assert limits == {(maps[:3].min(), maps[:3].max())}


@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 784), (1, 28, 28), (1, 1, 28, 28)])
def test_single_image_may_have_any_shape(cnn, data, shape):
    image, X = as_single_image(cnn, data[0][0].reshape(shape))
    np.testing.assert_array_equal(image, data[0][0].reshape(28, 28))
    np.testing.assert_array_equal(X, data[0][[0]])


def test_in_place_modules_do_not_change_feature_maps(data):
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.Tanh(), nn.Conv2d(2, 2, 3), nn.ReLU(inplace=True), nn.Flatten()
    )
    module.append(nn.Linear(2 * 24 * 24, 10))
    clf = TorchClassifier(module, image_shape=(1, 28, 28), max_epochs=1, random_state=0)
    display = FeatureMapsDisplay.from_estimator(clf.fit(*data), data[0][0])
    first, second = display.feature_maps
    assert -1 <= first.min() < 0
    assert second.min() == 0
    assert not clf.module_[0]._forward_hooks


@pytest.mark.parametrize("n", [1, 20])
def test_texts_of_many_maps_do_not_overlap(n, boxes_of):
    maps = [np.random.default_rng(0).random((64, 5, 5)) for _ in range(2)]
    display = FeatureMapsDisplay(np.eye(8), maps).plot(n=n)
    assert_no_overlap(boxes_of(display.figure_))


def test_estimators_without_convolutions_are_rejected(mlp, linear, data):
    for clf in [mlp, linear]:
        with pytest.raises(TypeError, match=f"{type(clf).__name__} has no convolutions"):
            FeatureMapsDisplay.from_estimator(clf, data[0][0])


@pytest.mark.parametrize("display_class", [FeatureMapsDisplay, PredictionDisplay])
def test_several_images_are_rejected(cnn, data, display_class):
    with pytest.raises(ValueError, match=r"1,568 pixels \(shape \(2, 784\)\), .* fitted on .* 784"):
        display_class.from_estimator(cnn, data[0][:2])
