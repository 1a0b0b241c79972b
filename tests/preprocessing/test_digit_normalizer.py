"""DigitNormalizer: images of any type are converted to MNIST's format."""

import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.neighbors import KNeighborsClassifier

from skmnist.datasets import fetch_mnist
from skmnist.preprocessing import DigitNormalizer
from tests.helpers import ROOT
from tests.preprocessing.helpers import correlation, enlarge, make_photo

# -- MNIST's own images ------------------------------------------------------------------------


def test_mnist_digits_are_unchanged(sample):
    X, _ = sample
    same = (DigitNormalizer().transform(X) == X).all(axis=1)
    assert same.sum() >= 4995


@pytest.mark.full_data
def test_mnist_test_digits_are_unchanged(full_mnist):
    X, _ = fetch_mnist(
        subset="test", data_home=full_mnist, return_X_y=True, download_if_missing=False
    )
    same = (DigitNormalizer().transform(X) == X).all(axis=1)
    assert same.sum() >= 9990


def test_polarity_of_small_images_is_detected(sample):
    X = sample[0][::250]
    expected = DigitNormalizer().transform(X)
    np.testing.assert_array_equal(DigitNormalizer().transform(255 - X), expected)


def test_normalizing_twice_equals_normalizing_once(photo):
    once = DigitNormalizer().transform([photo])
    np.testing.assert_array_equal(DigitNormalizer().transform(once), once)


def test_area_weighting_is_exact():
    from skmnist.preprocessing._resize import area_resample

    image = np.diag([0.0, 255.0, 0.0])
    # Each of the four cells covers 2.25 of the nine pixels, with a quarter of the center pixel.
    np.testing.assert_allclose(area_resample(image, 2), np.full((2, 2), 255 / 9))
    image = np.random.default_rng(0).random((37, 37))
    coarse = area_resample(image, 20)
    np.testing.assert_allclose(coarse.mean(), image.mean())
    fine = image.repeat(20, axis=0).repeat(20, axis=1)
    np.testing.assert_allclose(coarse, fine.reshape(20, 37, 20, 37).mean(axis=(1, 3)))


@pytest.mark.parametrize("method", ["mnist", "emnist", "bbox_centered"])
def test_methods_place_the_digit_as_documented(photo, method):
    image = DigitNormalizer(method).transform([photo])[0].reshape(28, 28)
    assert image.max() >= 250
    rows, columns = np.nonzero(image > 20)
    sides = np.ptp(rows) + 1, np.ptp(columns) + 1
    if method == "mnist":
        mass = image / image.sum()
        center = [mass.sum(axis=1 - axis) @ np.arange(28) for axis in (0, 1)]
        assert np.abs(np.subtract(center, 14)).max() <= 0.5
        assert max(sides) in (19, 20)
    elif method == "bbox_centered":
        assert max(sides) in (19, 20)
        assert abs(rows.min() + rows.max() - 27) <= 1
        assert abs(columns.min() + columns.max() - 27) <= 1
    else:
        assert 22 <= max(sides) <= 26


# -- images of any type -----------------------------------------------------------------------


def representations(photo, folder):
    """Return the same image as objects of many types and as files of many formats."""
    image = Image.fromarray(photo)
    color = np.stack([photo] * 3, axis=-1)
    image.save(folder / "gray.png")
    image.convert("RGB").save(folder / "color.bmp")
    image.convert("P").save(folder / "palette.gif")
    sixteen = photo.astype(np.uint16) * 257
    Image.fromarray(sixteen).save(folder / "sixteen.png")
    Image.fromarray(sixteen).save(folder / "sixteen.tif")
    exif = Image.Exif()
    exif[0x0112] = 6  # EXIF orientation 6: viewers rotate the image clockwise
    image.rotate(90, expand=True).save(folder / "rotated.png", exif=exif)
    transparent = Image.new("RGBA", image.size)  # black, transparent
    transparent.putalpha(Image.fromarray(255 - photo))
    transparent.save(folder / "transparent.png")
    with open(folder / "gray.png", "rb") as file:
        content = io.BytesIO(file.read())
    files = {file.name: file for file in folder.iterdir()}
    return {
        **files,
        "name": str(folder / "gray.png"),
        "open file": content,
        "PIL": image,
        "CMYK": image.convert("RGB").convert("CMYK"),
        "gray with alpha": image.convert("LA"),
        "floats to 1": photo / 255,
        "floats to 255": photo.astype(np.float32),
        "int64": photo.astype(np.int64),
        "channels last": color,
        "channels first": np.moveaxis(color, -1, 0),
        "one channel": photo[..., None],
        "tensor": torch.from_numpy(color.copy()).permute(2, 0, 1).float() / 255,
        "lists": photo.tolist(),
        "not contiguous": np.asfortranarray(photo),
    }


def test_type_of_the_image_does_not_matter(photo, tmp_path):
    images = representations(photo, tmp_path)
    expected = DigitNormalizer().transform([photo])[0].astype(int)
    got = DigitNormalizer().transform(list(images.values()))
    for name, row in zip(images, got, strict=True):
        assert np.abs(row - expected).max() <= 6, name


