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


def are_zero():
    return sys.float_info.min / 2 == 0


def count_denormals(clf):
    """Return how many of Adam's mean gradients are denormals."""
    means = [state["exp_avg"].numpy() for state in clf.net_.optimizer_.state.values()]
    tiny = np.finfo(np.float32).tiny
    return sum(np.count_nonzero((mean != 0) & (np.abs(mean) < tiny)) for mean in means)


def test_denormals_are_flushed_inside_and_restored_after_an_error():
    with pytest.raises(KeyboardInterrupt), flush_denormals(CPU):
        assert are_zero()
        raise KeyboardInterrupt
    assert not are_zero()


def test_flushing_that_was_on_stays_on():
    torch.set_flush_denormal(True)
    try:
        with flush_denormals(CPU):
            assert are_zero()
        assert are_zero()
    finally:
        torch.set_flush_denormal(False)


@pytest.mark.parametrize("cls", [cls for cls in CLASSIFIERS if has(cls, "augment")])
def test_denormals_are_flushed_only_during_training(cls):
    seen = []

    def note(batch):
        seen.append(are_zero())
        return batch

    tiny(cls, augment=note).fit(*digits())
    assert seen
    assert all(seen)
    assert not are_zero()


def test_flushing_denormals_changes_no_weight(monkeypatch):
    # Pixels that had ink a thousand steps ago, and never since.
    X, y = digits(step=50)
    clf = MLPClassifier((8,), batch_size=1, max_epochs=15, shuffle=False, random_state=0)
    other = clone(clf)
    clf.fit(X, y)
    assert count_denormals(clf) == 0
    monkeypatch.setattr(net, "flush_denormals", lambda device: contextlib.nullcontext())
    other.fit(X, y)
    assert count_denormals(other) > 0
    assert same_network(clf, other)
