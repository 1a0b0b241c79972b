"""
Report 2: Adam vs. SGD, and the number of weights
=================================================

Students trained a network with layers of 784, 64, 32 and 10 units. They
counted its weights, compared Adam with stochastic gradient descent (SGD) at
two learning rates, and explained why cross-entropy is a better loss function
than the squared error.

This page uses the bundled sample of 5,000 digits. Run the script with
``--full`` to use the full MNIST, with 60,000 training and 10,000 test images.
"""

# %%
# Define the network
# ------------------
# The report does not give the batch size and the number of epochs. We assume
# mini-batches of 32 and 5 epochs, and pixels scaled to the range from -1 to 1.

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from skmnist import MLPClassifier
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
pixels = PixelStandardizer(0.5, 0.5).fit(X)
X, X_test = pixels.transform(X), pixels.transform(X_test)


def make_mlp(hidden_layer_sizes=(64, 32), **params):
    """Return a classifier with the settings of the report and `params`."""
    settings = {
        "lr": 0.001,
        "average": False,
        "batch_size": 32,
        "max_epochs": 5,
        "random_state": 0,
    }
    return MLPClassifier(hidden_layer_sizes, **(settings | params))


# %%
# Compare Adam and SGD
# --------------------
# Each network is trained once. After each epoch, the loss and the accuracy
# are computed on the training set, as in the report, and on the test set.

candidates = {
    "Adam, lr 0.001": make_mlp(optimizer="adam", lr=0.001),
    "SGD, lr 0.001": make_mlp(optimizer="sgd", lr=0.001),
    "SGD, lr 0.01": make_mlp(optimizer="sgd", lr=0.01),
}
curves = {
    name: epoch_curve(
        clf, X, y, epochs=range(1, 6), X_test=X_test, y_test=y_test
    )
    for name, clf in candidates.items()
}

STYLES = [("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^")]


def plot_curves(ylabel, get_values):
    """Plot the values of each curve against the number of epochs."""
    _, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for (name, curve), (color, marker) in zip(
        curves.items(), STYLES, strict=True
    ):
        values = get_values(curve)
        ax.plot(curve.epochs, values, color=color, marker=marker, label=name)
    ax.set(xlabel="Epochs", ylabel=ylabel, xticks=range(1, 6))
    ax.grid(alpha=0.3)
    ax.legend()


plot_curves("Training loss", lambda curve: curve.train_losses)

# %%
# The training accuracy:

plot_curves("Training accuracy (%)", lambda curve: 100 * curve.train_scores)

# %%
# SGD with lr=0.001 is slower, not worse: its loss still decreases steadily
# after five epochs. A learning rate of 0.001 means a larger step for Adam
# than for SGD, because Adam scales the step of each weight by the typical
# size of its gradients. Compare optimizers only after tuning the learning
# rate of each.
#
# Results on the full MNIST
# -------------------------
# Loss and accuracy were measured on the training set after five epochs.
#
# .. include:: /generated/results/report_2.rst
#
# Measure overfitting
# -------------------
# The students found that their network overfits slightly. The gap between
# training and test accuracy measures overfitting.

print("                training    test     gap")
for name, curve in curves.items():
    train, test = curve.train_scores[-1, 0], curve.test_scores[-1, 0]
    print(f"{name:14}  {train:8.1%} {test:7.1%} {train - test:7.1%}")

# %%
# Count the weights
# -----------------
# A layer with n inputs and m units has n times m weights. It also has m
# biases, which the report does not count. Most of the weights are in the
# first layer.

two_layers = make_mlp(max_epochs=1).fit(X, y)
one_layer = make_mlp((256,), max_epochs=1).fit(X, y)

counts = [weights.size for weights in two_layers.coefs_]
for weights in two_layers.coefs_:
    n_inputs, n_units = weights.shape
    print(f"{n_inputs:4} x {n_units:3} = {weights.size:7,}")
print(f"two hidden layers (64, 32): {two_layers.n_weights_:7,}")
print(f"one hidden layer (256):     {one_layer.n_weights_:7,}")

# %%
# Compare cross-entropy and squared error
# ---------------------------------------
# With the squared error, a confident but wrong output has almost no gradient,
# because the sigmoid function is flat there. With cross-entropy, the gradient
# grows with the error. Here are the training accuracies of both loss
# functions with SGD and lr=0.01:

mse = make_mlp(optimizer="sgd", lr=0.01, loss="mse").fit(X, y)
print(f"cross-entropy: {curves['SGD, lr 0.01'].train_scores[-1, 0]:.1%}")
print(f"squared error: {mse.score(X, y):.1%}")

# %%
# Compare with the students
# -------------------------
# The table compares this run with the students' results. Only a run with
# ``--full`` uses the same data; its results are in the table above.

student_losses = [0.12079, 0.63998, 0.18402]
student_accuracies = [0.96918, 0.82224, 0.94247]

rows = [
    ["weights, 784 to 64", "50,176", f"{counts[0]:,}"],
    ["weights, 64 to 32", "2,048", f"{counts[1]:,}"],
    ["weights, 32 to 10", "320", f"{counts[2]:,}"],
    ["weights, total", "52,544", f"{two_layers.n_weights_:,}"],
    [
        "weights, one hidden layer of 256",
        "203,264",
        f"{one_layer.n_weights_:,}",
    ],
]
for (name, curve), loss, accuracy in zip(
    curves.items(), student_losses, student_accuracies, strict=True
):
    ours = curve.train_losses[-1, 0], curve.train_scores[-1, 0]
    rows.append([f"{name}: loss", str(loss), f"{ours[0]:.5f}"])
    rows.append([f"{name}: accuracy", f"{accuracy:.3%}", f"{ours[1]:.3%}"])
seconds = np.array([curve.fit_times[-1, 0] for curve in curves.values()])
times = f"Adam {seconds[0]:.1f}, SGD {seconds[1:].mean():.1f}"
rows.append(["training time (s)", "43 and 58", times])

table = pd.DataFrame(rows, columns=["", "students", "skmnist"])
print(table.to_string(index=False))
