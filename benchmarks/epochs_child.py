"""Train one contestant; print its time and accuracy after each epoch as JSON lines.

``python -m benchmarks.epochs_child NAME FOLDER``, with ``digits.npz`` and ``task.json`` in the
folder. The last line has the number of parameters.
"""

import json
import sys
from pathlib import Path

import numpy as np
import skorch.callbacks
import torch
from sklearn.metrics import accuracy_score

import skmnist

from . import contestants as by
from .cores import n_cores
from .data import Digits
from .epoch_recorder import EpochRecorder


def _skmnist(clf, task):
    """Train on the uint8 images, as ``fetch_mnist`` returns them."""
    data = task.data
    clf.set_params(
        random_state=task.seed,
        n_threads=task.threads,  # with a seed, batch normalization uses one thread by default
        device="cpu",
        max_epochs=task.epochs or clf.max_epochs,
    )
    record = EpochRecorder(lambda: clf.score(data.X_test, data.y_test))
    with clf._on_epoch_end(lambda n: n < clf.max_epochs and record(n)):
        clf.fit(data.X, data.y)
    record(clf.max_epochs)  # here, so that the end of fit counts, too
    return _count(clf.module_.parameters())


def cnn(task):
    return _skmnist(skmnist.CNNClassifier(), task)


def mlp(task):
    return _skmnist(skmnist.MLPClassifier(), task)


def fast(task):
    return _skmnist(skmnist.CNNClassifier.from_preset("fast"), task)


def accurate(task):
    return _skmnist(skmnist.CNNClassifier.from_preset("accurate"), task)


def skorch_cnn(task):
    task = by.with_defaults(task, skmnist.CNNClassifier)
    data = task.data
    X, X_test = by.to_images(data.floats), by.to_images(data.floats_test)

    class Record(skorch.callbacks.Callback):
        def on_epoch_end(self, net, **kwargs):
            record(len(net.history))

    module = by.default_cnn_module(task)
    net = by.skorch_estimator(module, task).set_params(callbacks=[Record()])
    record = EpochRecorder(lambda: net.score(X_test, data.y_test))
    net.fit(X, data.y)
    return _count(module.parameters())


def torch_cnn(task):
    task = by.with_defaults(task, skmnist.CNNClassifier)
    data = task.data
    X, X_test = (
        torch.from_numpy(by.to_images(pixels)) for pixels in (data.floats, data.floats_test)
    )
    y = torch.from_numpy(data.y)
    module = by.default_cnn_module(task)

    @torch.inference_mode()
    def score():
        module.eval()
        predicted = torch.cat([module(batch).argmax(1) for batch in X_test.split(1000)])
        return accuracy_score(data.y_test, predicted.numpy())

    record = EpochRecorder(score)
    for epoch in by.torch_epochs(module, X, y, task):
        record(epoch)
    return _count(module.parameters())


def sklearn_mlp(task):
    task = by.with_defaults(task, skmnist.MLPClassifier)
    data = task.data
    X, X_test = data.floats, data.floats_test
    # With an integer, each call of partial_fit would shuffle in the same order.
    random_state = np.random.RandomState(task.seed)
    clf = by.sklearn_estimator(task).set_params(random_state=random_state)
    record = EpochRecorder(lambda: clf.score(X_test, data.y_test))
    for epoch in range(1, task.epochs + 1):
        clf.partial_fit(X, data.y, classes=np.arange(10))
        record(epoch)
    return sum(weights.size for weights in clf.coefs_ + clf.intercepts_)


CONTESTANTS = {
    function.__name__: function
    for function in (cnn, skorch_cnn, torch_cnn, fast, accurate, mlp, sklearn_mlp)
}


def _count(arrays):
    return sum(array.numel() for array in arrays)


def main(name, folder):
    torch.set_num_threads(n_cores())
    settings = json.loads((Path(folder) / "task.json").read_text())
    with np.load(Path(folder) / "digits.npz") as arrays:
        data = Digits(**arrays, source="")
    task = by.Task(data, settings["epochs"], n_cores(), settings["seed"])
    print(json.dumps({"n_parameters": CONTESTANTS[name](task)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
