"""The fast optimizer step."""

import contextlib

import pytest
import torch
from torch import nn

from skmnist._training.fast_step import column_major, fast_step
from skmnist._training.optimizers import OPTIMIZERS, optimizer_settings
from tests.helpers import (
    digits,
    every_classifier,
    regularized,
    same_network,
)

_ADAM_SETTINGS = [{}, {"weight_decay": 0.1}, {"betas": (0.5, 0.6), "eps": 0.1}, {"amsgrad": True}]


@pytest.mark.parametrize("is_column_major", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "optimizer, settings",
    [
        *((optimizer, {"weight_decay": 0.1}) for optimizer in OPTIMIZERS.values()),
        *((torch.optim.Adam, settings) for settings in _ADAM_SETTINGS),
        *((torch.optim.AdamW, settings) for settings in _ADAM_SETTINGS),
        (torch.optim.SGD, {}),
        (torch.optim.SGD, {"momentum": 0.9}),
        (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ],
)
def test_fast_step_equals_the_optimizers_step(optimizer, settings, dtype, is_column_major):
    generator = torch.Generator().manual_seed(0)
    shapes = [(30, 20), (20,)]
    start = [torch.randn(*shape, generator=generator, dtype=dtype) for shape in shapes]
    gradients = [[torch.randn(*s, generator=generator, dtype=dtype) for s in shapes]
                 for _ in range(6)]  # fmt: skip

    def train(choose_step):
        params = [nn.Parameter(tensor.clone()) for tensor in start]
        _, fused = optimizer_settings(optimizer, torch.device("cpu"))
        instance = optimizer(params, lr=0.1, **settings, **fused)
        for i, grads in enumerate(gradients):
            for param, gradient in zip(params, grads, strict=True):
                param.grad = gradient.clone()
            instance.param_groups[0]["lr"] = 0.1 / (i + 1)  # as a schedule does
            with contextlib.ExitStack() as stack:
                if is_column_major:
                    stack.enter_context(column_major(params[0], instance, None))
                choose_step(instance, i)()
        return params, instance.state_dict()["state"]

    def fast_or_own_step(instance, i):
        # The first step creates the state; after it both kinds of step may be mixed.
        return instance.step if i in (0, 3) else fast_step(instance)

    params, state = train(lambda instance, i: instance.step)
    fast_params, fast_state = train(fast_or_own_step)
    assert all(map(torch.equal, params, fast_params))
    for number, entries in state.items():
        for name, value in entries.items():
            other = fast_state[number][name]
            assert torch.equal(value, other) if torch.is_tensor(value) else value == other


@every_classifier
def test_training_with_fast_steps_gives_the_same_bits(cls, monkeypatch):
    clf = regularized(cls).fit(*digits())
    monkeypatch.setattr(
        "skmnist._training.steps.fast_step", lambda optimizer, inputs: optimizer.step
    )
    assert same_network(regularized(cls).fit(*digits()), clf)
