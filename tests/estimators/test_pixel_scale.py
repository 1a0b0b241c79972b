"""The scale of the pixels at fit and at predict."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
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


NEGATIVE = {
    "signed-bytes": lambda X: X.astype(np.int8),
    "centered": lambda X: X.astype(int) - 128,
    "minus-1-to-1": lambda X: X / np.float32(127.5) - 1,
}


@pytest.mark.parametrize("fitted_on", ["bytes", "floats"])
@pytest.mark.parametrize("change", list(NEGATIVE.values()), ids=list(NEGATIVE))
@every_classifier
def test_negative_pixels_after_a_fit_on_positive_ones_give_a_warning(cls, change, fitted_on):
    X, y = digits(50)
    clf = tiny(cls).fit(X if fitted_on == "bytes" else X / np.float32(255), y)
    with pytest.warns(PixelRangeWarning, match=r"range from -\d+ to .* but .* was fitted on"):
        clf.predict(change(X))


def test_small_negative_pixels_give_no_warning():
    # Warnings are errors in these tests. Bicubic interpolation overshoots by less.
    X, y = digits(50)
    X = X / 255
    tiny(MLPClassifier).fit(X, y).predict(X - 0.1)


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
    # A pixel that was almost constant in the training set can be far out of range in others.
    "standardized": lambda X: StandardScaler().fit(digits()[0]).transform(X),
    "min-max-scaled": lambda X: MinMaxScaler().fit(digits()[0]).transform(X),
    "minus-1-to-1": lambda X: X / np.float32(127.5) - 1,
    "binary": lambda X: X > 127,
    "inverted": lambda X: 255 - X,
    "int64": lambda X: X.astype(np.int64),
    "frame": lambda X: pd.DataFrame(X.astype(np.int64)),
    "half-as-bright": lambda X: X // 2,
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


def _with_float_column(X):
    frame = pd.DataFrame(X.astype(np.int64)).add_prefix("pixel")
    frame["pixel300"] = frame["pixel300"].astype(float)
    return frame


# Training images of which a network learns little -> parts of the warning.
BAD_SCALES = {
    "floats": (lambda X: X.astype(np.float32), ["0 to 255", "only integers", "X / 255"]),
    "float-tensor": (lambda X: torch.tensor(X).double(), ["0 to 255", "only integers"]),
    "resized": (lambda X: X[:, ::4] / 2.0 + X[:, 1::4] / 2.0, ["0 to 25", "X / 255"]),
    "one-float-column": (_with_float_column, ["columns of floats (1 of 784", "'pixel300'"]),
    "int8": (lambda X: X.astype(np.int8), ["-128 to 127", "int8", "X.view(np.uint8)"]),
    "int8-frame": (lambda X: pd.DataFrame(X.astype(np.int8)), ["int8", "view"]),
    "16-bit": (lambda X: X.astype(np.uint16) * 257, ["0 to 65535", "not within 0..255"]),
    "centered-integers": (lambda X: X.astype(int) - 128, ["-128 to 127", "PixelStandardizer"]),
    "centered-floats": (lambda X: X - X.mean(axis=0), ["only integers", "PixelStandardizer"]),
    "divided-twice": (lambda X: X / 255 / 255, ["0.0039", "divided by 255 again"]),
    "8-levels": (lambda X: X // 32, ["integers from 0 to 7", "X / 7"]),
    "65-levels": (lambda X: np.rint(X / 255 * 64).astype(int), ["integers from 0 to 64", "X / 64"]),
}


@pytest.mark.parametrize("change, parts", list(BAD_SCALES.values()), ids=list(BAD_SCALES))
@every_classifier
def test_training_images_on_an_unsuitable_scale_give_a_warning_at_fit(cls, change, parts):
    X, y = digits(50)
    for train in ("fit", "partial_fit"):
        with pytest.warns(PixelRangeWarning) as caught:
            getattr(tiny(cls, max_epochs=1), train)(change(X), y)
        assert len(caught) == 1 and caught[0].filename == __file__
        message = str(caught[0].message)
        assert not [part for part in [cls.__name__, *parts] if part not in message], message


def test_following_the_warning_about_few_levels_gives_the_result_of_floats():
    X, y = load_digits(return_X_y=True)
    with pytest.warns(PixelRangeWarning, match="X / 16") as caught:
        MLPClassifier(max_epochs=1).fit(X.astype(np.uint8), y)
    assert len(caught) == 1
    clf = MLPClassifier(random_state=0).fit(X[:1200].astype(int) / 16, y[:1200])
    assert clf.score(X[1200:].astype(int) / 16, y[1200:]) > 0.75


@pytest.mark.parametrize("load", [load_breast_cancer, load_wine, load_digits])
def test_features_of_tables_give_no_warning_whatever_their_scale(load):
    # Warnings are errors in these tests.
    X, y = load(return_X_y=True)
    tiny(MLPClassifier, max_epochs=1).fit(X, y).predict(X[:3])


def test_single_outlier_gives_no_warning():
    X, y = digits(50)
    X = X / 255
    X[3, 100] = 1e6
    tiny(MLPClassifier, max_epochs=1).fit(X, y)
