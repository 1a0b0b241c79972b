"""Model files with an intact checksum that describe an invalid model."""

import numpy as np
import pytest
import torch
from torch import nn

import skmnist
from skmnist._estimators.state import _MetaDeviceMode, get_state
from skmnist._files.model_file import write_model_file
from skmnist.exceptions import ModelFileError
from tests.helpers import same_network, small_digits, tiny

X, Y = small_digits()


@pytest.fixture(scope="module")
def clf():
    return tiny(skmnist.MLPClassifier, batch_norm=True).fit(X, Y)


@pytest.fixture
def state(clf):
    state = get_state(clf)
    for name in ("params", "architecture", "training_params", "fitted", "weights", "history"):
        state[name] = dict(state[name])
    return state


def load_changed(state, tmp_path, load=skmnist.load):
    write_model_file(tmp_path / "model", state)
    return load(tmp_path / "model")


def set_in(entry, name, value):
    return lambda state: state[entry].update({name: value})


def fill(value):
    def change(state):
        name = next(name for name in state["weights"] if name.endswith("weight"))
        state["weights"][name] = torch.full_like(state["weights"][name], value)

    return change


def negative_variance(state):
    name = next(name for name in state["weights"] if name.endswith("running_var"))
    state["weights"][name] = -state["weights"][name].abs() - 1


CHANGES = {
    "unknown entry": (lambda state: state.update(code="print()"), "expected the entries"),
    "missing entry": (lambda state: state.pop("history"), "expected the entries"),
    "other class": (lambda state: state.update({"class": "Popen"}), "contains a 'Popen'"),
    "no class": (lambda state: state.update({"class": None}), "contains a None"),
    "folder": (set_in("params", "checkpoint_dir", "/tmp"), "checkpoint_dir, which is never saved"),
    "folder 2": (set_in("architecture", "checkpoint_dir", "/tmp"), "which is never saved"),
    "parameter": (set_in("params", "command", "rm"), "command"),
    "training": (set_in("training_params", "callbacks", ["x"]), "its training parameters are"),
    "value": (set_in("params", "lr", -1.0), "'lr' parameter"),
    "many layers": (
        set_in("architecture", "hidden_layer_sizes", (1,) * 10_000),
        "hidden_layer_sizes has 10000 entries, but the file has",
    ),
    "huge layer": (set_in("architecture", "hidden_layer_sizes", (10**9,)), "1000000000"),
    "infinity": (fill(torch.inf), "infinite, NaN or invalid"),
    "NaN": (fill(torch.nan), "infinite, NaN or invalid"),
    "variance": (negative_variance, "infinite, NaN or invalid"),
    "features": (set_in("fitted", "n_features_in_", 0), "n_features_in_ has the invalid value 0"),
    "classes": (set_in("fitted", "classes_", np.arange(10)[::-1].copy()), "classes_ has the inv"),
    "scale": (set_in("fitted", "pixel_scale_", 2.0), "pixel_scale_ has the invalid value"),
    "shape": (set_in("fitted", "_input_image_shape", (3, 5)), "do not have 196 pixels"),
    "method": (set_in("fitted", "predict", 1), "its fitted attributes are"),
    "epochs": (
        set_in("history", "epoch", {"index": None, "values": np.array([1, 3])}),
        "epochs in its history",
    ),
    "learning rate": (lambda state: state["optimizer"]["lr"].__setitem__(0, -1.0), "learning rate"),
    "module": (lambda state: state.update(module="Net"), "custom module"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_invalid_model_is_rejected(name, state, tmp_path):
    change, message = CHANGES[name]
    change(state)
    with pytest.raises(ModelFileError, match=message):
        load_changed(state, tmp_path)


def test_unchanged_state_is_loaded(clf, state, tmp_path):
    assert same_network(load_changed(state, tmp_path), clf)


def test_class_of_the_file_must_be_that_of_the_method(state, tmp_path):
    with pytest.raises(ModelFileError, match="Expected a file with a CNNClassifier, but"):
        load_changed(state, tmp_path, skmnist.CNNClassifier.load)


def test_network_without_memory_has_a_maximum_number_of_layers():
    with _MetaDeviceMode(1000), torch.device("meta"):
        nn.Sequential(*(nn.Linear(2, 2) for _ in range(3)))
    with pytest.raises(ValueError, match="more layers than it has weights for"):
        with _MetaDeviceMode(3), torch.device("meta"):
            nn.Sequential(*(nn.Linear(2, 2) for _ in range(30)))
