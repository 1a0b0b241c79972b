"""Optimizers, and our quick steps of them."""

import contextlib

import pytest
import torch
from torch import nn

from skmnist import CNNClassifier
from skmnist._training.fast_step import column_major, fast_step
from skmnist._training.optimizers import OPTIMIZERS, optimizer_settings
from tests.helpers import (
    classifiers_with,
    digits,
    every_classifier,
    regularized,
    same_network,
    tiny,
)

_OF_ADAM = [{}, {"weight_decay": 0.1}, {"betas": (0.5, 0.6), "eps": 0.1}, {"amsgrad": True}]


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "optimizer, settings",
    [
        *((optimizer, {"weight_decay": 0.1}) for optimizer in OPTIMIZERS.values()),
        *((torch.optim.Adam, settings) for settings in _OF_ADAM),
        *((torch.optim.AdamW, settings) for settings in _OF_ADAM),
        (torch.optim.SGD, {}),
        (torch.optim.SGD, {"momentum": 0.9}),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ],
)
def test_quick_step_equals_the_optimizers_step(optimizer, settings, dtype, turned):
    generator = torch.Generator().manual_seed(0)
    shapes = [(30, 20), (20,)]
    start = [torch.randn(*shape, generator=generator, dtype=dtype) for shape in shapes]
    gradients = [[torch.randn(*s, generator=generator, dtype=dtype) for s in shapes]
                 for _ in range(6)]  # fmt: skip

    def train(choose):
        params = [nn.Parameter(tensor.clone()) for tensor in start]
        _, fused = optimizer_settings(optimizer, torch.device("cpu"))
        made = optimizer(params, lr=0.1, **settings, **fused)
        for i, row in enumerate(gradients):
            for param, gradient in zip(params, row, strict=True):
                param.grad = gradient.clone()
            made.param_groups[0]["lr"] = 0.1 / (i + 1)  # as a schedule does
            with column_major(params[0], made) if turned else contextlib.nullcontext():
                choose(made, i)()
        return params, made.state_dict()["state"]

    def quickly(made, i):
        # The first step makes the state; later on both ways may be mixed.
        return made.step if i in (0, 3) else fast_step(made)

    params, state = train(lambda made, i: made.step)
    quick_params, quick_state = train(quickly)
    assert all(map(torch.equal, params, quick_params))
    for number, entries in state.items():
        for name, value in entries.items():
            other = quick_state[number][name]
            assert torch.equal(value, other) if torch.is_tensor(value) else value == other


@every_classifier
def test_training_with_quick_steps_gives_the_same_bits(cls, monkeypatch):
    clf = regularized(cls).fit(*digits())
    monkeypatch.setattr("skmnist._training.steps.fast_step", lambda optimizer: optimizer.step)
    assert same_network(regularized(cls).fit(*digits()), clf)


class WantsClosure(torch.optim.SGD):
    """An optimizer that evaluates the loss by itself, whatever its signature says."""

    def step(self, closure=None):
        assert closure is not None
        return super().step(closure)


def test_custom_optimizer_gets_the_closure():
    clf = tiny(CNNClassifier, optimizer=WantsClosure, lr=0.1).fit(*digits())
    assert same_network(clf, tiny(CNNClassifier, optimizer="sgd", lr=0.1).fit(*digits()))


@classifiers_with("optimizer")
def test_lbfgs_trains(cls):
    X, y = digits()
    clf = tiny(cls, optimizer=torch.optim.LBFGS, lr=0.1, batch_size=250, max_epochs=4).fit(X, y)
    assert clf.loss_curve_[-1] < clf.loss_curve_[0] / 2
