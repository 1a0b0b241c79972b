"""Ctrl-C, too little memory, and trainings that go wrong: what is raised, said and left."""

import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from test_common import CLASSIFIERS, digits, every_classifier, has, same_network, tiny

from skmnist import CNNClassifier, MLPClassifier
from skmnist._networks.losses import LOSSES
from skmnist._training.convergence import LOSS_OF_GUESSING
from skmnist._training.net import Net
from skmnist.exceptions import PixelRangeWarning

CHECKOUT = Path(__file__).parents[1]
X, Y = digits(step=50)


def broken_off(clf, *, epoch, error=KeyboardInterrupt, batch=3, method="fit"):
    """Return the classifier after an error in a batch of an epoch, both counted from 1."""
    train, left = Net._make_step, batch

    def make_step(net, *rest):
        step = train(net, *rest)
        call = type(step).__call__

        class BreakingOff(type(step)):
            def __call__(self, *args):
                nonlocal left
                left -= len(net.history) == epoch
                if left == 0:
                    raise error
                return call(self, *args)

        step.__class__ = BreakingOff
        return step

    with pytest.MonkeyPatch.context() as patches, pytest.raises(BaseException) as caught:
        patches.setattr(Net, "_make_step", make_step)
        getattr(clf, method)(X, Y)
    assert caught.value is error or caught.type is error
    return clf


@pytest.mark.parametrize("stopping", [False, True])
@every_classifier
def test_interrupt_leaves_the_bits_of_the_whole_epochs(cls, stopping):
    params = {"batch_norm": True, "momentum": 0.9, "optimizer": "rmsprop"}
    params = {name: value for name, value in params.items() if has(cls, name)}
    clf = tiny(cls, max_epochs=5, early_stopping=stopping, lr_schedule="exponential", **params)
    clf = broken_off(clf, epoch=4)
    whole = clone(clf).set_params(max_epochs=3).fit(X, Y)
    assert clf.n_iter_ == len(clf.history_) == 3
    assert same_network(clf, whole)
    assert clf.best_epoch_ == whole.best_epoch_
    assert (clf.predict_proba(X) == whole.predict_proba(X)).all()


@every_classifier
def test_training_goes_on_after_an_interrupt_as_if_there_had_been_none(cls):
    clf = broken_off(tiny(cls, max_epochs=4), epoch=3)
    clf.partial_fit(X, Y).partial_fit(X, Y)
    assert same_network(clf, tiny(cls, max_epochs=4).fit(X, Y))
    clf = broken_off(clf, epoch=5, method="partial_fit")
    assert clf.n_iter_ == 4
    assert same_network(clf, tiny(cls, max_epochs=4).fit(X, Y))


@every_classifier
def test_interrupt_in_the_first_epoch_leaves_nothing_fitted(cls):
    clf = broken_off(tiny(cls), epoch=1)
    assert not hasattr(clf, "n_iter_")
    with pytest.raises(NotFittedError):
        clf.predict(X)
    assert same_network(clf.fit(X, Y), tiny(cls).fit(X, Y))


@pytest.mark.parametrize("error", [SystemExit, ValueError("other"), OSError("disk")], ids=repr)
def test_other_errors_leave_whole_epochs_too(error):
    clf = broken_off(tiny(MLPClassifier, max_epochs=4), epoch=3, error=error)
    assert same_network(clf, tiny(MLPClassifier).fit(X, Y))


def test_interrupts_at_random_moments():
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", "--only", "Ctrl-C", "--n", "3"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# -- memory ----------------------------------------------------------------------------------

SHORTAGES = {
    "CPU": RuntimeError(
        "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 2000000000 bytes. Error code 12 (Cannot allocate memory)"
    ),
    "Windows": RuntimeError(
        "DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes"
    ),
    "CUDA": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB."),
    "MPS": RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)."),
    "NumPy": MemoryError("Unable to allocate 9 GiB for an array"),
    "Python": MemoryError(),
}


@pytest.mark.parametrize("error", SHORTAGES.values(), ids=SHORTAGES)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_too_little_memory_names_batch_size(method, error, monkeypatch):
    clf = tiny(MLPClassifier)
    with monkeypatch.context() as patches:
        patches.setattr(Net, "_train_epoch", lambda *args: (_ for _ in ()).throw(error))
        with pytest.raises(MemoryError, match=r"^Out of memory.*batch_size \(now 32\)"):
            getattr(clf, method)(X, Y)
    assert not hasattr(clf, "n_iter_")
    assert same_network(clf.fit(X, Y), tiny(MLPClassifier).fit(X, Y))


