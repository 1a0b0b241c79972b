"""DigitNormalizer: from images of any kind to MNIST's form."""

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
from tests.preprocessing.helpers import enlarge, likeness, on_paper

# -- MNIST's own pictures ----------------------------------------------------------------------


def test_mnists_digits_stay_as_they_are_bit_for_bit(sample):
    X, _ = sample
    same = (DigitNormalizer().transform(X) == X).all(axis=1)
    assert same.sum() >= 4995


@pytest.mark.full_data
def test_mnists_test_digits_stay_as_they_are_bit_for_bit(full_mnist):
    X, _ = fetch_mnist(
        subset="test", data_home=full_mnist, return_X_y=True, download_if_missing=False
    )
    same = (DigitNormalizer().transform(X) == X).all(axis=1)
    assert same.sum() >= 9990


def test_dark_digits_on_white_become_mnists(sample):
    X = sample[0][::250]
    expected = DigitNormalizer().transform(X)
    np.testing.assert_array_equal(DigitNormalizer().transform(255 - X), expected)


def test_a_normalized_photo_stays_as_it_is(photo):
    once = DigitNormalizer().transform([photo])
    np.testing.assert_array_equal(DigitNormalizer().transform(once), once)


def test_area_weighting_is_exact():
    from skmnist.preprocessing._resize import area_resample

    image = np.diag([0.0, 255.0, 0.0])
    # Of nine pixels each of four cells holds a quarter of the middle one; a cell has 2.25.
    np.testing.assert_allclose(area_resample(image, 2), np.full((2, 2), 255 / 9))
    image = np.random.default_rng(0).random((37, 37))
    coarse = area_resample(image, 20)
    np.testing.assert_allclose(coarse.mean(), image.mean())
    fine = image.repeat(20, axis=0).repeat(20, axis=1)
    np.testing.assert_allclose(coarse, fine.reshape(20, 37, 20, 37).mean(axis=(1, 3)))


@pytest.mark.parametrize("method", ["mnist", "emnist", "bbox_centered"])
def test_methods_place_the_digit_as_they_say(photo, method):
    image = DigitNormalizer(method).transform([photo])[0].reshape(28, 28)
    assert image.max() >= 250
    rows, columns = np.nonzero(image > 20)
    sides = np.ptp(rows) + 1, np.ptp(columns) + 1
    if method == "mnist":
        mass = image / image.sum()
        centre = [mass.sum(axis=1 - axis) @ np.arange(28) for axis in (0, 1)]
        assert np.abs(np.subtract(centre, 14)).max() <= 0.5
        assert max(sides) in (19, 20)
    elif method == "bbox_centered":
        assert max(sides) in (19, 20)
        assert abs(rows.min() + rows.max() - 27) <= 1
        assert abs(columns.min() + columns.max() - 27) <= 1
    else:
        assert 22 <= max(sides) <= 26


# -- pictures of any kind ----------------------------------------------------------------------


def forms_of(photo, folder):
    """Return the same picture in many forms."""
    image = Image.fromarray(photo)
    colour = np.stack([photo] * 3, axis=-1)
    image.save(folder / "grey.png")
    image.convert("RGB").save(folder / "colour.bmp")
    image.convert("P").save(folder / "palette.gif")
    sixteen = photo.astype(np.uint16) * 257
    Image.fromarray(sixteen).save(folder / "sixteen.png")
    Image.fromarray(sixteen).save(folder / "sixteen.tif")
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn clockwise to see it
    image.rotate(90, expand=True).save(folder / "turned.png", exif=exif)
    ink = Image.new("RGBA", image.size)  # black, transparent
    ink.putalpha(Image.fromarray(255 - photo))
    ink.save(folder / "transparent.png")
    with open(folder / "grey.png", "rb") as file:
        content = io.BytesIO(file.read())
    files = {file.name: file for file in folder.iterdir()}
    return {
        **files,
        "name": str(folder / "grey.png"),
        "open file": content,
        "PIL": image,
        "CMYK": image.convert("RGB").convert("CMYK"),
        "grey with alpha": image.convert("LA"),
        "floats to 1": photo / 255,
        "floats to 255": photo.astype(np.float32),
        "int64": photo.astype(np.int64),
        "channels last": colour,
        "channels first": np.moveaxis(colour, -1, 0),
        "one channel": photo[..., None],
        "tensor": torch.from_numpy(colour.copy()).permute(2, 0, 1).float() / 255,
        "lists": photo.tolist(),
        "not contiguous": np.asfortranarray(photo),
    }


def test_the_form_of_a_picture_does_not_matter(photo, tmp_path):
    forms = forms_of(photo, tmp_path)
    expected = DigitNormalizer().transform([photo])[0].astype(int)
    got = DigitNormalizer().transform(list(forms.values()))
    for name, row in zip(forms, got, strict=True):
        assert np.abs(row - expected).max() <= 6, name


