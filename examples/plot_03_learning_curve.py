"""
Learning curve: would more data help?
=====================================

Before you collect more data, check whether the data you already have suffice.
A learning curve shows the training and validation accuracy for different
numbers of training samples.
"""

# %%
# Compute the learning curve
# --------------------------
# For each number of training samples, three networks are trained and scored
# with 3-fold cross-validation.

from skmnist import CNNClassifier, MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.studies import learning_curve

X, y = load_mnist_sample(return_X_y=True)
clf = MLPClassifier((64, 32), max_epochs=20, random_state=0)
curve = learning_curve(
    clf,
    X,
    y,
    train_sizes=[0.05, 0.1, 0.2, 0.5, 1.0],
    cv=3,
    shuffle=True,
    random_state=0,
)
curve.plot()

# %%
# Read the learning curve
# -----------------------
# - If the accuracy on held-out samples still rises at the right end, more
#   data would help.
# - If both lines have met, more data would not help. A larger network may.
# - The gap between the two lines shows how much the network overfits.

table = curve.to_frame().groupby("train_size")[["train_score", "test_score"]]
print((100 * table.mean()).round(1).to_string())

train, test = curve.train_scores.mean(axis=1), curve.test_scores.mean(axis=1)
print()
print(f"gap at the right end: {100 * (train[-1] - test[-1]):.1f} points")
print(
    f"from {curve.train_sizes[-2]} to {curve.train_sizes[-1]} samples: "
    f"{100 * (test[-1] - test[-2]):+.1f} points"
)

# %%
# Compare with a CNN
# ------------------
# A convolutional network (CNN) applies the same kernels at every position of
# the image. An MLP has to learn each position separately, so it usually needs
# more training samples for the same accuracy.

cnn = CNNClassifier(channels=(8, 16), max_epochs=10, random_state=0)
cnn_curve = learning_curve(
    cnn, X, y, train_sizes=[0.1, 0.5], cv=3, shuffle=True, random_state=0
)
for name, result in {"CNN": cnn_curve, "MLP": curve}.items():
    means = result.test_scores.mean(axis=1)
    for n_samples, score in zip(result.train_sizes, means, strict=True):
        print(f"{name}, {n_samples:4} training samples: {score:.1%}")
