"""A GPU that fails: a DeviceError says what to do, and the classifier is not fitted."""

import pytest

from skmnist import MLPClassifier
from skmnist._estimators import stacked_fit
from skmnist._training.net import Net
from skmnist.exceptions import DeviceError
from tests.helpers import digits, run_script, same_network, tiny

X, Y = digits(step=50)

FAILURES = [
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be reported later.",
    "CUDA error: an illegal memory access was encountered",
    "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
]
OTHER_ERRORS = [
    "CUDA error: no kernel image is available for execution on the device",
    "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)",
]


def fail(message, monkeypatch, name):
    def method(*args):
        raise RuntimeError(message)

    monkeypatch.setattr(Net, name, method)


@pytest.mark.parametrize("message", FAILURES)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_failed_gpu_raises_a_device_error_in_training(method, message, monkeypatch):
    clf = tiny(MLPClassifier, warm_start=True).fit(X, Y)
    with monkeypatch.context() as patches:
        fail(message, patches, "_train_epoch")
        # The weights from before the failure are on the GPU, too.
        patches.setattr("skmnist._training.snapshot.EpochSnapshot.rollback", None)
        first_line = message.partition("\n")[0]
        with pytest.raises(DeviceError, match=rf"failed \({first_line}\).*new process.*resume"):
            getattr(clf, method)(X, Y)
    assert not hasattr(clf, "n_iter_")
    assert same_network(clf.fit(X, Y), tiny(MLPClassifier).fit(X, Y))


@pytest.mark.parametrize("message", FAILURES)
def test_failed_gpu_raises_a_device_error_in_predict(message, monkeypatch):
    clf = tiny(MLPClassifier).fit(X, Y)
    fail(message, monkeypatch, "outputs")
    with pytest.raises(DeviceError, match="The GPU failed"):
        clf.predict(X)


def test_failed_gpu_raises_a_device_error_in_stacked_training(monkeypatch):
    def train(*args, **kwargs):
        raise RuntimeError(FAILURES[0])

    clf = tiny(MLPClassifier)
    with clf._defer_training() as fits:
        clf.fit(X, Y)
    monkeypatch.setattr(stacked_fit, "train_stacked_epoch", train)
    with pytest.raises(DeviceError, match="The GPU failed"):
        stacked_fit.train_stack(fits, lambda i, n: None)


@pytest.mark.parametrize("message", OTHER_ERRORS)
def test_other_errors_are_not_changed(message, monkeypatch):
    fail(message, monkeypatch, "_train_epoch")
    with pytest.raises(RuntimeError) as caught:
        tiny(MLPClassifier).fit(X, Y)
    assert caught.type is RuntimeError
    assert str(caught.value) == message


@pytest.mark.gpu
def test_gpu_whose_kernel_fails_raises_a_device_error():
    # In a process of its own, which can't use the GPU afterwards.
    script = (
        "import torch, numpy as np\n"
        "from skorch.callbacks import Callback\n"
        "from skmnist import MLPClassifier\n"
        "class Fail(Callback):\n"
        "    def on_epoch_begin(self, net, **kwargs):\n"
        "        torch.zeros(1, device='cuda')[torch.tensor([5], device='cuda')]\n"
        "clf = MLPClassifier(device='cuda', callbacks=[Fail()], max_epochs=2)\n"
        "try:\n"
        "    clf.fit(np.eye(20, 784), np.arange(20) % 2)\n"
        "except Exception as error:\n"
        "    print(type(error).__name__, hasattr(clf, 'n_iter_'), flush=True)\n"
        "import os; os._exit(0)\n"
    )
    assert run_script(script)[-2:] == ["DeviceError", "False"]
