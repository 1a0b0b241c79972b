"""The time from the first batch to 99% test accuracy, of skmnist and of skorch."""

import math

import torch

from skmnist import CNNClassifier
from skmnist._estimators.presets import PRESETS

from .. import contestants as by
from ..accuracy_summary import time_to
from .run import EpochClock, with_seed

N_SEEDS = 20
N_SEEDS_SKORCH = 3
MAX_EPOCHS_SKORCH = 20
_WARM_UP = 1000  # a seed that isn't counted


def fast(run):
    """Train the preset "fast" with several seeds."""
    clf = CNNClassifier.from_preset("fast")
    run.fit(with_seed(clf, _WARM_UP))
    fits = []
    for seed in run.runs(N_SEEDS):
        fits.append(run.fit(with_seed(clf, seed), score=True))
        run.record.measure("fast_to_99", [_reached(run, fit.points) for fit in fits])
        run.record.measure("fast_accuracy", [100 * fit.points[-1]["accuracy"] for fit in fits])
        run.record.measure("fast_fit", [fit.seconds for fit in fits])


def skorch(run):
    """Train the same network with skorch, until the accuracy is reached."""
    layers = ("channels", "kernel_size", "padding")
    params = CNNClassifier(**{name: PRESETS["fast"][name] for name in layers}).get_params()
    task = by.with_defaults(by.Task(run.data, epochs=None), CNNClassifier)
    next(_skorch_points(run, task, params, _WARM_UP))
    seconds, epochs = [], []
    for seed in run.runs(N_SEEDS_SKORCH):
        points = []
        for point in _skorch_points(run, task, params, seed):
            points.append(point)
            if point["accuracy"] >= run.accuracy:
                break
        seconds.append(_reached(run, points))
        epochs.append(len(points))
        run.record.measure(
            "skorch_to_99", seconds, epochs=epochs, lr=task.lr, batch_size=task.batch_size
        )


def _skorch_points(run, task, params, seed):
    """Train with skorch epoch by epoch; yield the time without scoring and the accuracy."""
    data = run.data
    X, X_test = by.to_images(data.floats), by.to_images(data.floats_test)
    torch.manual_seed(seed)
    clock = EpochClock(run.device)
    module = by.default_cnn_module(by.replace(task, seed=seed), params)
    net = by.skorch_estimator(module, task).set_params(
        device=run.device, callbacks=[clock], max_epochs=1
    )
    net.initialize()
    for _ in range(run.epochs(MAX_EPOCHS_SKORCH)):
        net.partial_fit(X, data.y)
        yield {"seconds": sum(clock.seconds), "accuracy": net.score(X_test, data.y_test)}


def _reached(run, points):
    seconds = time_to(run.accuracy, points, "seconds")
    return None if math.isinf(seconds) else seconds
