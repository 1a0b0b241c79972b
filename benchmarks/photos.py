"""Accuracy on photos: synthetic photos of MNIST's test digits, or a folder of labeled photos."""

import argparse
import io
import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from benchmarks.data import load_digits
from benchmarks.options import add_data_home
from skmnist import load, load_pretrained, predict_image
from skmnist.exceptions import ImageError
from skmnist.preprocessing import DigitNormalizer, read_image

CORRUPTIONS = ("gradient", "shadow", "noise", "ruled", "squared", "rotation", "jpeg")
# The corruptions of each kind of photo. In all photos, the digit is enlarged, darker than the
# background and at a random position.
KINDS = {
    "background and position only": (),
    "brightness gradient": ("gradient",),
    "shadow": ("shadow",),
    "noise": ("noise",),
    "ruled paper": ("ruled",),
    "squared paper": ("squared",),
    "rotation up to 15°": ("rotation",),
    "JPEG, quality 40": ("jpeg",),
    "all, ruled paper": tuple(d for d in CORRUPTIONS if d != "squared"),
    "all, squared paper": tuple(d for d in CORRUPTIONS if d != "ruled"),
}


def take_photo(digit, corruptions, rng):
    """Return a synthetic photo of a digit.

    Parameters
    ----------
    digit : ndarray of shape (28, 28), uint8
        The image of the digit.
    corruptions : collection of str
        A subset of `CORRUPTIONS`.
    rng : numpy Generator
        The random number generator.

    Returns
    -------
    photo : ndarray of shape (height, width), uint8
        The photo.
    """
    foreground = _enlarge(digit, rng, rotate="rotation" in corruptions)
    stroke_width = 3 * foreground.shape[0] / 28  # pixels, approximately
    shape = [round(side * rng.uniform(1.1, 3)) for side in foreground.shape]
    top, left = (rng.integers(0, b - s + 1) for b, s in zip(shape, foreground.shape, strict=True))
    photo = np.full(shape, rng.uniform(130, 250), np.float32)
    if "ruled" in corruptions or "squared" in corruptions:
        photo *= 1 - _lines(shape, stroke_width, rng, squared="squared" in corruptions)
    region = np.s_[top : top + foreground.shape[0], left : left + foreground.shape[1]]
    photo[region] *= 1 - foreground * np.float32(rng.uniform(0.65, 0.9))
    if "gradient" in corruptions:
        photo *= _gradient(shape, rng)
    if "shadow" in corruptions:
        photo *= _shadow(shape, rng)
    if "noise" in corruptions:
        std = np.float32(rng.uniform(3, 12))
        photo += std * rng.standard_normal(shape, np.float32)
    photo = np.clip(photo + 0.5, 0, 255).astype(np.uint8)
    return _compress_jpeg(photo) if "jpeg" in corruptions else photo


def _enlarge(digit, rng, *, rotate):
    """Return an enlarged digit with values in [0, 1]."""
    side = round(28 * rng.uniform(4, 30))
    foreground = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
    if rotate:
        foreground = foreground.rotate(rng.uniform(-15, 15), Image.Resampling.BICUBIC, expand=True)
    return np.asarray(foreground, dtype=np.float32) / 255


def _project(shape, direction):
    """Return the signed distance of each pixel from the center along a direction (radians)."""
    y, x = (np.arange(n, dtype=np.float32) - n / 2 for n in shape)
    return y[:, None] * np.float32(math.sin(direction)) + x * np.float32(math.cos(direction))


def _lines(shape, stroke_width, rng, *, squared):
    """Return the darkness of printed lines, which are rotated by a small angle, from 0 to 1."""
    distance = stroke_width * rng.uniform(2.5, 7)
    thickness = max(1, stroke_width * rng.uniform(0.05, 0.25))
    angle, strength = math.radians(rng.uniform(-3, 3)), np.float32(rng.uniform(0.15, 0.5))
    lines = np.zeros(shape, np.float32)
    for direction in (angle + math.pi / 2, angle)[: 1 + squared]:
        offset = (_project(shape, direction) + np.float32(rng.uniform(0, distance))) % distance
        edge = thickness / 2 + 0.5 - abs(offset - distance / 2)
        lines = np.maximum(lines, np.clip(edge, 0, 1))
    return strength * lines


