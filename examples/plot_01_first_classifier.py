"""
A first classifier
==================

A network learns to read digits; we watch it learn and look at what it gets wrong.
It takes seconds, and no download: the sample of MNIST comes along.
"""

# %%
# The data
# --------
# 5,000 pictures of 28 x 28 pixels, one a row, from 0 (paper) to 255 (ink). A fifth of them is
# set aside for the test and not looked at until the end. ``stratify`` keeps all digits equally
# frequent in both parts.

from sklearn.model_selection import train_test_split

from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import MisclassifiedDisplay, TrainingCurveDisplay

X, y = load_mnist_sample(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
print(X_train.shape, X_test.shape)

# %%
# The network
# -----------
# Two hidden layers, of 64 and of 32 units, between 784 pixels and 10 digits. With
# ``early_stopping`` a tenth of the training rows is held back, and training ends when the accuracy
# on them has not risen for ten epochs. The pixels need no scaling.

clf = MLPClassifier((64, 32), max_epochs=50, early_stopping=True, random_state=0)
clf.fit(X_train, y_train)
print(f"{clf.n_weights_:,} weights, {clf.n_iter_} epochs in {clf.fit_time_:.1f} seconds")
print(f"accuracy on the training rows: {clf.score(X_train, y_train):.1%}")
print(f"accuracy on the test rows:     {clf.score(X_test, y_test):.1%}")

# %%
# Notice the gap between the two: some of what the network learnt is about these 4,000 pictures
# rather than about digits.
#
# How it learnt
# -------------
# The training loss keeps falling, while the loss on the rows that were held back comes to rest.
# From there on the network learns its pictures by heart. The weights kept are those of the epoch
# with the best validation accuracy.

TrainingCurveDisplay.from_estimator(clf)
print(f"best epoch: {clf.best_epoch_}")

# %%
# What it gets wrong
# ------------------
# The mistakes of which it was most certain come first. Some of these digits are hard for people,
# too. Others are easy, and yet the network is almost sure of the wrong answer: its probabilities
# are not to be taken at face value.

MisclassifiedDisplay.from_estimator(clf, X_test, y_test)
