"""Property-based tests: any input gives valid predictions or a documented error."""

import os
import warnings

import numpy as np
import pandas as pd
import scipy.sparse
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import skmnist
from skmnist.exceptions import DivergenceError
from tests.helpers import CLASSIFIERS, tiny

# By default each run uses the same examples. SKMNIST_EXAMPLES=20 runs 20 times as many, different
# in each run.
TIMES = int(os.environ.get("SKMNIST_EXAMPLES", 1))


def examples(n):
    return settings(
        max_examples=n * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


DTYPES = st.sampled_from(
    ["bool", "u1", "i1", "u2", "i2", "i4", "i8", "u8", "f2", "f4", "f8", ">f4", ">i2", "O"]
)


LABELS = {
    "int": lambda y_encoded: y_encoded,
    "negative": lambda y_encoded: y_encoded * 1000 - 7,
    "bool": lambda y_encoded: y_encoded % 2 == 1,
    "float": lambda y_encoded: y_encoded.astype(float),
    "text": lambda y_encoded: np.array(["zero", "one", "two", "drei", "δ"])[y_encoded],
    "objects": lambda y_encoded: np.array(["zero", "one", "two", "drei", "δ"], dtype=object)[
        y_encoded
    ],
    "list": lambda y_encoded: y_encoded.tolist(),
    "Series": lambda y_encoded: pd.Series(y_encoded, index=range(7, 7 + len(y_encoded))),
    "column of bytes": lambda y_encoded: y_encoded.astype(np.uint8),
}


LAYOUTS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "every second sample": lambda X: np.repeat(X, 2, axis=0)[::2],
    "backwards": lambda X: X[::-1].copy()[::-1],
    "transposed twice": lambda X: np.ascontiguousarray(X.T).T,
    "DataFrame": lambda X: pd.DataFrame(X.reshape(len(X), -1)),
    "sparse": lambda X: scipy.sparse.csr_array(X.reshape(len(X), -1)),
    "tensor": torch.from_numpy,
    "list": lambda X: X.tolist(),
    "read-only": lambda X: np.frombuffer(X.tobytes(), X.dtype).reshape(X.shape),
}


@st.composite
def data(draw):
    """Draw images, labels and weights of any shape and type; two thirds of them are valid."""
    valid = draw(st.sampled_from([True, True, False]))
    n = draw(st.integers(2 if valid else 0, 12))
    sides = draw(
        st.one_of(
            st.tuples(st.integers(1 if valid else 0, 20)),
            st.tuples(st.integers(1, 6), st.integers(1, 6)),
            st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 5)),
            *([] if valid else [st.tuples(*[st.integers(1, 2)] * 4), st.just(())]),
        )
    )
    dtype, elements = np.dtype(draw(DTYPES)), None
    if dtype.kind in "fO":
        width = 32 if dtype.kind == "O" else min(32, 8 * dtype.itemsize)
        elements = st.floats(-300, 300, width=width) if valid else st.floats(width=width)
    X = draw(hnp.arrays(dtype, (n, *sides), elements=elements))
    y_encoded = draw(hnp.arrays(np.int64, n, elements=st.integers(0, 4)))
    weights = [st.none(), hnp.arrays(float, n, elements=st.floats(0.25, 3))]
    if valid:
        y_encoded[:2] = 0, 1
    else:
        weights.append(hnp.arrays(float, n, elements=st.floats()))
        weights.append(hnp.arrays(np.int64, n, elements=st.integers(-1, 4)))
    return X, y_encoded, draw(st.one_of(weights))


def attempt(call, *args, **kwargs):
    """Return the result of a call, or None if it is rejected with a message."""
    with warnings.catch_warnings():
        # NumPy, pandas and scikit-learn warn about some of the generated data.
        warnings.simplefilter("ignore")
        try:
            return call(*args, **kwargs)
        except (ValueError, TypeError) as error:
            assert len(str(error)) > 10, repr(error)


