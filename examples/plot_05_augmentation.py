"""
More pictures out of few
========================

With few pictures a network learns them by heart. ``augment="light"`` turns, moves, scales, slants,
thickens and bends each a little, anew in each epoch, so that it never sees the same one twice.
"""

# %%
# What it does to a digit
# -----------------------
# The first is the digit, the others are what seven epochs would see of it.

import matplotlib.pyplot as plt
import torch
from sklearn.model_selection import train_test_split

from skmnist import CNNClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.preprocessing._augmentation import light_augmentation

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, train_size=1000, stratify=y, random_state=0)

digit = torch.from_numpy(X[0].reshape(1, 1, 28, 28) / 255).float()
augmented = light_augmentation(digit.expand(7, -1, -1, -1), torch.Generator().manual_seed(0))

_, axes = plt.subplots(1, 8, figsize=(9, 1.5), layout="constrained")
for ax, image in zip(axes, [digit[0], *augmented], strict=True):
    ax.imshow(image[0].numpy(), cmap="gray_r")
    ax.set_axis_off()
axes[0].set_title("as it is")

# %%
# What it brings
# --------------
# The same network on 1,000 digits, with and without.

for augment in (None, "light"):
    clf = CNNClassifier(channels=(16, 32), max_epochs=20, augment=augment, random_state=0)
    clf.fit(X, y)
    print(f"augment={augment!r:8} training rows {clf.score(X, y):.1%}, test rows", end=" ")
    print(f"{clf.score(X_test, y_test):.1%}, {clf.fit_time_:.0f} s")

# %%
# Notice the two gaps. Without it the network knows its rows perfectly and others less well; with
# it the training rows are harder, and the gap closes. It costs time, and with many pictures it
# brings less.
#
# Nothing is mirrored: a mirrored digit is another one, or none. What may be varied is a statement
# about the data, so for pictures of another kind write a function of your own.
