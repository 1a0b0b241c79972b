"""What the classifiers take and what they refuse, before any training starts."""

import inspect

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from test_common import CLASSIFIERS, brief, digits, every_classifier, has, same_network, tiny

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist.exceptions import PixelRangeWarning

PREDICT = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


def refused(parts, function, *args, **kwargs):
    """Check that the call is refused in words that hold all the parts."""
    with pytest.raises((ValueError, TypeError)) as caught:
        function(*args, **kwargs)
    message = str(caught.value)
    assert not [part for part in parts if part not in message], message


def refused_at_fit(parts, clf, *args, **kwargs):
    """Check that fit is refused before training: there is no net and nothing to predict with."""
    refused(parts, clf.fit, *args, **kwargs)
    assert not hasattr(clf, "net_")
    with pytest.raises(NotFittedError):
        clf.predict(digits()[0])


# -- bad pixels and labels -------------------------------------------------------------------


def with_pixel(value, dtype=np.float32):
    def change(X):
        X = X.astype(dtype)
        X[3, 100] = value
        return X

    return change


def ragged(X):
    return [row[: len(row) - (i == 3)] for i, row in enumerate(X.tolist())]


# What is refused at fit and at predict alike.
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
    "no-rows": (lambda X: X[:0], ["0 sample(s)", "(0, 784)", "minimum of 1"]),
    "no-pictures": (lambda X: X[:0].reshape(0, 28, 28), ["0", "minimum of 1"]),
    "no-columns": (lambda X: X[:, :0], ["0"]),
    "one-dimension": (lambda X: X[0], ["Expected 2D array, got 1D array"]),
    "no-dimension": (lambda X: np.float32(1), ["Expected 2D array"]),
    "five-dimensions": (lambda X: X.reshape(-1, 1, 1, 28, 28), ["5"]),
    "ragged-list": (ragged, []),
    "missing-in-frame": (lambda X: pd.DataFrame(X).astype("Int64").mask(X > 250), ["NaN"]),
    "nan-in-sparse": (lambda X: scipy.sparse.csr_array(with_pixel(np.nan)(X)), ["NaN"]),
}


def labels_for(bad, y):
    """Return as many labels as there are rows, so that their number isn't what is refused."""
    n = bad.shape[0] if getattr(bad, "ndim", 0) else len(bad) if isinstance(bad, list) else len(y)
    return np.resize(y, n)


every_bad_X = pytest.mark.parametrize("make, parts", list(BAD_X.values()), ids=list(BAD_X))


@every_bad_X
@every_classifier
def test_bad_pixels_are_refused_at_fit(cls, make, parts):
    X, y = digits()
    bad = make(X)
    refused_at_fit(parts, tiny(cls), bad, labels_for(bad, y))


