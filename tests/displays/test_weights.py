"""WeightsDisplay."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from skmnist import MLPClassifier
from skmnist.displays import (
    ArchitectureDisplay,
    FeatureMapsDisplay,
    PredictionDisplay,
    WeightsDisplay,
)
from tests.displays.helpers import assert_no_overlap


def test_weights_are_the_images_of_the_units(mlp):
    display = WeightsDisplay.from_estimator(mlp)
    np.testing.assert_array_equal(display.weights[3].ravel(), mlp.coefs_[0][:, 3])
    shown = [ax.get_images()[0] for ax in display.axes_]
    np.testing.assert_array_equal(shown[3].get_array(), display.weights[3])
    assert [ax.get_title() for ax in display.axes_] == [str(i) for i in range(16)]


def test_color_scale_is_shared_and_centered_at_zero(mlp):
    display = WeightsDisplay.from_estimator(mlp, n=5)
    limits = {ax.get_images()[0].get_clim() for ax in display.axes_}
    largest = np.abs(display.weights[:5]).max()
    assert limits == {(-largest, largest)}
    assert (display.colorbar_.vmin, display.colorbar_.vmax) == (-largest, largest)
    assert display.colorbar_.extend == "neither"
    assert display.plot(vmax=largest / 2).colorbar_.extend == "both"


def test_kernels_of_each_convolution_can_be_shown(cnn):
    display = WeightsDisplay.from_estimator(cnn, layer=1)
    assert display.ax_.get_title() == "Weights of 6 kernels × 4 channels"
    assert len(display.axes_) == 24
    assert display.axes_[5].get_title() == "1, 1"
    shown = display.axes_[5].get_images()[0].get_array()
    np.testing.assert_array_equal(shown, cnn.coefs_[1][1, 1])


def test_weights_of_linear_models_are_named_by_class(linear, data, boxes_of):
    display = WeightsDisplay.from_estimator(linear)
    np.testing.assert_array_equal(display.weights[7].ravel(), linear.coef_[7])
    assert display.ax_.get_title() == "Weights of 10 classes"
    names = [f"A rather long name {i}" for i in range(10)]
    display = WeightsDisplay.from_estimator(linear, display_labels=names)
    titles = [ax.get_title() for ax in display.axes_]
    assert len(set(titles)) == 10
    assert_no_overlap(boxes_of(display.figure_))


def test_weights_of_two_classes_are_those_of_the_second(data):
    X, y = data
    clf = LogisticRegression(tol=0.1).fit(X / 255, np.where(y > 4, "high", "low"))
    display = WeightsDisplay.from_estimator(clf)
    assert [ax.get_title() for ax in display.axes_] == ["low"]


def test_weights_that_belong_to_pairs_of_classes_are_not_named_by_class(data):
    X, y = data
    clf = SVC(kernel="linear").fit(X[y < 3] / 255, np.array(["a", "b", "c"])[y[y < 3]])
    display = WeightsDisplay.from_estimator(clf)
    assert [ax.get_title() for ax in display.axes_] == ["0", "1", "2"]


def test_weights_that_are_all_zero_have_a_color_scale(data):
    clf = MLPClassifier((2,), weight_init="zeros", max_epochs=1, lr=1e-30, random_state=0)
    display = WeightsDisplay.from_estimator(clf.fit(*data), n=1)
    low, high = display.axes_[0].get_images()[0].get_clim()
    assert low == -high < 0


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (1, "Got 1 instead.* connects 16 units to 10 units"),
        (2, r"range \[0, 1\], .* Got 2 instead"),
    ],
)
def test_layers_without_images_are_rejected(mlp, layer, message):
    with pytest.raises(ValueError, match=message):
        WeightsDisplay.from_estimator(mlp, layer=layer)


def test_invalid_vmax_is_rejected(mlp):
    with pytest.raises(
        ValueError, match="'vmax' parameter .* must be None or a float .* Got 0 instead"
    ):
        WeightsDisplay.from_estimator(mlp, vmax=0)


@pytest.mark.parametrize("display_class", [WeightsDisplay, FeatureMapsDisplay, PredictionDisplay])
@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_invalid_numbers_of_images_are_rejected(make, display_class, n):
    with pytest.raises(
        ValueError,
        match=rf"'n' parameter of .* must be an int in the range \[1, inf\). Got {n} instead",
    ):
        make(display_class, n=n)


@pytest.mark.parametrize("display_class", [WeightsDisplay, ArchitectureDisplay])
def test_estimators_without_weights_are_rejected(data, display_class):
    with pytest.raises(NotFittedError):
        display_class.from_estimator(MLPClassifier())
    with pytest.raises(TypeError, match="GaussianNB has no weights .* neither coefs_ nor coef_"):
        display_class.from_estimator(GaussianNB().fit(*data))
