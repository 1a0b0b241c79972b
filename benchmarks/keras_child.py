"""Train the default CNN with Keras; print its time and accuracy after each epoch as JSON lines.

``python -m benchmarks.keras_child FOLDER``, with ``digits.npz`` and ``task.json`` in the folder. It
needs only Keras and its backend (``KERAS_BACKEND``). The last line has the number of parameters and
the versions.
"""

import json
import sys
from importlib import import_module
from pathlib import Path

import keras
import numpy as np

from benchmarks.default_network import conv_layers
from benchmarks.epoch_recorder import EpochRecorder


def build(params):
    """Return the network of ``CNNClassifier(**params)``; the channels come last, as is usual."""
    model = keras.Sequential([keras.Input((28, 28, 1))])
    for n_channels, kernel_size, padding, pool_size in conv_layers(params):
        if padding:
            model.add(keras.layers.ZeroPadding2D(padding))
        model.add(keras.layers.Conv2D(n_channels, kernel_size, activation="relu"))
        model.add(keras.layers.MaxPooling2D(pool_size))
    model.add(keras.layers.Flatten())
    for n_units in params["hidden_layer_sizes"]:
        model.add(keras.layers.Dense(n_units, activation="relu"))
    model.add(keras.layers.Dense(10))
    return model


def main(folder):
    settings = json.loads((Path(folder) / "task.json").read_text())
    params = settings["cnn"]
    with np.load(Path(folder) / "digits.npz") as data:
        X, X_test = (
            data[name].reshape(-1, 28, 28, 1) / np.float32(255) for name in ("X", "X_test")
        )
        y, y_test = data["y"], data["y_test"]

    keras.utils.set_random_seed(settings["seed"])
    model = build(params)
    record = EpochRecorder(
        lambda: (model.predict(X_test, batch_size=1000, verbose=0).argmax(1) == y_test).mean()
    )
    model.compile(
        keras.optimizers.Adam(params["lr"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(
        X,
        y,
        batch_size=params["batch_size"],
        epochs=settings["epochs"] or params["max_epochs"],
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda n, logs: record(n + 1))],
        verbose=0,
    )
    # The package of a backend may have another name, such as tensorflow-cpu.
    libraries = (keras, import_module(keras.backend.backend()))
    versions = {library.__name__: library.__version__ for library in libraries}
    print(json.dumps({"n_parameters": model.count_params(), "versions": versions}))


main(*sys.argv[1:])
