"""read_image: gray levels and size."""

import io
import sys
import types

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer, read_image
from tests.preprocessing.helpers import correlation, enlarge


def test_gray_is_luminance():
    colors = np.eye(3)[None]
    np.testing.assert_allclose(read_image(colors), [[0.299, 0.587, 0.114]], atol=1e-6)


def test_images_are_reduced_and_never_enlarged():
    assert read_image(np.zeros((300, 100)), max_side=150).shape == (150, 50)
    assert read_image(np.zeros((30, 10)), max_side=150).shape == (30, 10)
    assert read_image(np.zeros((3000, 1)), max_side=150).shape == (150, 1)


# -- colors and transparency -------------------------------------------------------------------


def drawing(digit, ink, background, file_format=None):
    """Return a drawing in two colors as an array, or as a PIL image read from a file."""
    strokes = enlarge(digit, 9)[..., None] / 255
    levels = ((1 - strokes) * background + strokes * np.array(ink)).astype(np.uint8)
    if file_format is None:
        return levels
    file = io.BytesIO()
    Image.fromarray(levels).save(file, file_format)
    return file


@pytest.mark.parametrize("file_format", [None, "PNG", "JPEG"])
@pytest.mark.parametrize(
    ("ink", "background"),
    [
        ((40, 160, 60), (200, 90, 60)),  # green on red
        ((255, 235, 60), (245, 245, 245)),  # yellow on white
        ((90, 60, 255), (60, 100, 60)),  # blue on green
    ],
)
def test_colors_of_the_same_luminance_are_told_apart(digit, ink, background, file_format):
    got = DigitNormalizer().transform([drawing(digit, ink, background, file_format)])[0]
    assert correlation(got, digit) > 0.9


@pytest.mark.parametrize("factor", [1, 9])
@pytest.mark.parametrize("ink", [(255, 255, 255), (255, 240, 120), (0, 0, 0), (200, 30, 30)])
def test_ink_of_any_color_on_a_transparent_background(digit, ink, factor):
    alpha = enlarge(digit, factor)
    levels = np.dstack([np.full((*alpha.shape, 3), ink, np.uint8), alpha])
    as_file = io.BytesIO()
    Image.fromarray(levels).save(as_file, "PNG")
    for image in (levels, Image.fromarray(levels), as_file, np.moveaxis(levels, -1, 0) / 255):
        got = DigitNormalizer().transform([image])[0]
        assert correlation(got, digit) > 0.9


def test_transparent_pixels_around_a_photo_are_white(photo):
    levels = np.dstack([photo, photo, photo, np.full_like(photo, 255)])
    levels[:, -20:] = 0
    gray = read_image(levels)
    assert (gray[:, -20:] == 1).all()
    np.testing.assert_allclose(gray[:, :-20], photo[:, :-20] / 255, atol=1e-6)


def test_lab_image_is_read_by_its_lightness(photo, tmp_path):
    lab = Image.merge(
        "LAB", [Image.fromarray(photo), *[Image.new("L", photo.shape[::-1], 128)] * 2]
    )
    lab.save(tmp_path / "lab.tif")
    np.testing.assert_allclose(read_image(tmp_path / "lab.tif"), photo / 255, atol=1e-6)


# -- flat images and files in memory -----------------------------------------------------------


@pytest.mark.parametrize("form", ["row", "column", "tensor", "frame", "channel", "8 x 8"])
def test_flat_image_of_two_or_more_dimensions_is_square(sample, form):
    row = sample[0][300:301]
    image = {
        "row": row,
        "column": row.T,
        "tensor": torch.from_numpy(row),
        "frame": pd.DataFrame(row),
        "channel": row[None],
        "8 x 8": row[:, :64],
    }[form]
    expected = row.reshape(28, 28) if form != "8 x 8" else row[:, :64].reshape(8, 8)
    np.testing.assert_allclose(read_image(image), expected / 255, atol=1e-6)


@pytest.mark.parametrize("n", [2, 5, 27])
def test_batch_of_flat_images_is_no_image(sample, n):
    with pytest.raises(ImageError, match=rf"Expected an image, got .*\({n}, 784\).*one at a time"):
        read_image(sample[0][:n])


def test_strip_of_28_digits_is_an_image(sample):
    strip = np.hstack(sample[0][::180].reshape(-1, 28, 28))
    assert read_image(strip).shape == (28, 784)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_of_a_file_name_bytesio(photo, kind):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "PNG")
    name = kind.__name__
    with pytest.raises(ImageError, match=rf"got {name}\. .*io\.BytesIO\(data\)"):
        read_image(kind(file.getvalue()))


# -- HEIC --------------------------------------------------------------------------------------


HEIC = b"\0\0\0\x18ftypheic" + bytes(100)


@pytest.fixture
def pillow_heif(monkeypatch, photo):
    """A stand-in for pillow-heif, which decodes every file as the same photo."""
    monkeypatch.setattr(Image, "OPEN", dict(Image.OPEN))
    monkeypatch.setattr(Image, "ID", list(Image.ID))

    def decode(file, name):
        file.close()
        return Image.fromarray(photo)

    def register_heif_opener():
        Image.register_open("HEIF", decode, lambda head: b"ftyp" in head)

    module = types.SimpleNamespace(register_heif_opener=register_heif_opener)
    monkeypatch.setitem(sys.modules, "pillow_heif", module)


def test_heic_is_read_if_pillow_heif_is_installed(pillow_heif, photo, tmp_path):
    (tmp_path / "photo.jpg").write_bytes(HEIC)  # phones also rename HEIC files
    for file in (tmp_path / "photo.jpg", io.BytesIO(HEIC)):
        np.testing.assert_allclose(read_image(file), photo / 255, atol=1e-6)


def test_heic_without_pillow_heif_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageError, match="pip install pillow-heif"):
        read_image(io.BytesIO(HEIC))


def test_damaged_heic_does_not_advise_to_install_what_is_installed(pillow_heif):
    sys.modules["pillow_heif"].register_heif_opener = lambda: Image.register_open(
        "HEIF", lambda *_: None, lambda head: False
    )
    with pytest.raises(ImageError, match="is not an image") as caught:
        read_image(io.BytesIO(HEIC))
    assert "install" not in str(caught.value)
