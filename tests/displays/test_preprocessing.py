"""PreprocessingDisplay."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skmnist.displays import (
    PreprocessingDisplay,
)
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer
from tests.displays.helpers import assert_no_overlap


def test_preprocessing_shows_the_steps(data, boxes_of):
    photo = np.full((300, 400), 220, np.uint8)
    photo[50:218, 100:268] -= data[0][0].reshape(28, 28).repeat(6, axis=0).repeat(6, axis=1) // 2
    normalizer = DigitNormalizer()
    display = PreprocessingDisplay.from_estimator(normalizer, photo)
    assert list(display.steps) == list(normalizer.steps(photo))
    shown = [ax.get_images()[0].get_array() for ax in display.axes_]
    assert len(shown) == 7
    np.testing.assert_array_equal(shown[-1].ravel(), normalizer.transform([photo])[0])
    assert display.axes_[0].get_title() == "grayscale\n300 × 400"
    assert_no_overlap(boxes_of(display.figure_))


@pytest.mark.parametrize(
    "estimator", [LogisticRegression(), make_pipeline(DigitNormalizer(), LogisticRegression())]
)
def test_preprocessing_requires_a_normalizer(estimator):
    message = "'estimator' parameter of PreprocessingDisplay must be a DigitNormalizer"
    with pytest.raises(TypeError, match=message):
        PreprocessingDisplay.from_estimator(estimator, np.zeros((28, 28)))


def test_preprocessing_of_an_image_without_foreground_is_rejected():
    with pytest.raises(ImageError, match="No foreground found"):
        PreprocessingDisplay.from_estimator(DigitNormalizer(), np.zeros((300, 300)))
