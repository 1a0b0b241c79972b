"""Photos made of MNIST's test digits: how many does the default CNN read?"""

import argparse
import io
import math
import time

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from benchmarks.data import load_digits
from skmnist import CNNClassifier, load
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer

DAMAGES = ("gradient", "shadow", "noise", "ruled", "squared", "rotation", "jpeg")
# The rows of the table: what was done to the photos of a kind. Everywhere the digit is enlarged,
# black on paper of some tone and anywhere in the picture.
KINDS = {
    "none, but paper and place": (),
    "light gradient": ("gradient",),
    "shadow": ("shadow",),
    "noise": ("noise",),
    "ruled paper": ("ruled",),
    "squared paper": ("squared",),
    "rotation to 15 degrees": ("rotation",),
    "JPEG quality 40": ("jpeg",),
    "all, ruled": tuple(d for d in DAMAGES if d != "squared"),
    "all, squared": tuple(d for d in DAMAGES if d != "ruled"),
}


def take_photo(digit, damages, rng):
    """Return a photo of a digit.

    Parameters
    ----------
    digit : ndarray of shape (28, 28), uint8
    damages : collection of str
        Some of `DAMAGES`.
    rng : numpy Generator

    Returns
    -------
    photo : ndarray of shape (height, width), uint8
    """
    ink = _enlarge(digit, rng, rotate="rotation" in damages)
    stroke = 3 * ink.shape[0] / 28  # pixels, about
    shape = [round(side * rng.uniform(1.1, 3)) for side in ink.shape]
    top, left = (rng.integers(0, b - s + 1) for b, s in zip(shape, ink.shape, strict=True))
    picture = np.full(shape, rng.uniform(130, 250), np.float32)
    if "ruled" in damages or "squared" in damages:
        picture *= 1 - _lines(shape, stroke, rng, squared="squared" in damages)
    place = np.s_[top : top + ink.shape[0], left : left + ink.shape[1]]
    picture[place] *= 1 - ink * np.float32(rng.uniform(0.65, 0.9))
    if "gradient" in damages:
        picture *= _gradient(shape, rng)
    if "shadow" in damages:
        picture *= _shadow(shape, rng)
    if "noise" in damages:
        strength = np.float32(rng.uniform(3, 12))
        picture += strength * rng.standard_normal(shape, np.float32)
    photo = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
    return _through_jpeg(photo) if "jpeg" in damages else photo


def _enlarge(digit, rng, *, rotate):
    """Return the ink of an enlarged digit, 0 to 1."""
    side = round(28 * rng.uniform(4, 30))
    ink = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    if rotate:
        ink = ink.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC, expand=True)
    return np.asarray(ink, dtype=np.float32) / 255


def _across(shape, direction):
    """Return how far each pixel lies in a direction (radians), in pixels, from the middle."""
    y, x = (np.arange(n, dtype=np.float32) - n / 2 for n in shape)
    return y[:, None] * np.float32(math.sin(direction)) + x * np.float32(math.cos(direction))


def _lines(shape, stroke, rng, *, squared):
    """Return the ink of printed lines, all a little askew as a hand holds the camera."""
    distance, thickness = stroke * rng.uniform(2.5, 7), max(1, stroke * rng.uniform(0.05, 0.25))
    angle, strength = math.radians(rng.uniform(-3, 3)), np.float32(rng.uniform(0.15, 0.5))
    lines = np.zeros(shape, np.float32)
    for direction in (angle + math.pi / 2, angle)[: 1 + squared]:
        offset = (_across(shape, direction) + np.float32(rng.uniform(0, distance))) % distance
        edge = thickness / 2 + 0.5 - abs(offset - distance / 2)
        lines = np.maximum(lines, np.clip(edge, 0, 1))
    return strength * lines


def _gradient(shape, rng):
    """Return the light of a lamp at one side: a plane from 1 down to 0.4 at most."""
    plane = _across(shape, rng.uniform(0, 2 * math.pi))
    return 1 - np.float32(1 - rng.uniform(0.4, 0.8)) * (plane - plane.min()) / np.ptp(plane)


def _shadow(shape, rng):
    """Return the shadow of an arm or a phone: a half plane with a soft edge."""
    reach = max(shape) / 2
    edge = _across(shape, rng.uniform(0, 2 * math.pi)) - reach * rng.uniform(-0.5, 0.5)
    soft = np.clip(edge / np.float32(reach * rng.uniform(0.02, 0.3)), -1, 1)
    return 1 - np.float32(rng.uniform(0.2, 0.5)) * (1 + np.sin(soft * np.float32(math.pi / 2))) / 2


