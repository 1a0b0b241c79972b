"""Out of memory: the message names what to change."""

import contextlib
import gc
import weakref

import pytest
import torch

from skmnist import MLPClassifier
from skmnist._networks.losses import LOSSES
from skmnist._training.net import Net
from tests.helpers import digits, every_classifier, has, same_network, tiny

X, Y = digits(step=50)


OOM_ERRORS = {
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


@pytest.mark.parametrize("error", OOM_ERRORS.values(), ids=OOM_ERRORS)
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_out_of_memory_error_names_batch_size(method, error, monkeypatch):
    clf = tiny(MLPClassifier)
    with monkeypatch.context() as patches:
        patches.setattr(Net, "_train_epoch", lambda *args: (_ for _ in ()).throw(error))
        with pytest.raises(MemoryError, match=r"^Out of memory.*batch_size \(now 32\)"):
            getattr(clf, method)(X, Y)
    assert not hasattr(clf, "n_iter_")
    assert same_network(clf.fit(X, Y), tiny(MLPClassifier).fit(X, Y))


@contextlib.contextmanager
def without_garbage_collection():
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("part", ["grad", "per_sample"])
@every_classifier
def test_failed_network_is_freed_before_the_error_is_handled(cls, part, monkeypatch):
    def fail(*args):
        raise OOM_ERRORS["CPU"].with_traceback(None)

    def initialize(net):
        nets.append(weakref.ref(net))
        return original(net)

    nets, original = [], Net.initialize
    monkeypatch.setattr(Net, "initialize", initialize)
    for name, loss in LOSSES.items():
        monkeypatch.setitem(LOSSES, name, loss._replace(**{part: fail}))
    params = [{}, {"batch_norm": True}] if has(cls, "batch_norm") else [{}]
    for options in params:
        clf = tiny(cls, **options)
        with without_garbage_collection():
            try:
                clf.fit(X, Y)
            except MemoryError:
                assert [net() for net in nets] == [None] * len(nets)
            else:
                assert part == "grad"  # autograd does not use it


def test_out_of_memory_at_predict_suggests_a_fix(monkeypatch):
    clf = tiny(MLPClassifier).fit(X, Y)
    monkeypatch.setattr(Net, "outputs", lambda *args: (_ for _ in ()).throw(OOM_ERRORS["CUDA"]))
    with pytest.raises(MemoryError, match="fewer samples"):
        clf.predict(X)


def test_other_runtime_errors_are_unchanged():
    def augment(x):
        raise RuntimeError("another reason")

    with pytest.raises(RuntimeError, match="another reason"):
        tiny(MLPClassifier, augment=augment).fit(X, Y)
