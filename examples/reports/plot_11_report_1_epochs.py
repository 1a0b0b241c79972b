"""
Report 1: how many epochs?
==========================

Students trained a network with two hidden layers on MNIST, anew for 1, 2, ... 10 epochs, and drew
two graphs: accuracy against epochs and minutes against epochs. They found that the time grows on a
straight line, while the accuracy saturates.

Theirs against ours, on the full MNIST:

.. include:: /generated/results/report_1.rst

On this page all is measured on the 5,000 digits that come along, which takes seconds. ``--full``
measures it on the 60,000 and 10,000 of MNIST.
"""

# %%
# The network
# -----------
# The report doesn't say how wide the layers were, nor the batch size and the optimizer. We assume
# 128 and 64 units, batches of 64, Adam with its usual learning rate of 0.001, and pixels brought
# from 0..1 to -1..1 ("mean 0.5, std 0.5"), as in many a tutorial of PyTorch.

import sys

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmnist import MLPClassifier
from skmnist.backprop import NeuralNetwork
from skmnist.datasets import fetch_mnist, load_mnist_sample
from skmnist.preprocessing import PixelStandardizer
from skmnist.studies import epoch_curve

if "--full" in sys.argv:
    X, y = fetch_mnist(return_X_y=True)
    X_test, y_test = fetch_mnist(subset="test", return_X_y=True)
else:
    X, y = load_mnist_sample(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)

clf = make_pipeline(PixelStandardizer(0.5, 0.5), MLPClassifier((128, 64), random_state=0))

# %%
# Accuracy and time
# -----------------
# ``retrain=True`` trains again for each number of epochs, as they did: 55 epochs for ten points.
# Without it the classifier is trained once for 10 epochs and scored after each of them. The
# accuracies are the same, because the same seed gives the same network, for a fifth of the work.

data = {"X": X, "y": y, "X_test": X_test, "y_test": y_test}
staged = epoch_curve(clf, epochs=range(1, 11), **data)
curve = epoch_curve(clf, epochs=range(1, 11), retrain=True, **data)
print("the same accuracies:", (curve.test_scores == staged.test_scores).all())

accuracies, minutes = curve.test_scores[:, 0], curve.fit_times[:, 0] / 60

their_accuracies = [0.9338, 0.9476, 0.9574, 0.9637, 0.9629, 0.9695, 0.9618, 0.9654, 0.9732, 0.9699]
their_minutes = [0.245, 0.481, 0.729, 0.983, 1.237, 1.624, 1.745, 1.985, 2.236, 2.429]

display = curve.plot()
theirs = display.ax_.plot(curve.epochs, 100 * np.array(their_accuracies), "k^", label="Theirs")
display.axes_[0].legend(handles=theirs, loc="lower right")

# %%
# Notice three things.
#
# - The first epochs bring most of it. After that the accuracy on the *training* rows still rises,
#   while on the others it only wavers.
# - Their curve isn't monotone: .9695 after 6 epochs, .9618 after 7. Nothing was unlearnt. Each
#   point is another training, and trainings that differ only in their seed are that far apart.
#   Who picks "9 epochs" from such a curve has picked a lucky seed.
# - The sample has a fifteenth of the pictures, so an epoch has a fifteenth of the steps: after ten
#   epochs the network has seen fewer digits than theirs in one.
#
# Time against epochs
# -------------------
# Each epoch does the same work, so the time must lie on a straight line. How well it does, the
# coefficient of determination (R²) says: 1 is a perfect line.


def r_squared(epochs, minutes):
    """Return how much of the minutes' variance a straight line explains."""
    return np.corrcoef(epochs, minutes)[0, 1] ** 2


print(f"R² of their minutes: {r_squared(curve.epochs, their_minutes):.4f}")
print(f"R² of ours:          {r_squared(curve.epochs, minutes):.4f}")
print(f"R² of one training:  {r_squared(curve.epochs, staged.fit_times[:, 0]):.4f}")
print(f"an epoch takes {60 * their_minutes[-1] / 10:.1f} s there, {6 * minutes[-1]:.2f} s here")

# %%
# Notice that the ten trainings lie less well on a line than the single one with staged scores.
# What else the machine does disturbs each of them in another way, and the shorter they are, the
# more it shows.
#
# Untrained
# ---------
# They report about 5 % for the network without any training. Guessing gives 10 %, so is an
# untrained network worse than guessing? Twenty of them tell: some are, some are better. It is
# a matter of luck which digits the first weights happen to favour.

pixels = PixelStandardizer(0.5, 0.5).fit_transform(X_test)
networks = [NeuralNetwork((784, 128, 64, 10)) for _ in range(20)]
untrained = [np.mean(net.forward(pixels).argmax(dim=1).numpy() == y_test) for net in networks]
print(f"{np.mean(untrained):.1%} on average, from {min(untrained):.1%} to {max(untrained):.1%}")

# %%
# Theirs and ours
# ---------------
# Only ``--full`` can be compared with theirs; the table of it is at the top of this page.

rows = [["accuracy, untrained", "about 5 %", f"{np.mean(untrained):.1%}", "mean of 20 networks"]]
for n, theirs, ours in zip(curve.epochs, their_accuracies, accuracies, strict=True):
    rows.append([f"accuracy, epochs: {n}", theirs, f"{ours:.4f}", "test rows, trained anew"])
for n, theirs, ours in zip(curve.epochs, their_minutes, minutes, strict=True):
    rows.append([f"minutes, epochs: {n}", theirs, f"{ours:.3f}", "time of the fit"])
line = [f"{r_squared(curve.epochs, m):.4f}" for m in (their_minutes, minutes)]
rows.append(["R² of time, trained anew", *line, "line through ten points"])
once = f"{r_squared(curve.epochs, staged.fit_times[:, 0]):.4f}"
rows.append(["R² of time, one training", "", once, "staged scores"])

table = pd.DataFrame(rows, columns=["", "theirs", "ours", "how ours was measured"])
print(table.to_string(index=False))
