"""Formats of pixels, labels, weights and parameters: equivalent, invalid and unusual ones."""

from collections import UserList
from decimal import Decimal

import numpy as np
import pandas as pd
import scipy.sparse
import torch

SPARSE = ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"]


class OnlyArray:
    """An object whose only method is ``__array__``."""

    def __init__(self, X):
        self.X = X

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.X, dtype=dtype)


def _with(value, dtype=float):
    def change(X):
        X = X.astype(dtype)
        X[3, 100] = value
        return X

    return change


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def _strided(X):
    wide = np.zeros((2 * len(X), 2 * X.shape[1]), X.dtype)
    wide[::2, ::2] = X
    return wide[::2, ::2]


# Equivalent formats of the same pixels (uint8, 0 to 255): the results must be equal.
EQUIVALENT_X = {
    "unchanged": lambda X: X,
    "list of lists": lambda X: X.tolist(),
    "list of arrays": list,
    "tuple": lambda X: tuple(map(tuple, X.tolist())),
    "Fortran order": np.asfortranarray,
    "strided": _strided,
    "negative strides": lambda X: np.ascontiguousarray(X[::-1, ::-1])[::-1, ::-1],
    "read-only": _read_only,
    "images": lambda X: X.reshape(-1, 28, 28),
    "images with a channel": lambda X: X.reshape(-1, 1, 28, 28),
    "only __array__": OnlyArray,
    "torch tensor": torch.from_numpy,
    "tensor of int64": lambda X: torch.from_numpy(X).long(),
    "big-endian int32": lambda X: X.astype(">i4"),
    "DataFrame": pd.DataFrame,
    "DataFrame of Int64": lambda X: pd.DataFrame(X).astype("Int64"),
    "DataFrame of UInt8": lambda X: pd.DataFrame(X).astype("UInt8"),
    **{
        str(np.dtype(dtype)): (lambda X, dtype=dtype: X.astype(dtype))
        for dtype in ("int16", "int32", "int64", "uint16", "uint32", "uint64")
    },
    **{
        f"sparse {kind} array": (
            lambda X, kind=kind: getattr(scipy.sparse, f"{kind}_array")(X.astype(np.int64))
        )
        for kind in SPARSE
    },
    **{
        f"sparse {kind} matrix": (
            lambda X, kind=kind: getattr(scipy.sparse, f"{kind}_matrix")(X.astype(np.int64))
        )
        for kind in SPARSE
    },
}

# Invalid pixels: they must be rejected with a ValueError or a TypeError.
INVALID_X = {
    "NaN": _with(np.nan),
    "NaN in float32": _with(np.nan, np.float32),
    "infinity": _with(np.inf),
    "minus infinity": _with(-np.inf),
    "infinity in float16": _with(np.inf, np.float16),
    "None": _with(None, object),
    "dict inside": _with({}, object),
    "list inside": lambda X: [[[1, 2], *row[1:]] for row in X.tolist()],
    "text": lambda X: np.full(X.shape, "dark"),
    "bytes": lambda X: np.full(X.shape, b"\x00dark"),
    "one text": _with("dark", object),
    "complex": lambda X: X * 1j,
    "complex64": lambda X: X.astype(np.complex64),
    "dates": lambda X: X.astype("datetime64[D]"),
    "durations": lambda X: X.astype("timedelta64[s]"),
    "records": lambda X: np.zeros(len(X), [("a", "u1"), ("b", "f4")]),
    "no samples": lambda X: X[:0],
    "no features": lambda X: X[:, :0],
    "no images": lambda X: X[:0].reshape(0, 28, 28),
    "one sample": lambda X: X[0],
    "a number": lambda X: 3,
    "only None": lambda X: None,
    "a string": lambda X: "X.npy",
    "a dict": lambda X: {"X": X},
    "a generator": lambda X: (row for row in X),
    "a function": lambda X: len,
    "five dimensions": lambda X: X.reshape(-1, 1, 1, 28, 28),
    "ragged": lambda X: [row[: 784 - (i == 3)] for i, row in enumerate(X.tolist())],
    "one feature less": lambda X: X[:, :-1],
    "one feature more": lambda X: np.c_[X, X[:, 0]],
    "images of 14 x 28": lambda X: X.reshape(-1, 14, 56)[:, :, :28],
    "missing in Int64": lambda X: pd.DataFrame(X).astype("Int64").mask(X > 250),
    "sparse NaN": lambda X: scipy.sparse.csr_array(_with(np.nan)(X)),
    "sparse complex": lambda X: scipy.sparse.csr_array(X * 1j),
}
# These are valid in `fit`, but not afterwards.
OTHER_N_FEATURES = {"one feature less", "one feature more", "images of 14 x 28"}

