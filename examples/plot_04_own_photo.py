"""
Classify a photo of handwritten digits
======================================

A network that is accurate on MNIST misclassifies photos unless they are
converted to MNIST's format: a bright digit on a black background, scaled to
fit into 20 x 20 pixels, with its center of mass in the center of a 28 x 28
image. ``DigitNormalizer`` converts them.
"""

# %%
# Train a network
# ---------------
# The normalizer becomes the first step of a pipeline with the network.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmnist import CNNClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import PredictionDisplay, PreprocessingDisplay
from skmnist.preprocessing import DigitNormalizer, segment_digits

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
clf = CNNClassifier(channels=(16, 32), max_epochs=5, random_state=0)
clf.fit(X, y)
pipe = make_pipeline(DigitNormalizer(), clf)

# %%
# Make a photo
# ------------
# To run without a file, this example draws a photo: four digits of the test
# set as dark strokes on gray paper, with a shadow on the left and camera
# noise. To use your own photo, set ``photo = "my photo.jpg"``.

rng = np.random.default_rng(0)
chosen = [int(np.flatnonzero(y_test == digit)[1]) for digit in (2, 7, 5, 0)]
strokes = np.zeros((200, 560))
for i, index in enumerate(chosen):
    digit = np.kron(X_test[index].reshape(28, 28), np.ones((5, 5))) / 255
    top, left = 20 + 10 * i, 140 * i
    strokes[top : top + 140, left : left + 140] = digit
paper = np.linspace(120, 220, 560) + rng.normal(0, 4, strokes.shape)
photo = (paper * (1 - 0.75 * strokes)).clip(0, 255).astype(np.uint8)

fig, ax = plt.subplots(figsize=(6.4, 2.4), layout="constrained")
ax.imshow(photo, cmap="gray", vmin=0, vmax=255)
ax.set_axis_off()

# %%
# Segment and classify the digits
# -------------------------------
# ``segment_digits`` returns an image and a bounding box for each digit.

digits, boxes = segment_digits(photo)
print("predicted:", *pipe.predict(digits))
print("true:     ", *y_test[chosen])

# %%
# Compare with resizing only
# --------------------------
# Here are the predictions for the same digits if they are only resized to
# 28 x 28 pixels:

resized = np.stack(
    [
        photo[:196, 140 * i : 140 * i + 140].reshape(28, 7, 28, 5)
        for i in range(4)
    ]
)
resized = resized.mean(axis=(2, 4)).astype(np.uint8)
print("predicted:", *clf.predict(resized))
print("true:     ", *y_test[chosen])

# %%
# No warning appears: a classifier predicts a class for any image. These
# images are dark on light, stretched and off center, unlike the images in the
# training set.
#
# Show the preprocessing steps
# ----------------------------

PreprocessingDisplay.from_estimator(DigitNormalizer(), digits[0])

# %%
# Show the prediction
# -------------------
# The network receives the normalized image:

normalized = DigitNormalizer().transform(digits[:1])[0]
PredictionDisplay.from_estimator(clf, normalized)

# sphinx_gallery_thumbnail_number = 1
