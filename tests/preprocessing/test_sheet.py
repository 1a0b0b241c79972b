"""A sheet of paper on a large dark table."""

import numpy as np
import pytest
from PIL import Image

from skmnist.preprocessing import DigitNormalizer
from skmnist.preprocessing._sheet import extend_sheet
from tests.helpers import digits

X, Y = digits(step=500)


def enlarge(row, side=200):
    return np.asarray(Image.fromarray(row.reshape(28, 28)).resize((side, side))) / 255


def paper_with(row):
    return (210 * np.pad(1 - 0.7 * enlarge(row), ((60, 150), (90, 50)), constant_values=1)).astype(
        np.uint8
    )


def on_table(paper, degrees, level=60):
    """Return a photo of a sheet of paper that covers a third of it."""
    rng = np.random.default_rng(0)
    photo = Image.fromarray(rng.normal(level, 5, (700, 800)).astype(np.uint8))
    sheet = Image.fromarray(paper)
    mask = Image.new("L", sheet.size, 255).rotate(degrees, expand=True)
    photo.paste(sheet.rotate(degrees, expand=True), (150, 120), mask)
    return np.asarray(photo)


@pytest.mark.parametrize("degrees", [0, 5, -9])
def test_digit_on_the_sheet_is_found(degrees):
    for row in X:
        paper = paper_with(row)
        turned = Image.fromarray(paper).rotate(degrees, expand=True, fillcolor=210)
        expected, found = DigitNormalizer().transform(
            [np.asarray(turned), on_table(paper, degrees)]
        )
        assert np.corrcoef(expected, found)[0, 1] > 0.97


def test_sheet_without_ink_is_not_extended():
    photo = on_table(np.full((300, 300), 210, np.uint8), 5) / np.float32(255)
    assert extend_sheet(photo) is photo


@pytest.mark.parametrize("label", [0, 1, 8])
def test_light_digit_on_black_is_no_sheet(label):
    for row in X[label == Y]:
        drawing = enlarge(row).astype(np.float32)
        assert extend_sheet(drawing) is drawing


def test_large_light_background_is_unchanged():
    paper = paper_with(X[0]) / np.float32(255)
    assert extend_sheet(paper) is paper
