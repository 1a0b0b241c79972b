"""Measure on the CPU, in a process of its own that sees no GPU.

``python -m benchmarks.gpu.cpu NAME SETTINGS.json``
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from ..cores import THREAD_VARIABLES, pinned
from .run import Run
from .settings import Settings

CHECKOUT = Path(__file__).parents[2]


def call(run, name, arguments, one_core=False):
    """Return what a function of ``FUNCTIONS`` returns in a process on one core or on all.

    With --device cpu, times are measured in this process, which saves the imports.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(run.settings, part=name, device="cpu", out=folder)
        if not run.on_gpu and name == "time_epochs":
            return FUNCTIONS[name](Run(settings), **arguments)
        task = Path(folder) / "task.json"
        task.write_text(json.dumps({"settings": asdict(settings), "arguments": arguments}))
        env = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
        for variable in THREAD_VARIABLES:
            env.pop(variable, None)
        if one_core:
            env |= dict.fromkeys(THREAD_VARIABLES, "1")
        with pinned() if one_core else contextlib.nullcontext():
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.gpu.cpu", name, str(task)],
                cwd=CHECKOUT,
                env=env,
                capture_output=True,
                text=True,
                timeout=run.time_left,
            )
    if done.returncode:
        raise RuntimeError(f"The process on the CPU failed:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def epochs(run, network, params, *, one_core, n_images=None):
    """Return the seconds of each epoch of a classifier on the CPU, without the first epoch."""
    arguments = {"network": network, "params": params, "n_images": n_images}
    if one_core:
        params["n_threads"] = 1
    return call(run, "time_epochs", arguments, one_core)


def time_epochs(run, network, params, n_images):
    from skmnist import CNNClassifier, MLPClassifier

    preset = params.pop("preset", None)
    cls = {"mlp": MLPClassifier, "cnn": CNNClassifier}[network]
    clf = cls.from_preset(preset, **params) if preset else cls(**params)
    return run.fit(clf, run.data.first(n_images)).epochs[1:]


def predict(run, paths):
    """Return {name: labels that the classifier in a file predicts for the test images}."""
    labels = {}
    for name, path in paths.items():
        clf = load(path)
        if clf.device_ != "cpu":
            raise RuntimeError(f"The process without CUDA predicts on {clf.device_}.")
        labels[name] = clf.predict(run.data.X_test).tolist()
    return labels


def load(path):
    """Load a model file, or the pickle that replaces it without safetensors."""
    if Path(path).suffix == ".joblib":
        import joblib

        return joblib.load(path)
    from skmnist import load

    return load(path, device="cpu")


FUNCTIONS = {"time_epochs": time_epochs, "predict": predict}


def main(name, path):
    task = json.loads(Path(path).read_text())
    run = Run(Settings(**task["settings"]))
    print(json.dumps(FUNCTIONS[name](run, **task["arguments"])))


if __name__ == "__main__":
    main(*sys.argv[1:])
