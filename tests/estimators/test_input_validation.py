"""Pixels, labels and sample weights that are rejected."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.exceptions import NotFittedError

from skmnist import MLPClassifier
from skmnist.exceptions import PixelRangeWarning
from tests.helpers import (
    CLASSIFIERS,
    assert_finite_or_rejected,
    assert_rejected,
    assert_rejected_at_fit,
    digits,
    every_classifier,
    tiny,
    with_pixel,
)

PREDICT = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


def ragged(X):
    return [sample[: len(sample) - (i == 3)] for i, sample in enumerate(X.tolist())]


# Rejected at fit and at predict.
BAD_X = {
    "nan": (with_pixel(np.nan), ["X", "NaN"]),
    "nan-in-float64": (with_pixel(np.nan, float), ["X", "NaN"]),
    "inf": (with_pixel(np.inf), ["X", "infinity"]),
    "minus-inf": (with_pixel(-np.inf, float), ["X", "infinity"]),
    "none-among-objects": (with_pixel(None, object), []),
    "text": (lambda X: X.astype(str).astype("U8") + np.array("pixel"), []),
    "dict-among-objects": (with_pixel({}, object), []),
    "complex": (lambda X: X * 1j, ["Complex data not supported"]),
    "dates": (lambda X: X.astype("datetime64[D]"), ["X", "datetime64", "numbers"]),
    "no-samples": (lambda X: X[:0], ["0 sample(s)", "(0, 784)", "minimum of 1"]),
    "no-images": (lambda X: X[:0].reshape(0, 28, 28), ["0", "minimum of 1"]),
    "no-features": (lambda X: X[:, :0], ["0"]),
    "one-dimension": (lambda X: X[0], ["Expected 2D array, got 1D array", "(784,)", "(1, -1)"]),
    "no-dimension": (lambda X: np.float32(1), ["Expected 2D array"]),
    "five-dimensions": (lambda X: X.reshape(-1, 1, 1, 28, 28), ["5"]),
    "ragged-list": (ragged, ["(784,)", "sample 3 has the shape (783,)", "DigitNormalizer"]),
    "images-of-two-sizes": (
        lambda X: [x.reshape(28, 28)[: 27 + (i != 5)] for i, x in enumerate(X)],
        ["(28, 28)", "sample 5 has the shape (27, 28)", "DigitNormalizer"],
    ),
    "column-of-two-sizes": (
        lambda X: pd.Series([x.reshape(28, 28)[: 27 + (i != 5)] for i, x in enumerate(X)]),
        ["(28, 28)", "sample 5 has the shape (27, 28)", "DigitNormalizer"],
    ),
    "pairs": (lambda X: [(x, 3) for x in X], ["one image per sample", "labels as y"]),
    "torch-data-set": (
        lambda X: torch.utils.data.TensorDataset(torch.tensor(X)),
        ["TensorDataset", "torch.stack"],
    ),
    "generator": (lambda X: iter(X), ["iterator", "torch.stack"]),
    "channels-last": (
        lambda X: X[:, :768].reshape(-1, 16, 16, 3),
        ["(n_samples, channels, height, width)", "16, 16, 3)", "X.transpose(0, 3, 1, 2)"],
    ),
    "channels-last-gray": (
        lambda X: X.reshape(-1, 28, 28, 1).tolist(),
        ["(n_samples, channels, height, width)", "28, 28, 1)", "X.transpose(0, 3, 1, 2)"],
    ),
    "missing-in-frame": (lambda X: pd.DataFrame(X).astype("Int64").mask(X > 250), ["NaN"]),
    "nan-in-sparse": (lambda X: scipy.sparse.csr_array(with_pixel(np.nan)(X)), ["NaN"]),
}


def resize_labels(bad, y):
    """Return one label for each sample, so that it is not their number that is rejected."""
    if not hasattr(bad, "shape") and not isinstance(bad, list):
        return y
    n = bad.shape[0] if getattr(bad, "ndim", 0) else len(bad) if isinstance(bad, list) else len(y)
    return np.resize(y, n)


every_bad_X = pytest.mark.parametrize("make, parts", list(BAD_X.values()), ids=list(BAD_X))


@every_bad_X
@every_classifier
def test_invalid_pixels_are_rejected_at_fit(cls, make, parts):
    X, y = digits(50)
    bad = make(X)
    assert_rejected_at_fit(parts, tiny(cls), bad, resize_labels(bad, y))


@pytest.fixture(scope="module")
def fitted():
    X, y = digits(50)
    return [tiny(cls, max_epochs=1).fit(X / np.float32(255), y) for cls in CLASSIFIERS]


@pytest.mark.parametrize("method", PREDICT)
@every_bad_X
def test_invalid_pixels_are_rejected_at_predict(fitted, make, parts, method):
    bad = make(digits(100)[0])
    for clf in fitted:
        assert_rejected(parts, getattr(clf, method), bad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value, word", [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "inf")])
@every_classifier
def test_one_invalid_pixel_is_rejected_at_predict_without_a_warning(cls, value, word, dtype):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    batch_size = clf.net_.config.eval_batch_size
    many = np.resize(X, (2 * batch_size + 10, X.shape[1])).astype(dtype)
    for sample in (0, batch_size - 1, batch_size, len(many) - 1):
        bad = many.copy()
        bad[sample, 300] = value
        assert_rejected(["X", word, cls.__name__ if word == "NaN" else ""], clf.predict, bad)


@every_bad_X
@every_classifier
def test_invalid_pixels_are_rejected_at_partial_fit_and_change_nothing(cls, make, parts):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    before = clf.predict_proba(X)
    bad = make(X)
    assert_rejected(parts, clf.partial_fit, bad, resize_labels(bad, y))
    assert np.array_equal(clf.predict_proba(X), before)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize("method", PREDICT)
@every_classifier
def test_wrong_number_of_features_at_predict_names_both(cls, method):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    for bad in (X[:, :-1], np.hstack([X, X]), X.reshape(-1, 28, 28)[:, :27]):
        n = str(bad[0].size)
        assert_rejected([n, "784", cls.__name__], getattr(clf, method), bad)


@every_classifier
def test_images_of_another_shape_at_predict_name_both_shapes(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X.reshape(-1, 28, 28), y)
    assert_rejected(["(14, 56)", "(28, 28)"], clf.predict, X.reshape(-1, 14, 56))


@every_classifier
def test_error_for_a_single_image_says_how_to_reshape_it(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    assert_rejected(["(28, 28)", "X[None]"], clf.predict, X[0].reshape(28, 28))


@every_classifier
def test_error_for_a_single_flat_image_does_not_contain_its_pixels(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    with pytest.raises(
        ValueError, match=r"X has shape \(784,\)\. .* with X\.reshape\(1, -1\)"
    ) as caught:
        clf.predict(X[0])
    assert len(str(caught.value)) < 200


BAD_Y = {
    "one-class": (lambda y: np.full(len(y), 7), ["only one class (7)", "two"]),
    "shorter": (lambda y: y[:-1], ["inconsistent numbers of samples", "100", "99"]),
    "longer": (lambda y: np.r_[y, 0], ["inconsistent numbers of samples", "100", "101"]),
    "nan": (lambda y: np.where(y == 3, np.nan, y), ["y", "NaN"]),
    "inf": (lambda y: np.where(y == 3, np.inf, y), ["y", "inf"]),
    "fractions": (lambda y: y + 0.5, ["continuous"]),
    "complex": (lambda y: y * 1j, []),
    "two-columns": (lambda y: np.c_[y, y], ["y", "(100, 2)"]),
    "none": (lambda y: None, ["y"]),
    "number": (lambda y: 3, []),
    "missing-among-objects": (lambda y: np.where(y == 3, None, y.astype(object)), []),
    "text-and-numbers": (lambda y: np.where(y == 3, "three", y.astype(object)), []),
}


@pytest.mark.parametrize("make, parts", list(BAD_Y.values()), ids=list(BAD_Y))
@every_classifier
def test_invalid_labels_are_rejected(cls, make, parts):
    X, y = digits(50)
    assert_rejected_at_fit(parts, tiny(cls), X, make(y))


BAD_WEIGHTS = {
    "negative": (lambda n: np.r_[-1, np.ones(n - 1)], ["sample_weight", "egative"]),
    "nan": (lambda n: np.r_[np.nan, np.ones(n - 1)], ["sample_weight", "NaN"]),
    "inf": (lambda n: np.r_[np.inf, np.ones(n - 1)], ["sample_weight", "infinity"]),
    "zeros": (lambda n: np.zeros(n), ["ample", "zero"]),
    "shorter": (lambda n: np.ones(n - 1), ["sample_weight", "(99,)", "(100,)"]),
    "two-columns": (lambda n: np.ones((n, 2)), ["ample weights must be 1D"]),
    "text": (lambda n: np.full(n, "heavy"), []),
    "one-class-left": (lambda n: np.r_[np.ones(10), np.zeros(n - 10)], ["class"]),
}


@pytest.mark.parametrize("make, parts", list(BAD_WEIGHTS.values()), ids=list(BAD_WEIGHTS))
@every_classifier
def test_invalid_sample_weights_are_rejected(cls, make, parts):
    X, y = digits(50)
    assert_rejected_at_fit(parts, tiny(cls), X, y, sample_weight=make(len(y)))


BAD_VALIDATION = {
    "no-y_val": (lambda X, y: {"X_val": X}, ["X_val", "y_val"]),
    "no-X_val": (lambda X, y: {"y_val": y}, ["X_val", "y_val"]),
    "other-width": (lambda X, y: {"X_val": X[:, 1:], "y_val": y}, ["783", "784"]),
    "other-length": (lambda X, y: {"X_val": X, "y_val": y[1:]}, ["inconsistent", "99"]),
    "unknown-label": (lambda X, y: {"X_val": X, "y_val": y + 5}, ["10", "classes"]),
    "nan": (lambda X, y: {"X_val": with_pixel(np.nan)(X), "y_val": y}, ["NaN"]),
}


@pytest.mark.parametrize("make, parts", list(BAD_VALIDATION.values()), ids=list(BAD_VALIDATION))
@every_classifier
def test_invalid_validation_samples_are_rejected(cls, make, parts):
    X, y = digits(50)
    assert_rejected_at_fit(parts, tiny(cls), X, y, **make(X, y))


@every_classifier
def test_number_too_large_for_float32_is_rejected_at_that_precision(cls):
    X, y = digits(50)
    huge = with_pixel(1e39, float)(X / 255)
    assert_rejected_at_fit(["1e+39", "float32", "float64"], tiny(cls, precision="float32"), huge, y)
    assert_rejected_at_fit(["float32"], tiny(cls, precision="float32"), -huge, y)
    clf = tiny(cls, precision="float32").fit(X / 255, y)
    with pytest.warns(PixelRangeWarning):
        assert_rejected(["1e+39", "float32"], clf.predict, huge)


@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_classifier
def test_pixels_that_overflow_inside_the_network_never_predict_nan(cls, dtype):
    X, y = digits(50)
    X = (X / 255).astype(dtype)
    clf = tiny(cls).fit(X, y)
    assert_finite_or_rejected(clf, X * np.finfo(dtype).max)


LABEL_COLUMNS = {
    "first": (lambda X, y: (np.c_[y, X], y), ["first column", "X[:, 1:]"]),
    "last": (lambda X, y: (np.c_[X, y], y), ["last column", "X[:, :-1]"]),
    "floats": (lambda X, y: (np.c_[y, X / 255], y), ["first column"]),
    "names": (lambda X, y: (np.c_[X, y], np.array(list("abcdefghij"))[y]), ["last column"]),
    "frame": (
        lambda X, y: (pd.DataFrame(X).add_prefix("p").assign(digit=y), pd.Series(y).astype(str)),
        ["last column ('digit')", "X.drop(columns='digit')"],
    ),
    "two-classes": (lambda X, y: (np.c_[y > 4, X], y > 4), ["first column"]),
}


@pytest.mark.parametrize("make, parts", list(LABEL_COLUMNS.values()), ids=list(LABEL_COLUMNS))
@every_classifier
def test_column_of_the_labels_is_rejected(cls, make, parts):
    assert_rejected_at_fit(["X must contain only pixels", *parts], tiny(cls), *make(*digits(50)))


def test_column_that_is_not_the_label_is_accepted():
    X, y = digits(50)
    for column in (y // 2, np.roll(y, 1), np.zeros(len(y)), np.arange(len(y))):
        tiny(MLPClassifier, max_epochs=1).fit(np.c_[column.astype(np.uint8), X], y)
    # A table may have any columns.
    tiny(MLPClassifier, max_epochs=1).fit(np.c_[y / 9, X[:, 300:320] / 255], y)


@every_classifier
def test_partial_fit_rejects_other_classes_than_in_the_first_call(cls):
    X, y = digits(50)
    clf = tiny(cls).partial_fit(X, y, classes=range(10))
    before = clf.predict_proba(X)
    for classes in (range(9), range(11), np.arange(10).astype(str), [3, 4]):
        assert_rejected(["is not the same as on last call"], clf.partial_fit, X, y, classes=classes)
    assert np.array_equal(clf.predict_proba(X), before)
    clf.partial_fit(X, y, classes=[*range(9, -1, -1), 3]).partial_fit(X, y)
    assert clf.n_iter_ == 3
    with pytest.raises(ValueError, match="last call"):
        tiny(cls).fit(X, y).partial_fit(X[y < 5], y[y < 5], classes=range(5))


@every_classifier
def test_partial_fit_rejects_unknown_labels(cls):
    X, y = digits(50)
    clf = tiny(cls).partial_fit(X[y < 5], y[y < 5])
    assert_rejected(["[5, 6, 7, 8, 9]", "partial_fit"], clf.partial_fit, X, y)
    assert_rejected(["[7]"], tiny(cls).partial_fit, X, y, classes=[0, 1, 2, 3, 4, 5, 6, 8, 9])
    assert len(tiny(cls).partial_fit(X[y < 5], y[y < 5], classes=range(10)).classes_) == 10


@every_classifier
def test_rejected_refit_leaves_no_mixture_of_two_fits(cls):
    X, y = digits(50)
    clf = tiny(cls).fit(X, y)
    before = clf.predict(X)
    clf.set_params(class_weight={"z": 1})
    assert_rejected(["class_weight"], clf.fit, X, np.array(list("abcdefghij"))[y])
    try:
        after = clf.predict(X)
    except NotFittedError:
        pass
    else:
        assert after.tolist() == before.tolist()


@every_classifier
def test_samples_whose_class_weights_are_all_zero_are_rejected(cls):
    X, y = digits(50)
    clf = tiny(cls, class_weight=dict.fromkeys(range(5), 0))
    assert_rejected(["class_weight"], clf.partial_fit, X[y < 5], y[y < 5], classes=range(10))
