"""CUDA graphs of training steps: a replay gives the same weights as the steps themselves.

Without a GPU, the tests "capture" a step as a partial function of its static inputs, and "replay"
it by a call.
"""

import numpy as np
import pytest
from skorch.callbacks import Callback

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist._training import cuda_graphs
from tests.helpers import digits, has, same_network, tiny

every_captured = pytest.mark.parametrize("cls", [MLPClassifier, BackpropClassifier])


@pytest.fixture
def replayed_steps(monkeypatch):
    """Let the CPU capture steps; the list holds the sizes of the replayed batches."""
    sizes = []

    def capture(function, device):
        def replay():
            sizes.append(len(function.args[0]))
            return function()

        return replay

    monkeypatch.setattr(cuda_graphs, "_DEVICES", ("cpu",))
    monkeypatch.setattr(cuda_graphs, "capture", capture)
    return sizes


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"loss": "mse"},
        {"activation": "gelu"},
        {"class_weight": "balanced"},
        {"optimizer": "sgd", "momentum": 0.9},
        {"lr_schedule": "cosine"},
        {"early_stopping": True, "validation_fraction": 0.2},
    ],
)
@every_captured
def test_replayed_training_gives_the_same_bits(cls, params, replayed_steps, monkeypatch):
    params = {name: value for name, value in params.items() if has(cls, name)}
    X, y = digits()
    clf = tiny(cls, max_epochs=3, **params).fit(X, y)
    # The first batch of an epoch and a smaller one at its end are not replayed.
    n_batches = int(len(X) * (1 - params.get("validation_fraction", 0))) // clf.batch_size
    assert replayed_steps == 3 * (n_batches - 1) * [clf.batch_size]
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    replayed_steps.clear()
    assert same_network(tiny(cls, max_epochs=3, **params).fit(X, y), clf)
    assert not replayed_steps


class BatchCallback(Callback):
    def on_batch_end(self, net, **kwargs):
        pass


@pytest.mark.parametrize(
    "cls, params",
    [
        (MLPClassifier, {"dropout": 0.5}),
        (MLPClassifier, {"batch_norm": True}),
        (MLPClassifier, {"lr_schedule": "onecycle"}),
        (MLPClassifier, {"optimizer": "rmsprop"}),
        (MLPClassifier, {"callbacks": [BatchCallback()]}),
        (CNNClassifier, {}),
    ],
)
def test_steps_that_change_from_batch_to_batch_are_not_captured(cls, params, replayed_steps):
    tiny(cls, **params).fit(*digits())
    assert not replayed_steps


@every_captured
def test_step_that_cannot_be_captured_runs_eagerly_with_a_warning(cls, replayed_steps, monkeypatch):
    def fail(function, device):
        raise RuntimeError("operation not permitted when stream is capturing")

    X, y = digits()
    clf = tiny(cls).fit(X, y)
    monkeypatch.setattr(cuda_graphs, "capture", fail)
    with pytest.warns(
        RuntimeWarning, match="not permitted.*without CUDA graphs.*SKMNIST_CUDA_GRAPHS=0"
    ):
        again = tiny(cls).fit(X, y)
    assert same_network(again, clf)


@pytest.mark.gpu
@every_captured
def test_gpu_replays_captured_steps(cls, monkeypatch):
    X, y = digits()
    clf = tiny(cls, max_epochs=3, device="cuda").fit(X, y)  # a failure to capture would warn
    monkeypatch.setenv("SKMNIST_CUDA_GRAPHS", "0")
    without_graph = tiny(cls, max_epochs=3, device="cuda").fit(X, y)
    for a, b in zip(clf.coefs_, without_graph.coefs_, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