def test_too_little_memory_for_predicting_says_what_to_do(monkeypatch):
    clf = tiny(MLPClassifier).fit(X, Y)
    monkeypatch.setattr(Net, "outputs", lambda *args: (_ for _ in ()).throw(SHORTAGES["CUDA"]))
    with pytest.raises(MemoryError, match="fewer rows"):
        clf.predict(X)


def test_other_runtime_errors_stay_what_they_are():
    def augment(x):
        raise RuntimeError("another reason")

    with pytest.raises(RuntimeError, match="another reason"):
        tiny(MLPClassifier, augment=augment).fit(X, Y)


# -- trainings that teach nothing ------------------------------------------------------------

LOST = {
    "lr": {"lr": 1e3, "loss": "cross_entropy"},
    "saturated": {"lr": 1e3, "loss": "mse"},
    "weight_decay": {"optimizer": "sgd", "lr": 0.1, "weight_decay": 8.0},
}


@pytest.mark.parametrize(
    "cls, params",
    [
        pytest.param(cls, params, id=f"{cls.__name__}-{name}")
        for cls in CLASSIFIERS
        for name, params in LOST.items()
        if all(has(cls, parameter) for parameter in params)
    ],
)
def test_a_network_that_learnt_nothing_is_told_once(cls, params):
    X, Y = digits(step=10)
    with pytest.warns(ConvergenceWarning, match="no better than guessing.* lr") as caught:
        tiny(cls, max_epochs=3, **params).fit(X, Y)
    assert len(caught) == 1


def test_a_loss_above_its_start_is_told(monkeypatch):
    monkeypatch.setattr("skmnist._training.convergence._ask", lambda *args: (9.0, 0.5, 0.1, 0.01))
    clf = tiny(MLPClassifier, max_epochs=5, lr=0.3, optimizer="sgd")
    losses = iter([3.0, 4.0, 5.0, 6.0, 7.0])
    record = Net._record_best

    def worse(net, name, value, **kwargs):
        record(net, name, next(losses), **kwargs)

    monkeypatch.setattr(Net, "_record_best", worse)
    with pytest.warns(ConvergenceWarning, match="worse than it began: its loss rose from 3 to 7"):
        clf.fit(*digits(step=20))


@every_classifier
def test_sound_trainings_few_steps_and_partial_fit_are_not_told(cls):
    # Warnings are errors here.
    X, Y = digits(step=10)
    tiny(cls, max_epochs=4).fit(X, Y)
    tiny(cls, max_epochs=1, batch_size=64, lr=1e-6).fit(X, Y)
    clf = tiny(cls, lr=1e3)
    for _ in range(3):
        clf.partial_fit(X, Y)


def test_rare_classes_are_no_reason():
    X, Y = digits(step=10)
    few = (Y != 3) | (np.arange(len(Y)) % 9 == 0)
    tiny(MLPClassifier, max_epochs=4).fit(X[few], Y[few] == 3)


def test_every_loss_has_one_of_guessing():
    assert LOSS_OF_GUESSING.keys() == LOSSES.keys()
    shares = torch.tensor([0.5, 0.25, 0.25, 0.0], dtype=torch.float64)
    targets = torch.eye(4, dtype=torch.float64)
    for name, guessing in LOSS_OF_GUESSING.items():
        outputs = (shares.clamp(min=1e-300).log() if name == "cross_entropy" else shares).expand(
            4, 4
        )
        assert float(guessing(shares)) == pytest.approx(
            float(LOSSES[name].of_outputs(outputs, targets) @ shares)
        )


def test_warnings_come_once_and_not_for_each_batch():
    clf = tiny(CNNClassifier).fit(X / np.float32(255), Y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(2):
            for i in range(0, 90, 3):
                clf.predict(X[i : i + 3])
    assert [warning.category for warning in caught] == [PixelRangeWarning]


@pytest.mark.slow
@pytest.mark.parametrize("bar", ["Ctrl-C", "K3", "D1", "D2", "D3"])
def test_bars_hold(bar):
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.faults", "--only", bar], cwd=CHECKOUT, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
