"""CUDA graphs of training steps: a replay gives the same weights as the steps themselves.

Without a GPU, the tests record the operations of a step and replay exactly those, see
``graph_stand_in.py``.
"""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist._estimators.presets import PRESETS
from skmnist._training import cuda_graphs
from skmnist._training.net import Net
from skmnist.exceptions import DeviceError
from tests.helpers import color_digits, digits, same_network, small_digits, tiny, with_dropout
from tests.training import graph_stand_in


def assert_replay_gives_the_same_bits(make, fit, replays, monkeypatch):
    """Fit with and without graphs, and return the number of replays."""
    clf = fit(make())
    n_replays = len(replays)
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    eager = fit(make())
    assert len(replays) == n_replays
    assert same_network(eager, clf)
    assert eager.loss_curve_ == clf.loss_curve_
    assert eager.net_.history[:, "lr"] == clf.net_.history[:, "lr"]
    # So does the training that continues from here.
    monkeypatch.delenv("SKMNIST_CUDA_GRAPHS")
    X, y = small_digits()
    same_kind = clf.n_features_in_ == X.shape[1] and clf.pixel_scale_ == 255
    if same_kind and not clf.early_stopping:
        assert same_network(eager.partial_fit(X, y), clf.partial_fit(X, y))
    return n_replays


ANY_NETWORK = [
    {},
    {"loss": "mse"},
    {"activation": "gelu"},
    {"class_weight": "balanced"},
    {"lr_schedule": "cosine"},
    {"lr_schedule": "onecycle"},
    {"lr_schedule": "plateau"},
    {"average": False},
    {"shuffle": False},
    {"early_stopping": True, "validation_fraction": 0.2},
]
OPTIMIZER = [
    {"optimizer": "adamw", "weight_decay": 0.1, "lr_schedule": "onecycle"},
    {"optimizer": "sgd", "momentum": 0.9, "lr_schedule": "onecycle"},
    {"optimizer": "sgd", "lr": 0.1},
    {"dropout": 0.3},
    {"batch_norm": True},
    {"dropout": 0.3, "batch_norm": True, "lr_schedule": "onecycle"},
    {"label_smoothing": 0.1},
    {"augment": "light"},
    {"augment": "photo"},
    {"augment": "flip", "dropout": 0.3},
    {"precision": "float64"},
    {"precision": "bfloat16"},
    {"precision": "float16"},
    {"precision": "float16", "optimizer": "sgd", "momentum": 0.9, "lr": 0.1},
]
CNN = [{"pooling": "average"}, {"global_pool": "max"}, {"channels": (4, 6), "padding": 0}]
CASES = [
    *((cls, params) for cls in (MLPClassifier, CNNClassifier) for params in ANY_NETWORK),
    *((cls, params) for cls in (MLPClassifier, CNNClassifier) for params in OPTIMIZER),
    *((CNNClassifier, params) for params in CNN),
    (BackpropClassifier, {}),
    (BackpropClassifier, {"lr_schedule": "cosine"}),
]


