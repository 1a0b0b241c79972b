"""The documented errors: out of memory, a device that does not exist, and one that fails."""

import skorch.callbacks
import torch

from skmnist import CNNClassifier, MLPClassifier
from skmnist.exceptions import DeviceError

_LIMIT = 2**29  # bytes that the process may take of the device's memory
_MANY = 20_000  # samples in one batch, whose first feature maps take 1 GB


def errors(run):
    """Provoke each error and compare it with the documentation."""
    found = {}
    for what, provoke in ERRORS.items():
        with run.record.attempt(what):
            found[what] = provoke(run)
            if not found[what].startswith("ok: "):
                run.record.fail(what, found[what])
        n_wrong = len(run.record.content["failures"])
        run.record.measure("errors_differ", [n_wrong], messages=found)


def out_of_memory(run):
    few = run.data.first(200)
    if run.on_gpu:
        clf = CNNClassifier(batch_size=_MANY, max_epochs=1, random_state=0, device=run.device)
        data = run.data.repeated(_MANY)
        total = torch.cuda.get_device_properties(run.device).total_memory
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction(_LIMIT / total, run.device)
    else:
        # Its weights need more than the addresses of a process.
        clf = MLPClassifier((10**12,), batch_size=_MANY, max_epochs=1, random_state=0, device="cpu")
        data = few
    try:
        message = _message(MemoryError, f"batch_size (now {_MANY})", clf, data)
    finally:
        if run.on_gpu:
            torch.cuda.set_per_process_memory_fraction(1.0, run.device)
    if isinstance(clf, MLPClassifier):
        clf.set_params(hidden_layer_sizes=(8,))
    clf.set_params(batch_size=64).fit(few.X, few.y)  # the memory is free again
    return message


def absent_device(run):
    clf = MLPClassifier(device="cuda:99")
    return _message(ValueError, "must be 'auto' or an available device", clf, run.data.first(200))


def failing_device(run):
    """Run this last: the process can't use the GPU any more."""
    clf = MLPClassifier(
        max_epochs=3, random_state=0, device=run.device, callbacks=[_Failure(run.device)]
    )
    message = _message(DeviceError, "Start a new process", clf, run.data.first(200))
    return f"{clf} is fitted, after: {message}" if hasattr(clf, "n_iter_") else message


ERRORS = {
    "out of memory": out_of_memory,
    "device='cuda:99'": absent_device,
    "device that fails": failing_device,
}


def _message(expected, text, clf, data):
    """Return the message of the error that `fit` raises, after "ok: " if it is as documented."""
    try:
        clf.fit(data.X, data.y)
    except Exception as error:
        right = isinstance(error, expected) and text in str(error)
        return f"{'ok: ' if right else ''}{type(error).__name__}: {error}"
    return f"no error, but expected {expected.__name__}"


class _Failure(skorch.callbacks.Callback):
    """Let the device fail in the second epoch; on the CPU, raise what torch would raise."""

    def __init__(self, device):
        self.device = device

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) < 2:
            return
        if self.device == "cpu":
            raise RuntimeError("CUDA error: device-side assert triggered (simulated)")
        # The kernel asserts that the index is within the tensor.
        torch.zeros(1, device=self.device)[torch.tensor([5], device=self.device)]
