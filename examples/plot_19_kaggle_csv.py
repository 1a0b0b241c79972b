"""
Kaggle: from train.csv and test.csv to submission.csv
=====================================================

Kaggle's "Digit Recognizer" provides MNIST as two CSV files with one column
for each pixel. ``load_image_csv`` reads them.
"""

# %%
# Make the files
# --------------
# To run without a download, this example writes small files of the same
# format: a column of labels and 784 columns of pixels, and a file without
# labels. With the files from Kaggle, skip this step.

import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.model_selection import cross_val_predict

from skmnist import CNNClassifier
from skmnist.datasets import load_image_csv, load_mnist_sample
from skmnist.displays import MisclassifiedDisplay
from skmnist.exceptions import DatasetError

folder = tempfile.TemporaryDirectory()
train_csv = Path(folder.name, "train.csv")
test_csv = Path(folder.name, "test.csv")

X, y = load_mnist_sample(return_X_y=True)
table = pd.DataFrame(X).add_prefix("pixel")
table.insert(0, "label", y)
table = table.sample(frac=1, random_state=0)
table[:4000].to_csv(train_csv, index=False)
table[4000:].drop(columns="label").to_csv(test_csv, index=False)
print(table.iloc[:3, :5].to_string(index=False))

# %%
# Load, train, predict
# --------------------
# The column of labels is found by its name. ``label=None`` says that there is
# none. ``images`` has the shape of the images.

train = load_image_csv(train_csv)
test = load_image_csv(test_csv, label=None)
print(train.DESCR.splitlines()[-1])

clf = CNNClassifier(channels=(16, 32), max_epochs=5, random_state=0)
clf.fit(train.data, train.target)
labels = clf.predict(test.data)

fig, axes = plt.subplots(2, 8, figsize=(6.4, 2), layout="constrained")
for ax, image, label in zip(
    axes.flat, test.images[:16], labels[:16], strict=True
):
    ax.imshow(image, cmap="gray_r")
    ax.set_title(label, fontsize=9)
    ax.set_axis_off()

# %%
# Write the submission
# --------------------
# Kaggle expects the columns ``ImageId``, from 1, and ``Label``.

index = pd.RangeIndex(1, len(labels) + 1, name="ImageId")
submission = pd.DataFrame({"Label": labels}, index=index)
submission.to_csv(Path(folder.name, "submission.csv"))
print(submission.head(3))

# %%
# On the command line, two commands do the same:
#
# .. code-block:: bash
#
#    skmnist train --data train.csv --preset fast --augment light \
#        --max-epochs 15 --test-time-augment --save digits.safetensors
#    skmnist predict digits.safetensors test.csv --output submission.csv
#
# Estimate the accuracy before you submit
# ---------------------------------------
# The test set has no labels, so the accuracy is estimated by cross-validation
# on the training set.

proba = cross_val_predict(
    clf, train.data, train.target, cv=2, method="predict_proba"
)
accuracy = np.mean(proba.argmax(axis=1) == train.target)
print(f"cross-validation: {accuracy:.1%}")
print(f"test set:         {np.mean(labels == y[table.index[4000:]]):.1%}")

MisclassifiedDisplay.from_predictions(train.images, train.target, proba)

# %%
# Find a problem in a file
# ------------------------
# An error names the line and the column.

lines = train_csv.read_text().splitlines()
lines[10] = lines[10].replace(",0,0,", ",0,-7,", 1)
train_csv.write_text("\n".join(lines))
try:
    load_image_csv(train_csv)
except DatasetError as error:
    print(textwrap.fill(str(error).replace(folder.name, "..."), 79))

folder.cleanup()

# sphinx_gallery_thumbnail_number = 1