def test_jpeg_photo_gives_a_similar_result(photo, tmp_path):
    large = np.asarray(Image.fromarray(photo).resize((2400, 3200)))
    Image.fromarray(large).save(tmp_path / "photo.jpg", quality=60)
    got = DigitNormalizer().transform([tmp_path / "photo.jpg"])[0]
    assert correlation(got, DigitNormalizer().transform([photo])[0]) > 0.97


def test_batch_can_be_an_array_tensor_or_data_frame(sample):
    X = sample[0][::500]
    images = X.reshape(-1, 28, 28)
    expected = DigitNormalizer().transform(list(images))
    frame = pd.DataFrame(X, columns=[f"p{i}" for i in range(784)])
    objects = np.empty(len(X), dtype=object)
    objects[:] = list(images)
    color = np.stack([images] * 3, axis=1)
    for batch in (
        X,
        images,
        images[:, None],
        images[..., None],
        color,
        torch.from_numpy(images),
        frame,
        objects,
        tuple(images),
    ):
        np.testing.assert_array_equal(DigitNormalizer().transform(batch), expected)


def test_images_of_different_sizes(photo, digit):
    sizes = [photo, digit, photo[:250], enlarge(digit, 2)]
    got = DigitNormalizer().transform(sizes)
    assert got.shape == (4, 784)
    assert got.dtype == np.uint8


# -- corrections of photos --------------------------------------------------------------------


def corrupt(digit, corruption, rng):
    shape, ruled = (400, 420), 40 if corruption == "ruled" else 0
    photo = make_photo(enlarge(digit), shape, (90, 120), ruled=ruled).astype(float)
    y, x = np.indices(shape)
    if corruption == "gradient":
        photo *= 1 - 0.5 * x / shape[1]
    if corruption == "shadow":
        photo[x + y < 380] *= 0.6
    if corruption == "noise":
        photo += rng.normal(0, 10, shape)
    if corruption == "squared":
        photo[20::40] *= 0.7
        photo[:, 15::40] *= 0.7
    if corruption == "specks":
        photo[rng.integers(0, 400, 30), rng.integers(0, 420, 30)] = 30
        photo[350:356, 20:26] = 30
    if corruption == "table":
        photo[:, :60] = 40  # a table at the edge of the photo, darker than the strokes
    return np.clip(photo, 0, 255).astype(np.uint8)


CORRUPTIONS = ["gradient", "shadow", "noise", "ruled", "squared", "specks", "table"]


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_shadows_lines_and_specks_are_removed(sample, corruption):
    X, _ = sample
    rng = np.random.default_rng(0)
    digits = X[25::1000].reshape(-1, 28, 28)
    got = DigitNormalizer().transform([corrupt(digit, corruption, rng) for digit in digits])
    for row, digit in zip(got, digits, strict=True):
        assert correlation(row, digit) > 0.75  # a translation by one pixel gives about 0.8


def test_parts_of_one_digit_are_kept_together(digit):
    foreground = enlarge(digit)
    rows = np.flatnonzero(foreground.any(axis=1))
    cut = rows[0] + len(rows) // 3
    broken = foreground.copy()
    broken[cut : cut + 8] = 0  # a gap in the stroke
    got = DigitNormalizer().transform([make_photo(broken)])[0]
    assert correlation(got, digit) > 0.8


@pytest.mark.parametrize("polarity", ["auto", "light"])
def test_light_foreground_on_dark_background(photo, digit, polarity):
    got = DigitNormalizer(polarity=polarity).transform([255 - photo])[0]
    assert correlation(got, digit) > 0.9


def test_stroke_width_is_normalized(sample):
    def widths(**params):
        line = np.full((300, 300), 230, np.uint8)
        line[50:250, 149:151] = 40  # a hairline
        bar = np.full((300, 300), 230, np.uint8)
        bar[50:250, 110:190] = 40  # a felt pen
        rows = DigitNormalizer(**params).transform([line, bar]).reshape(2, 28, 28)
        return (rows / 255).sum(axis=2).max(axis=1)

    thin, thick = widths()
    assert 1.5 < thin < 3
    assert 3 < thick < 7
    assert widths(stroke_width=None)[1] > 7.5


def test_rotation_is_not_undone(digit):
    def slant(image):
        y, x = np.nonzero(image.reshape(28, 28) > 100)
        return np.polyfit(y, x, 1)[0]

    upright_line = np.full((300, 300), 230, np.uint8)
    upright_line[50:250, 140:160] = 40
    rotated = np.asarray(Image.fromarray(upright_line).rotate(15, fillcolor=230))
    upright, slanted = DigitNormalizer().transform([upright_line, rotated])
    assert abs(slant(upright)) < 0.02
    assert abs(slant(slanted) + np.tan(np.radians(15)) * -1) < 0.05


def test_benchmark_photos_are_classified_nearly_as_well_as_the_digits(sample, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.photos import KINDS, predict_photos, summarize

    X, y = sample
    clf = KNeighborsClassifier(3).fit(X[::2], y[::2])
    predictions = predict_photos(clf, X[1::2], y[1::2], len(KINDS), seed=0)
    labels = predictions[["clean", "normalized", "resized"]].to_numpy()
    clean, normalized, resized = (labels.T == predictions["true"].to_numpy()).mean(axis=1)
    assert normalized >= clean - 0.2
    assert resized < 0.5
    assert list(summarize(predictions)["photos"]) == [*KINDS, "all photos"]