def test_a_photo_in_jpeg_is_read_much_the_same(photo, tmp_path):
    large = np.asarray(Image.fromarray(photo).resize((2400, 3200)))
    Image.fromarray(large).save(tmp_path / "photo.jpg", quality=60)
    got = DigitNormalizer().transform([tmp_path / "photo.jpg"])[0]
    assert likeness(got, DigitNormalizer().transform([photo])[0]) > 0.97


def test_batches_may_be_arrays_tensors_and_tables(sample):
    X = sample[0][::500]
    images = X.reshape(-1, 28, 28)
    expected = DigitNormalizer().transform(list(images))
    table = pd.DataFrame(X, columns=[f"p{i}" for i in range(784)])
    strange = np.empty(len(X), dtype=object)
    strange[:] = list(images)
    colour = np.stack([images] * 3, axis=1)
    for batch in (
        X,
        images,
        images[:, None],
        images[..., None],
        colour,
        torch.from_numpy(images),
        table,
        strange,
        tuple(images),
    ):
        np.testing.assert_array_equal(DigitNormalizer().transform(batch), expected)


def test_pictures_of_many_sizes(photo, digit):
    sizes = [photo, digit, photo[:250], enlarge(digit, 2)]
    got = DigitNormalizer().transform(sizes)
    assert got.shape == (4, 784)
    assert got.dtype == np.uint8


# -- what is cleaned ---------------------------------------------------------------------------


def damaged(digit, damage, rng):
    ink, shape = enlarge(digit), (400, 420)
    photo = on_paper(ink, shape, at=(90, 120), ruled=40 if damage == "ruled" else 0).astype(float)
    y, x = np.indices(shape)
    if damage == "gradient":
        photo *= 1 - 0.5 * x / shape[1]
    if damage == "shadow":
        photo[x + y < 380] *= 0.6
    if damage == "noise":
        photo += rng.normal(0, 10, shape)
    if damage == "squared":
        photo[20::40] *= 0.7
        photo[:, 15::40] *= 0.7
    if damage == "specks":
        photo[rng.integers(0, 400, 30), rng.integers(0, 420, 30)] = 30
        photo[350:356, 20:26] = 30
    if damage == "table":
        photo[:, :60] = 40  # the table, darker than the ink, at the photo's edge
    return np.clip(photo, 0, 255).astype(np.uint8)


DAMAGES = ["gradient", "shadow", "noise", "ruled", "squared", "specks", "table"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_light_paper_and_dirt_are_removed(sample, damage):
    X, _ = sample
    rng = np.random.default_rng(0)
    digits = X[25::1000].reshape(-1, 28, 28)
    got = DigitNormalizer().transform([damaged(digit, damage, rng) for digit in digits])
    for row, digit in zip(got, digits, strict=True):
        assert likeness(row, digit) > 0.75  # 0.8 where it lies a pixel off


def test_parts_of_one_digit_are_kept_together(digit):
    ink = enlarge(digit)
    rows = np.flatnonzero(ink.any(axis=1))
    cut = rows[0] + len(rows) // 3
    broken = ink.copy()
    broken[cut : cut + 8] = 0  # the pen left the paper
    got = DigitNormalizer().transform([on_paper(broken)])[0]
    assert likeness(got, digit) > 0.8


@pytest.mark.parametrize("polarity", ["auto", "light"])
def test_chalk_on_a_board(photo, digit, polarity):
    got = DigitNormalizer(polarity=polarity).transform([255 - photo])[0]
    assert likeness(got, digit) > 0.9


def test_strokes_are_brought_towards_mnists(sample):
    def widths(**params):
        line = np.full((300, 300), 230, np.uint8)
        line[50:250, 149:151] = 40  # a hair
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

    one = np.full((300, 300), 230, np.uint8)
    one[50:250, 140:160] = 40
    turned = np.asarray(Image.fromarray(one).rotate(15, fillcolor=230))
    upright, slanted = DigitNormalizer().transform([one, turned])
    assert abs(slant(upright)) < 0.02
    assert abs(slant(slanted) + np.tan(np.radians(15)) * -1) < 0.05


def test_photos_of_the_benchmark_are_read_nearly_as_well_as_the_digits(sample, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.photos import KINDS, read_photos, summarize

    X, y = sample
    clf = KNeighborsClassifier(3).fit(X[::2], y[::2])
    photos = read_photos(clf, X[1::2], y[1::2], len(KINDS), seed=0)
    right = (photos[["clean", "normalized", "resized"]].to_numpy().T == photos["true"].to_numpy()).T
    clean, normalized, resized = right.mean(axis=0)
    assert normalized >= clean - 0.2
    assert resized < 0.5
    assert list(summarize(photos)["photos"]) == [*KINDS, "all photos"]
