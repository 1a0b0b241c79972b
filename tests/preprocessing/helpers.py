"""Photos made from digits."""

import numpy as np
from PIL import Image


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


def likeness(one, other):
    """Return the correlation of two pictures."""
    return np.corrcoef(np.ravel(one).astype(float), np.ravel(other).astype(float))[0, 1]
