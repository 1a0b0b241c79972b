"""Every display shows color images in their colors."""

import inspect

import matplotlib
import numpy as np
import pytest

from skmnist import CNNClassifier, displays
from skmnist.studies import epoch_curve, robustness_curve
from skmnist.studies._corruptions import CORRUPTIONS
from tests.displays.helpers import assert_readable
from tests.helpers import color_digits

X, Y = color_digits()
LAST = np.ascontiguousarray(X.transpose(0, 2, 3, 1))
# Displays that show no image of the data set: curves, and the gray steps of DigitNormalizer.
WITHOUT_IMAGES = {
    "ArchitectureDisplay", "CoverageDisplay", "EpochCurveDisplay", "PreprocessingDisplay",
    "RobustnessDisplay", "SearchDisplay", "TrainingCurveDisplay", "WeightsDisplay",
}  # fmt: skip
FROM_ESTIMATOR = [
    name
    for name in displays.__all__
    if hasattr(getattr(displays, name), "from_estimator")
    and name not in ("PreprocessingDisplay", "SearchDisplay", "EpochCurveDisplay")
]


@pytest.fixture(scope="module", params=["first", "last", "flat"])
def case(request):
    """A classifier of color images, and the images in the order of its channels."""
    images, shape = {
        "first": (X, "auto"),
        "last": (LAST, (32, 32, 3)),
        "flat": (LAST.reshape(len(X), -1), (32, 32, 3)),
    }[request.param]
    clf = CNNClassifier((4, 6), image_shape=shape, max_epochs=1, random_state=0)
    return clf.fit(images, Y), images


@pytest.mark.parametrize("name", FROM_ESTIMATOR)
def test_every_display_of_a_classifier_of_color_images(name, case, boxes_of):
    clf, images = case
    known = {"X": images, "y": Y, "image": images[0], "images": images}
    make = getattr(displays, name).from_estimator
    parameters = inspect.signature(make).parameters
    display = make(clf, *[known[argument] for argument in parameters if argument in known])
    assert_readable(display.figure_, boxes_of)
    drawn = display.figure_.findobj(matplotlib.image.AxesImage)
    colored = [image.get_array() for image in drawn if np.ndim(image.get_array()) == 3]
    assert bool(colored) == (name not in WITHOUT_IMAGES)
    assert all(image.shape == (32, 32, 3) for image in colored)
    is_original = [np.abs(LAST / 255 - image).max(axis=(1, 2, 3)).min() < 1e-6 for image in colored]
    # An explanation lies on top of the second and the third image.
    assert is_original == [True, False, False] if "Explanation" in name else all(is_original)


def test_curves_of_classifiers_of_color_images(case):
    clf, images = case
    curve = epoch_curve(clf, images, Y, epochs=[1, 2], cv=2)
    displays.EpochCurveDisplay.from_curve(curve)
    scores = {
        name: robustness_curve(clf, images, Y, corruption=name, severities=[0, 1]).scores
        for name in CORRUPTIONS
    }
    expected = clf.score(images, Y)
    assert all(score[0] == expected for score in scores.values())


def test_corrupted_images_do_not_depend_on_the_order_of_the_channels():
    curves = [
        robustness_curve(
            CNNClassifier(4, image_shape=shape, max_epochs=3, random_state=0).fit(images, Y),
            images, Y, corruption="rotate", severities=[-30, 20],
        )
        for images, shape in ((X, "auto"), (LAST, (32, 32, 3)))
    ]  # fmt: skip
    np.testing.assert_array_equal(curves[0].scores, curves[1].scores)


def test_predictions_for_color_arrays_of_any_classifier():
    proba = np.full((len(X), 10), 0.1)
    for images in (X, LAST):
        display = displays.MisclassifiedDisplay.from_predictions(images, Y, proba, n=2)
        np.testing.assert_array_equal(display.images[0], X[np.flatnonzero(Y != 0)[0]])


def test_colors_are_not_stretched():
    clf = CNNClassifier(4, max_epochs=1, random_state=0).fit(X, Y)
    dull = np.full((3, 32, 32), 100, np.uint8)
    dull[0, :16] = 120
    display = displays.PredictionDisplay.from_estimator(clf, dull)
    shown = display.axes_[0].get_images()[0].get_array()
    np.testing.assert_allclose(shown, dull.transpose(1, 2, 0) / 255)
