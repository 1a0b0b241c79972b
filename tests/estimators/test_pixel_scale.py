"""The scale of the pixels at fit and at predict."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skmnist import MLPClassifier
from skmnist.exceptions import PixelRangeWarning
from tests.helpers import digits, every_classifier, forms, tiny

PREDICT = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


@every_classifier
def test_pixels_on_another_scale_than_at_fit_give_a_warning(cls):
    X, y = digits()
    small = X / np.float32(255)
    for method in PREDICT:
        clf = tiny(cls).fit(X, y)
        with pytest.warns(PixelRangeWarning, match="from 0 to 1, but .* from 0 to 255"):
            getattr(clf, method)(small)
        with pytest.warns(PixelRangeWarning, match="from 0 to 1, but"):
            getattr(clf, method)(small[:1] / small[:1].max())
        clf = tiny(cls).fit(small, y)
        with pytest.warns(PixelRangeWarning, match=r"from 0 to 255, but .* from 0 to 1\."):
            getattr(clf, method)(X)
    with pytest.warns(PixelRangeWarning):
        tiny(cls).fit(X, y, X_val=small, y_val=y)


def test_warning_has_the_callers_line():
    X, y = digits()
    clf = tiny(MLPClassifier).fit(X, y)
    for method in [*PREDICT, "score"]:
        with pytest.warns(PixelRangeWarning) as caught:
            getattr(clf, method)(X / np.float32(255), *([y] if method == "score" else []))
        if method != "score":
            assert caught[0].filename == __file__, method


SCALES = {
    "bytes": lambda X: X,
    "0-to-1": lambda X: X / np.float32(255),
    "0-to-255": lambda X: X.astype(np.float32),
    # A pixel that was almost constant in the training set can be far out of range in others.
    "standardized": lambda X: StandardScaler().fit(digits()[0]).transform(X),
    "min-max-scaled": lambda X: MinMaxScaler().fit(digits()[0]).transform(X),
    "minus-1-to-1": lambda X: X / np.float32(127.5) - 1,
}


@forms(SCALES)
def test_usual_batches_give_no_warning(form):
    # Warnings are errors in these tests.
    X, y = digits()
    clf = tiny(MLPClassifier).fit(form(X), y)
    other = digits(7)[0]
    blank, noise = np.zeros_like(other[:1]), np.random.default_rng(0).integers(0, 40, (3, 784))
    batches = [other[i : i + 1] for i in range(100)]  # single images
    batches += [X[y == label] for label in range(10)]
    batches += [blank, other // 4, (noise * (other[:3] > 0)).astype(np.uint8)]
    for batch in batches:
        clf.predict(form(batch))
