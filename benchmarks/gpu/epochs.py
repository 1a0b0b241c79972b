"""The time of an epoch: on the device and on the CPU, by batch size, precision and CUDA graphs."""

import os
from unittest.mock import patch

import torch

from skmnist import CNNClassifier, MLPClassifier

from . import cpu
from .measures import BATCH_SIZES, PRECISIONS

_CLASSES = {"mlp": MLPClassifier, "cnn": CNNClassifier}


def mlp(run):
    """Time the default MLP on the device and on one CPU core."""
    run.fit(MLPClassifier(random_state=0, max_epochs=1))
    seconds = []
    for seed in run.runs(3, reserve=20):
        clf = MLPClassifier(random_state=seed, max_epochs=run.epochs(10))
        seconds += run.fit(clf).epochs
        run.record.measure("mlp_epoch", seconds)
    with run.record.attempt("MLPClassifier() on one CPU core"):
        params = {"max_epochs": run.epochs(6), "random_state": 0}
        run.record.measure("mlp_epoch_one_core", cpu.epochs(run, "mlp", params, one_core=True))


def accurate(run):
    """Time the preset "accurate" on the device; extrapolate it for one CPU core."""
    n_epochs = run.epochs(CNNClassifier.from_preset("accurate").max_epochs)
    few = run.data.first(len(run.data) // 10)
    run.fit(CNNClassifier.from_preset("accurate", random_state=0, max_epochs=1), few)
    fits = []
    for seed in run.runs(2, reserve=40):
        clf = CNNClassifier.from_preset("accurate", random_state=seed, max_epochs=n_epochs)
        fits.append(run.fit(clf))
        run.record.measure("accurate", [sum(fit.epochs) for fit in fits])
        accuracies = [100 * fit.clf.score(run.data.X_test, run.data.y_test) for fit in fits]
        run.record.measure("accurate_accuracy", accuracies)
    with run.record.attempt('the preset "accurate" on one CPU core'):
        params = {"preset": "accurate", "max_epochs": run.epochs(3), "random_state": 0}
        seconds = cpu.epochs(run, "cnn", params, one_core=True, n_images=len(few))
        factor = n_epochs * len(run.data) / len(few)
        run.record.measure("accurate_one_core", [factor * s for s in seconds], factor=factor)


def guide(run):
    """Time what the guide says about GPUs: batch sizes on the device and on the whole CPU."""
    for network, cls in _CLASSES.items():
        for batch_size in BATCH_SIZES[network]:
            name = f"{network}_{batch_size}"
            params = {"batch_size": batch_size, "random_state": 0, "max_epochs": run.epochs(4)}
            with run.record.attempt(name):
                run.record.measure(name, _epochs(run, cls(**params)))
            with run.record.attempt(f"{name}_cpu"):
                params["max_epochs"] = run.epochs(3)
                seconds = cpu.epochs(run, network, params, one_core=False)
                run.record.measure(f"{name}_cpu", seconds)


def options(run):
    """Time CUDA graphs and precisions, and measure the memory."""
    default = {"random_state": 0, "max_epochs": run.epochs(4)}
    for precision in PRECISIONS:
        with run.record.attempt(f"precision={precision!r}"):
            clf = CNNClassifier(precision=precision, **default)
            # A CPU is slow with float16.
            data = run.data if run.on_gpu else run.data.first(64)
            run.record.measure(f"cnn_{precision}", _epochs(run, clf, data))
    if not run.on_gpu:
        run.record.skip("CUDA graphs, device memory", "needs a GPU")
        return
    for network, cls in _CLASSES.items():
        with run.record.attempt(f"{network} without CUDA graphs"):
            with patch.dict(os.environ, SKMNIST_CUDA_GRAPHS="0"):
                seconds = _epochs(run, cls(**default))
            run.record.measure(f"{network}_no_graphs", seconds)
    with run.record.attempt("peak device memory"):
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(run.device)
        run.fit(CNNClassifier(random_state=0, max_epochs=1))
        peak = torch.cuda.max_memory_allocated(run.device)
        run.record.measure("peak_memory", [peak / 2**20])


def _epochs(run, clf, data=None):
    """Return the seconds of each epoch but the first, which may initialize libraries."""
    return run.fit(clf, data).epochs[1:]
