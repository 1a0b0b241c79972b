"""Whether the foreground is darker or lighter than the background."""

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from skmnist.preprocessing import DigitNormalizer
from skmnist.preprocessing._background import is_light_on_dark
from tests.preprocessing.helpers import enlarge


def crop(digit, margin, factor):
    rows, columns = np.nonzero(digit > 50)
    tight = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    tight = np.pad(tight, margin)
    size = factor * tight.shape[1], factor * tight.shape[0]
    return np.asarray(Image.fromarray(tight).resize(size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("margin", [0, 1, 2])
@pytest.mark.parametrize(("low", "high"), [(0, 255), (40, 210)])
def test_crops_of_digits_have_the_right_polarity(sample, margin, low, high):
    levels = [
        (low + crop(digit, margin, 6) / 255 * (high - low)).astype(np.float32) / 255
        for digit in sample[0][3::100].reshape(-1, 28, 28)
    ]
    wrong = [not is_light_on_dark(x) or is_light_on_dark(1 - x) for x in levels]
    assert sum(wrong) <= (2 if margin == 0 else 0)


def test_inverted_crops_give_the_same_digit(sample):
    crops = [crop(digit, 1, 7) for digit in sample[0][5::250].reshape(-1, 28, 28)]
    light = DigitNormalizer().transform(crops).astype(int)
    dark = DigitNormalizer().transform([255 - x for x in crops]).astype(int)
    assert np.abs(light - dark).mean() < 2


def test_enlarged_digits_of_16_levels_have_the_right_polarity():
    images = (255 / 16 * load_digits().images[::20]).astype(np.uint8)
    wrong = sum(not is_light_on_dark(enlarge(x).astype(np.float32) / 255) for x in images)
    assert wrong <= 3


def test_sheet_of_paper_on_a_table_is_not_the_foreground(sample):
    photo = np.full((400, 400), 30, np.uint8)
    photo[30:370, 30:370] = 220
    digit = enlarge(sample[0][600].reshape(28, 28), 6)
    photo[100:268, 120:288] = np.where(digit > 99, 40, 220)
    assert not is_light_on_dark(photo.astype(np.float32) / 255)
