"""
Would more data help?
=====================

Before collecting more pictures, look at what the ones that there are have brought. A learning curve
trains on parts of the rows and shows the accuracy against their number.
"""

# %%
# The curve
# ---------
# Each point is trained three times, on other rows each time.

from skmnist import CNNClassifier, MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.studies import learning_curve

X, y = load_mnist_sample(return_X_y=True)
clf = MLPClassifier((64, 32), max_epochs=20, random_state=0)
sizes = [0.05, 0.1, 0.2, 0.5, 1.0]
curve = learning_curve(clf, X, y, train_sizes=sizes, cv=3, shuffle=True, random_state=0)
curve.plot()

# %%
# Notice the two lines. The upper one, on the rows trained with, is at 100 %: the network could
# learn far more than these pictures. The lower one still rises at its right end, so more data
# would help. Where the two lie close together, more data is no use, and a larger network may be.
#
# The numbers
# -----------

table = curve.to_frame().groupby("train_size")[["train_score", "test_score", "fit_time"]]
print(table.mean().round(3).to_string())

# %%
# What the network is made of counts, too
# ---------------------------------------
# A convolutional network looks for the same small shapes everywhere in the picture. That is a
# fact about pictures which the other has to learn from examples, so it needs fewer of them.

cnn = CNNClassifier(channels=(8, 16), max_epochs=10, random_state=0)
cnn_curve = learning_curve(cnn, X, y, train_sizes=[0.1, 0.5], cv=3, shuffle=True, random_state=0)
for n_rows, scores in zip(cnn_curve.train_sizes, cnn_curve.test_scores, strict=True):
    print(f"CNN, {n_rows:4} rows: {scores.mean():.1%}")
for n_rows, scores in zip(curve.train_sizes, curve.test_scores, strict=True):
    print(f"MLP, {n_rows:4} rows: {scores.mean():.1%}")
