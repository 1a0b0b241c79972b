"""One part of the benchmark while it runs: its settings, its images, and its clock."""

import contextlib
import copy
import time
from dataclasses import asdict
from functools import cached_property
from typing import NamedTuple
from unittest.mock import patch

import skorch.callbacks
import torch

from skmnist._training.net import Net

from . import data as images
from .environment import environment
from .record import Record


class Fit(NamedTuple):
    """A trained classifier, its epochs and the time of the complete fit."""

    clf: object
    points: list  # {"seconds", "accuracy"} at the end of each epoch, without the scoring
    epochs: list  # seconds of each epoch
    seconds: float


class Run:
    """What a part needs.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings):
        self.settings = settings
        self.device = settings.device
        self.quick = settings.quick
        self.record = Record(
            settings.path, {**asdict(settings), "environment": environment(self.device)}
        )

    @cached_property
    def data(self):
        data = images.load(self.settings.data, self.quick)
        self.record.content["data"] = f"{data.source}, {len(data):,} training images"
        self.record.content["is_full"] = images.is_full(data)
        return data

    @property
    def time_left(self):
        return max(1.0, self.settings.end - time.time())

    @property
    def on_gpu(self):
        return self.device != "cpu"

    @property
    def accuracy(self):
        """The test accuracy that is to be reached; few images are not enough for 99%."""
        return 0.5 if self.quick else 0.99

    def runs(self, n, reserve=0):
        """Yield 0, 1, ..., n - 1, and stop if the next run would end too late.

        `reserve` is the number of seconds that what follows needs.
        """
        longest = 0
        for i in range(min(n, 2) if self.quick else n):
            start = time.monotonic()
            if i and 1.2 * longest + reserve > self.time_left:
                self.record.skip(f"{n - i} of {n} runs", "out of time")
                return
            yield i
            longest = max(longest, time.monotonic() - start)

    def epochs(self, n):
        return min(n, 2) if self.quick else n

    def fit(self, clf, data=None, score=False):
        """Fit a classifier on the device; with `score`, score it after each epoch."""
        data = data or self.data
        clock = EpochClock(self.device)
        points = []

        def add_point(_):
            points.append(
                {"seconds": sum(clock.seconds), "accuracy": clf.score(data.X_test, data.y_test)}
            )

        clf.set_params(device=self.device)
        hook = clf._on_epoch_end(add_point) if score else contextlib.nullcontext()
        with hook, clock.running():
            clf.fit(data.X, data.y)
        return Fit(clf, points, clock.seconds, clf.fit_time_)


class EpochClock(skorch.callbacks.Callback):
    """The time of each epoch, when the device has done all of its work.

    It is a callback for skorch's nets. With callbacks, skmnist captures a CUDA graph in each epoch,
    so for its classifiers there is :meth:`running`.

    Parameters
    ----------
    device : str
    """

    def __init__(self, device):
        self.device = device
        self.seconds = []

    def _now(self):
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()

    def on_epoch_begin(self, net, **kwargs):
        self._start = self._now()

    def on_epoch_end(self, net, **kwargs):
        self.seconds.append(self._now() - self._start)

    @contextlib.contextmanager
    def running(self):
        """Time the epochs of skmnist's classifiers inside the block."""
        train_epoch = Net._train_epoch

        def timed(net, *args):
            self.on_epoch_begin(net)
            train_epoch(net, *args)
            self.on_epoch_end(net)

        with patch.object(Net, "_train_epoch", timed):
            yield


def with_seed(clf, seed):
    """Return a copy of a classifier that is not fitted, with another seed."""
    return copy.deepcopy(clf).set_params(random_state=seed)
