"""The loss scale of float16: which steps are skipped, and that its state is kept."""

import pickle

import pytest
import torch

from skmnist import CNNClassifier, MLPClassifier, load
from skmnist._training.loss_scale import LossScale
from skmnist.exceptions import InvalidParameterError
from tests.helpers import assert_rejected_at_fit, digits, same_network, small_digits, tiny

X, Y = small_digits()

OPTIMIZERS = [
    {"optimizer": "adam", "lr": 0.01},
    {"optimizer": "adam", "lr": 0.01, "optimizer_params": {"amsgrad": True}},
    {"optimizer": "sgd", "momentum": 0.9, "lr": 0.05},
    {"optimizer": "sgd", "momentum": 0.0, "lr": 0.2},
    {"optimizer": "rmsprop", "lr": 0.005},
]


def state(clf):
    scale = clf.net_.loss_scale_
    return scale.scale.item(), scale.growth_tracker.item()


def test_scale_follows_torch():
    param = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([param], lr=0.1)
    scaler = torch.amp.GradScaler("cpu", growth_interval=2000)
    own = LossScale(torch.device("cpu"))
    for value in [1.0, torch.inf, 2.0, torch.nan, 1e-3]:
        param.grad = torch.full((3,), value) * own.scale
        scaler.scale(torch.ones(()))
        scaler.unscale_(optimizer)
        expected = param.grad.clone()
        param.grad = torch.full((3,), value) * own.scale
        own.unscale([param])
        if value == value and value != torch.inf:
            assert torch.equal(param.grad, expected)
        scaler.step(optimizer)
        scaler.update()
        own.update()
        assert own.scale == scaler.get_scale()
        assert own.growth_tracker == scaler._get_growth_tracker()


@pytest.mark.parametrize("params", OPTIMIZERS)
@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_float16_learns_as_float32_does(cls, params):
    X, y = digits(step=10)
    clf = tiny(cls, precision="float16", max_epochs=4, **params).fit(X, y)
    exact = tiny(cls, precision="float32", max_epochs=4, **params).fit(X, y)
    # The first gradients overflow, with the initial scale.
    assert clf.loss_curve_[-1] == pytest.approx(exact.loss_curve_[-1], rel=0.2)
    assert state(clf)[1] > 0


@pytest.mark.parametrize("params", OPTIMIZERS)
def test_steps_whose_gradients_overflow_are_skipped(params, monkeypatch):
    monkeypatch.setattr("skmnist._training.loss_scale._INITIAL_SCALE", 2.0**40)
    params = {"precision": "float16", "average": False, **params}
    start = tiny(MLPClassifier, max_epochs=1, **params).fit(X, Y)  # four steps
    assert state(start) == (2.0**36, 0)
    # No step was taken: neither the weights nor the counts of the optimizer have changed.
    monkeypatch.setattr("skmnist._training.loss_scale._INITIAL_SCALE", 2.0**16)
    fresh = tiny(MLPClassifier, max_epochs=1, **params)
    fresh.fit(X, Y)
    assert not same_network(start, fresh)
    assert not start.net_.optimizer_.state_dict()["state"]
    for _ in range(8):
        start.partial_fit(X, Y)
    assert start.loss_curve_[-1] < start.loss_curve_[0]


@pytest.mark.parametrize("params", OPTIMIZERS)
def test_skipped_step_after_others_changes_nothing(params):
    clf = tiny(MLPClassifier, precision="float16", average=False, **params).fit(X, Y)
    clf.net_.loss_scale_.scale.fill_(2.0**60)
    weights = [p.detach().clone() for p in clf.module_.parameters()]
    before = [
        {name: value.clone() for name, value in entries.items()}
        for entries in clf.net_.optimizer_.state.values()
    ]
    clf.partial_fit(X, Y)
    assert state(clf) == (2.0**56, 0)
    assert all(map(torch.equal, weights, clf.module_.parameters()))
    for old, entries in zip(before, clf.net_.optimizer_.state.values(), strict=True):
        assert all(torch.equal(old[name], value) for name, value in entries.items())


@pytest.mark.parametrize("copy", ["save", "pickle", "checkpoint"])
def test_training_continues_with_the_saved_scale(copy, tmp_path, monkeypatch):
    monkeypatch.setattr("skmnist._training.loss_scale._GROWTH_INTERVAL", 3)
    fresh = (2.0**16, 0)
    params = {"precision": "float16", "max_epochs": 2}
    clf = tiny(MLPClassifier, checkpoint_dir=tmp_path / "checkpoints", **params).fit(X, Y)
    assert state(clf) != fresh
    if copy == "save":
        clf.save(tmp_path / "model.safetensors")
        other = load(tmp_path / "model.safetensors")
    elif copy == "pickle":
        other = pickle.loads(pickle.dumps(clf))
    else:
        other = tiny(MLPClassifier, checkpoint_dir=tmp_path / "checkpoints", **params)
        other.fit(X, Y, resume=True)
    assert state(other) == state(clf)
    assert same_network(other.partial_fit(X, Y), clf.partial_fit(X, Y))
    assert state(other) == state(clf)


def test_interrupted_epoch_restores_the_scale(monkeypatch):
    clf = tiny(MLPClassifier, precision="float16", warm_start=True).fit(X, Y)
    before = state(clf)

    def interrupt(*args):
        clf.net_.loss_scale_.scale.fill_(1.0)
        raise KeyboardInterrupt

    monkeypatch.setattr("skmnist._training.net.Net._train_batches", interrupt)
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    assert state(clf) == before


@pytest.mark.parametrize("value", [torch.tensor(-1.0), torch.tensor(torch.nan), torch.ones(2)])
def test_invalid_scale_of_a_file_is_rejected(value):
    scale = LossScale(torch.device("cpu"))
    with pytest.raises(ValueError, match="loss scale"):
        scale.set_state({**scale.get_state(), "scale": value})


def test_float16_rejects_optimizers_that_compute_the_loss_several_times():
    clf = tiny(MLPClassifier, precision="float16", optimizer=torch.optim.LBFGS)
    assert_rejected_at_fit(["'precision'", "'float16' with LBFGS", "'bfloat16'"], clf, X, Y)
    with pytest.raises(InvalidParameterError):
        clf.fit(X, Y)