@pytest.mark.parametrize("cls, params", CASES)
def test_replayed_training_gives_the_same_bits(cls, params, replays, monkeypatch):
    X, y = small_digits()  # 100 samples: three batches of 32, and one of 4
    n_replays = assert_replay_gives_the_same_bits(
        lambda: tiny(cls, max_epochs=3, **params),
        lambda clf: clf.fit(X, y),
        replays,
        monkeypatch,
    )
    # Only the first batch of the fit, and the smaller one at the end of an epoch, are not replayed.
    n_batches = 2 if "early_stopping" in params else 3
    is_captured_once = cls is not BackpropClassifier or not params
    assert n_replays == 3 * n_batches - (1 if is_captured_once else 3)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_replayed_with_the_same_bits(name, replays, monkeypatch):
    X, y = digits(step=25)
    small = {"channels": tuple(n // 4 + 1 for n in PRESETS[name]["channels"]), "batch_size": 16}
    n_replays = assert_replay_gives_the_same_bits(
        lambda: CNNClassifier.from_preset(name, random_state=0, max_epochs=2, **small),
        lambda clf: clf.fit(X, y),
        replays,
        monkeypatch,
    )
    assert n_replays == 2 * (len(X) // 16) - 1
    assert replays.n_captured == 1


@pytest.mark.parametrize(
    "fit",
    [
        lambda clf, X, y: clf.fit(X, y, sample_weight=np.linspace(0.5, 2, len(X))),
        lambda clf, X, y: clf.fit(X, y, X_val=X[:20], y_val=y[:20]),
        lambda clf, X, y: clf.fit(X[:97], y[:97]),  # the last batch has one more sample
        lambda clf, X, y: clf.fit(X[:96], y[:96]),
        lambda clf, X, y: clf.fit(X / 255, y),
        lambda clf, X, y: clf.partial_fit(X, y).partial_fit(X[:70], y[:70]),
        lambda clf, X, y: clf.set_params(warm_start=True).fit(X, y).fit(X, y),
        lambda clf, X, y: clf.fit(*color_digits(size=14 + 14)),
    ],
    ids=["sample_weight", "X_val", "97", "96", "float64", "partial_fit", "warm_start", "color"],
)
@pytest.mark.parametrize("params", [{"dropout": 0.3, "batch_norm": True}, {"precision": "float16"}])
def test_replayed_training_gives_the_same_bits_for_other_data(fit, params, replays, monkeypatch):
    X, y = small_digits()
    n_replays = assert_replay_gives_the_same_bits(
        lambda: tiny(CNNClassifier, **params),
        lambda clf: fit(clf, X, y),
        replays,
        monkeypatch,
    )
    assert n_replays > 0


def test_fewer_samples_than_a_batch_are_trained_on_without_a_graph(replays, monkeypatch):
    X, y = small_digits()
    n_replays = assert_replay_gives_the_same_bits(
        lambda: tiny(CNNClassifier, dropout=0.3),
        lambda clf: clf.fit(X[::4], y[::4]),
        replays,
        monkeypatch,
    )
    assert n_replays == 0


def test_step_is_captured_once_the_gradients_no_longer_overflow(replays, monkeypatch):
    monkeypatch.setattr("skmnist._training.loss_scale._INITIAL_SCALE", 2.0**38)
    X, y = small_digits()
    clf = tiny(CNNClassifier, precision="float16", max_epochs=12).fit(X, y)
    assert replays.n_captured == 1
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    assert same_network(tiny(CNNClassifier, precision="float16", max_epochs=12).fit(X, y), clf)


def test_resumed_fit_replays_with_the_same_bits(replays, monkeypatch, tmp_path):
    X, y = small_digits()
    params = {"dropout": 0.3, "precision": "float16"}
    whole = tiny(CNNClassifier, max_epochs=3, **params).fit(X, y)
    begun = tiny(CNNClassifier, max_epochs=1, checkpoint_dir=tmp_path, **params).fit(X, y)
    assert not same_network(begun, whole)
    resumed = tiny(CNNClassifier, max_epochs=3, checkpoint_dir=tmp_path, **params)
    assert same_network(resumed.fit(X, y, resume=True), whole)


def test_data_of_several_chunks_are_replayed_with_the_same_bits(replays, monkeypatch):
    monkeypatch.setattr("skmnist._training.image_dataset._CHUNK_SIZE", 70)
    X, y = small_digits()
    n_replays = assert_replay_gives_the_same_bits(
        lambda: tiny(CNNClassifier, lr_schedule="onecycle", dropout=0.3),
        lambda clf: clf.fit(X, y),
        replays,
        monkeypatch,
    )
    assert n_replays == 2 * 3 - 1


def freeze(net):
    net.module_.classifier[-1].bias.requires_grad_(False)


def change_dropout(net):
    net.module_.features[-1].p = 0.1


def move_weights(net):
    for p in net.module_.parameters():
        p.data = p.data.clone()


def move_optimizer_state(net):
    for entries in net.optimizer_.state.values():
        entries.update({name: value.clone() for name, value in entries.items()})


def set_betas(net):
    net.optimizer_.param_groups[0]["betas"] = (0.5, 0.9)


def set_lr(net):
    net.optimizer_.param_groups[0]["lr"] = 0.1


def scale_weights(net):
    with torch.no_grad():
        net.module_.classifier[-1].weight.mul_(0.5)


def nothing(net):
    pass


@pytest.mark.parametrize(
    "change, n_captured",
    [
        (freeze, 1),  # a step with frozen weights isn't captured
        (change_dropout, 2),
        (move_weights, 2),
        (move_optimizer_state, 2),
        (set_betas, 2),
        (set_lr, 1),
        (scale_weights, 1),
        (nothing, 1),
    ],
)
def test_graph_is_captured_again_if_a_callback_changed_the_network(
    change, n_captured, replays, monkeypatch
):
    class Change(Callback):
        def on_epoch_end(self, net, **kwargs):
            if len(net.history) == 2:
                change(net)

    X, y = small_digits()
    params = {"max_epochs": 4, "dropout": 0.3, "average": False, "callbacks": [Change()]}
    clf = tiny(CNNClassifier, **params).fit(X, y)
    assert replays.n_captured == n_captured
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    eager = tiny(CNNClassifier, **params).fit(X, y)
    assert same_network(eager, clf)
    assert eager.loss_curve_ == clf.loss_curve_


def test_learning_rate_that_a_callback_sets_is_not_that_of_the_graph(replays, monkeypatch):
    class SetLr(Callback):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                set_lr(net)

    X, y = small_digits()
    # Plain gradient descent reads its learning rate from the CPU.
    params = {"max_epochs": 3, "lr": 0.5, "callbacks": [SetLr()]}
    clf = tiny(BackpropClassifier, **params).fit(X, y)
    assert len(replays) > 0
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    assert same_network(tiny(BackpropClassifier, **params).fit(X, y), clf)


@pytest.mark.parametrize(
    "cls, params",
    [
        (CNNClassifier, {}),
        (CNNClassifier, {"precision": "float16"}),
        (CNNClassifier, {"batch_norm": True, "dropout": 0.3}),
        (MLPClassifier, {"batch_norm": True}),
    ],
)
def test_batch_before_the_capture_leaves_nothing_of_autograd(cls, params, replays, monkeypatch):
    """A node of another stream that is still there makes a capture fail."""

    def accumulators(module):
        # A node that is still there has what was noted in it.
        views = [p.view_as(p) for p in module.parameters()]
        return [view.grad_fn.next_functions[0][0].metadata for view in views]

    def mark(module, inputs, outputs):
        if torch.is_grad_enabled():
            for metadata in accumulators(module):
                metadata["forward"] = True
            assert all(accumulators(module))

    def note_and_capture(function, *args):
        left.append(accumulators(function.__self__.net.module_))
        return capture(function, *args)

    capture, left = cuda_graphs.capture, []
    monkeypatch.setattr(cuda_graphs, "capture", note_and_capture)
    make_step = Net.make_step

    def make_marked_step(net, *args):
        net.module_.register_forward_hook(mark)
        return make_step(net, *args)

    monkeypatch.setattr(Net, "make_step", make_marked_step)
    tiny(cls, **params).fit(*small_digits())
    (metadata,) = left
    assert metadata
    assert not any(metadata)


class BatchCallback(Callback):
    def on_batch_end(self, net, **kwargs):
        pass


@pytest.mark.parametrize(
    "cls, params",
    [
        (MLPClassifier, {"optimizer": "rmsprop"}),
        (CNNClassifier, {"optimizer": "nadam"}),
        (CNNClassifier, {"optimizer": "adagrad"}),
        (CNNClassifier, {"optimizer": "adam", "optimizer_params": {"amsgrad": True}}),
        (CNNClassifier, {"callbacks": [BatchCallback()]}),
        (CNNClassifier, {"augment": torch.tanh}),
        (BackpropClassifier, {"lr_schedule": "onecycle"}),
        (TorchClassifier, {"module": with_dropout}),
    ],
)
def test_steps_that_change_from_batch_to_batch_are_not_captured(cls, params, replays, monkeypatch):
    X, y = small_digits()
    fit = tiny(cls, **params).fit(X, y)
    assert not replays
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    assert same_network(tiny(cls, **params).fit(X, y), fit)


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier, BackpropClassifier])
def test_step_that_cannot_be_captured_runs_eagerly_with_a_warning(cls, replays, monkeypatch):
    def fail(function, device, generators):
        for generator in generators:
            generator.manual_seed(1)  # it can't be used after a capture that failed
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    X, y = small_digits()
    params = {} if cls is BackpropClassifier else {"dropout": 0.3, "augment": "light"}
    clf = tiny(cls, **params).fit(X, y)
    monkeypatch.setattr(cuda_graphs, "capture", fail)
    with pytest.warns(
        RuntimeWarning, match="not permitted.*without CUDA graphs.*SKMNIST_CUDA_GRAPHS=0"
    ):
        again = tiny(cls, **params).fit(X, y)
    assert same_network(again, clf)


@pytest.mark.parametrize(
    "error, expected, message",
    [
        (torch.OutOfMemoryError("CUDA out of memory."), MemoryError, "batch_size"),
        (RuntimeError("CUDA error: unspecified launch failure"), DeviceError, "new process"),
    ],
)
def test_error_of_the_gpu_in_the_capture_is_reported(
    error, expected, message, replays, monkeypatch
):
    def fail(function, device, generators):
        raise error

    monkeypatch.setattr(cuda_graphs, "capture", fail)
    with pytest.raises(expected, match=message):
        tiny(CNNClassifier).fit(*small_digits())


@pytest.mark.parametrize(
    "function, reason",
    [
        (lambda: float(torch.ones(1)), "_local_scalar_dense is not permitted"),
        (lambda: torch.tensor([1.0, 2.0]), "lift_fresh is not permitted"),
        (lambda: torch.rand(3), "no registered generator"),
        (lambda: torch.rand(3, generator=torch.Generator()), "no registered generator"),
    ],
)
def test_stand_in_cannot_capture_what_a_gpu_cannot(function, reason):
    with pytest.raises((RuntimeError, AssertionError), match=reason):
        graph_stand_in.capture(function, torch.device("cpu"), [torch.Generator().manual_seed(1)])


def test_stand_in_repeats_the_numbers_of_the_capture():
    total, addend = torch.zeros(3), 1.0

    def add():
        total.add_(addend)

    replay = graph_stand_in.capture(add, torch.device("cpu"), [])
    assert total.tolist() == [0, 0, 0]
    replay()
    addend = 5.0
    replay()
    assert total.tolist() == [2, 2, 2]