def _gradient(shape, rng):
    """Return a linear brightness gradient from 1 to a value between 0.4 and 0.8."""
    plane = _project(shape, rng.uniform(0, 2 * math.pi))
    return 1 - np.float32(1 - rng.uniform(0.4, 0.8)) * (plane - plane.min()) / np.ptp(plane)


def _shadow(shape, rng):
    """Return a shadow: a darker half plane with a soft edge."""
    reach = max(shape) / 2
    edge = _project(shape, rng.uniform(0, 2 * math.pi)) - reach * rng.uniform(-0.5, 0.5)
    soft = np.clip(edge / np.float32(reach * rng.uniform(0.02, 0.3)), -1, 1)
    return 1 - np.float32(rng.uniform(0.2, 0.5)) * (1 + np.sin(soft * np.float32(math.pi / 2))) / 2


def _compress_jpeg(photo):
    """Return a photo after JPEG compression."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=40)
    return np.asarray(Image.open(file))


def take_photos(X_test, n, seed):
    """Yield (index, kind, photo) for `n` random test digits; the kinds take turns."""
    names = list(KINDS)
    indices = np.resize(np.random.default_rng(seed).permutation(len(X_test)), n)
    for i, index in enumerate(indices):
        kind = names[i % len(names)]
        rng = np.random.default_rng((seed, i))
        yield index, kind, take_photo(X_test[index].reshape(28, 28), KINDS[kind], rng)


def resize(photo):
    """Resize a photo to 28 x 28 pixels and invert it, without any other preprocessing."""
    small = photo.resize((28, 28), Image.Resampling.BILINEAR)
    return 255 - np.asarray(small).ravel()


def normalize(normalizer, photo):
    """Normalize a photo. If no digit is found, return a black image, which counts as an error."""
    try:
        return normalizer.transform([photo])[0]
    except ImageError:
        return np.zeros(784, np.uint8)


def predict_photos(clf, X_test, y_test, n, seed):
    """Return a table with the kind, the true label and the predictions for each photo."""
    normalizer = DigitNormalizer()
    indices, kinds, normalized, resized, milliseconds = [], [], [], [], []
    for index, kind, photo in take_photos(X_test, n, seed):
        indices.append(index)
        kinds.append(kind)
        start = time.process_time()
        normalized.append(normalize(normalizer, photo))
        milliseconds.append(1000 * (time.process_time() - start))
        resized.append(resize(Image.fromarray(photo)))
    images = {"clean": X_test[indices], "normalized": normalized, "resized": resized}
    predicted = {name: clf.predict(np.array(X)) for name, X in images.items()}
    return pd.DataFrame({"kind": kinds, "true": y_test[indices], **predicted, "ms": milliseconds})


def summarize(photos):
    """Return the accuracies in percent and the time by kind of photo."""
    groups = [(kind, photos[photos["kind"] == kind]) for kind in KINDS]
    table = []
    for kind, group in [*groups, ("all photos", photos)]:
        clean, normalized, resized = (
            100 * (group[name] == group["true"]).mean()
            for name in ("clean", "normalized", "resized")
        )
        table.append(
            {
                "photos": kind,
                "n": len(group),
                "MNIST digit": clean,
                "DigitNormalizer": normalized,
                "difference": clean - normalized,
                "resized only": resized,
                "CPU ms per photo": group["ms"].median(),
            }
        )
    return pd.DataFrame(table)


def predict_folder(model, folder):
    """Return a table of the photos in the subfolders: kind (subfolder), file, labels, confidence.

    The first character of a file's name is its label. `model` None is the default of
    predict_image, which may abstain.
    """
    rows, clf = [], model or load_pretrained("digits")
    for path in sorted(path for path in folder.glob("*/*") if not path.name.startswith(".")):
        small = Image.fromarray((255 * read_image(path)).round().astype(np.uint8))
        row = {"kind": path.parent.name, "file": path.name, "true": path.name[0]}
        row["resized only"] = str(clf.predict([resize(small)])[0])
        try:
            prediction = predict_image(path, model)
            row |= {"predicted": str(prediction.label), "confidence": prediction.confidence}
            row["rejected"] = prediction.rejected
        except ImageError:
            row |= {"predicted": "", "confidence": 0.0, "rejected": True}
        rows.append(row)
    if not rows:
        raise SystemExit(f"{folder} has no images in subfolders.")
    return pd.DataFrame(rows)


def summarize_folder(photos):
    """Return the numbers of photos that are right, wrong and rejected, by kind."""

    def count(group):
        right = group["predicted"] == group["true"]
        return pd.Series(
            {
                "n": len(group),
                "right": right.sum(),
                "wrong": (~right & ~group["rejected"]).sum(),
                "rejected": group["rejected"].sum(),
                "resized only": (group["resized only"] == group["true"]).sum(),
            }
        )

    table = pd.DataFrame({kind: count(group) for kind, group in photos.groupby("kind")}).T
    table.loc["all photos"] = table.sum()
    table["right %"] = 100 * table["right"] / table["n"]
    return table.rename_axis("photos").reset_index()


def draw_errors(photos, X_test, seed, path):
    """Draw the misclassified photos with the normalized and the original digit."""
    errors = np.flatnonzero((photos["normalized"] != photos["true"]).to_numpy())
    side, n_columns, text_height = 150, 8, 14
    n_rows = max(1, math.ceil(len(errors) / n_columns))
    figure = Image.new("L", (n_columns * (side + 60), n_rows * (side + text_height)), 60)
    draw = ImageDraw.Draw(figure)
    normalizer = DigitNormalizer()
    for i, (index, kind, photo) in enumerate(take_photos(X_test, len(photos), seed)):
        if i not in errors:
            continue
        y, x = divmod(int(np.searchsorted(errors, i)), n_columns)
        x, y = x * (side + 60), y * (side + text_height)
        true, predicted = photos.iloc[i][["true", "normalized"]]
        draw.text((x, y), f"{i} {kind[:16]} true {true}, predicted {predicted}", fill=255)
        thumbnail = Image.fromarray(photo)
        thumbnail.thumbnail((side, side))
        figure.paste(thumbnail, (x, y + text_height))
        for k, digit in enumerate((normalize(normalizer, photo), X_test[index])):
            enlarged = Image.fromarray(digit.reshape(28, 28)).resize((56, 56))
            figure.paste(enlarged, (x + side + 2, y + text_height + 60 * k))
    figure.save(path)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.photos", description=__doc__)
    parser.add_argument(
        "--n", type=int, default=2000, help="number of photos (default: %(default)s)"
    )
    parser.add_argument(
        "--random-state", type=int, default=0, help="seed of the photos (default: %(default)s)"
    )
    add_data_home(parser)
    parser.add_argument("--model", help='saved classifier (default: load_pretrained("digits"))')
    parser.add_argument("--errors", help="file for a figure of the misclassified photos")
    parser.add_argument(
        "--folder",
        type=Path,
        help="measure the photos in the subfolders of this folder instead: the first character of "
        "a file's name is its label",
    )
    args = parser.parse_args()

    model = load(args.model) if args.model else None
    if args.folder:
        photos = predict_folder(model, args.folder)
        print(photos[photos["predicted"] != photos["true"]].to_string(index=False))
        print(summarize_folder(photos).to_string(index=False, float_format="{:.1f}".format))
        return
    data = load_digits(args.data_home)
    print(f"Data: {data.source}. {data.why_not_full}".rstrip())
    clf = model or load_pretrained("digits")
    accuracy = 100 * clf.score(data.X_test, data.y_test)
    print(f"{clf}: accuracy {accuracy:.2f}% on {len(data.X_test):,} test images")
    photos = predict_photos(clf, data.X_test, data.y_test, args.n, args.random_state)
    print(summarize(photos).to_string(index=False, float_format="{:.2f}".format))
    if args.errors:
        draw_errors(photos, data.X_test, args.random_state, args.errors)


if __name__ == "__main__":
    main()
