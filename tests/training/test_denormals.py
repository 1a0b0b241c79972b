import contextlib
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone

from skmnist import MLPClassifier
from skmnist._training import net
from skmnist._training.denormals import flush_denormals
from tests.helpers import CLASSIFIERS, digits, has, same_network, tiny

CPU = torch.device("cpu")


pytestmark = pytest.mark.skipif(
    not torch.set_flush_denormal(False), reason="this CPU can't take denormals as zero"
)


def is_flushed():
    return sys.float_info.min / 2 == 0


def count_denormals(clf):
    """Return how many of Adam's mean gradients are denormals."""
    means = [state["exp_avg"].numpy() for state in clf.net_.optimizer_.state.values()]
    tiny = np.finfo(np.float32).tiny
    return sum(np.count_nonzero((mean != 0) & (np.abs(mean) < tiny)) for mean in means)


def test_denormals_are_flushed_inside_and_restored_after_an_error():
    with pytest.raises(KeyboardInterrupt), flush_denormals(CPU):
        assert is_flushed()
        raise KeyboardInterrupt
    assert not is_flushed()


def test_flushing_that_was_on_stays_on():
    torch.set_flush_denormal(True)
    try:
        with flush_denormals(CPU):
            assert is_flushed()
        assert is_flushed()
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "augment")])
def test_denormals_are_flushed_only_during_training(cls):
    seen = []

    def record(batch):
        seen.append(is_flushed())
        return batch

    tiny(cls, augment=record).fit(*digits())
    assert seen
    assert all(seen)
    assert not is_flushed()


def test_flushing_denormals_changes_no_weight(monkeypatch):
    # Some pixels were nonzero a thousand steps ago, and never since.
    X, y = digits(step=50)
    clf = MLPClassifier((8,), batch_size=1, max_epochs=15, shuffle=False, random_state=0)
    other = clone(clf)
    clf.fit(X, y)
    assert count_denormals(clf) == 0
    monkeypatch.setattr(net, "flush_denormals", lambda device: contextlib.nullcontext())
    other.fit(X, y)
    assert count_denormals(other) > 0
    assert same_network(clf, other)
