"""Load a trained classifier that comes with the package."""

from __future__ import annotations

import functools
import json
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.frozen import FrozenEstimator

from skmnist._estimators.cnn import CNNClassifier
from skmnist._estimators.reject import RejectClassifier
from skmnist._utils.validation import check_choice

if TYPE_CHECKING:
    import torch

NAMES = ("digits",)


def load_pretrained(
    name: Literal["digits"] = "digits", *, device: str | torch.device | None = None
) -> CNNClassifier:
    """Load a trained classifier that comes with the package.

    "digits" is a convolutional network for handwritten digits, trained on MNIST with imitated
    damage of photos. The page :doc:`/pretrained` describes its training, its accuracy and its
    limits.

    Parameters
    ----------
    name : {"digits"}, default="digits"
        Name of the classifier.
    device : str, default=None
        Device that computes the predictions. None: the default of :class:`CNNClassifier`.

    Returns
    -------
    clf : CNNClassifier
        The fitted classifier, for images of 28 x 28 pixels in MNIST's format.

    Raises
    ------
    ValueError
        If there is no classifier of this name.

    See Also
    --------
    predict_image : Classify the digit in a photo, with this classifier by default.
    skmnist.preprocessing.DigitNormalizer : Convert photos to MNIST's format.

    Notes
    -----
    It is calibrated: its probabilities for photos are about the fractions of photos that it
    classifies correctly. Images that show no digit mostly get a low probability for all digits,
    because its training included such images with random labels.

    Examples
    --------
    >>> from skmnist import load_pretrained
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = load_pretrained("digits")
    >>> bool(clf.score(X[::5], y[::5]) > 0.99)
    True
    """
    check_choice("load_pretrained", "name", name, NAMES)
    with as_file(files(__package__) / f"{name}.safetensors") as path:
        return CNNClassifier.load(path, device=device)


def load_card(name: str) -> dict[str, Any]:
    """Return the model card of a classifier: its training, its accuracy and its threshold."""
    return json.loads((files(__package__) / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def default_reader() -> RejectClassifier:
    """Return "digits", which abstains below the threshold of its model card."""
    clf = load_pretrained("digits", device="cpu")
    reader = RejectClassifier(FrozenEstimator(clf), threshold=load_card("digits")["threshold"])
    return reader.fit(np.empty((0, 784)), [])  # a FrozenEstimator ignores the data
