"""
Data augmentation for small data sets
=====================================

With few training images, a network overfits. ``augment="light"`` makes small
random changes to each image in every epoch: it is rotated, translated,
scaled, sheared, dilated and distorted elastically. The network never sees the
same image twice.
"""

# %%
# Show augmented images
# ---------------------
# The first image is the original. The others show how seven epochs would
# change it.

import matplotlib.pyplot as plt
import torch
from sklearn.model_selection import train_test_split

from skmnist import CNNClassifier
from skmnist.datasets import load_mnist_sample

# A private function, imported only to draw what augment="light" does.
from skmnist.preprocessing._augmentation import light_augmentation

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, train_size=1000, stratify=y, random_state=0
)

digit = torch.from_numpy(X[0].reshape(1, 1, 28, 28) / 255).float()
generator = torch.Generator().manual_seed(0)
augmented = light_augmentation(digit.expand(7, -1, -1, -1), generator)

_, axes = plt.subplots(2, 4, figsize=(6.4, 3.4), layout="constrained")
for i, (ax, image) in enumerate(
    zip(axes.flat, [digit[0], *augmented], strict=True)
):
    ax.imshow(image[0].numpy(), cmap="gray_r")
    ax.set_title(f"Epoch {i}" if i else "Original", fontsize="medium")
    ax.set_axis_off()

# %%
# Compare the accuracy
# --------------------
# Train the same network on 1,000 digits, without and with augmentation:

print("augment   training    test     gap")
for augment in (None, "light"):
    clf = CNNClassifier(
        channels=(16, 32), max_epochs=20, augment=augment, random_state=0
    ).fit(X, y)
    train, test = clf.score(X, y), clf.score(X_test, y_test)
    print(f"{augment!s:8}  {train:8.1%} {test:7.1%} {train - test:7.1%}")

# %%
# The gap is the difference between training and test accuracy. It is smaller
# with augmentation. Augmentation helps most if there are few training images.
#
# ``"light"`` does not flip images, because a flipped digit is not a valid
# digit of the same class. For other kinds of images, pass a function that
# changes a mini-batch.
