"""What touches the border of a photo: digits, tables and page edges."""

import numpy as np
import pytest

from skmnist.preprocessing import DigitNormalizer
from tests.preprocessing.helpers import correlation, enlarge, make_photo


def at_border(digit, side):
    """Return a photo of a digit that reaches one side of the photo."""
    rows, columns = np.nonzero(digit > 50)
    crop = digit[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    margins = {"top": (0, 5, 5, 5), "bottom": (5, 0, 5, 5), "left": (5, 5, 0, 5)}
    top, bottom, left, right = margins.get(side, (5, 5, 5, 0))
    padded = np.pad(crop, ((top, bottom), (left, right)))
    foreground = np.kron(padded, np.ones((12, 12)))
    return make_photo(foreground, foreground.shape, (0, 0))


@pytest.mark.parametrize("side", ["top", "bottom", "left", "right"])
def test_digit_at_the_border_is_larger_than_a_speck(sample, side):
    lost = 0
    for digit in sample[0][70::500].reshape(-1, 28, 28):
        photo = at_border(digit, side)
        speck = photo.copy()
        speck[np.s_[-26:-10, -28:-10] if side in ("top", "left") else np.s_[10:26, 10:28]] = 50
        first, second = DigitNormalizer().transform([photo, speck])
        lost += correlation(first, second) < 0.5
    assert lost <= 1


@pytest.mark.parametrize("thing", ["table", "finger", "page edge"])
def test_things_at_the_border_are_no_digits(digit, thing):
    photo = make_photo(enlarge(digit, 4), (400, 300), (60, 90))
    expected = DigitNormalizer().transform([photo])[0]
    if thing == "table":
        photo[330:] = 40
    if thing == "finger":
        y, x = np.indices(photo.shape)
        photo[(y - 400) ** 2 + (x - 150) ** 2 < 90**2] = 60
    if thing == "page edge":
        photo[:, 20:23] = 60
    assert correlation(DigitNormalizer().transform([photo])[0], expected) > 0.9
