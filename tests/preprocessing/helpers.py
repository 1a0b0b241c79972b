"""Photos made from digits."""

import numpy as np
from PIL import Image


def enlarge(digit, factor=8):
    side = factor * len(digit)
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC))


def make_photo(foreground, shape=(400, 300), position=(30, 20), background=225, ruled=0):
    """Return a photo with a dark foreground (255: darkest) at a position of a larger image."""
    photo = np.full(shape, float(background))
    if ruled:
        photo[ruled // 2 :: ruled] *= 0.7
        photo[ruled // 2 + 1 :: ruled] *= 0.7
    top, left = position
    height, width = foreground.shape
    photo[top : top + height, left : left + width] *= 1 - 0.8 * foreground / 255
    return photo.astype(np.uint8)


def correlation(first, second):
    """Return the correlation of the pixels of two images."""
    return np.corrcoef(np.ravel(first).astype(float), np.ravel(second).astype(float))[0, 1]
