"""During an epoch, the CPU doesn't wait for the device: no number of waits per mini-batch."""

import collections

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist._estimators import stacked_fit
from skmnist._training.net import Net
from skmnist._training.stacked import step as stacked_step
from tests.helpers import small_digits, tiny
from tests.training.graph_stand_in import WAITING
from tests.training.helpers import fit_stacked


class CountWaits(TorchDispatchMode):
    """Counts the operations that would wait for a GPU, or copy to it from the CPU."""

    def __init__(self):
        super().__init__()
        self.counts = collections.Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        name = function.name().partition(".")[0]
        self.counts[name] += name in WAITING
        return function(*args, **(kwargs or {}))


@pytest.fixture
def waits(monkeypatch, as_on_gpu):
    """Count the waits of the epochs of a fit, of which the last is the last in the list."""
    found = []

    def count(module, name):
        function = getattr(module, name)

        def counted(*args, **kwargs):
            with CountWaits() as mode, monkeypatch.context() as patches:
                for method in ("cpu", "numpy", "tolist"):  # on the CPU, they are no operations
                    patches.setattr(torch.Tensor, method, _count_calls(method, mode.counts))
                result = function(*args, **kwargs)
            found.append(+mode.counts)
            return result

        monkeypatch.setattr(module, name, counted)

    count(Net, "fit_loop")
    count(stacked_fit, "train_stacked_epoch")
    return found


def _count_calls(name, counts):
    method = getattr(torch.Tensor, name)

    def counted(*args, **kwargs):
        counts[name] += 1
        return method(*args, **kwargs)

    return counted


@pytest.mark.parametrize("is_captured", [False, True])
@pytest.mark.parametrize(
    "cls, params",
    [
        (MLPClassifier, {}),
        (MLPClassifier, {"dropout": 0.3, "batch_norm": True}),
        (MLPClassifier, {"loss": "mse", "optimizer": "sgd", "momentum": 0.9}),
        (BackpropClassifier, {}),
        (CNNClassifier, {}),
        (CNNClassifier, {"lr_schedule": "onecycle", "average": False}),
        (CNNClassifier, {"dropout": 0.3, "batch_norm": True, "label_smoothing": 0.1}),
        # Not the others: they count steps on the CPU, in tensors.
        (CNNClassifier, {"optimizer": "rmsprop", "precision": "bfloat16"}),
        (CNNClassifier, {"precision": "float16"}),
        *((CNNClassifier, {"augment": name}) for name in ("light", "photo", "flip")),
    ],
)
def test_waits_do_not_depend_on_the_number_of_batches(cls, params, is_captured, waits, request):
    if is_captured:
        request.getfixturevalue("replays")
    X, y = small_digits()
    weight = np.linspace(0.5, 2, len(X))
    # Two batches, and four; of the validation set as well. The first fit caches constants.
    for n in (40, 40, 100):
        clf = tiny(cls, batch_size=25, **params)
        clf.fit(X[:n], y[:n], sample_weight=weight[:n], X_val=X[:n], y_val=y[:n])
    _, few, many = waits
    assert few == many


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("is_captured", [False, True])
def test_waits_of_a_stack_do_not_depend_on_the_number_of_batches(
    is_captured, optimizer, waits, request, monkeypatch
):
    if is_captured:
        request.getfixturevalue("replays")
    monkeypatch.setattr(stacked_step, "_VECTOR_DEVICES", ("cpu",))
    X, y = small_digits()
    params = {"batch_size": 25, "optimizer": optimizer, "max_epochs": 2}
    for n in (50, 50, 100):
        classifiers = [tiny(MLPClassifier, random_state=seed, **params) for seed in (0, 1)]
        fit_stacked(classifiers, [(X[:n], y[:n])] * 2)
    *_, few, _, many = waits  # of the second epoch of each
    assert few == many


def test_waits_are_counted(waits):
    X, y = small_digits()
    for n in (40, 100):
        tiny(MLPClassifier, augment=lambda x: x * float(x.max())).fit(X[:n], y[:n])
    few, many = waits
    assert few.total() < many.total()
