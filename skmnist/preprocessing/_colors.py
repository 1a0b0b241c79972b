"""Convert colors and transparency to gray levels in which the foreground is visible."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageStat

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_MIN_RATIO = 2  # of the range of a color channel and that of the luminance, to prefer the channel
_MIN_RANGE = 0.1  # of a color channel
_MAX_LUMINANCE_RANGE = 0.25  # in a larger range, luminance shows the foreground
_SAMPLE_SIDE = 200  # pixels: longer side of the image on which the ranges are measured
_MIN_VISIBLE = 0.25  # difference from white: fainter drawings were made on a dark page
_MAX_COVERAGE = 0.75  # of the opaque pixels of a drawing: sheets of paper cover more


def opaque(image: Image.Image) -> Image.Image:
    """Put an RGBA image on white, or on black if it is a drawing that white would hide."""
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    darkest = ImageStat.Stat(on_white.convert("L")).extrema[0][0]
    coverage = ImageStat.Stat(image.getchannel("A")).mean[0]
    if _is_white_paper(darkest / 255, coverage / 255):
        return on_white
    return Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)


def _is_white_paper(darkest: float, coverage: float) -> bool:
    """Return whether the background of a transparent image is white, else it is black.

    Parameters
    ----------
    darkest : float
        The level of the darkest pixel on white.
    coverage : float
        The mean opacity.
    """
    return darkest <= 1 - _MIN_VISIBLE or coverage > _MAX_COVERAGE


def to_gray(levels: np.ndarray) -> np.ndarray:
    """Return the gray levels of an array of 1, 3 or 4 channels, from 0 to 1."""
    if levels.shape[2] == 1:
        return levels[..., 0]
    colors = levels[..., :3]
    if levels.shape[2] == 4:
        alpha = levels[..., 3:]
        on_white = 1 + alpha * (colors - 1)
        is_white = _is_white_paper(float((on_white @ _LUMA).min()), float(alpha.mean()))
        colors = on_white if is_white else alpha * colors
    height, width = colors.shape[:2]
    step = 1 + max(height, width) // _SAMPLE_SIDE
    channel = clearest_channel(colors[::step, ::step])
    return np.clip(colors @ _LUMA if channel is None else colors[..., channel], 0, 1)


def to_gray_image(image: Image.Image) -> Image.Image:
    """Convert a PIL image of any mode to mode "L"."""
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.mode in {"1", "L"}:
        return image.convert("L")
    rgb = image.convert("RGB")
    sample = rgb.copy() if max(rgb.size) <= _SAMPLE_SIDE else _shrink(rgb)
    channel = clearest_channel(np.asarray(sample, dtype=np.float32) / np.float32(255))
    return image.convert("L") if channel is None else rgb.getchannel(channel)


def clearest_channel(colors: np.ndarray) -> int | None:
    """Return the channel in which the foreground is visible, None if luminance shows it.

    Two colors of the same luminance, such as red on blue, differ only in the channels.
    """
    *ranges, of_luminance = (
        np.ptp(np.percentile(level, [0.1, 99.9]))
        for level in (*np.moveaxis(colors, -1, 0), colors @ _LUMA)
    )
    best = int(np.argmax(ranges))
    hidden = of_luminance <= min(_MAX_LUMINANCE_RANGE, ranges[best] / _MIN_RATIO)
    return best if hidden and ranges[best] >= _MIN_RANGE else None


def _shrink(image: Image.Image) -> Image.Image:
    scale = _SAMPLE_SIDE / max(image.size)
    width, height = (max(1, round(scale * length)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)
