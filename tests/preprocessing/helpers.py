"""Synthetic photos of digits."""

import numpy as np
from PIL import Image


def enlarge(digit, factor=8):
    side = factor * len(digit)
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def make_photo(foreground, shape=(400, 300), position=(30, 20), background=225, ruled=0):
    """Return a photo of a dark foreground at a position of a larger, light background.

    The values of `foreground` are from 0 (background) to 255 (darkest). `ruled` is the distance
    between the lines of ruled paper; 0 means no lines.
    """
    photo = np.full(shape, float(background))
    if ruled:
        photo[ruled // 2 :: ruled] *= 0.7
        photo[ruled // 2 + 1 :: ruled] *= 0.7
    top, left = position
    height, width = foreground.shape
    photo[top : top + height, left : left + width] *= 1 - 0.8 * foreground / 255
    return photo.astype(np.uint8)


def correlation(first, second):
    """Return the correlation between the pixels of two images."""
    return np.corrcoef(np.ravel(first).astype(float), np.ravel(second).astype(float))[0, 1]
