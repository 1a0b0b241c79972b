"""Presets of `CNNClassifier`: sets of parameters for a purpose, found on validation data of MNIST.

The figures are in ``benchmarks/README.md``.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

PresetName: TypeAlias = Literal["fast", "accurate", "tiny"]

PRESETS: dict[PresetName, dict[str, Any]] = {
    # The best accuracy after a single epoch.
    "fast": {
        "channels": (16, 48),
        "kernel_size": (5, 3),
        "padding": 0,
        "label_smoothing": 0.1,
        "lr": 6e-3,
        "lr_schedule": "onecycle",
        "batch_size": 64,
        "max_epochs": 1,
    },
    # The best accuracy of one network, as long as more training still helps.
    "accurate": {
        "channels": (32, 64, 128),
        "batch_norm": True,
        "label_smoothing": 0.1,
        "lr": 8e-3,
        "lr_schedule": "onecycle",
        "batch_size": 64,
        "max_epochs": 20,
        "augment": "light",
        "test_time_augment": True,
    },
    # Fewer than 10,000 parameters for 28 x 28 images and 10 classes.
    "tiny": {
        "channels": (10, 18, 28),
        "kernel_size": (5, 3, 3),
        "padding": (0, 1, 1),
        "hidden_layer_sizes": (),
        "batch_norm": True,
        "lr": 1e-2,
        "lr_schedule": "onecycle",
        "batch_size": 64,
        "max_epochs": 30,
        "augment": "light",
        "test_time_augment": True,
    },
}
