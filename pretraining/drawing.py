"""Draw strokes and characters, and distort them like handwriting."""

import math
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

SIDE = 28
CANVAS = 112  # pixels: shapes are drawn four times as large, then reduced
_FONTS = ("DejaVu", "STIXGeneral", "cmr10", "cmtt10", "cmss10")


def draw_curves(curves, width):
    """Return an image of curves, each a pair of sequences x and y, with round ends."""
    image = Image.new("L", (CANVAS, CANVAS))
    draw = ImageDraw.Draw(image)
    for x, y in curves:
        points = list(zip(map(float, x), map(float, y), strict=True))
        draw.line(points, fill=255, width=round(width), joint="curve")
        for u, v in (points[0], points[-1]):
            draw.circle((u, v), width / 2, fill=255)
    return np.asarray(image)


def print_character(text, rng):
    """Return an image of a character in a random font of matplotlib and a random size."""
    font = ImageFont.truetype(rng.choice(_fonts()), int(rng.integers(60, 100)))
    image = Image.new("L", (CANVAS, CANVAS))
    center = (CANVAS / 2, CANVAS / 2)
    ImageDraw.Draw(image).text(center, text, fill=255, font=font, anchor="mm")
    return np.asarray(image)


def distort(image, rng, amount=1.0):
    """Slant, turn and bend an image."""
    y, x = np.mgrid[:CANVAS, :CANVAS].astype(np.float64)
    bend = ndimage.gaussian_filter(rng.normal(size=(2, CANVAS, CANVAS)), (0, 14, 14))
    bend *= amount * rng.uniform(0, 5) / bend.std()
    angle, slant = amount * rng.uniform(-0.3, 0.3, 2)
    u, v = x - CANVAS / 2, y - CANVAS / 2
    source_x = CANVAS / 2 + math.cos(angle) * u - math.sin(angle) * v + slant * v + bend[0]
    source_y = CANVAS / 2 + math.sin(angle) * u + math.cos(angle) * v + bend[1]
    return ndimage.map_coordinates(image, [source_y, source_x], order=1)


def reduce(image):
    """Return an image of 28 x 28 pixels."""
    return np.asarray(Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BOX))


@cache
def _fonts():
    """Return the fonts with letters and digits that come with matplotlib."""
    folder = Path(matplotlib.get_data_path(), "fonts", "ttf")
    paths = [path for name in _FONTS for path in folder.glob(f"{name}*.ttf")]
    return sorted(str(path) for path in paths if "Display" not in path.name)  # has no letters
