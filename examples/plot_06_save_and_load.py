"""
Saving and loading
==================

A fitted network in a file: it predicts the same bits when it comes back, and it can go on learning.
"""

# %%
# One file
# --------
# It holds numbers and text, nothing that could run, and notices each changed byte. So a file from
# somebody else can be loaded without fear, unlike a pickle.

import tempfile
from pathlib import Path

import skmnist
from skmnist import MLPClassifier
from skmnist.datasets import load_mnist_sample

X, y = load_mnist_sample(return_X_y=True)
clf = MLPClassifier(max_epochs=5, random_state=0).fit(X, y)

folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "digits.safetensors")
skmnist.save(clf, path)
print(f"{path.stat().st_size / 1024:.0f} KB")

again = skmnist.load(path)
print("the same probabilities:", (again.predict_proba(X) == clf.predict_proba(X)).all())

# %%
# Going on
# --------
# The file keeps what the optimizer remembers, so that five more epochs after loading are the same
# as ten at once, to the last bit.

for _ in range(5):
    again.partial_fit(X, y)
at_once = MLPClassifier(max_epochs=10, random_state=0).fit(X, y)
print("the same as 10 epochs:", (again.predict_proba(X) == at_once.predict_proba(X)).all())

# %%
# A damaged file
# --------------

damaged = bytearray(path.read_bytes())
damaged[len(damaged) // 2] ^= 1
path.write_bytes(damaged)
try:
    skmnist.load(path)
except skmnist.exceptions.ModelFileError as error:
    print(str(error).replace(folder.name, "..."))

folder.cleanup()
