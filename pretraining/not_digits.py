"""Images that show no digit: made from random shapes, from matplotlib's fonts and from digits."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer

from .drawing import CANVAS, SIDE, distort, draw_curves, print_character, reduce

# Without the characters that some people write like a digit.
CHARACTERS = "ACEFHKLMNPRUVWXadefhkmnprtuvwx&@#%?+=$*<>{}^~€"


def character(rng, digits):
    """Return a character in one of matplotlib's fonts, slanted and distorted like handwriting."""
    return distort(print_character(str(rng.choice(list(CHARACTERS))), rng), rng)


def scribble(rng, digits):
    """Return two to five random curves."""
    curves = []
    for _ in range(rng.integers(2, 6)):
        points = rng.uniform(12, CANVAS - 12, (rng.integers(3, 6), 2))
        curve = ndimage.spline_filter1d(points, axis=0)
        at = np.linspace(0, len(points) - 1, 40)
        curves.append([ndimage.map_coordinates(c, [at], prefilter=False) for c in curve.T])
    return draw_curves(curves, width=rng.uniform(5, 14))


def several_digits(rng, digits):
    """Return two or three digits side by side."""
    chosen = rng.choice(digits, rng.integers(2, 4)).reshape(-1, SIDE, SIDE)
    row = np.hstack(list(chosen[:, :, 4:24]))
    side = row.shape[1]
    square = np.zeros((side, side), np.uint8)
    square[(side - SIDE) // 2 :][:SIDE] = row
    return square


def shape(rng, digits):
    """Return a filled, mirror-symmetric outline with a texture, such as a piece of clothing."""
    image = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    center = CANVAS / 2
    for _ in range(rng.integers(1, 5)):
        half = rng.uniform(4, center - 4, 4)
        top, bottom = sorted(rng.uniform(4, CANVAS - 4, 2))
        middle = rng.uniform(top, bottom)
        left = [(center - h, v) for h, v in zip(half, (top, middle, middle, bottom), strict=True)]
        right = [(2 * center - h, v) for h, v in reversed(left)]
        draw.polygon(left + right, fill=int(rng.integers(60, 256)))
    if rng.random() < 0.5:
        gap = rng.uniform(2, 12)
        draw.rectangle((center - gap, rng.uniform(30, 80), center + gap, CANVAS), fill=0)
    textured = np.asarray(image.filter(ImageFilter.GaussianBlur(2))) * _texture(rng, 0.5)
    return textured.astype(np.uint8)


def texture(rng, digits):
    """Return smooth noise, waves or both, over the whole image."""
    return (255 * _texture(rng, 1.0)).astype(np.uint8)


def noise(rng, digits):
    """Return independent pixels: uniform, normal, or a few bright ones."""
    size = (SIDE, SIDE)
    kinds = (
        lambda: rng.uniform(0, 255, size),
        lambda: rng.normal(rng.uniform(0, 200), rng.uniform(5, 80), size),
        lambda: 255 * (rng.random(size) < rng.uniform(0.01, 0.5)),
    )
    return np.clip(kinds[rng.integers(len(kinds))](), 0, 255).astype(np.uint8)


KINDS = {
    "character": (character, 0.3),
    "scribble": (scribble, 0.15),
    "several digits": (several_digits, 0.1),
    "clothing-like shape": (shape, 0.2),
    "texture": (texture, 0.15),
    "noise": (noise, 0.1),
}


def make_not_digits(digits, n, seed):
    """Return `n` images that show no digit, in MNIST's format, as an array of shape (n, 784).

    Most are converted by a DigitNormalizer, as photos are; the others are only reduced.
    """
    functions, fractions = zip(*KINDS.values(), strict=True)
    rng = np.random.default_rng(seed)
    normalizer = DigitNormalizer()
    images = []
    while len(images) < n:
        function = functions[rng.choice(len(functions), p=fractions)]
        image = reduce(function(rng, digits))
        if rng.random() < 0.7:
            try:
                image = normalizer.transform([image])[0]
            except ImageError:
                continue  # an empty image never reaches the network
        images.append(image.ravel())
    return np.stack(images)


def _texture(rng, strength):
    """Return an image of 28 or 112 pixels with values from 1 - strength to 1."""
    y, x = np.mgrid[:CANVAS, :CANVAS] / CANVAS
    smooth = ndimage.gaussian_filter(rng.normal(size=(CANVAS, CANVAS)), rng.uniform(2, 16))
    angle, waves = rng.uniform(0, math.pi), rng.uniform(1, 10)
    wave = np.sin(2 * math.pi * waves * (math.cos(angle) * x + math.sin(angle) * y))
    if rng.random() < 0.3:
        wave = np.sign(wave)
    mixed = smooth / smooth.std() * rng.uniform(0, 1) + wave * rng.uniform(0, 1)
    return 1 - strength * (mixed - mixed.min()) / np.ptp(mixed)
