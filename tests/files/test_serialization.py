"""Serialization of the values in a model file."""

import numpy as np
import pytest
import torch
from torch import nn

from skmnist._files.model_file import read_model_file, write_model_file
from skmnist._files.serialization import decode, encode
from tests.persistence.helpers import identical

VALUES = [
    None,
    [True, 1, 1.0, "1", -(2**70), 1e-320, float("inf"), -float("inf"), float("nan"), -0.0],
    ("tuple", ["list", ()], {}),
    {"$tuple": 1, "a": {"$dollar": [2]}},
    {1: "a", (2, 3): "b", None: 0.5, "c": {-1: 1}},
    "\ud800 \0 é 數 \\ \" '",
    np.float32(0.1),
    np.int8(-3),
    np.bool_(True),
    np.float64("nan"),
    np.str_("text"),
    np.array(3.5),
    np.zeros((0, 3), dtype=np.uint16),
    np.arange(6, dtype=">f8").reshape(2, 3),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.array(["a", "bcd", ""]),
    np.array(["a"], dtype="<U9"),
    np.array([None, 1, "x", 2.5, np.int64(4), (5,)], dtype=object),
    np.random.RandomState(7),
    torch.device("cuda:3"),
    torch.float64,
    torch.optim.RAdam,
    torch.arange(4).reshape(2, 2),
    torch.tensor(True),
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_values_are_restored(value, tmp_path):
    write_model_file(tmp_path / "file", {"value": value})
    decoded = read_model_file(tmp_path / "file")["value"]
    assert identical(value, decoded)
    if isinstance(value, np.ndarray):
        assert decoded.flags.f_contiguous == value.flags.f_contiguous
        assert decoded.flags.writeable


@pytest.mark.parametrize(
    "value",
    [print, nn.ReLU, nn.ReLU(), {1, 2}, b"bytes", 1j, np.complex64(1), np.array([1j]), object()],
    ids=lambda value: type(value).__name__,
)
def test_values_of_other_types_are_rejected_by_name(value, tmp_path):
    with pytest.raises(TypeError, match="lr.0"):
        write_model_file(tmp_path / "file", {"lr": [value]})
    assert list(tmp_path.iterdir()) == []


def test_too_large_metadata_are_rejected(tmp_path):
    for value in (["word" * 100] * 20_000, [[]] * 70_000):
        with pytest.raises(ValueError, match="too large for a model file"):
            write_model_file(tmp_path / "file", {"value": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "encoded",
    [
        {"$optimizer": "Optimizer"},  # the base class
        {"$optimizer": "lr_scheduler"},  # a module of torch.optim
        {"$device": 0},
        {"$dtype": "int64"},
        {"$number": ["object", 1]},
        {"$float": "1e5"},
        {"$class": "os.system"},
        {"$tuple": [1], "$dict": []},
        {"$tuple": [1], "a": 2},
        {"$tuple": "text"},
        {"$objects": ["<U1", ["ab"]]},
        {"$objects": ["<U99999999", ["a", "b"]]},
        {"$objects": ["<i8", [1]]},
        {"$array": ["a", "|O", "C"]},
        {"$array": ["a", "<f4", "C"]},
        {"$array": ["b", "<f8", "C"]},
        {"$array": ["a", "<f8", "K"]},
        {"$random_state": {"$tuple": ["MT19937", 1]}},
    ],
    ids=str,
)
def test_other_encodings_are_rejected(encoded):
    for value in (encoded, [encoded], {"key": {"$tuple": [encoded]}}):
        with pytest.raises((ValueError, TypeError, LookupError)):
            decode(value, {"a": np.zeros(2)})


def test_two_arrays_cannot_have_one_name():
    arrays = {}
    encode(np.zeros(2), arrays, "weights")
    with pytest.raises(TypeError, match="two values have the name 'weights'"):
        encode(np.ones(2), arrays, "weights")