@pytest.mark.parametrize("method", PREDICT)
@every_bad_X
def test_bad_pixels_are_refused_at_predict(make, parts, method):
    X, y = digits()
    for cls in CLASSIFIERS:
        clf = tiny(cls, max_epochs=1).fit(X / np.float32(255), y)
        refused(parts, getattr(clf, method), make(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value, word", [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "inf")])
@every_classifier
def test_one_bad_pixel_in_any_row_is_refused_at_predict_without_a_warning(cls, value, word, dtype):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    rows = clf.net_.recipe.evaluate_rows
    many = np.resize(X, (2 * rows + 10, X.shape[1])).astype(dtype)
    for row in (0, rows - 1, rows, len(many) - 1):
        bad = many.copy()
        bad[row, 300] = value
        refused(["X", word, cls.__name__ if word == "NaN" else ""], clf.predict, bad)


@every_bad_X
@every_classifier
def test_bad_pixels_are_refused_at_partial_fit_and_change_nothing(cls, make, parts):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    before = clf.predict_proba(X)
    bad = make(X)
    refused(parts, clf.partial_fit, bad, labels_for(bad, y))
    assert np.array_equal(clf.predict_proba(X), before)
    assert clf.n_iter_ == 2


@pytest.mark.parametrize("method", PREDICT)
@every_classifier
def test_wrong_number_of_features_at_predict_names_both(cls, method):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    for bad in (X[:, :-1], np.hstack([X, X]), X.reshape(-1, 28, 28)[:, :27]):
        n = str(bad[0].size)
        refused([n, "784", cls.__name__], getattr(clf, method), bad)


@every_classifier
def test_pictures_of_another_shape_at_predict_name_both_shapes(cls):
    X, y = digits()
    clf = tiny(cls).fit(X.reshape(-1, 28, 28), y)
    refused(["(14, 56)", "(28, 28)"], clf.predict, X.reshape(-1, 14, 56))


@every_classifier
def test_one_picture_alone_says_how_to_make_it_a_batch(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    refused(["(28, 28)", "X[None]"], clf.predict, X[0].reshape(28, 28))


BAD_Y = {
    "one-class": (lambda y: np.full(len(y), 7), ["class", "7", "two"]),
    "shorter": (lambda y: y[:-1], ["inconsistent numbers of samples", "250", "249"]),
    "longer": (lambda y: np.r_[y, 0], ["inconsistent numbers of samples", "250", "251"]),
    "nan": (lambda y: np.where(y == 3, np.nan, y), ["y", "NaN"]),
    "inf": (lambda y: np.where(y == 3, np.inf, y), ["y", "inf"]),
    "fractions": (lambda y: y + 0.5, ["continuous"]),
    "complex": (lambda y: y * 1j, []),
    "two-columns": (lambda y: np.c_[y, y], ["y", "(250, 2)"]),
    "none": (lambda y: None, ["y"]),
    "number": (lambda y: 3, []),
    "missing-among-objects": (lambda y: np.where(y == 3, None, y.astype(object)), []),
    "text-and-numbers": (lambda y: np.where(y == 3, "three", y.astype(object)), []),
}


@pytest.mark.parametrize("make, parts", list(BAD_Y.values()), ids=list(BAD_Y))
@every_classifier
def test_bad_labels_are_refused(cls, make, parts):
    X, y = digits()
    refused_at_fit(parts, tiny(cls), X, make(y))


BAD_WEIGHTS = {
    "negative": (lambda n: np.r_[-1, np.ones(n - 1)], ["sample_weight", "egative"]),
    "nan": (lambda n: np.r_[np.nan, np.ones(n - 1)], ["sample_weight", "NaN"]),
    "inf": (lambda n: np.r_[np.inf, np.ones(n - 1)], ["sample_weight", "infinity"]),
    "zeros": (lambda n: np.zeros(n), ["ample weights", "non-zero"]),
    "shorter": (lambda n: np.ones(n - 1), ["sample_weight", "(249,)", "(250,)"]),
    "two-columns": (lambda n: np.ones((n, 2)), ["ample weights must be 1D"]),
    "text": (lambda n: np.full(n, "heavy"), []),
    "one-class-left": (lambda n: np.r_[np.ones(25), np.zeros(n - 25)], ["class"]),
}


@pytest.mark.parametrize("make, parts", list(BAD_WEIGHTS.values()), ids=list(BAD_WEIGHTS))
@every_classifier
def test_bad_sample_weights_are_refused(cls, make, parts):
    X, y = digits()
    refused_at_fit(parts, tiny(cls), X, y, sample_weight=make(len(y)))


BAD_VALIDATION = {
    "no-y_val": (lambda X, y: {"X_val": X}, ["X_val", "y_val"]),
    "no-X_val": (lambda X, y: {"y_val": y}, ["X_val", "y_val"]),
    "other-width": (lambda X, y: {"X_val": X[:, 1:], "y_val": y}, ["783", "784"]),
    "other-length": (lambda X, y: {"X_val": X, "y_val": y[1:]}, ["inconsistent", "249"]),
    "unknown-label": (lambda X, y: {"X_val": X, "y_val": y + 5}, ["10", "classes"]),
    "nan": (lambda X, y: {"X_val": with_pixel(np.nan)(X), "y_val": y}, ["NaN"]),
}


@pytest.mark.parametrize("make, parts", list(BAD_VALIDATION.values()), ids=list(BAD_VALIDATION))
@every_classifier
def test_bad_validation_rows_are_refused(cls, make, parts):
    X, y = digits()
    refused_at_fit(parts, tiny(cls), X, y, **make(X, y))


@every_classifier
def test_number_too_large_for_float32_is_refused_where_that_is_the_precision(cls):
    X, y = digits()
    huge = with_pixel(1e39, float)(X / 255)
    refused_at_fit(["1e+39", "float32", "float64"], tiny(cls, precision="float32"), huge, y)
    refused_at_fit(["float32"], tiny(cls, precision="float32"), -huge, y)
    clf = tiny(cls, precision="float32").fit(X / 255, y)
    with pytest.warns(PixelRangeWarning):
        refused(["1e+39", "float32"], clf.predict, huge)


def answers_in_numbers_or_refuses(clf, X):
    try:
        proba = clf.predict_proba(X)
    except ValueError as error:
        assert "X" in str(error)
    else:
        assert np.isfinite(proba).all()


@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_classifier
def test_pixels_that_overflow_inside_the_network_never_predict_nan(cls, dtype):
    X, y = digits()
    X = (X / 255).astype(dtype)
    clf = tiny(cls).fit(X, y)
    answers_in_numbers_or_refuses(clf, X * np.finfo(dtype).max)


@every_classifier
def test_partial_fit_refuses_labels_that_were_not_announced(cls):
    X, y = digits()
    clf = tiny(cls).partial_fit(X[y < 5], y[y < 5])
    refused(["[5, 6, 7, 8, 9]", "partial_fit"], clf.partial_fit, X, y)
    refused(["[7]"], tiny(cls).partial_fit, X, y, classes=[0, 1, 2, 3, 4, 5, 6, 8, 9])
    assert len(tiny(cls).partial_fit(X[y < 5], y[y < 5], classes=range(10)).classes_) == 10


@every_classifier
def test_refit_that_is_refused_leaves_no_mixture_of_two_fits(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    before = clf.predict(X)
    clf.set_params(class_weight={"z": 1})
    refused(["class_weight"], clf.fit, X, np.array(list("abcdefghij"))[y])
    try:
        after = clf.predict(X)
    except NotFittedError:
        pass
    else:
        assert after.tolist() == before.tolist()


@every_classifier
def test_rows_that_class_weight_makes_all_zero_are_refused(cls):
    X, y = digits()
    clf = tiny(cls, class_weight=dict.fromkeys(range(5), 0))
    refused(["class_weight"], clf.partial_fit, X[y < 5], y[y < 5], classes=range(10))


# -- bad parameters --------------------------------------------------------------------------

BAD_VALUES = {
    "-1": -1,
    "0": 0,
    "2.5": 2.5,
    "nan": np.nan,
    "inf": np.inf,
    "True": True,
    "None": None,
    "text": "helloworld",
    "bytes": b"1",
    "list": [],
    "dict": {},
    "array": np.array([1, 2]),
    "object": object(),
}
# The few of them that some parameters allow.
ALLOWED = {
    "hidden_layer_sizes": {"list"},
    "padding": {"0"},
    "pool_size": {"None"},
    "pool_stride": {"None"},
    "image_shape": {"None"},
    "dropout": {"0"},
    "batch_norm": {"True"},
    "lr": {"2.5"},
    "momentum": {"0"},
    "nesterov": {"True"},
    "weight_decay": {"0", "2.5"},
    "lr_schedule": {"None"},
    "shuffle": {"True"},
    "early_stopping": {"True"},
    "tol": {"0", "2.5"},
    "class_weight": {"None", "dict"},
    "augment": {"None"},
    "callbacks": {"None", "list"},
    "warm_start": {"True"},
    "n_threads": {"None"},
    "checkpoint_dir": {"None", "text"},
    "deterministic": {"True"},
    "random_state": {"0", "None"},
    "verbose": {"0", "True"},
    "module": {"None"},
    "module_params": {"None", "dict"},
}


@pytest.mark.parametrize("value", list(BAD_VALUES))
@every_classifier
def test_bad_value_of_each_parameter_is_refused_at_fit_and_not_earlier(cls, value):
    X, y = digits()
    for name in inspect.signature(cls).parameters:
        if value not in ALLOWED.get(name, ()):
            clf = cls(**{name: BAD_VALUES[value]})
            assert repr(clone(clf, safe=False))
            refused([name, repr(BAD_VALUES[value])], clf.fit, X, y)
            assert not hasattr(clf, "net_")


BAD_PARAMETERS = [
    ("hidden_layer_sizes", (64, 0)),
    ("hidden_layer_sizes", (64, -1)),
    ("hidden_layer_sizes", (2.5,)),
    ("hidden_layer_sizes", ("64",)),
    ("hidden_layer_sizes", ((64, 32),)),
    ("hidden_layer_sizes", (True,)),
    ("channels", ()),
    ("channels", (4, 0)),
    ("kernel_size", (3, 3)),  # one convolution
    ("kernel_size", ((3, 3, 3),)),
    ("stride", (0,)),
    ("stride", ((1, 0),)),
    ("padding", (-1,)),
    ("pool_size", (0,)),
    ("pool_stride", (1.5,)),
    ("image_shape", (28,)),
    ("image_shape", (27, 28)),
    ("image_shape", (3, 28, 28)),
    ("image_shape", (-28, -28)),
    ("image_shape", (28.0, 28.0)),
    ("image_shape", ("28", "28")),
    ("image_shape", (1, 1, 28, 28)),
    ("dropout", 1.0),
    ("dropout", -0.1),
    ("lr", 0.0),
    ("lr", -1e-3),
    ("lr", "0.001"),
    ("lr", 10**400),
    ("momentum", 1.0),
    ("batch_size", 32.0),
    ("max_epochs", 0),
    ("validation_fraction", 1.0),
    ("class_weight", {77: 1.0}),
    ("class_weight", {3: -1.0}),
    ("class_weight", {3: np.nan}),
    ("class_weight", {3: "heavy"}),
    ("class_weight", {3: None}),
    ("class_weight", dict.fromkeys(range(10), 0)),
    ("callbacks", [1]),
    ("callbacks", ["print"]),
    ("device", "cuda:77"),
    ("device", "gpu"),
    ("device", "cpu:1"),
    ("device", torch.device("meta")),
    ("random_state", -1),
    ("random_state", 2**70),
    ("optimizer", torch.nn.Linear),
    ("optimizer", torch.optim.Adam([torch.zeros(1)])),
    ("module", torch.zeros(3)),
    ("module", dict),
    ("module_params", ["width"]),
]


@pytest.mark.parametrize(
    "cls, name, value",
    [
        pytest.param(cls, name, value, id=f"{cls.__name__}-{name}={brief(value)}")
        for name, value in BAD_PARAMETERS
        for cls in CLASSIFIERS
        if has(cls, name)
    ],
)
def test_value_that_makes_no_sense_is_refused_and_named(cls, name, value):
    refused_at_fit([name], tiny(cls, **{name: value}), *digits())


@pytest.mark.parametrize(
    "name, typo, meant",
    [
        ("optimizer", "adm", "adam"),
        ("optimizer", "SGD", "sgd"),
        ("activation", "rleu", "relu"),
        ("activation", "sigmoïd", "sigmoid"),
        ("loss", "crossentropy", "cross_entropy"),
        ("weight_init", "xglorot", "glorot"),
        ("lr_schedule", "cosin", "cosine"),
        ("class_weight", "balance", "balanced"),
        ("precision", "float_32", "float32"),
    ],
)
def test_mistyped_name_is_answered_with_the_nearest_right_one(name, typo, meant):
    X, y = digits()
    for cls in CLASSIFIERS:
        if has(cls, name):
            refused_at_fit([name, repr(typo), f"Did you mean '{meant}'"], cls(**{name: typo}), X, y)


@pytest.mark.parametrize("device", ["cuda:77", "gpu"])
@every_classifier
def test_device_that_isnt_there_is_named_beside_those_that_are(cls, device):
    refused_at_fit([repr(device), "'cpu'"], tiny(cls, device=device), *digits())


def test_image_shape_that_doesnt_fit_names_both_numbers_of_pixels():
    X, y = digits()
    for cls in (CNNClassifier, TorchClassifier):
        refused_at_fit(["(27, 28)", "756", "784"], tiny(cls, image_shape=(27, 28)), X, y)


@pytest.mark.parametrize("cls", [CNNClassifier, TorchClassifier])
def test_image_shape_that_contradicts_the_pictures_is_refused(cls):
    X, y = digits()
    clf = tiny(cls, image_shape=(14, 56))
    refused_at_fit(["(14, 56)", "(28, 28)"], clf, X.reshape(-1, 28, 28), y)


@pytest.mark.parametrize(
    "params, layer, sizes",
    [
        ({"channels": (4, 4, 4, 4, 4)}, "5 of 5", "28x28 -> 28x28 -> 14x14"),
        ({"channels": (4, 4), "kernel_size": 15, "padding": 0}, "2 of 2", "28x28 -> 14x14 -> 7x7"),
        ({"channels": 4, "kernel_size": 29, "padding": 0}, "1 of 1", "28x28"),
        ({"channels": 4, "kernel_size": ((1, 30),), "padding": 0}, "1 of 1", "28x28"),
        ({"channels": (4, 4), "pool_size": (14, 3)}, "2 of 2", "28x28 -> 28x28 -> 2x2"),
    ],
)
def test_stack_that_shrinks_below_one_pixel_names_the_layer_and_the_sizes(params, layer, sizes):
    refused_at_fit([layer, sizes], CNNClassifier(**params), *digits())


@every_classifier
def test_too_few_rows_to_hold_some_of_each_class_back_are_refused(cls):
    X, y = digits()
    clf = tiny(cls, early_stopping=True)
    refused_at_fit(["early_stopping", "validation_fraction"], clf, X[::10], y[::10])
    refused_at_fit(["early_stopping", "77"], clf, X, np.r_[77, y[1:]])


@pytest.mark.parametrize(
    "augment",
    [lambda x: x[:, :-1], lambda x: x[:-1], lambda x: x.double(), lambda x: x.numpy()],
    ids=["fewer-columns", "fewer-rows", "other-type", "array"],
)
def test_augmentation_that_returns_something_else_is_told_so(augment):
    refused(["augment"], tiny(MLPClassifier, augment=augment).fit, *digits())


def test_early_stopping_has_no_meaning_for_partial_fit():
    for cls in CLASSIFIERS:
        refused(["early_stopping"], tiny(cls, early_stopping=True).partial_fit, *digits())


@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "batch_norm")])
def test_batch_norm_refuses_batches_of_one_row(cls):
    X, y = digits()
    clf = tiny(cls, batch_norm=True, batch_size=1)
    refused_at_fit(["batch_norm", "batch_size"], clf, X, y)
    refused(["batch_norm"], tiny(cls, batch_norm=True).partial_fit, X[:1], y[:1], classes=range(10))


# -- training that diverges ------------------------------------------------------------------


def diverging():
    for cls in CLASSIFIERS:
        names = ["sgd", "adam", "adamw", "rmsprop", "nadam"] if has(cls, "optimizer") else [None]
        for name in names:
            for stopping in (False, True):
                params = {"early_stopping": stopping, "loss": "cross_entropy"}
                params |= {"optimizer": name} if name else {}
                yield pytest.param(cls, params, id=f"{cls.__name__}-{name}-{stopping}")


@pytest.mark.parametrize("cls, params", list(diverging()))
def test_loss_that_is_no_number_names_the_epoch_and_the_learning_rate(cls, params):
    X, y = digits()
    clf = tiny(cls, lr=1e30, **params)
    refused(["loss", "epoch 1", "lr=1e+30"], clf.fit, X, y)
    # Whatever is left, it doesn't answer with NaN.
    refused([], clf.predict_proba, X)


@every_classifier
def test_loss_that_is_no_number_in_a_later_epoch_names_that(cls):
    X, y = digits()
    clf = tiny(cls, warm_start=True, loss="cross_entropy").fit(X, y)
    clf.set_params(lr=1e30)
    refused(["epoch 3", "lr=1e+30"], clf.fit, X, y)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@every_classifier
def test_damage_of_the_very_last_step_never_predicts_nan(cls):
    # The loss is taken before the step, so that no loss shows what the last one did.
    X, y = digits()
    params = {"optimizer": "sgd"} if has(cls, "optimizer") else {}
    clf = tiny(cls, lr=3e38, max_epochs=1, batch_size=250, loss="cross_entropy", **params)
    try:
        clf.fit(X, y)
    except ValueError as error:
        assert "epoch 1, with lr=3e+38" in str(error)
    else:
        answers_in_numbers_or_refuses(clf, X)


# -- good input ------------------------------------------------------------------------------


def wide(X):
    """Every other column of an array twice as wide."""
    return np.repeat(X, 2, axis=1)[:, ::2]


def memory_map(X, tmp_path):
    np.save(tmp_path / "X.npy", X)
    return np.load(tmp_path / "X.npy", mmap_mode="r")


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


BOTH = {
    "images": lambda X: X.reshape(-1, 28, 28),
    "images-with-channel": lambda X: X.reshape(-1, 1, 28, 28),
    "fortran-order": np.asfortranarray,
    "fortran-order-images": lambda X: np.asfortranarray(X.reshape(-1, 28, 28)),
    "negative-strides": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "every-other-column": wide,
    "read-only": read_only,
    "list": lambda X: X.tolist(),
    "list-of-images": lambda X: X.reshape(-1, 28, 28).tolist(),
    "frame": lambda X: pd.DataFrame(X, columns=[f"pixel{i}" for i in range(784)]),
    "frame-with-missing-type": lambda X: pd.DataFrame(X).convert_dtypes(),
    "tensor": torch.tensor,
    "tensor-of-images": lambda X: torch.tensor(X.reshape(-1, 1, 28, 28)),
    "csr-matrix": scipy.sparse.csr_matrix,
    "csr-array": scipy.sparse.csr_array,
    "csc-array": scipy.sparse.csc_array,
}
INTEGERS = {
    "int64": lambda X: X.astype(np.int64),
    "int16": lambda X: X.astype(np.int16),
    "uint32": lambda X: X.astype(np.uint32),
    "big-endian": lambda X: X.astype(">i4"),
    "int64-tensor": lambda X: torch.tensor(X.astype(np.int64)),
    "int64-frame": lambda X: pd.DataFrame(X.astype(np.int64)),
    "int64-csr": lambda X: scipy.sparse.csr_array(X.astype(np.int64)),
}
FLOATS = {
    "float16": lambda X: X.astype(np.float16),
    "float64": lambda X: X.astype(np.float64),
    "big-endian-float32": lambda X: X.astype(">f4"),
    "big-endian-float64": lambda X: X.astype(">f8"),
    "tensor-with-gradient": lambda X: torch.tensor(X, requires_grad=True),
    "float64-tensor": lambda X: torch.tensor(X, dtype=torch.float64),
    "objects": lambda X: X.astype(object),
    "float64-csr": lambda X: scipy.sparse.csr_array(X.astype(np.float64)),
}


def forms(table):
    return pytest.mark.parametrize("form", list(table.values()), ids=list(table))


@forms(BOTH | INTEGERS)
@every_classifier
def test_integer_pixels_in_any_form_train_and_predict_the_same(cls, form):
    X, y = digits()
    plain = tiny(cls).fit(X, y)
    other = form(X)
    clf = tiny(cls).fit(other, y)
    assert same_network(clf, plain)
    assert np.array_equal(clf.predict_proba(other), plain.predict_proba(X))


@forms(BOTH | FLOATS)
@every_classifier
def test_floating_point_pixels_in_any_form_train_and_predict_the_same(cls, form):
    X, y = digits()
    X = (X // 16 / np.float32(16)).astype(np.float32)  # exact in every floating-point type
    plain = tiny(cls, precision="float32").fit(X, y)
    other = form(X)
    clf = tiny(cls, precision="float32").fit(other, y)
    assert same_network(clf, plain)
    assert np.array_equal(clf.predict_proba(other), plain.predict_proba(X))


@every_classifier
def test_memory_maps_train_and_predict_the_same(cls, tmp_path):
    X, y = digits()
    for pixels in (X, X / np.float32(255)):
        plain = tiny(cls).fit(pixels, y)
        mapped = memory_map(pixels, tmp_path)
        clf = tiny(cls).fit(mapped, y)
        assert same_network(clf, plain)
        assert np.array_equal(clf.predict_proba(mapped), plain.predict_proba(pixels))


@every_classifier
def test_black_and_white_pixels_of_any_type_train_the_same(cls):
    X, y = digits()
    black = X > 127
    plain = tiny(cls).fit(black, y)
    assert plain.pixel_scale_ == 1
    for dtype in (np.uint8, np.int64, np.float32):
        other = black.astype(dtype)
        clf = tiny(cls).fit(other, y)
        assert same_network(clf, plain), dtype
        assert np.array_equal(clf.predict_proba(other), plain.predict_proba(black))


@every_classifier
def test_bytes_train_as_the_same_pixels_divided_by_255_do(cls):
    X, y = digits()
    from_bytes = tiny(cls).fit(X, y)
    scaled = X / np.float32(255)
    from_floats = tiny(cls).fit(scaled, y)
    assert same_network(from_bytes, from_floats)
    assert np.array_equal(from_bytes.predict_proba(X), from_floats.predict_proba(scaled))


@every_classifier
def test_scale_of_the_fit_holds_at_predict(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    expected = clf.predict_proba(X)
    # Floats that span what the bytes spanned are on the bytes' scale; so is a blank picture.
    assert np.array_equal(clf.predict_proba(X.astype(np.float32)), expected)
    assert np.array_equal(clf.predict_proba(X.astype(np.int64)), expected)
    blank = np.zeros((1, 784))
    assert np.array_equal(clf.predict_proba(blank.astype(np.uint8)), clf.predict_proba(blank))


@pytest.mark.parametrize(
    "low, high, scale",
    [(0, 255, 255), (0, 2, 255), (0, 1, 1), (-1, 255, 1), (0, 256, 1), (-128, 127, 1)],
)
def test_integers_are_divided_by_255_where_they_are_bytes_and_not_just_0_and_1(low, high, scale):
    X = np.random.default_rng(0).integers(low, high, size=(40, 9), endpoint=True)
    X[0, :2] = low, high
    y = np.arange(40) % 2
    clf = tiny(MLPClassifier).fit(X, y)
    assert (clf.pixel_scale_, clf.pixel_range_) == (scale, (low, high))


@every_classifier
def test_caller_keeps_pixels_labels_and_weights_as_they_were(cls):
    X, y = digits()
    weights = np.linspace(0, 2, len(y))
    for pixels in (X, X / np.float32(255), X / 255):
        given = pixels.copy(), y.copy(), weights.copy()
        clf = tiny(cls).fit(*given, X_val=given[0], y_val=given[1])
        clf.predict(given[0])
        for now, before in zip(given, (pixels, y, weights), strict=True):
            assert np.array_equal(now, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_classifier
def test_answers_are_in_the_precision_of_the_arithmetic(cls, dtype):
    X, y = digits()
    clf = tiny(cls).fit((X / 255).astype(dtype), y)
    assert clf.predict_proba((X / 255).astype(dtype)).dtype == dtype
    assert {p.dtype for p in clf.module_.parameters()} == {torch.tensor(dtype(0)).dtype}


# -- labels ----------------------------------------------------------------------------------

# Each keeps the order of the digits, so that the class numbers stay the same.
LABELS = {
    "text": lambda y: np.char.add("digit ", y.astype(str)),
    "objects": lambda y: np.char.add("digit ", y.astype(str)).astype(object),
    "negative": lambda y: y - 20,
    "with-gaps": lambda y: 10 * y**2 + 3,
    "whole-floats": lambda y: y.astype(float) * 2,
    "bytes": lambda y: y.astype(np.uint8),
    "big-endian": lambda y: y.astype(">i2"),
    "list": lambda y: y.tolist(),
    "list-of-text": lambda y: [f"digit {label}" for label in y],
    "series": lambda y: pd.Series(y, index=range(1000, 1000 + len(y))),
    "series-of-text": lambda y: pd.Series([f"digit {label}" for label in y]),
    "categories": lambda y: pd.Series([f"digit {label}" for label in y], dtype="category"),
    "tensor": torch.tensor,
    "read-only": read_only,
}


@forms(LABELS)
@every_classifier
def test_labels_of_any_kind_come_back(cls, form):
    X, y = digits()
    labels = form(y)
    clf = tiny(cls).fit(X, labels)
    reference = tiny(cls).fit(X, y)
    assert same_network(clf, reference)
    expected = np.asarray(form(np.arange(10)))
    assert clf.classes_.tolist() == expected.tolist()
    assert clf.predict(X).tolist() == expected[reference.predict(X)].tolist()
    assert clf.predict(X).dtype == clf.classes_.dtype
    assert clf.score(X, labels) == reference.score(X, y)
    assert tiny(cls).partial_fit(X, labels, classes=form(np.arange(10))).predict(X).shape == (250,)


@every_classifier
def test_two_classes_of_truth_values_come_back(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y > 4)
    assert clf.classes_.tolist() == [False, True]
    assert clf.predict(X).dtype == bool
    decisions = clf.decision_function(X)
    assert decisions.shape == (250,)
    assert np.array_equal(decisions > 0, clf.predict(X))


@every_classifier
def test_labels_in_a_column_warn_as_scikit_learn_does(cls):
    X, y = digits()
    with pytest.warns(DataConversionWarning):
        clf = tiny(cls).fit(X, y[:, None])
    assert same_network(clf, tiny(cls).fit(X, y))


# -- the scale of the pixels -----------------------------------------------------------------


@every_classifier
def test_pixels_on_another_scale_than_at_fit_warn(cls):
    X, y = digits()
    small = X / np.float32(255)
    for method in PREDICT:
        clf = tiny(cls).fit(X, y)
        with pytest.warns(PixelRangeWarning, match=r"0\.\.1, but .* 0\.\.255"):
            getattr(clf, method)(small)
        with pytest.warns(PixelRangeWarning, match=r"0\.\.1, but"):
            getattr(clf, method)(small[:1] / small[:1].max())
        clf = tiny(cls).fit(small, y)
        with pytest.warns(PixelRangeWarning, match=r"0\.\.255, but .* 0\.\.1"):
            getattr(clf, method)(X)
    with pytest.warns(PixelRangeWarning):
        tiny(cls).fit(X, y, X_val=small, y_val=y)


def test_warning_points_at_the_callers_line():
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
    # Pixel by pixel: one that was almost blank in training may be far out of range later.
    "standardised": lambda X: StandardScaler().fit(digits()[0]).transform(X),
    "min-max-scaled": lambda X: MinMaxScaler().fit(digits()[0]).transform(X),
    "minus-1-to-1": lambda X: X / np.float32(127.5) - 1,
}


@forms(SCALES)
def test_ordinary_batches_do_not_warn(form):
    # Warnings are errors in these tests.
    X, y = digits()
    clf = tiny(MLPClassifier).fit(form(X), y)
    other = digits(7)[0]
    blank, noise = np.zeros_like(other[:1]), np.random.default_rng(0).integers(0, 40, (3, 784))
    batches = [other[i : i + 1] for i in range(100)]  # single pictures
    batches += [X[y == label] for label in range(10)]
    batches += [blank, other // 4, (noise * (other[:3] > 0)).astype(np.uint8)]
    for batch in batches:
        clf.predict(form(batch))


# -- shapes ----------------------------------------------------------------------------------

SHAPES = [
    # X's shape without the rows, the parameter, image_shape_
    ((784,), "auto", (28, 28)),
    ((64,), "auto", (8, 8)),
    ((12,), "auto", (1, 12)),
    ((75,), "auto", (1, 75)),  # colour is never guessed, though 75 = 3 x 5 x 5
    ((27,), "auto", (1, 27)),
    ((1,), "auto", (1, 1)),
    ((75,), (3, 5, 5), (3, 5, 5)),
    ((12,), (4, 3), (4, 3)),
    ((12,), [4, 3], (4, 3)),
    ((12,), (3, 2, 2), (3, 2, 2)),
    ((4, 3), "auto", (4, 3)),
    ((3, 5, 5), "auto", (3, 5, 5)),
    ((28, 28), (28, 28), (28, 28)),
    ((28, 28), (1, 28, 28), (1, 28, 28)),
    ((1, 28, 28), (28, 28), (28, 28)),
    ((12, 12), None, (12, 12)),
]


@pytest.mark.parametrize("shape, parameter, expected", SHAPES)
def test_image_shape_is_resolved(shape, parameter, expected):
    X = np.random.default_rng(0).random((20, *shape), dtype=np.float32)
    y = np.arange(20) % 2
    clf = tiny(CNNClassifier, image_shape=parameter, pool_size=1)
    assert clf.fit(X, y).image_shape_ == expected
    assert clf.image_shape is parameter
    channels = expected[0] if len(expected) == 3 else 1
    assert clf.coefs_[0].shape == (4, channels, 3, 3)
    assert clf.predict(X).shape == (20,)
    # The shape belongs to the fitted network: flat rows are pictures from now on.
    assert np.array_equal(clf.predict_proba(X.reshape(20, -1)), clf.predict_proba(X))


def test_image_shape_changes_what_a_convolution_sees():
    X, y = digits()
    square = tiny(CNNClassifier).fit(X, y)
    oblong = tiny(CNNClassifier, image_shape=(14, 56)).fit(X, y)
    assert not np.array_equal(square.predict_proba(X), oblong.predict_proba(X))


@every_classifier
def test_grey_pictures_may_come_with_and_without_their_channel(cls):
    X, y = digits()
    clf = tiny(cls).fit(X.reshape(-1, 28, 28), y)
    flat = clf.predict_proba(X)
    assert np.array_equal(clf.predict_proba(X.reshape(-1, 1, 28, 28)), flat)
    clf = tiny(cls).fit(X.reshape(-1, 1, 28, 28), y)
    assert np.array_equal(clf.predict_proba(X.reshape(-1, 28, 28)), clf.predict_proba(X))


def test_stacks_of_the_issue_are_built():
    X, y = digits()
    pools = {"pool_size": (2, 4), "pool_stride": (2, 4), "hidden_layer_sizes": (), "max_epochs": 1}
    wide_one = {"channels": (32, 64), "kernel_size": 5, "stride": (1, 3), "padding": 1}
    narrow = {"channels": (4, 2), "kernel_size": 3, "stride": (1, 3), "padding": 0}
    clf = CNNClassifier(**wide_one, **pools).fit(X, y)
    assert [coef.shape for coef in clf.coefs_] == [(32, 1, 5, 5), (64, 32, 5, 5), (64, 10)]
    clf = CNNClassifier(**narrow, **pools).fit(X, y)
    assert [coef.shape for coef in clf.coefs_] == [(4, 1, 3, 3), (2, 4, 3, 3), (2, 10)]


# -- few rows, few features, odd batches -----------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 33, 65])
@every_classifier
def test_any_number_of_rows_trains(cls, n):
    X, y = digits()
    rows = np.arange(n) * 7 % 250
    clf = tiny(cls).fit(X[rows], np.arange(n) % 2)
    assert clf.predict(X[:1]).shape == (1,)


@pytest.mark.parametrize("n", [33, 65, 3])
@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "batch_norm")])
def test_batch_norm_trains_where_one_row_is_left_over(cls, n):
    X, y = digits()
    rows = np.arange(n) * 7 % 250
    clf = tiny(cls, batch_norm=True, batch_size=min(32, n - 1))
    clf.fit(X[rows], np.arange(n) % 2)
    assert np.isfinite(clf.predict_proba(X[:1])).all()


@every_classifier
def test_single_feature_can_be_learnt(cls):
    X = np.linspace(-2, 2, 200, dtype=np.float32)[:, None]
    y = (X[:, 0] > 0).astype(int)
    clf = cls(random_state=0, max_epochs=50).fit(X, y)
    assert clf.score(X, y) > 0.9


@every_classifier
def test_predicting_no_rows_more_than_fit_into_one_go(cls):
    X, y = digits()
    clf = tiny(cls).fit(X, y)
    many = np.tile(X, (12, 1))
    np.testing.assert_allclose(
        clf.predict_proba(many), np.tile(clf.predict_proba(X), (12, 1)), rtol=1e-4, atol=1e-6
    )


def test_backprop_classifier_takes_the_activations_of_the_hand_written_passes():
    X, y = digits()
    for activation in ("relu", "tanh", "sigmoid", "identity"):
        clf = tiny(BackpropClassifier, activation=activation).fit(X, y)
        assert clf.module_.activation == activation


def test_passes_written_by_hand_refuse_bfloat16():
    X, y = digits()
    clf = BackpropClassifier(precision="bfloat16")
    refused_at_fit(["precision='bfloat16'", "MLPClassifier"], clf, X, y)
