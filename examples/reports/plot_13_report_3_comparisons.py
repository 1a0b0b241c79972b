"""
Report 3: Normalization, layer sizes, batch size and learning rate
==================================================================

Students changed one setting of a network at a time: normalization of the
pixels, number and size of the hidden layers, batch size, learning rate and
number of training images. They also looked at single predictions and at a
drawing of their own.

This page uses the bundled sample of 5,000 digits. Run the script with
``--full`` to use the full MNIST, with 60,000 training and 10,000 test images.
"""

# %%
# Define the baseline settings
# ----------------------------
# The report gives the learning rates, the number of epochs and the
# normalization (mean 0.5, std 0.5). We assume the rest: 128 and 64 units,
# mini-batches of 64, and SGD with a momentum of 0.9.
#
# The training set on this page has a fifteenth of the images of the full
# MNIST, so an epoch has a fifteenth of the iterations. We therefore train for
# 20 epochs instead of 5.

import sys
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmnist import MLPClassifier
from skmnist.datasets import fetch_mnist, load_mnist_sample
from skmnist.displays import MisclassifiedDisplay
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from skmnist.reporting import EvaluationReport
from skmnist.studies import compare_estimators, epoch_curve

if "--full" in sys.argv:
    X, y = fetch_mnist(return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
    epochs = 5
else:
    X, y = load_mnist_sample(return_X_y=True)
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )
    epochs = 20


def make_mlp(sizes=(128, 64), *, normalize=True, lr=0.0005, **params):
    """Return a classifier with the settings of the report and `params`."""
    settings = {
        "optimizer": "sgd",
        "momentum": 0.9,
        "average": False,
        "max_epochs": epochs,
        "random_state": 0,
    }
    clf = MLPClassifier(sizes, lr=lr, **(settings | params))
    return (
        make_pipeline(PixelStandardizer(0.5, 0.5), clf) if normalize else clf
    )


# %%
# Change one setting at a time
# ----------------------------

candidates = {
    "baseline": make_mlp(),
    "not normalized": make_mlp(normalize=False),
    "3 hidden layers": make_mlp((128, 64, 32)),
    "1 hidden layer": make_mlp((128,)),
    "wide (256, 128)": make_mlp((256, 128)),
    "narrow (16, 8)": make_mlp((16, 8)),
    "batch size 16": make_mlp(batch_size=16),
    "batch size 256": make_mlp(batch_size=256),
}
changes = compare_estimators(candidates, X, y, X_test, y_test)
accuracies = 100 * changes["test_accuracy"]
base = accuracies["baseline"]

_, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
ax.plot(accuracies, accuracies.index, "o", color="#0072B2")
ax.axvline(base, color="#D55E00", linestyle="--", label="baseline settings")
ax.invert_yaxis()
ax.set(xlabel="Test accuracy (%)")
ax.grid(alpha=0.3)
ax.legend(loc="upper left")

# %%
# The differences to the baseline settings, in percentage points:

print((accuracies - base).drop("baseline").map("{:+.1f}".format).to_string())

# %%
# - Pixels between -1 and 1 give larger gradients than pixels between 0 and 1.
#   A larger learning rate has a similar effect.
# - A smaller batch size means more iterations per epoch.
# - At a small learning rate, a deeper network needs more epochs.
#
# Compare learning rates
# ----------------------
# The learning rate is now 10 times and 2,000 times as large, and the number of
# epochs is doubled.

points = np.arange(1, 11) * epochs // 5
curves = {}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for lr in (0.0005, 0.005, 1.0):
        curves[f"lr {lr:g}"] = epoch_curve(
            make_mlp(lr=lr),
            X,
            y,
            epochs=points,
            X_test=X_test,
            y_test=y_test,
        )
for warning in caught:
    print(textwrap.fill(str(warning.message), width=79))

_, ax = plt.subplots(figsize=(6.4, 3.8), layout="constrained")
for (name, curve), color in zip(
    curves.items(), ["#0072B2", "#D55E00", "#009E73"], strict=True
):
    for part, line in {"train": "--", "test": "-"}.items():
        values = 100 * getattr(curve, f"{part}_scores")
        label = f"{name}, {'training' if part == 'train' else 'test'}"
        ax.plot(curve.epochs, values, color=color, linestyle=line, label=label)
ax.axhline(10, color="0.5", linestyle=":", label="chance level")
ax.set(xlabel="Epochs", ylabel="Accuracy (%)", ylim=(0, 102))
ax.grid(alpha=0.3)
ax.legend(fontsize="small", ncols=2)

# %%
# The network with lr=1 does not learn. After the last epoch, its loss and its
# accuracy on the test set are close to the chance level. The loss of random
# guesses is the logarithm of 10.

wild = curves["lr 1"]
print(f"chance level:  loss {np.log(10):.2f}, accuracy 10%")
print(
    f"lr=1:          loss {wild.test_losses[-1, 0]:.2f}, "
    f"accuracy {wild.test_scores[-1, 0]:.1%}"
)

