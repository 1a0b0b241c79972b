"""
Medical images with a validation set
====================================

``fetch_medmnist`` loads eleven sets of medical images in MNIST's format, in
gray or in color. Each has an official training, validation and test set.
This example uses the microscope images of blood cells if they have been
downloaded. Otherwise, it draws similar images, so that it runs without a
network connection.
"""

# %%
# Load the images
# ---------------
# ``fetch_medmnist("bloodmnist")`` without ``download_if_missing=False``
# downloads the file, which is verified by its checksum. ``images`` has the
# shape (n_samples, channels, height, width), ``X_val`` and ``y_val`` are the
# validation set, and ``DESCR`` states the task and the license.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.utils import Bunch

from skmnist import CNNClassifier
from skmnist.datasets import fetch_medmnist
from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay
from skmnist.exceptions import DatasetError

NAMES = ["one nucleus", "lobed nucleus", "granules", "platelet"]


def draw_cells(n, rng):
    """Return drawings of stained cells and their classes."""
    y = rng.integers(0, len(NAMES), n)
    rows, columns = np.mgrid[:28, :28]
    images = np.empty((n, 3, 28, 28))

    def paint(image, center, radius, color):
        distance = np.hypot(rows - center[0], columns - center[1])
        inside = np.clip(radius - distance + 0.5, 0, 1)
        image += inside * (np.reshape(color, (3, 1, 1)) - image)

    for image, label in zip(images, y, strict=True):
        image[:] = rng.normal([[[235]], [[205]], [[200]]], 8, image.shape)
        center = 14 + rng.normal(0, 1.5, 2)
        purple = rng.normal([120, 60, 150], 12)
        if NAMES[label] == "platelet":
            paint(image, center, rng.uniform(2, 4), purple)
            continue
        paint(image, center, rng.uniform(8, 11), [225, 170, 195])
        n_parts = {"one nucleus": 1, "lobed nucleus": 4}.get(NAMES[label], 14)
        radius = {1: 5.5, 4: 2.8, 14: 1.4}[n_parts] * rng.uniform(0.9, 1.1)
        for _ in range(n_parts):
            spread = 0 if n_parts == 1 else 2.7
            paint(image, center + rng.normal(0, spread, 2), radius, purple)
    return images.clip(0, 255).astype(np.uint8), y


try:
    train = fetch_medmnist("bloodmnist", download_if_missing=False)
    test = fetch_medmnist(
        "bloodmnist", subset="test", download_if_missing=False
    )
except DatasetError:
    rng = np.random.default_rng(0)
    parts = [draw_cells(n, rng) for n in (600, 100, 300)]
    (images, y), (X_val, y_val), (X_test, y_test) = parts
    train = Bunch(images=images, target=y, X_val=X_val, y_val=y_val)
    train.target_names = NAMES
    test = Bunch(images=X_test, target=y_test)
print(len(train.images), "training,", len(test.images), "test images")
print("shape of an image:", train.images.shape[1:])

fig, axes = plt.subplots(2, 6, figsize=(6.4, 2.6), layout="constrained")
for i, ax in enumerate(axes.flat):
    ax.imshow(train.images[i].transpose(1, 2, 0))
    ax.set_title(train.target_names[train.target[i]], fontsize="x-small")
    ax.set_axis_off()

# %%
# Train with the validation set
# -----------------------------
# With early stopping, the accuracy on the validation set determines when the
# training ends. The network of the best epoch is kept.

clf = CNNClassifier(
    channels=(8, 16),
    batch_size=32,
    augment="flip",
    early_stopping=True,
    n_iter_no_change=8,
    max_epochs=25,
    random_state=0,
)
clf.fit(train.images, train.target, X_val=train.X_val, y_val=train.y_val)
print(f"best epoch {clf.best_epoch_} of {clf.n_iter_}")
print(f"test accuracy {clf.score(test.images, test.target):.1%}")

TrainingCurveDisplay.from_estimator(clf)

# %%
# Cells may be flipped, so ``augment="flip"`` is used.
#
# Show the errors
# ---------------

MisclassifiedDisplay.from_estimator(
    clf, test.images, test.target, display_labels=train.target_names, n=8
)
