"""Ink of different darkness in one image: blots, uneven pressure, other pens."""

import numpy as np
import pytest

from skmnist.preprocessing import DigitNormalizer, segment_digits
from tests.preprocessing.helpers import correlation, enlarge, make_photo


def with_blot(digit, strength, place):
    """Return an enlarged digit with strokes of `strength` and a darker blot on a stroke."""
    strokes = strength * enlarge(digit, 10)
    rows, columns = np.nonzero(digit > 200)
    k = int(place * (len(rows) - 1))
    r, c = np.indices(strokes.shape)
    near = (r - 10 * rows[k] - 5) ** 2 + (c - 10 * columns[k] - 5) ** 2 < 15**2
    return np.where(near, 255, strokes)


@pytest.mark.parametrize("place", [0, 0.4, 1])
@pytest.mark.parametrize("strength", [0.65, 0.5])
def test_blot_does_not_hide_the_digit(sample, strength, place):
    digits = sample[0][40::450].reshape(-1, 28, 28)
    photos = [make_photo(with_blot(digit, strength, place)) for digit in digits]
    got = DigitNormalizer().transform(photos)
    expected = DigitNormalizer().transform([make_photo(enlarge(digit, 10)) for digit in digits])
    lost = sum(correlation(a, b) < 0.5 for a, b in zip(got, expected, strict=True))
    assert lost <= 1


@pytest.mark.parametrize("strength", [0.6, 0.4])
@pytest.mark.parametrize("noise", [0, 4])
def test_faint_digits_are_found_beside_dark_ones(sample, strength, noise):
    rng = np.random.default_rng(0)
    found = 0
    for k in range(4):
        digits = sample[0][60 + k :: 700][:6].reshape(-1, 28, 28)
        strengths = np.where(np.arange(6) % 2, strength, 1)
        row = np.hstack([s * enlarge(d, 5) for s, d in zip(strengths, digits, strict=True)])
        page = make_photo(row, (260, 900), (50, 30)) + rng.normal(0, noise, (260, 900))
        found += len(segment_digits(np.clip(page, 0, 255))[0]) == 6
    assert found >= 3


@pytest.mark.parametrize("ink", [1, 0.45])
def test_soft_shadow_and_faint_line_are_no_strokes(sample, ink):
    digit = sample[0][2600].reshape(28, 28)
    photo = make_photo(ink * enlarge(digit)).astype(float)
    expected = DigitNormalizer().transform([photo])[0]
    y, x = np.indices(photo.shape)
    photo *= 1 - 0.12 * np.exp(-((y - 330) ** 2 + (x - 150) ** 2) / 60**2)
    photo[300:302, 20:250] *= 0.85
    assert correlation(DigitNormalizer().transform([photo])[0], expected) > 0.95