# %%
# Results on the full MNIST
# -------------------------
# The accuracies were measured on the test set. The first eight rows are for
# lr=0.0005.
#
# .. include:: /generated/results/report_3.rst
#
# Train on half of the data
# -------------------------
# Both networks are trained with lr=0.005 for the same number of epochs.

best = make_mlp(lr=0.005, max_epochs=2 * epochs)
half = len(y) // 2
half_accuracy = best.fit(X[:half], y[:half]).score(X_test, y_test)
accuracy = best.fit(X, y).score(X_test, y_test)
print(f"test accuracy, half of the training set: {half_accuracy:.2%}")
print(f"test accuracy, full training set:        {accuracy:.2%}")

# %%
# Evaluate each class
# -------------------
# Precision is the fraction of samples predicted as a class that belong to it.
# Recall is the fraction of samples of a class that were predicted correctly.
# F1 is the harmonic mean of both.

report = EvaluationReport.from_estimator(best, X_test, y_test)
print(report.per_class.round(3).to_string())

# %%
# The confusion matrix shows which classes are confused. Each row is a true
# class.

ConfusionMatrixDisplay.from_estimator(best, X_test, y_test, colorbar=False)

# %%
# The mistakes with the highest confidence:

MisclassifiedDisplay.from_estimator(best, X_test, y_test, n=8)

# %%
# Classify a drawing of your own
# ------------------------------
# The drawing is a dark digit in the corner of a large light sheet. If it is
# only resized to 28 x 28 pixels, as in the report, the digit is too small and
# off center. MNIST's digits fit into 20 x 20 pixels and are centered by their
# center of mass. ``DigitNormalizer`` converts the drawing to this format.

sheet = np.full((280, 280), 235, dtype=np.uint8)
digit = np.kron(X_test[0].reshape(28, 28), np.ones((4, 4)))  # 4 times as large
sheet[20:132, 30:142] = (235 - 0.8 * digit).astype(np.uint8)

resized = 255 - sheet.reshape(28, 10, 28, 10).mean(axis=(1, 3))
resized = resized.astype(np.uint8)
normalized = DigitNormalizer().transform([sheet])[0].reshape(28, 28)

_, axes = plt.subplots(1, 3, figsize=(6.4, 2.6), layout="constrained")
for ax, image, name in zip(
    axes,
    [sheet, resized, normalized],
    ["Drawing", "Resized", "DigitNormalizer"],
    strict=True,
):
    ax.imshow(image, cmap="gray", vmin=0, vmax=255)
    if image.size == 784:
        name += f"\npredicted: {best.predict(image.reshape(1, -1))[0]}"
    else:
        name += f"\ntrue: {y_test[0]}"
    ax.set_title(name, fontsize="medium")
    ax.set_axis_off()

# %%
# Compare CPU and GPU
# -------------------
# A GPU computes many products in parallel, but every mini-batch has a fixed
# cost on a GPU. A small network can therefore be faster on the CPU. This cell
# prints the times per epoch if a GPU is available.

if torch.cuda.is_available():
    for device in ("cpu", "cuda"):
        for sizes in [(16, 8), (128, 64), (512, 256)]:
            clf = make_mlp(sizes, max_epochs=1, device=device).fit(X, y)[-1]
            print(f"{device:4} {sizes!s:10} {clf.fit_time_:6.2f} s per epoch")
else:
    print("no GPU available")

# %%
# Compare with the students
# -------------------------
# The table compares this run with the students' results. Only a run with
# ``--full`` uses the same data; its results are in the table above.

short, long = str(epochs), str(2 * epochs)
test_accuracy = changes["test_accuracy"].map("{:.2%}".format)
student_accuracies = ["91%", "88%", "88%", "", "", "", "", ""]
rows = [
    [name.replace("baseline", "normalized"), short, theirs, ours]
    for (name, ours), theirs in zip(
        test_accuracy.items(), student_accuracies, strict=True
    )
]
slow, fast, wild = (curve.test_scores[:, 0] for curve in curves.values())
f1 = report.per_class["f1"]
wild_range = f"{min(wild):.1%} to {max(wild):.1%}"
f1_range = f"{min(f1):.2f} to {max(f1):.2f}"
rows += [
    ["lr 0.0005", long, "", f"{slow[-1]:.2%}"],
    ["lr 0.005", long, "96.79%", f"{fast[-1]:.2%}"],
    ["lr 1.0", long, "fluctuates, does not learn", wild_range],
    ["half of the data, lr 0.005", long, "95.40%", f"{half_accuracy:.2%}"],
    ["all data, lr 0.005", long, "96.89%", f"{accuracy:.2%}"],
    ["F1 per class, lr 0.005", long, "0.95 to 0.99", f1_range],
]
table = pd.DataFrame(rows, columns=["", "epochs", "students", "skmnist"])
print(table.to_string(index=False))

# sphinx_gallery_thumbnail_number = 1
