"""
Color images in a folder
========================

``load_image_folder`` reads a folder with one subfolder per class. The images
keep their colors, and ``size`` brings them to one size.
"""

# %%
# Make a folder
# -------------
# To run without files, this example draws traffic signs of several sizes. To
# use your own images, set ``folder = "my images"``.

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, ImageDraw
from sklearn.model_selection import train_test_split

from skmnist import CNNClassifier, predict_image
from skmnist.datasets import load_image_folder
from skmnist.displays import PredictionDisplay

SIGNS = {
    "stop": ("octagon", (190, 30, 40), (250, 250, 250)),
    "yield": ("down", (200, 40, 40), (250, 250, 250)),
    "warning": ("up", (240, 190, 40), (30, 30, 30)),
    "parking": ("square", (30, 70, 180), (250, 250, 250)),
    "keep right": ("circle", (30, 90, 190), (250, 250, 250)),
}
CORNERS = {"octagon": 8, "up": 3, "down": 3, "square": 4, "circle": 40}
TURNS = {"octagon": 22.5, "up": -90, "down": 90, "square": 45, "circle": 0}


def draw_sign(name, rng):
    """Return a drawing of a traffic sign."""
    shape, color, inner = SIGNS[name]
    side = int(rng.integers(40, 90))
    sky = tuple(int(value) for value in rng.integers(60, 220, 3))
    image = Image.new("RGB", (side, side), sky)
    draw = ImageDraw.Draw(image)
    center = [side / 2 + rng.normal(0, side / 25) for _ in range(2)]
    light = rng.uniform(0.55, 1)
    angles = TURNS[shape] + rng.normal(0, 5)
    angles = np.deg2rad(
        angles + np.arange(CORNERS[shape]) * 360 / CORNERS[shape]
    )
    for scale, fill in ((0.42, color), (0.18, inner)):
        radius = side * scale * rng.uniform(0.85, 1)
        corners = [
            (center[0] + radius * np.cos(a), center[1] + radius * np.sin(a))
            for a in angles
        ]
        draw.polygon(corners, fill=tuple(int(light * c) for c in fill))
    noise = rng.normal(0, 14, (side, side, 3))
    pixels = np.asarray(image) + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
rng = np.random.default_rng(0)
for name in SIGNS:
    (folder / name).mkdir()
    for i in range(100):
        draw_sign(name, rng).save(folder / name / f"{i}.jpg")

# %%
# Load the images
# ---------------
# ``images`` has the shape (n_samples, channels, height, width). The channels
# are red, green and blue.

signs = load_image_folder(folder, size=32)
print(signs.images.shape, signs.target_names)

fig, axes = plt.subplots(2, 5, figsize=(6.4, 2.9), layout="constrained")
for i, ax in enumerate(axes.T.flat):
    ax.imshow(signs.images[50 * i].transpose(1, 2, 0))
    ax.set_title(signs.target_names[signs.target[50 * i]], fontsize="medium")
    ax.set_axis_off()

# %%
# Train a network
# ---------------
# A network that sees the colors is compared with one that sees the luminance
# only.

rows = np.arange(len(signs.target))
train, test = train_test_split(
    rows, test_size=0.4, stratify=signs.target, random_state=0
)
gray = load_image_folder(folder, size=32, color=False).images
for name, images in {"gray": gray, "color": signs.images}.items():
    clf = CNNClassifier(channels=(8, 16), max_epochs=12, random_state=0)
    clf.fit(images[train], signs.target[train])
    score = clf.score(images[test], signs.target[test])
    print(f"{name:5}  test accuracy {score:.1%}")

# %%
# If the channels are last, as in Keras and Pillow, ``image_shape`` says so:
# ``CNNClassifier(image_shape=(32, 32, 3))``.
#
# Predict an image file
# ---------------------
# ``predict_image`` resizes a file like the training images.

prediction = predict_image(folder / "parking" / "0.jpg", clf)
print(signs.target_names[prediction.label])

PredictionDisplay.from_estimator(
    clf, signs.images[test[0]], display_labels=signs.target_names
)
temporary.cleanup()
