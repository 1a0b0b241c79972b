"""
Save, load and continue training
================================

Save a fitted classifier to one file, load it and continue its training. The
loaded classifier predicts exactly the same probabilities.
"""

# %%
# Save and load
# -------------
# The file contains only numbers and text. Loading it executes no code, unlike
# a pickle, so it is safe to load a file from someone else.

import tempfile
from pathlib import Path

import skmnist
from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.displays import PredictionDisplay

X, y = load_mnist_sample(return_X_y=True)
clf = MLPClassifier(max_epochs=5, random_state=0).fit(X, y)

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "digits.safetensors")
skmnist.save(clf, path)
print(f"file size: {path.stat().st_size / 1024:.0f} KB")

loaded = skmnist.load(path)
same = (loaded.predict_proba(X) == clf.predict_proba(X)).all()
print("same probabilities:", same)
PredictionDisplay.from_estimator(loaded, X[0], y_true=y[0])

# %%
# Continue training
# -----------------
# The file also contains the state of the optimizer. Five epochs before saving
# and five epochs after loading give bit for bit the same network as ten
# epochs without interruption.

for _ in range(5):
    loaded.partial_fit(X, y)
uninterrupted = MLPClassifier(max_epochs=10, random_state=0).fit(X, y)
same = (loaded.predict_proba(X) == uninterrupted.predict_proba(X)).all()
print("same as 10 epochs without interruption:", same)

# %%
# Detect a corrupted file
# -----------------------
# A checksum detects any change. Here one bit of the file is changed:

corrupted = bytearray(path.read_bytes())
corrupted[len(corrupted) // 2] ^= 1
path.write_bytes(corrupted)
try:
    skmnist.load(path)
except skmnist.exceptions.ModelFileError as error:
    print(str(error).replace(folder.name, "...").replace(". ", ".\n"))

folder.cleanup()
