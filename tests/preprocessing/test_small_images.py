"""Images of at most 40 x 40 pixels: compression artifacts, frames and polarity."""

import io

import numpy as np
import pytest
from PIL import Image

from skmnist.preprocessing import DigitNormalizer
from tests.preprocessing.helpers import correlation


def compressed(image, file_format, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, file_format, quality=quality)
    file.seek(0)
    return file


def longer_sides(rows):
    for row in rows.reshape(-1, 28, 28):
        yield max(np.ptp(axis) + 1 for axis in np.nonzero(row >= 64))


@pytest.mark.parametrize("light", [False, True])
@pytest.mark.parametrize("margin", [0, 5])
@pytest.mark.parametrize(("file_format", "quality"), [("JPEG", 60), ("JPEG", 90), ("WEBP", 75)])
def test_compression_artifacts_are_no_foreground(sample, file_format, quality, margin, light):
    digits = np.pad(sample[0][7::250].reshape(-1, 28, 28), ((0, 0), (margin,) * 2, (margin,) * 2))
    levels = digits if light else 240 - (0.8 * digits).astype(np.uint8)
    got = DigitNormalizer().transform([compressed(a, file_format, quality) for a in levels])
    assert np.mean(list(longer_sides(got))) > 19
    expected = DigitNormalizer().transform(digits)
    assert np.mean([correlation(a, b) for a, b in zip(got, expected, strict=True)]) > 0.9


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("levels", [(0, 250), (255, 0), (120, 0), (90, 240)])
def test_frame_is_not_the_background(sample, levels, width):
    frame, background = levels
    digits = sample[0][11::500].reshape(-1, 28, 28)
    inner = np.abs(background - 0.9 * digits) if background else digits
    framed = np.pad(inner, ((0, 0), (width,) * 2, (width,) * 2), constant_values=frame)
    got = DigitNormalizer().transform(framed.astype(np.uint8))
    expected = DigitNormalizer().transform(digits)
    for a, b in zip(got, expected, strict=True):
        assert correlation(a, b) > 0.98


def test_rectangle_at_the_border_is_a_digit():
    zero = np.zeros((20, 20), np.uint8)
    zero[:2] = zero[-2:] = zero[:, :2] = zero[:, -2:] = 255
    got = DigitNormalizer().transform([np.pad(zero, 4)])[0].reshape(28, 28)
    assert got[14, 3:8].any()
    assert not got[10:18, 10:18].any()
