"""Learning-rate schedules."""

import numpy as np
import pytest
import torch

from skmnist import MLPClassifier
from skmnist._training.schedules import SCHEDULES
from tests.helpers import EachBatch, digits, every_classifier, same_network, tiny


def lr_by_epoch(schedule, n_epochs, **params):
    X, y = digits(50)
    clf = tiny(MLPClassifier, lr_schedule=schedule, lr=0.1, max_epochs=n_epochs, **params)
    return clf.fit(X, y).history_["lr"].tolist()


def torch_lrs(make, n):
    """Return the rates of a torch scheduler during `n` steps."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    scheduler = make(optimizer)
    rates = []
    for _ in range(n):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


TORCH_SCHEDULERS = {
    "cosine": lambda optimizer: torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=9),
    "step": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, step_size=3),
    "exponential": lambda optimizer: torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9),
}


@pytest.mark.parametrize("schedule", TORCH_SCHEDULERS)
def test_schedule_by_epoch_equals_torchs(schedule):
    expected = torch_lrs(TORCH_SCHEDULERS[schedule], 9)
    assert lr_by_epoch(schedule, 9) == pytest.approx(expected, rel=1e-9)


def test_one_cycle_equals_torchs_batch_by_batch():
    X, y = digits(50)
    rates = []
    record = EachBatch(lambda net, batch: rates.append(net.optimizer_.param_groups[0]["lr"]))
    params = {"lr_schedule": "onecycle", "lr": 0.1, "max_epochs": 5}
    tiny(MLPClassifier, callbacks=[record], **params).fit(X, y)
    assert len(rates) == 5 * 4
    expected = torch_lrs(
        lambda optimizer: torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=0.1, total_steps=20, cycle_momentum=False
        ),
        20,
    )
    assert rates == pytest.approx(expected, rel=1e-6)
    # They are used for training: a constant rate gives other weights.
    assert not same_network(
        tiny(MLPClassifier, **params).fit(X, y),
        tiny(MLPClassifier, **{**params, "lr_schedule": None}).fit(X, y),
    )


@pytest.mark.parametrize(
    "losses",
    [
        [1.0] * 12,
        [1.0, 0.9, 0.8, 0.8, 0.8, 0.8, 0.8, 0.7, 0.7, 0.7, 0.7],
        [1.0, 0.9995, 0.999, 0.9985, 0.998, 0.99],  # falls of less than a thousandth
        [1.0, 1.1, 1.2, 0.5, 0.6, 0.7, 0.8],
    ],
)
def test_plateau_equals_torchs(losses):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, threshold=1e-3)
    for n, loss in enumerate(losses, 1):
        scheduler.step(loss)
        expected = optimizer.param_groups[0]["lr"]
        assert SCHEDULES["plateau"](0.5, n, losses[:n]) == pytest.approx(expected)


@every_classifier
def test_plateau_lowers_the_rate_when_the_loss_stalls(cls):
    X, y = digits(50)
    shuffled = np.random.default_rng(0).permutation(y)  # the validation loss can't fall
    clf = tiny(cls, lr_schedule="plateau", max_epochs=40, lr=0.02, loss="cross_entropy")
    clf.fit(X, y, X_val=X, y_val=shuffled)
    rates = clf.history_["lr"]
    assert rates.is_monotonic_decreasing
    assert rates.iloc[-1] < rates.iloc[0] == 0.02


@every_classifier
def test_schedule_restarts_with_each_fit_under_warm_start(cls):
    X, y = digits(50)
    clf = tiny(cls, lr_schedule="cosine", warm_start=True, max_epochs=3).fit(X, y).fit(X, y)
    rates = clf.history_["lr"].tolist()
    assert rates[:3] == rates[3:]