# Unusual pixels: they may be accepted, without NaN in the results, or rejected with a message.
UNUSUAL_X = {
    "objects": lambda X: X.astype(object),
    "1e39": _with(1e39),
    "1e308": _with(1e308),
    "smallest number": _with(5e-324),
    "negative": lambda X: X.astype(int) - 300,
    "numbers as text": lambda X: X.astype(str),
    "Decimals": lambda X: np.vectorize(Decimal)(X.astype(object)),
    "UserList": lambda X: UserList(X.tolist()),
    "bool": lambda X: X > 99,
    "float16": lambda X: X.astype(np.float16),
    "longdouble": lambda X: X.astype(np.longdouble),
    "masked": lambda X: np.ma.masked_greater(X, 250),
    "matrix": lambda X: np.asmatrix(X),
    "int64 beyond float32": lambda X: X.astype(np.int64) * 2**50,
    "constant": np.zeros_like,
    "sparse, all zero": lambda X: scipy.sparse.csr_array(X.shape, dtype=np.uint8),
    "Series of arrays": lambda X: pd.Series(list(X)),
}


EQUIVALENT_Y = {
    "list": lambda y: y.tolist(),
    "column": lambda y: y[:, None],
    "Series": pd.Series,
    "int8": lambda y: y.astype(np.int8),
    "float": lambda y: y.astype(float),
    "text": lambda y: y.astype(str),
    "text objects": lambda y: y.astype(str).astype(object),
    "negative": lambda y: y - 5,
    "large integers": lambda y: y * 1_000_003,
    "read-only": _read_only,
    "strided": lambda y: np.repeat(y, 2)[::2],
    "categories": lambda y: pd.Series(y.astype(str), dtype="category"),
    "tensor": torch.from_numpy,
}
INVALID_Y = {
    "integers as objects": lambda y: y.astype(object),
    "one class": lambda y: np.full(len(y), 7),
    "shorter": lambda y: y[:-1],
    "longer": lambda y: np.r_[y, 0],
    "empty": lambda y: y[:0],
    "NaN": lambda y: np.where(y == 3, np.nan, y),
    "infinity": lambda y: np.where(y == 3, np.inf, y),
    "fractions": lambda y: y + 0.5,
    "complex": lambda y: y * 1j,
    "two columns": lambda y: np.c_[y, y],
    "one-hot": lambda y: np.eye(10)[y],
    "None": lambda y: None,
    "a number": lambda y: 3,
    "a string": lambda y: "labels",
    "None inside": lambda y: np.where(y == 3, None, y.astype(object)),
    "mixed": lambda y: np.where(y == 3, "three", y.astype(object)),
    "sets": lambda y: np.array([{i} for i in y], dtype=object),
    "ragged": lambda y: [[i] * (1 + i % 2) for i in y.tolist()],
    "missing in Int64": lambda y: pd.Series(y, dtype="Int64").mask(y == 3),
    "a dict": lambda y: dict(enumerate(y.tolist())),
}
EQUIVALENT_WEIGHTS = {
    "ones": lambda n: np.ones(n),
    "constant": lambda n: np.full(n, 7.5),
    "list": lambda n: [1] * n,
    "a number": lambda n: 1,
    "Series": lambda n: pd.Series(np.ones(n)),
    "tiny": lambda n: np.full(n, 1e-300),
}
INVALID_WEIGHTS = {
    "negative": lambda n: np.r_[-1, np.ones(n - 1)],
    "NaN": lambda n: np.r_[np.nan, np.ones(n - 1)],
    "infinity": lambda n: np.r_[np.inf, np.ones(n - 1)],
    "zeros": lambda n: np.zeros(n),
    "shorter": lambda n: np.ones(n - 1),
    "two columns": lambda n: np.ones((n, 2)),
    "text": lambda n: np.full(n, "heavy"),
    "complex": lambda n: np.full(n, 1j),
    "ragged": lambda n: [[1]] * (n - 1) + [[1, 2]],
    "a dict": lambda n: {0: 1.0},
    "one class left": lambda n: np.r_[np.ones(3), np.zeros(n - 3)],
}


INVALID_VALUES = [
    -1, 0, 2.5, 10**400, np.nan, np.inf, True, None, "helloworld", b"1", [], {}, object(),
    np.array([1, 2]), (1, "2"), 1j, lambda: 1,
]  # fmt: skip
