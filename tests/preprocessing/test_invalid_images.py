"""Invalid images raise an ImageError, without using much memory."""

import io
import struct
import tracemalloc
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer, read_image, segment_digits


def png_of_size(width, height):
    """Return a PNG file whose header declares a size, but which contains no pixels."""

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


INVALID_FILES = {
    "bomb.png": (lambda path: path.write_bytes(png_of_size(30_000, 30_000)), "178 million pixels"),
    "large.png": (
        lambda path: path.write_bytes(png_of_size(10_000, 10_000)),
        "10000 x 10000 pixels, but at most 64 million",
    ),
    "animated.gif": (make_gif, "got an animation"),
    "truncated.jpg": (make_truncated, "is damaged or truncated"),
    "text.png": (lambda path: path.write_text("Dear diary"), "is not an image"),
    "empty.png": (lambda path: path.write_bytes(b""), "is not an image"),
    "white.png": (lambda path: Image.new("L", (300, 200), 255).save(path), "No foreground found"),
    "black.png": (lambda path: Image.new("L", (300, 200), 0).save(path), "No foreground found"),
    "pixel.png": (lambda path: Image.new("L", (1, 1), 77).save(path), "No foreground found"),
    "photo.heic": (lambda path: path.write_bytes(b"\0\0\0\x18ftypheic"), "install pillow-heif"),
    "folder": (lambda path: path.mkdir(), "got a folder"),
    "missing.png": (lambda path: None, "No such file or directory"),
}


@pytest.mark.parametrize("name", INVALID_FILES)
def test_invalid_file_raises_image_error_with_its_name(tmp_path, name, photo):
    make, message = INVALID_FILES[name]
    path = tmp_path / name
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(ImageError, match=message) as caught:
            DigitNormalizer().transform([path])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    text = str(caught.value)
    assert text.count(str(path)) == 1
    assert "\n" not in text
    assert peak < 20e6
    with pytest.raises(ImageError, match="^image 1: "):
        DigitNormalizer().transform([photo, path])


@pytest.mark.parametrize("format", ["TGA", "ICO", "PCX", "SGI", "EPS", "PDF"])
def test_formats_of_other_programs_are_not_read(format, tmp_path):
    """Pillow starts an external program to read some of them."""
    path = tmp_path / "digit.png"
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(path, format)
    for image in (path, io.BytesIO(path.read_bytes())):
        with pytest.raises(ImageError, match="is not an image in a supported format"):
            read_image(image)


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="needs POSIX")
def test_devices_are_not_opened(monkeypatch):
    monkeypatch.setattr(Image, "open", None)
    with pytest.raises(ImageError, match="got a device, a pipe or a socket"):
        read_image("/dev/null")


@pytest.mark.parametrize("name", ["white.png", "missing.png", "text.png"])
def test_segmenting_an_invalid_file_raises_the_same_error(tmp_path, name):
    make, message = INVALID_FILES[name]
    make(tmp_path / name)
    with pytest.raises(ImageError, match=message) as caught:
        segment_digits(tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    message = "The 'polarity' parameter of segment_digits must be a str among .* Got 'ink' instead"
    with pytest.raises(ValueError, match=message):
        segment_digits(tmp_path / name, polarity="ink")


INVALID_IMAGES = {
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


@pytest.mark.parametrize("name", INVALID_IMAGES)
def test_invalid_image_raises_image_error(name, photo):
    with pytest.raises(ImageError, match="Expected .* got|No foreground found|at most 64 million"):
        DigitNormalizer().transform([INVALID_IMAGES[name]])
    with pytest.raises(ImageError, match="^image 1: "):
        DigitNormalizer().transform([photo, INVALID_IMAGES[name]])


def test_invalid_images_become_rows_of_nan_with_one_warning(tmp_path, photo):
    for name, (make, _) in INVALID_FILES.items():
        make(tmp_path / name)
    invalid = [tmp_path / name for name in INVALID_FILES] + list(INVALID_IMAGES.values())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        X = DigitNormalizer(on_error="nan").transform([photo, *invalid, photo])
    (warning,) = caught
    lines = str(warning.message).splitlines()
    assert lines[0].startswith(f"{len(invalid)} of {len(invalid) + 2} images cannot be used")
    assert len(lines) == 1 + len(invalid)
    assert all(any(str(tmp_path / name) in line for line in lines) for name in INVALID_FILES)
    assert X.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(X).all(axis=1), [False, *[True] * len(invalid), False])
    np.testing.assert_array_equal(X[0], DigitNormalizer().transform([photo])[0])


@pytest.mark.parametrize(
    "X", ["photo.png", np.zeros((28, 28)), np.zeros((64, 64)), np.zeros((30, 40, 3)), 5, None]
)
def test_single_image_raises_type_error(X):
    with pytest.raises(TypeError, match=r"Expected .*images.*, got .* Pass \[X\]"):
        DigitNormalizer().transform(X)


@pytest.mark.parametrize("method", ["mnist", "emnist", "bbox_centered"])
@pytest.mark.parametrize("shape", [(45, 45), (1, 900), (900, 2), (41, 1), (30, 7)])
def test_lines_and_dots_are_digits_or_raise_image_error(shape, method):
    rng = np.random.default_rng(0)
    dot, line, specks = (np.full(shape, 255, np.uint8) for _ in range(3))
    dot[shape[0] // 2, shape[1] // 2] = 0
    line[:, shape[1] // 2] = 0
    specks[rng.random(shape) < 0.01] = 0
    for image in (dot, line, specks, rng.integers(0, 256, shape, dtype=np.uint8)):
        try:
            assert DigitNormalizer(method).transform([image]).any()
        except ImageError as error:
            assert "No foreground found" in str(error)


def test_empty_batch():
    assert DigitNormalizer().transform([]).shape == (0, 784)


@pytest.mark.parametrize("name", ["method", "polarity", "stroke_width", "on_error"])
def test_invalid_parameter_raises_value_error(name, photo):
    message = (
        f"The '{name}' parameter of DigitNormalizer must be a str among {{.*Got 'best' instead"
    )
    with pytest.raises(ValueError, match=message):
        DigitNormalizer(**{name: "best"}).fit([photo])
    with pytest.raises(ValueError, match=message):
        DigitNormalizer(**{name: "best"}).transform([photo])