def _through_jpeg(photo):
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def take_photos(X_test, n, seed):
    """Yield `n` photos of test digits drawn at random, their kinds in turn: row, kind, photo."""
    names = list(KINDS)
    rows = np.resize(np.random.default_rng(seed).permutation(len(X_test)), n)
    for i, row in enumerate(rows):
        kind = names[i % len(names)]
        rng = np.random.default_rng((seed, i))
        yield row, kind, take_photo(X_test[row].reshape(28, 28), KINDS[kind], rng)


def resize(photo):
    """Return what a plain resize makes of a photo: 28 x 28, ink bright."""
    small = Image.fromarray(photo).resize((28, 28), Image.Resampling.BILINEAR)
    return 255 - np.asarray(small).ravel()


def normalize(normalizer, photo):
    """Return the photo as 784 bytes, black where no ink is found: that is a mistake, too."""
    try:
        return normalizer.transform([photo])[0]
    except ImageError:
        return np.zeros(784, np.uint8)


def read_photos(clf, X_test, y_test, n, seed):
    """Return a table with a row for each photo: its kind, and what was read in it in which way."""
    normalizer = DigitNormalizer()
    rows, kinds, normalized, resized, milliseconds = [], [], [], [], []
    for row, kind, photo in take_photos(X_test, n, seed):
        rows.append(row)
        kinds.append(kind)
        start = time.process_time()
        normalized.append(normalize(normalizer, photo))
        milliseconds.append(1000 * (time.process_time() - start))
        resized.append(resize(photo))
    pictures = {"clean": X_test[rows], "normalized": normalized, "resized": resized}
    read = {name: clf.predict(np.array(X)) for name, X in pictures.items()}
    return pd.DataFrame({"kind": kinds, "true": y_test[rows], **read, "ms": milliseconds})


def summarize(photos):
    """Return the table by kind of damage: percentages read rightly, points lost, time."""
    groups = [(kind, photos[photos["kind"] == kind]) for kind in KINDS]
    table = []
    for kind, group in [*groups, ("all photos", photos)]:
        clean, normalized, resized = (
            100 * (group[way] == group["true"]).mean() for way in ("clean", "normalized", "resized")
        )
        table.append(
            {
                "photos": kind,
                "n": len(group),
                "clean %": clean,
                "DigitNormalizer %": normalized,
                "points lost": clean - normalized,
                "plain resize %": resized,
                "CPU ms a photo": group["ms"].median(),
            }
        )
    return pd.DataFrame(table)


def draw_mistakes(photos, X_test, seed, path):
    """Write a picture of the photos that were misread: as taken, as normalized, and the digit."""
    wrong = np.flatnonzero((photos["normalized"] != photos["true"]).to_numpy())
    side, per_row, text = 150, 8, 14
    size = (per_row * (side + 60), max(1, math.ceil(len(wrong) / per_row)) * (side + text))
    sheet = Image.new("L", size, 60)
    pen = ImageDraw.Draw(sheet)
    normalizer = DigitNormalizer()
    for i, (row, kind, photo) in enumerate(take_photos(X_test, len(photos), seed)):
        if i not in wrong:
            continue
        y, x = divmod(int(np.searchsorted(wrong, i)), per_row)
        x, y = x * (side + 60), y * (side + text)
        one = photos.iloc[i]
        pen.text((x, y), f"{i} {kind[:16]} {one['true']} as {one['normalized']}", fill=255)
        small = Image.fromarray(photo)
        small.thumbnail((side, side))
        sheet.paste(small, (x, y + text))
        for k, picture in enumerate((normalize(normalizer, photo), X_test[row])):
            beside = Image.fromarray(picture.reshape(28, 28)).resize((56, 56))
            sheet.paste(beside, (x + side + 2, y + text + 60 * k))
    sheet.save(path)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="photos (default: %(default)s)")
    parser.add_argument(
        "--random-state", type=int, default=0, help="of the photos (default: %(default)s)"
    )
    parser.add_argument("--data-home", help="folder of the full MNIST (default: SKMNIST_DATA)")
    parser.add_argument("--model", help="a saved classifier, instead of training the default CNN")
    parser.add_argument("--mistakes", help="file for a picture of the photos that were misread")
    args = parser.parse_args()

    data = load_digits(args.data_home)
    print(f"Data: {data.source}, {len(data):,} digits to train on. {data.why_not_full}".rstrip())
    if args.model:
        clf = load(args.model)
    else:
        clf = CNNClassifier(max_epochs=5, random_state=0).fit(data.X, data.y)
    print(
        f"{clf}: {100 * clf.score(data.X_test, data.y_test):.2f} % of {len(data.X_test):,} digits"
    )
    photos = read_photos(clf, data.X_test, data.y_test, args.n, args.random_state)
    print(summarize(photos).to_string(index=False, float_format="{:.2f}".format))
    if args.mistakes:
        draw_mistakes(photos, data.X_test, args.random_state, args.mistakes)


if __name__ == "__main__":
    main()
