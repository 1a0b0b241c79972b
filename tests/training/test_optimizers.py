"""Custom optimizers."""

import pytest
import torch

from skmnist import CNNClassifier
from skmnist._training.optimizers import OPTIMIZERS, optimizer_settings
from tests.helpers import (
    classifiers_with,
    digits,
    same_network,
    tiny,
)

FUSED = ["adam", "adamw", "sgd"]


class WantsClosure(torch.optim.SGD):
    """An optimizer that needs a closure, although its signature does not say so."""

    def step(self, closure=None):
        assert closure is not None
        return super().step(closure)


def test_custom_optimizer_gets_the_closure():
    clf = tiny(CNNClassifier, optimizer=WantsClosure, lr=0.1).fit(*digits())
    assert same_network(clf, tiny(CNNClassifier, optimizer="sgd", lr=0.1).fit(*digits()))


@pytest.mark.parametrize("device, fused", [("cpu", [*FUSED, "adagrad"]), ("cuda", FUSED)])
def test_fused_kernels_are_used_if_each_version_of_torch_has_them(device, fused):
    # Up to torch 2.11, Adagrad(fused=True) raises an error on a GPU.
    settings = {name: optimizer_settings(name, torch.device(device))[1] for name in OPTIMIZERS}
    assert [name for name, found in settings.items() if found.get("fused")] == fused


@classifiers_with("optimizer")
def test_lbfgs_trains(cls):
    X, y = digits()
    clf = tiny(cls, optimizer=torch.optim.LBFGS, lr=0.1, batch_size=250, max_epochs=4).fit(X, y)
    assert clf.loss_curve_[-1] < clf.loss_curve_[0] / 2
