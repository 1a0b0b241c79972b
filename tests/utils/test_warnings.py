"""Repeated warnings are shown once."""

import warnings

import numpy as np

from skmnist import CNNClassifier
from skmnist.exceptions import PixelRangeWarning
from tests.helpers import digits, tiny

X, Y = digits(step=50)


def test_warning_is_shown_once_and_not_for_each_batch():
    clf = tiny(CNNClassifier).fit(X / np.float32(255), Y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            for i in range(0, 90, 3):
                clf.predict(X[i : i + 3])
    assert [warning.category for warning in caught] == [PixelRangeWarning]
