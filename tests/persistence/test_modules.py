"""Saving and loading classifiers with custom modules."""

import pytest
import torch
from torch import nn

import skmnist
from skmnist.exceptions import ModelFileError
from tests.helpers import small_digits, tiny
from tests.persistence.helpers import (
    Perceptron,
    assert_identical,
    assert_trains_identically,
    make_perceptron,
    save_and_load,
)

X, Y = small_digits()


MODULES = {"class": Perceptron, "function": make_perceptron, "instance": Perceptron(196, 10)}


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_custom_module_is_passed_to_load(module, tmp_path):
    params = None if isinstance(module, nn.Module) else {"width": 5}
    clf = tiny(skmnist.TorchClassifier, module=module, module_params=params).fit(X, Y)
    loaded = save_and_load(clf, tmp_path, module=module)
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded)


class Masked(Perceptron):
    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.register_buffer("mask", torch.full((n_classes,), -torch.inf))
        self.unused = nn.Linear(2, 2)


def test_module_with_infinite_buffers_and_unused_layers_is_restored(tmp_path):
    clf = tiny(skmnist.TorchClassifier, module=Masked).fit(X, Y)
    loaded = save_and_load(clf, tmp_path, module=Masked)
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded)


def test_missing_unnecessary_or_different_module_is_rejected(tmp_path):
    clf = tiny(skmnist.TorchClassifier, module=Perceptron).fit(X, Y)
    with pytest.raises(ModelFileError, match=r"'Perceptron'.*load\(path, module=\.\.\.\)"):
        save_and_load(clf, tmp_path)
    with pytest.raises(ModelFileError, match="hidden"):
        save_and_load(clf, tmp_path, module=nn.Linear(196, 10))
    with pytest.raises(ModelFileError, match="has no custom module. Do not pass module"):
        save_and_load(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path, module=Perceptron)
