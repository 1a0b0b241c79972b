"""
A photo of your own
===================

Networks that read MNIST to 98 % fail on a photo, unless it is brought into MNIST's form: a bright
digit on black, 20 pixels high, with its centre of mass in the middle of 28 x 28.
``DigitNormalizer`` does that.
"""

# %%
# A network
# ---------
# The normalizer is a step of the pipeline. MNIST's own pictures pass it unchanged.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmnist import CNNClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import PredictionDisplay, PreprocessingDisplay
from skmnist.preprocessing import DigitNormalizer, segment_digits

X, y = load_mnist_sample(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
clf = CNNClassifier(channels=(16, 32), max_epochs=5, random_state=0).fit(X, y)
reader = make_pipeline(DigitNormalizer(), clf)

# %%
# A photo
# -------
# So that this page needs no file, we make one: four digits of the test rows as dark ink on grey
# paper, with a shadow from the left and the grain of a camera. With your own, say ``photo = "my
# photo.jpg"``.

rng = np.random.default_rng(0)
chosen = [int(np.flatnonzero(y_test == digit)[1]) for digit in (2, 7, 5, 0)]
ink = np.zeros((200, 560))
for i, row in enumerate(chosen):
    digit = np.kron(X_test[row].reshape(28, 28), np.ones((5, 5))) / 255
    ink[20 + 10 * i : 160 + 10 * i, 140 * i : 140 * (i + 1)] = digit
paper = np.linspace(120, 220, 560) + rng.normal(0, 4, ink.shape)
photo = (paper * (1 - 0.75 * ink)).clip(0, 255).astype(np.uint8)

fig, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
ax.imshow(photo, cmap="gray", vmin=0, vmax=255)
ax.set_axis_off()

# %%
# Digits, one by one
# ------------------
# ``segment_digits`` finds them and says where they are; the pipeline reads them.

digits, boxes = segment_digits(photo)
print("read: ", *reader.predict(digits))
print("truth:", *y_test[chosen])

# %%
# Without the normalizer
# ----------------------
# The same digits, only made smaller to 28 x 28:

shrunk = np.stack([photo[:196, 140 * i : 140 * i + 140].reshape(28, 7, 28, 5) for i in range(4)])
shrunk = shrunk.mean(axis=(2, 4)).astype(np.uint8)
print("read: ", *clf.predict(shrunk))

# %%
# Notice that nothing warned us: a network always answers. The pictures were dark on light,
# stretched and off the centre, and it had never seen any such.
#
# What the normalizer does
# ------------------------

PreprocessingDisplay.from_estimator(DigitNormalizer(), digits[0])

# %%
# And what the network makes of the result:

PredictionDisplay.from_estimator(clf, DigitNormalizer().transform(digits[:1])[0])
