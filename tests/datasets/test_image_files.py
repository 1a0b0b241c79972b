"""load_image_folder: sizes, colors and file formats."""

import numpy as np
import pytest
from PIL import Image

from skmnist.datasets import load_image_folder
from skmnist.exceptions import DatasetError
from skmnist.preprocessing import DigitNormalizer

RED, GREEN, BLUE, GRAY = (250, 10, 20), (0, 200, 40), (30, 20, 240), (90, 90, 90)


def scene(left=RED, right=BLUE, size=(24, 20)):
    """Return a color image whose left and right halves differ."""
    height, width = size
    image = np.empty((height, width, 3), np.uint8)
    image[:, : width // 2], image[:, width // 2 :] = left, right
    return Image.fromarray(image)


def save(folder, images, suffix="png", **options):
    """Save images as ``class/number.suffix``; return the folder."""
    for i, image in enumerate(images):
        path = folder / "ab"[i % 2] / f"{i}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
    return folder


def test_size_and_colors_are_kept(tmp_path):
    images = [scene(), scene(GREEN, GRAY)]
    bunch = load_image_folder(save(tmp_path, images))
    expected = np.stack([np.asarray(image).transpose(2, 0, 1) for image in images])
    np.testing.assert_array_equal(bunch.images, expected)
    np.testing.assert_array_equal(bunch.data, expected.reshape(2, -1))
    assert np.shares_memory(bunch.data, bunch.images)
    assert len(bunch.feature_names) == 3 * 24 * 20
    assert "24 pixels high and 20 pixels wide,\nas values of red, green and blue" in bunch.DESCR


@pytest.mark.parametrize("size", [32, (32, 32), [32, 32], np.int64(32)])
def test_images_of_mixed_sizes_are_resized(tmp_path, size):
    folder = save(tmp_path, [scene(), scene(size=(90, 40)), scene(size=(7, 7))])
    images = load_image_folder(folder, size=size).images
    assert images.shape == (3, 3, 32, 32)
    for image in images:
        np.testing.assert_array_equal(image[:, 5, 3], RED)
        np.testing.assert_array_equal(image[:, 20, 30], BLUE)
    assert load_image_folder(folder, size=(10, 14), color=False).images.shape == (3, 10, 14)


def test_images_of_mixed_sizes_need_a_size(tmp_path):
    folder = save(tmp_path, [scene(), scene(), scene(size=(30, 41)), scene(size=(9, 9))])
    message = (
        r"one size \(height x width\), got 24 x 20 \(0.png\) and 30 x 41 \(2.png\). "
        r"Pass size=\(height, width\)"
    )
    with pytest.raises(DatasetError, match=message):
        load_image_folder(folder)


def test_colors_are_kept_if_one_image_has_them(tmp_path):
    grays = [scene(GRAY, (200, 200, 200)), scene(GRAY, (7, 7, 7))]
    folder = save(tmp_path, grays)
    assert load_image_folder(folder).images.shape == (2, 24, 20)
    assert load_image_folder(folder, color=True).images.shape == (2, 3, 24, 20)
    np.testing.assert_array_equal(load_image_folder(folder).images[0, :, 0], 90)
    one = np.asarray(scene(GRAY, GRAY)).copy()
    one[3, 4] = 90, 90, 91
    save(tmp_path, [*grays, Image.fromarray(one)])
    assert load_image_folder(folder).images.shape == (3, 3, 24, 20)


def test_without_color_the_luminance_is_used(tmp_path):
    images = [scene(), scene(GREEN, RED)]
    gray = load_image_folder(save(tmp_path, images), color=False)
    expected = np.stack([np.asarray(image.convert("L")) for image in images])
    np.testing.assert_array_equal(gray.images, expected)
    assert gray.data.shape == (2, 480)


# -- file formats ----------------------------------------------------------------------------------


def palette(image):
    return image.convert("P", palette=Image.Palette.ADAPTIVE, colors=8)


def half_transparent(image):
    image = image.convert("RGBA")
    alpha = np.full((image.height, image.width), 255, np.uint8)
    alpha[:2] = 0
    image.putalpha(Image.fromarray(alpha))
    return image


FORMATS = {
    "png": (scene(), "png", {}),
    "jpeg": (scene(), "jpg", {"quality": 100, "subsampling": 0}),
    "webp": (scene(), "webp", {"lossless": True}),
    "tiff": (scene(), "tif", {}),
    "bmp": (scene(), "bmp", {}),
    "ppm": (scene(), "ppm", {}),
    "gif": (scene(), "gif", {}),
    "palette": (palette(scene()), "png", {}),
    "CMYK tiff": (scene().convert("CMYK"), "tif", {}),
    "CMYK jpeg": (scene().convert("CMYK"), "jpg", {"quality": 100, "subsampling": 0}),
    "transparent": (half_transparent(scene()), "png", {}),
    "transparent webp": (half_transparent(scene()), "webp", {"lossless": True}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_colors_of_every_format(tmp_path, name):
    image, suffix, options = FORMATS[name]
    got = load_image_folder(save(tmp_path, [image], suffix, **options)).images[0]
    left, right = got[:, 4:, :8], got[:, 4:, 12:]
    for part, color in ((left, RED), (right, BLUE)):
        assert np.abs(part.astype(int) - np.array(color)[:, None, None]).max() <= 4
    if name.startswith("transparent"):
        np.testing.assert_array_equal(got[:, :2], 255)


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise by 90 degrees
    image = load_image_folder(save(tmp_path, [scene()], "jpg", quality=100, exif=exif)).images[0]
    assert image.shape == (3, 20, 24)
    np.testing.assert_allclose(image[:, 2, 12], RED, atol=4)
    np.testing.assert_allclose(image[:, 17, 12], BLUE, atol=4)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_images_of_16_bits_have_one_scale(tmp_path, suffix):
    levels = [0, 257, 100 * 257, 255 * 257]
    images = [Image.fromarray(np.full((8, 8), level, np.uint16)) for level in levels]
    got = load_image_folder(save(tmp_path, images, suffix)).images
    assert got.shape == (4, 8, 8)
    by_file = {0: got[0], 2: got[1], 1: got[2], 3: got[3]}  # the classes are a and b
    assert [int(by_file[i].max()) for i in range(4)] == [0, 1, 100, 255]


def test_animation_is_an_error(tmp_path):
    save(tmp_path, [scene()], "gif", save_all=True, append_images=[scene(GREEN, RED)])
    with pytest.raises(DatasetError, match=r"^1 of 1 images cannot be used:\n.*animation"):
        load_image_folder(tmp_path)


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [0, -1, 8001, 2.5, "32", (32,), (32, 0), (1, 2, 3), True, (2.0, 3)]
)
def test_invalid_size_raises(tmp_path, size):
    with pytest.raises(ValueError, match="'size' parameter of load_image_folder must be None, an"):
        load_image_folder(save(tmp_path, [scene()]), size=size)


@pytest.mark.parametrize("color", [None, "rgb", 3, "Auto"])
def test_invalid_color_raises(tmp_path, color):
    with pytest.raises(ValueError, match="'color' parameter .* must be 'auto' or a bool. Got"):
        load_image_folder(save(tmp_path, [scene()]), color=color)


@pytest.mark.parametrize("arguments", [{"size": 28}, {"color": True}, {"color": False}])
def test_normalizer_determines_size_and_color(tmp_path, arguments):
    with pytest.raises(ValueError, match="'normalizer' parameter .* must be None if size or color"):
        load_image_folder(save(tmp_path, [scene()]), normalizer=DigitNormalizer(), **arguments)