def check_answers(clf, X, n):
    """Check the shapes, the dtypes and the values of the predictions for X."""
    proba = attempt(clf.predict_proba, X)
    if proba is None:
        return
    assert proba.shape == (n, len(clf.classes_))
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-4)
    labels = attempt(clf.predict, X)
    assert labels.shape == (n,)
    assert labels.dtype == clf.classes_.dtype
    assert np.array_equal(labels, clf.classes_[proba.argmax(axis=1)])


@given(
    cls=st.sampled_from(CLASSIFIERS),
    data=data(),
    labels=st.sampled_from(list(LABELS.values())),
    layout=st.sampled_from(list(LAYOUTS.values())),
    batch_size=st.sampled_from([1, 2, 5, 1000]),
)
@examples(150)
def test_any_input_is_fitted_or_rejected_with_a_message(cls, data, labels, layout, batch_size):
    X, y_encoded, weights = data
    y = labels(y_encoded)
    try:
        X = layout(X)
    except (TypeError, ValueError, RuntimeError):
        return  # this layout does not exist for the data
    clf = tiny(cls, batch_size=batch_size, max_epochs=1)
    fitted = attempt(clf.fit, X, y, sample_weight=weights)
    if fitted is None:
        assert not hasattr(clf, "net_")
        return
    assert fitted is clf
    assert set(clf.classes_) <= set(np.asarray(y))
    check_answers(clf, X, X.shape[0] if hasattr(X, "shape") else len(X))
    # Another epoch is trained unless the data are rejected.
    further = attempt(clf.partial_fit, X, y)
    if further is not None:
        assert clf.n_iter_ == 2


@given(
    cls=st.sampled_from(CLASSIFIERS),
    n=st.integers(2, 9),
    layout=st.sampled_from(list(LAYOUTS)),
    dtype=st.sampled_from(["u1", "i4", "f4", "f8"]),
    sides=st.sampled_from([(5,), (16,), (4, 4), (1, 3, 3)]),
    seed=st.integers(0, 2**32 - 1),
)
@examples(60)
def test_memory_layout_does_not_change_the_result(cls, n, layout, dtype, sides, seed):
    rng = np.random.default_rng(seed)
    X = (rng.random((n, *sides)) * 255).astype(dtype)
    y = np.arange(n) % 2
    if layout == "list" and dtype == "f4":
        dtype = "f8"  # the precision of Python's floats
    X = X.astype(dtype)
    flat, layout = X.reshape(n, -1), LAYOUTS[layout]
    shape = {} if len(sides) == 1 else {"image_shape": sides}
    plain = tiny(cls, max_epochs=1, random_state=seed, **_known(cls, shape)).fit(flat, y)
    other = tiny(cls, max_epochs=1, random_state=seed, **_known(cls, shape)).fit(layout(X), y)
    assert np.array_equal(plain.predict_proba(flat), other.predict_proba(layout(X)))


def _known(cls, params):
    return {name: value for name, value in params.items() if name in cls().get_params()}


@given(
    cls=st.sampled_from(CLASSIFIERS),
    lr=st.floats(1e-6, 1e30),
    optimizer=st.sampled_from(["adam", "adamw", "sgd", "rmsprop", "nadam", "adagrad"]),
    scale=st.sampled_from([1e-30, 1.0, 1e6, 1e18]),
    early_stopping=st.booleans(),
)
@examples(60)
def test_no_learning_rate_and_no_scale_leads_to_nan(cls, lr, optimizer, scale, early_stopping):
    rng = np.random.default_rng(0)
    X, y = (rng.random((30, 9)) * scale).astype(np.float32), np.arange(30) % 3
    params = {"lr": lr, "optimizer": optimizer, "early_stopping": early_stopping}
    clf = tiny(cls, **_known(cls, params))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ConvergenceWarning and PixelRangeWarning
        try:
            clf.fit(X, y)
        except DivergenceError as error:
            assert "epoch" in str(error) and "lr" in str(error)
            return
        check_answers(clf, X, len(X))


def test_all_tested_classifiers_are_public():
    assert {cls.__name__ for cls in CLASSIFIERS} <= set(skmnist.__all__)
