"""Images that are read without the preprocessing of digits."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from skmnist.exceptions import ImageError
from skmnist.preprocessing._plain_image import read_plain_image

COLORS = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)


def as_file(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file


FORMS = {
    "array": COLORS,
    "channels first": COLORS.transpose(2, 0, 1),
    "floats": COLORS / 255,
    "16 bits": COLORS.astype(np.uint16) * 257,
    "tensor": torch.from_numpy(COLORS),
    "list": COLORS.tolist(),
    "opaque": np.dstack([COLORS, np.full((12, 9), 255, np.uint8)]),
    "PIL": Image.fromarray(COLORS),
    "file": as_file(Image.fromarray(COLORS)),
}


@pytest.mark.parametrize("form", FORMS)
def test_colors_of_an_image_in_any_form(form):
    got = read_plain_image(FORMS[form], None, color=True)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, COLORS)


@pytest.mark.parametrize("shape", [(12, 9), (12, 9, 1), (1, 12, 9)])
def test_gray_image_becomes_equal_channels(shape):
    gray = COLORS[..., 0]
    np.testing.assert_array_equal(
        read_plain_image(gray.reshape(shape), None, color=True), np.dstack([gray] * 3)
    )
    np.testing.assert_array_equal(read_plain_image(gray.reshape(shape), None, color=False), gray)


def test_transparent_pixels_become_white():
    image = np.dstack([COLORS // 2, np.full((12, 9), 255, np.uint8)])
    image[3, 4, 3] = 0
    got = read_plain_image(image, None, color=True)
    np.testing.assert_array_equal(got[3, 4], 255)
    np.testing.assert_array_equal(got[:3], COLORS[:3] // 2)


def test_lab_colors_are_converted():
    rgb = Image.new("RGB", (8, 8), (200, 40, 60))
    profiles = (ImageCms.createProfile(name) for name in ("sRGB", "LAB"))
    lab = ImageCms.profileToProfile(rgb, *profiles, outputMode="LAB")
    got = read_plain_image(lab, None, color=True)
    np.testing.assert_allclose(got[0, 0], (200, 40, 60), atol=6)


def test_aspect_ratio_is_not_kept():
    image = np.zeros((40, 20), np.uint8)
    image[:20] = 200
    got = read_plain_image(image, (10, 30), color=False)
    assert got.shape == (10, 30)
    np.testing.assert_array_equal(got[:4], 200)
    np.testing.assert_array_equal(got[6:], 0)


def test_image_that_cannot_be_read_raises(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"a\.png: The file is not an image"):
        read_plain_image(tmp_path / "a.png", (8, 8), color=True)
    with pytest.raises(ImageError, match="NaN or infinity"):
        read_plain_image(np.full((8, 8, 3), np.nan), None, color=True)
