"""
Report 1: Accuracy and training time by number of epochs
========================================================

How many epochs does a network need? Students trained a network with two
hidden layers on MNIST for 1, 2, ..., 10 epochs, each time from the beginning.
They plotted accuracy and minutes against the number of epochs. The time grew
linearly, while the accuracy saturated.

This page uses the bundled sample of 5,000 digits. Run the script with
``--full`` to use the full MNIST, with 60,000 training and 10,000 test images.
"""

# %%
# Define the network
# ------------------
# The report does not give the layer sizes, the batch size or the optimizer.
# We assume 128 and 64 units, mini-batches of 64, and Adam with its default
# learning rate of 0.001. As in many PyTorch tutorials, "mean 0.5, std 0.5"
# scales the pixels to the range from -1 to 1.

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
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )

clf = make_pipeline(
    PixelStandardizer(0.5, 0.5),
    MLPClassifier((128, 64), lr=0.001, average=False, random_state=0),
)

# %%
# Measure accuracy and time
# -------------------------
# ``retrain=True`` trains a new network for each number of epochs, as the
# students did: 55 epochs for ten points. By default, ``epoch_curve`` trains
# one network for ten epochs and scores it after each epoch. The accuracies
# are the same.

data = {"X": X, "y": y, "X_test": X_test, "y_test": y_test}
staged = epoch_curve(clf, epochs=range(1, 11), **data)
curve = epoch_curve(clf, epochs=range(1, 11), retrain=True, **data)
same = (curve.test_scores == staged.test_scores).all()
print("same accuracies:", same)

# %%
# The students' accuracies are drawn into the same figure. They were measured
# on the full MNIST, so only the shape of the curves can be compared here.

student_accuracies = np.array(
    [93.38, 94.76, 95.74, 96.37, 96.29, 96.95, 96.18, 96.54, 97.32, 96.99]
)
student_minutes = np.array(
    [0.245, 0.481, 0.729, 0.983, 1.237, 1.624, 1.745, 1.985, 2.236, 2.429]
)
accuracies = 100 * curve.test_scores[:, 0]
minutes = curve.fit_times[:, 0] / 60

display = curve.plot()
ax = display.ax_
student_line = ax.plot(
    curve.epochs,
    student_accuracies,
    "^",
    color="#009E73",
    label="students' test (full MNIST)",
)
ax.legend(
    handles=[*display.lines_, *student_line],
    loc="lower center",
    bbox_to_anchor=(0.5, 1),
    ncols=2,
    frameon=False,
)

# %%
# Results on the full MNIST
# -------------------------
# The accuracies were measured on the test set.
#
# .. include:: /generated/results/report_1.rst
#
# - The first epochs improve the accuracy most.
# - The students' curve is not monotonic: 96.95% after 6 epochs, 96.18% after
#   7. The network did not forget anything: each point is a separate training
#   run, and runs that differ only in the seed vary this much. Choosing
#   "9 epochs" from this curve means choosing a lucky seed.
# - The training set on this page has a fifteenth of the images of the full
#   MNIST. Ten epochs here are fewer iterations than one epoch there.
#
# Fit a straight line to the time
# -------------------------------
# Each epoch does the same work, so the time should grow linearly. The
# coefficient of determination (R²) measures how well a straight line fits;
# 1 is a perfect fit.


def r_squared(epochs, times):
    """Return the coefficient of determination of a straight line."""
    return np.corrcoef(epochs, times)[0, 1] ** 2


student_r2 = r_squared(curve.epochs, student_minutes)
retrained_r2 = r_squared(curve.epochs, minutes)
staged_r2 = r_squared(curve.epochs, staged.fit_times[:, 0])
print(f"R², students:              {student_r2:.4f}")
print(f"R², ten training runs:     {retrained_r2:.4f}")
print(f"R², one staged training:   {staged_r2:.4f}")

# %%
# Other programs on the machine slow down each of the ten training runs
# differently. The times of one staged training are not independent: each
# contains the previous one.
#
# Score untrained networks
# ------------------------
# The students report an accuracy of about 5% for the untrained network. The
# chance level is 10%. Is an untrained network worse than chance? Here are the
# accuracies of twenty networks with different random weights:

pixels = PixelStandardizer(0.5, 0.5).fit_transform(X_test)
untrained = []
for _ in range(20):
    network = NeuralNetwork((784, 128, 64, 10))
    predictions = network.forward(pixels).argmax(dim=1).numpy()
    untrained.append(np.mean(predictions == y_test))
print(f"mean:    {np.mean(untrained):.1%}")
print(f"minimum: {min(untrained):.1%}")
print(f"maximum: {max(untrained):.1%}")

# %%
# Some are below the chance level and some are above it, depending on the
# random weights.
#
# Compare with the students
# -------------------------
# The table compares this run with the students' results. Only a run with
# ``--full`` uses the same data; its results are in the table above.

rows = [["0", "about 5", f"{100 * np.mean(untrained):.1f}", "", ""]]
for i, n in enumerate(curve.epochs):
    rows.append(
        [
            str(n),
            f"{student_accuracies[i]:.2f}",
            f"{accuracies[i]:.2f}",
            f"{student_minutes[i]:.3f}",
            f"{minutes[i]:.3f}",
        ]
    )
r2 = [f"{student_r2:.4f}", f"{retrained_r2:.4f}"]
rows.append(["R² of the time", "", "", *r2])
rows.append(["R², staged training", "", "", "", f"{staged_r2:.4f}"])

table = pd.DataFrame(
    rows,
    columns=[
        "epochs",
        "students (%)",
        "skmnist (%)",
        "students (min)",
        "skmnist (min)",
    ],
)
print(table.to_string(index=False))
