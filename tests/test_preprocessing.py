"""From pictures of any kind to MNIST's form, and pixels as a step of a pipeline."""

import io
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks

from skmnist import CNNClassifier, MLPClassifier
from skmnist.datasets import fetch_mnist, load_mnist_sample
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer, read_image, segment_digits


@pytest.fixture(scope="module")
def sample():
    return load_mnist_sample(return_X_y=True)


@pytest.fixture(scope="module")
def digit(sample):
    """A five, 28 x 28."""
    X, y = sample
    return X[y == 5][0].reshape(28, 28)


def enlarge(digit, times=8):
    side = times * len(digit)
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def on_paper(ink, shape=(400, 300), at=(30, 20), paper=225, ruled=0):
    """Return a photo of the ink (255: full), dark on paper, at a place of a larger picture."""
    photo = np.full(shape, float(paper))
    if ruled:
        photo[ruled // 2 :: ruled] *= 0.7
        photo[ruled // 2 + 1 :: ruled] *= 0.7
    photo[at[0] : at[0] + ink.shape[0], at[1] : at[1] + ink.shape[1]] *= 1 - 0.8 * ink / 255
    return photo.astype(np.uint8)


@pytest.fixture(scope="module")
def photo(digit):
    return on_paper(enlarge(digit))


def likeness(one, other):
    """Return the correlation of two pictures."""
    return np.corrcoef(np.ravel(one).astype(float), np.ravel(other).astype(float))[0, 1]


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
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from benchmarks.photos import KINDS, read_photos, summarize

    X, y = sample
    clf = KNeighborsClassifier(3).fit(X[::2], y[::2])
    photos = read_photos(clf, X[1::2], y[1::2], len(KINDS), seed=0)
    right = (photos[["clean", "normalized", "resized"]].to_numpy().T == photos["true"].to_numpy()).T
    clean, normalized, resized = right.mean(axis=0)
    assert normalized >= clean - 0.2
    assert resized < 0.5
    assert list(summarize(photos)["photos"]) == [*KINDS, "all photos"]


# -- bad input ---------------------------------------------------------------------------------


def png_of_size(width, height):
    """Return a PNG file that claims a size and holds no pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def make_gif(path):
    frames = [Image.new("L", (40, 40), level) for level in (0, 128, 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:])


def make_truncated(path):
    noise = np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    path.write_bytes(file.getvalue()[:10_000])


BAD_FILES = {
    "bomb.png": (lambda path: path.write_bytes(png_of_size(30_000, 30_000)), "million pixels"),
    "hundred.png": (lambda path: path.write_bytes(png_of_size(10_000, 10_000)), "at most 64 mill"),
    "animated.gif": (make_gif, "is an animation"),
    "truncated.jpg": (make_truncated, "is damaged or cut off"),
    "text.png": (lambda path: path.write_text("Dear diary"), "is no picture"),
    "nothing.png": (lambda path: path.write_bytes(b""), "is no picture"),
    "white.png": (lambda path: Image.new("L", (300, 200), 255).save(path), "no ink found"),
    "black.png": (lambda path: Image.new("L", (300, 200), 0).save(path), "no ink found"),
    "point.png": (lambda path: Image.new("L", (1, 1), 77).save(path), "no ink found"),
    "photo.heic": (lambda path: path.write_bytes(b"\0\0\0\x18ftypheic"), "install pillow-heif"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "missing.png": (lambda path: None, "there is no such file"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_one_clear_error_that_names_it(tmp_path, name, photo):
    make, words = BAD_FILES[name]
    path = tmp_path / name
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=words) as caught:
            DigitNormalizer().transform([path])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert message.count(str(path)) == 1
    assert "\n" not in message
    assert peak < 20e6
    with pytest.raises(ImageError, match="^image 1: "):
        DigitNormalizer().transform([photo, path])


BAD_PICTURES = {
    "NaN": np.full((30, 30), np.nan),
    "infinity": np.full((300, 300), np.inf),
    "negative": np.full((30, 30), -1),
    "too large": np.full((30, 30), 70_000),
    "all white": np.full((30, 30), 255, np.uint8),
    "all black": np.zeros((300, 300), np.uint8),
    "1 x 1": np.zeros((1, 1), np.uint8),
    "noise": np.random.default_rng(0).integers(100, 110, (300, 300)).astype(np.uint8),
    "no pixels": np.zeros((0, 5)),
    "two channels": np.zeros((20, 20, 2)),
    "four dimensions": np.zeros((2, 20, 20, 3)),
    "not a square": np.zeros(50),
    "words": np.full((30, 30), "ink"),
    "objects": np.full((30, 30), None),
    "complex": np.zeros((30, 30), complex),
    "ragged": [[1, 2], [3]],
    "None": None,
    "a number": 7,
    "a 100-megapixel array": np.broadcast_to(np.uint8(0), (10_000, 10_000)),
    "a wide array": np.broadcast_to(np.uint8(0), (1, 70_000_000)),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_bad_picture_is_one_clear_error(name, photo):
    with pytest.raises(ImageError, match=r"wanted|no ink found|no pixels|is no picture|at most"):
        DigitNormalizer().transform([BAD_PICTURES[name]])
    with pytest.raises(ImageError, match="^image 1: "):
        DigitNormalizer().transform([photo, BAD_PICTURES[name]])


def test_bad_pictures_become_rows_of_nan_with_one_warning(tmp_path, photo):
    for name, (make, _) in BAD_FILES.items():
        make(tmp_path / name)
    bad = [tmp_path / name for name in BAD_FILES] + list(BAD_PICTURES.values())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X = DigitNormalizer(on_error="nan").transform([photo, *bad, photo])
    (warning,) = caught
    lines = str(warning.message).splitlines()
    assert lines[0].startswith(f"{len(bad)} of {len(bad) + 2} images could not be used")
    assert len(lines) == 1 + len(bad)
    assert all(any(str(tmp_path / name) in line for line in lines) for name in BAD_FILES)
    assert X.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(X).all(axis=1), [False, *[True] * len(bad), False])
    np.testing.assert_array_equal(X[0], DigitNormalizer().transform([photo])[0])


@pytest.mark.parametrize(
    "X", ["photo.png", np.zeros((28, 28)), np.zeros((64, 64)), np.zeros((30, 40, 3)), 5, None]
)
def test_one_picture_instead_of_several_is_refused(X):
    with pytest.raises(TypeError, match=r"pass \[X\]|wanted is a list"):
        DigitNormalizer().transform(X)


@pytest.mark.parametrize("method", ["mnist", "emnist", "bbox_centered"])
@pytest.mark.parametrize("shape", [(45, 45), (1, 900), (900, 2), (41, 1), (30, 7)])
def test_lines_and_dots_are_digits_or_one_clear_error(shape, method):
    rng = np.random.default_rng(0)
    dot, line, dust = (np.full(shape, 255, np.uint8) for _ in range(3))
    dot[shape[0] // 2, shape[1] // 2] = 0
    line[:, shape[1] // 2] = 0
    dust[rng.random(shape) < 0.01] = 0
    for picture in (dot, line, dust, rng.integers(0, 256, shape, dtype=np.uint8)):
        try:
            assert DigitNormalizer(method).transform([picture]).any()
        except ImageError as error:
            assert "no ink found" in str(error)


def test_no_pictures_give_no_rows():
    assert DigitNormalizer().transform([]).shape == (0, 784)


@pytest.mark.parametrize("name", ["method", "polarity", "stroke_width", "on_error"])
def test_unknown_choices_are_refused(name, photo):
    with pytest.raises(ValueError, match=f"{name}='best': wanted is one of"):
        DigitNormalizer(**{name: "best"}).fit([photo])
    with pytest.raises(ValueError, match=f"{name}='best': wanted is one of"):
        DigitNormalizer(**{name: "best"}).transform([photo])


# -- as transformers ---------------------------------------------------------------------------

# What scikit-learn checks without tables of a few features, which are no pictures.
API_CHECKS = [
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_dont_overwrite_parameters",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimator_tags_renamed",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
]


@pytest.mark.parametrize("name", API_CHECKS)
def test_digit_normalizer_passes_scikit_learns_checks(name):
    getattr(estimator_checks, name)("DigitNormalizer", DigitNormalizer())


def _pixel_checks():
    for params in [{}, {"mean": None, "std": None}]:
        for estimator, check in estimator_checks.estimator_checks_generator(
            PixelStandardizer(**params)
        ):
            name = getattr(check, "func", check).__name__
            yield pytest.param(estimator, check, id=f"{len(params)}-{name}")


@pytest.mark.parametrize("estimator, check", list(_pixel_checks()))
def test_pixel_standardizer_passes_scikit_learns_checks(estimator, check):
    try:
        check(estimator)
    except SkipTest as skip:
        pytest.fail(f"skipped: {skip}")


def test_digit_normalizer_can_be_copied_and_set(photo):
    normalizer = DigitNormalizer("bbox_centered", on_error="nan")
    copy = clone(normalizer)
    assert copy.get_params() == normalizer.get_params()
    assert copy.set_params(method="emnist").method == "emnist"
    assert normalizer.fit([photo]) is normalizer
    assert vars(normalizer) == normalizer.get_params()


def test_pandas_output_has_names(photo):
    frame = DigitNormalizer().set_output(transform="pandas").transform([photo, photo])
    assert list(frame.columns) == [f"pixel{i}" for i in range(784)]
    assert frame.to_numpy().dtype == np.uint8
    assert list(DigitNormalizer().get_feature_names_out()) == list(frame.columns)


def test_search_over_methods_in_a_pipeline(sample):
    X, y = sample
    images, y = list(X[::100].reshape(-1, 28, 28)), y[::100]
    pipe = make_pipeline(DigitNormalizer(), KNeighborsClassifier(1))
    search = GridSearchCV(
        pipe, {"digitnormalizer__method": ["mnist", "emnist", "bbox_centered"]}, cv=2
    )
    search.fit(images, y)
    assert len(set(search.cv_results_["mean_test_score"])) > 1
    assert search.predict(images[:3]).shape == (3,)


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_network_after_both_in_a_pipeline(sample, photo, cls):
    X, y = sample
    pipe = make_pipeline(
        DigitNormalizer(), PixelStandardizer(), cls(max_epochs=2, lr=0.003, random_state=0)
    )
    assert pipe.fit(X[::10], y[::10]).score(X[1::100], y[1::100]) > 0.5
    assert pipe.predict_proba([photo, photo[10:]]).shape == (2, 10)


# -- PixelStandardizer ---------------------------------------------------------------------------


def test_pixels_of_the_data_set_have_mean_0_and_deviation_1(sample):
    X, _ = sample
    normalizer = PixelStandardizer().fit(X)
    Z = normalizer.transform(X)
    assert Z.dtype == np.float32
    np.testing.assert_allclose([Z.mean(dtype=float), Z.std(dtype=float)], [0, 1], atol=1e-5)
    np.testing.assert_allclose([normalizer.mean_, normalizer.std_], [0.1307, 0.3081], atol=2e-3)
    # Other pictures are not measured by their own.
    assert normalizer.transform(X[:10]).mean() != pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_given_constants_are_for_pixels_of_0_to_1_whatever_the_type(sample, dtype):
    X = sample[0][::500].astype(dtype)
    Z = PixelStandardizer(0.1307, 0.3081).fit_transform(X)
    np.testing.assert_allclose(Z, (X / 255 - 0.1307) / 0.3081, atol=1e-5)
    assert Z.dtype == (np.float64 if dtype == np.float64 else np.float32)
    floats = PixelStandardizer(0.1307, 0.3081).fit(X / 255)
    assert floats.pixel_scale_ == 1
    np.testing.assert_allclose(floats.transform(X / 255), Z, atol=1e-5)


def test_none_changes_nothing_but_the_scale(sample):
    X = sample[0][::500]
    Z = PixelStandardizer(mean=None, std=None).fit_transform(X)
    np.testing.assert_allclose(Z, X / 255, atol=1e-6)


def test_a_dark_batch_is_scaled_as_fit_was(sample):
    X = sample[0][::500]
    normalizer = PixelStandardizer(None, None).fit(X)
    np.testing.assert_allclose(normalizer.transform(X // 255), (X // 255) / 255, atol=1e-6)


def test_pictures_keep_their_shape(sample):
    images = sample[0][::500].reshape(-1, 28, 28)
    flat = PixelStandardizer().fit_transform(images.reshape(-1, 784))
    got = PixelStandardizer().fit_transform(images)
    np.testing.assert_array_equal(got.reshape(-1, 784), flat)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"mean": "mnist"}, "mean='mnist': wanted is \"auto\", a number"),
        ({"std": 0}, "std=0: wanted .* above 0"),
        ({"std": -1.0}, "std=-1.0: wanted .* above 0"),
        ({"mean": float("nan")}, "mean=nan: wanted"),
        ({"mean": True}, "mean=True: wanted"),
    ],
)
def test_means_and_deviations_that_are_none_are_refused(params, words):
    with pytest.raises(ValueError, match=words):
        PixelStandardizer(**params).fit(np.zeros((2, 4)))


# -- segment_digits ------------------------------------------------------------------------------


def row_of(digits, gap, times=4):
    """Return a row of digits, cut out, with a gap between them, as ink."""
    space = np.zeros((28, gap), np.uint8)
    row = np.hstack([part for d in digits for part in (space, d[:, d.any(axis=0)])] + [space])
    return np.asarray(
        Image.fromarray(row).resize((times * row.shape[1], times * 28), Image.Resampling.BICUBIC)
    )


def page_of(rows, **kwargs):
    height = sum(len(row) for row in rows) + 40 * (len(rows) + 1)
    ink = np.zeros((height, max(row.shape[1] for row in rows)), np.uint8)
    top = 40
    for row in rows:
        ink[top : top + len(row), : row.shape[1]] = row
        top += len(row) + 40
    return on_paper(ink, (ink.shape[0] + 60, ink.shape[1] + 60), (30, 30), **kwargs)


@pytest.mark.parametrize("ruled", [0, 37])
@pytest.mark.parametrize("gap", [2, 8])
def test_rows_of_digits_are_split_in_reading_order(sample, gap, ruled):
    X, y = sample
    rng = np.random.default_rng(gap)
    wanted = rng.permutation(np.arange(10))
    digits = [X[500 * d + 17].reshape(28, 28) for d in wanted]
    rows = [digits[:4], digits[4:7], digits[7:]]
    page = page_of([row_of(row, gap) for row in rows], ruled=ruled)
    images, boxes = segment_digits(page)
    assert len(images) == 10
    got = DigitNormalizer().transform(images)
    for row, digit in zip(got, digits, strict=True):
        assert likeness(row, digit) > 0.7
    assert boxes.shape == (10, 4)
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    # Reading order: from left to right within rows, rows below each other.
    lines = [boxes[:4], boxes[4:7], boxes[7:]]
    assert all((np.diff(line[:, 1]) > 0).all() for line in lines)
    assert lines[0][:, 2].max() < lines[1][:, 0].min()
    # The boxes hold the ink.
    assert (page[boxes[0][0] : boxes[0][2], boxes[0][1] : boxes[0][3]] < 100).any()


def test_boxes_are_in_the_pixels_of_the_picture(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (3, 1, 4)]
    page = page_of([row_of(digits, 8)])
    large = np.asarray(Image.fromarray(page).resize((6 * page.shape[1], 6 * page.shape[0])))
    _, boxes = segment_digits(page)
    _, large_boxes = segment_digits(large)
    np.testing.assert_allclose(large_boxes / 6, boxes, atol=2)


def test_light_digits_are_split_as_well(sample):
    X, _ = sample
    digits = [X[500 * d].reshape(28, 28) for d in (0, 1, 2)]
    images, _ = segment_digits(255 - page_of([row_of(digits, 8)]))
    assert len(images) == 3


@pytest.mark.parametrize("name", ["white.png", "missing.png", "text.png"])
def test_splitting_a_bad_file_is_the_same_error(tmp_path, name):
    make, words = BAD_FILES[name]
    make(tmp_path / name)
    with pytest.raises(ImageError, match=words) as caught:
        segment_digits(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    with pytest.raises(ValueError, match="polarity='ink'"):
        segment_digits(tmp_path / name, polarity="ink")


# -- read_image --------------------------------------------------------------------------------


def test_grey_is_luminance():
    colours = np.eye(3)[None]
    np.testing.assert_allclose(read_image(colours), [[0.299, 0.587, 0.114]], atol=1e-6)


def test_pictures_are_reduced_and_never_enlarged():
    assert read_image(np.zeros((300, 100)), max_side=150).shape == (150, 50)
    assert read_image(np.zeros((30, 10)), max_side=150).shape == (30, 10)
    assert read_image(np.zeros((3000, 1)), max_side=150).shape == (150, 1)
