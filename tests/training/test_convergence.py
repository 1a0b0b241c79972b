"""Trainings that diverge or do not converge."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from skmnist import MLPClassifier
from skmnist._networks.losses import LOSSES
from skmnist._training.convergence import BASELINE_LOSS
from skmnist._training.net import Net
from tests.helpers import (
    CLASSIFIERS,
    assert_finite_or_rejected,
    assert_rejected,
    digits,
    every_classifier,
    has,
    tiny,
)

X, Y = digits(step=50)


# -- trainings that don't converge -----------------------------------------------------------

NOT_CONVERGING = {
    "lr": {"lr": 1e3, "loss": "cross_entropy"},
    "saturated": {"lr": 1e3, "loss": "mse"},
    "weight_decay": {"optimizer": "sgd", "lr": 0.1, "weight_decay": 8.0},
}


@pytest.mark.parametrize(
    "cls, params",
    [
        pytest.param(cls, params, id=f"{cls.__name__}-{name}")
        for cls in CLASSIFIERS
        for name, params in NOT_CONVERGING.items()
        if all(has(cls, parameter) for parameter in params)
    ],
)
def test_network_at_chance_level_gives_one_warning(cls, params):
    X, Y = digits(step=10)
    with pytest.warns(
        ConvergenceWarning, match="did not learn.*no better than the baseline.*lr="
    ) as caught:
        tiny(cls, max_epochs=3, **params).fit(X, Y)
    assert len(caught) == 1


def test_a_tiny_learning_rate_is_not_called_too_large(monkeypatch):
    monkeypatch.setattr(
        "skmnist._training.convergence._evaluate", lambda *args: (2.3, 0.1, 0.1, 0.01)
    )
    clf = tiny(MLPClassifier, max_epochs=3, lr=1e-6, optimizer="sgd")
    with pytest.warns(ConvergenceWarning, match=r"lr=1e-06\) may be too small or too large"):
        clf.fit(*digits(step=10))


def test_loss_above_its_start_gives_a_warning(monkeypatch):
    monkeypatch.setattr(
        "skmnist._training.convergence._evaluate", lambda *args: (9.0, 0.5, 0.1, 0.01)
    )
    clf = tiny(MLPClassifier, max_epochs=5, lr=0.3, optimizer="sgd")
    losses = iter([3.0, 4.0, 5.0, 6.0, 7.0])
    record = Net._record_best

    def record_larger_loss(net, name, value, **kwargs):
        record(net, name, next(losses), **kwargs)

    monkeypatch.setattr(Net, "_record_best", record_larger_loss)
    with pytest.warns(
        ConvergenceWarning, match="worse during training: its loss rose from 3 to 7.*too large"
    ):
        clf.fit(*digits(step=20))


@every_classifier
def test_converging_short_and_partial_fits_give_no_warning(cls):
    # Warnings are errors here.
    X, Y = digits(step=10)
    tiny(cls, max_epochs=4).fit(X, Y)
    tiny(cls, max_epochs=1, batch_size=64, lr=1e-6).fit(X, Y)
    clf = tiny(cls, lr=1e3)
    for _ in range(3):
        clf.partial_fit(X, Y)


def test_rare_classes_give_no_warning():
    X, Y = digits(step=10)
    subset = (Y != 3) | (np.arange(len(Y)) % 9 == 0)
    tiny(MLPClassifier, max_epochs=4).fit(X[subset], Y[subset] == 3)


def test_every_loss_has_a_baseline():
    assert BASELINE_LOSS.keys() == LOSSES.keys()
    frequencies = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64)
    targets = torch.eye(4, dtype=torch.float64)
    for name, baseline in BASELINE_LOSS.items():
        outputs = (
            frequencies.clamp(min=1e-300).log() if name == "cross_entropy" else frequencies
        ).expand(4, 4)
        assert float(baseline(frequencies)) == pytest.approx(
            float(LOSSES[name](outputs, targets) @ frequencies)
        )


# -- training that diverges ------------------------------------------------------------------


def diverging():
    for cls in CLASSIFIERS:
        names = ["sgd", "adam", "adamw", "rmsprop", "nadam"] if has(cls, "optimizer") else [None]
        for name in names:
            for early_stopping in (False, True):
                params = {"early_stopping": early_stopping, "loss": "cross_entropy"}
                params |= {"optimizer": name} if name else {}
                yield pytest.param(cls, params, id=f"{cls.__name__}-{name}-{early_stopping}")


@pytest.mark.parametrize("cls, params", list(diverging()))
def test_error_for_a_nan_loss_names_the_epoch_and_the_learning_rate(cls, params):
    X, y = digits()
    clf = tiny(cls, lr=1e30, **params)
    assert_rejected(["loss", "epoch 1", "lr=1e+30"], clf.fit, X, y)
    # It never predicts NaN.
    assert_rejected([], clf.predict_proba, X)


@every_classifier
def test_error_for_a_nan_loss_names_a_later_epoch(cls):
    X, y = digits()
    clf = tiny(cls, warm_start=True, loss="cross_entropy").fit(X, y)
    clf.set_params(lr=1e30)
    assert_rejected(["epoch 3", "lr=1e+30"], clf.fit, X, y)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@every_classifier
def test_divergence_in_the_last_step_never_predicts_nan(cls):
    # The loss is computed before the step, so no loss shows the effect of the last one.
    X, y = digits()
    params = {"optimizer": "sgd"} if has(cls, "optimizer") else {}
    clf = tiny(cls, lr=3e38, max_epochs=1, batch_size=250, loss="cross_entropy", **params)
    try:
        clf.fit(X, y)
    except ValueError as error:
        assert "epoch 1, with lr=3e+38" in str(error)
    else:
        assert_finite_or_rejected(clf, X)
