"""Kill fits at random times and resume them: ``python -m fuzz.kills --n 200``.

Half of the kills (SIGKILL) happen at a random time. The other half happen at a random call that
writes, renames or removes a checkpoint. A fit may be killed several times before it is completed.
Then its weights, history (except times) and probabilities must have the bits of an uninterrupted
fit.

Each fit has a random optimizer, schedule, early stopping, augmentation, dropout and sample weights.
The script forks processes, because importing torch hundreds of times would be slow. It needs Linux.
"""

import argparse
import hashlib
import os
import pickle
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import nn

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import SCHEDULES

X, Y = load_digits(return_X_y=True)
X, Y = X[:120].reshape(-1, 8, 8).astype(np.uint8) * 15, Y[:120]
WEIGHTS = np.random.default_rng(0).uniform(0.1, 2, len(Y))
EPOCHS = 6


class Perceptron(nn.Module):
    """A custom module whose dropout uses torch's global generator."""

    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(n_features, 8),
            nn.BatchNorm1d(8),
            nn.Dropout(0.2),
            nn.Linear(8, n_classes),
        )

    def forward(self, x):
        return self.layers(x)


def add_noise(x):
    """Augment a batch by noise from torch's global generator."""
    return x + 0.1 * torch.randn_like(x)


def draw(rng):
    """Return the class, the parameters and the sample weights of a random fit."""
    params = {
        "max_epochs": EPOCHS,
        "random_state": rng.randrange(100),
        "batch_size": rng.choice([16, 50, 200]),
        "lr_schedule": rng.choice([None, *SCHEDULES]),
        "early_stopping": rng.random() < 0.5,
        "n_iter_no_change": rng.choice([2, 10]),
    }
    weights = rng.choice([None, WEIGHTS, np.ceil(WEIGHTS)])
    cls = rng.choice([BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier])
    if cls is BackpropClassifier:
        return cls, {**params, "hidden_layer_sizes": (8,)}, weights
    params["optimizer"] = rng.choice([*OPTIMIZERS, torch.optim.Adamax, torch.optim.LBFGS])
    params["momentum"] = rng.choice([0.0, 0.9])
    params["weight_decay"] = rng.choice([0.0, 1e-3])
    params["augment"] = rng.choice([None, "light", add_noise])
    if cls is TorchClassifier:
        augment = add_noise if params["augment"] else None
        return cls, {**params, "module": Perceptron, "augment": augment}, weights
    params |= {"dropout": rng.choice([0.0, 0.3]), "batch_norm": rng.random() < 0.3}
    params["hidden_layer_sizes"] = (8,)
    return cls, {**params, **({"channels": (2,)} if cls is CNNClassifier else {})}, weights


def digest(clf):
    """Return a checksum of the results of a fit, except its times."""
    parts = [tensor.cpu().numpy() for tensor in clf.module_.state_dict().values()]
    history = clf.history_.drop(columns="seconds").to_numpy(dtype=float)
    parts += [history, clf.predict_proba(X), np.array(clf.best_epoch_ or 0)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


def fit(cls, params, weights, **kwargs):
    """Return the digest of a fit."""
    return digest(cls(**params).fit(X, Y, weights, **kwargs))


# -- processes -------------------------------------------------------------------------------


def start(function, *args, **kwargs):
    """Call a function in a new process; return its id and the pipe for the result."""
    output, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return child, output
    code = 1
    try:
        warnings.simplefilter("ignore")
        with open(writer, "wb") as pipe:
            pickle.dump(function(*args, **kwargs), pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def end(child, output):
    """Wait for a process; return its result (None if there is none) and its exit status."""
    with open(output, "rb") as pipe:
        content = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (pickle.loads(content) if content else None), status


def die_at(n_calls):
    """Kill this process before the n-th call that changes a file."""
    n_left = n_calls

    def count(event, args):
        nonlocal n_left
        is_change = event in ("os.rename", "os.remove", "os.mkdir")
        if is_change or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR)):
            n_left -= 1
            if n_left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    fsync = os.fsync

    def counting_fsync(descriptor):
        count("os.rename", ())
        fsync(descriptor)
        count("os.rename", ())

    os.fsync = counting_fsync
    sys.addaudithook(count)


def fit_until_killed(rng, seconds, *args, **kwargs):
    """Fit in a new process and kill it.

    Returns
    -------
    result : object
        The result of the fit, or None.
    status : int
        The exit status.
    in_writes : bool
        Whether the kill was scheduled at a call that changes a file.
    """
    in_writes = rng.random() < 0.5
    n_calls = rng.randrange(6 * EPOCHS + 3)

    def run():
        if in_writes:
            die_at(n_calls)
        return fit(*args, **kwargs)

    child, output = start(run)
    if not in_writes:
        time.sleep(rng.uniform(0, seconds))
        # The id cannot belong to another process, because nobody has waited for the child.
        os.kill(child, signal.SIGKILL)
    result, status = end(child, output)
    return result, status, in_writes


# -- the counts ------------------------------------------------------------------------------


def run(n, seed=0):
    """Kill and resume `n` fits; return the counts and the failures."""
    rng = random.Random(seed)
    counts, faults = Counter(), []
    while counts["fits"] < n and not faults:
        cls, params, weights = draw(rng)
        begin = time.perf_counter()
        expected, status = end(*start(fit, cls, params, weights))
        seconds = time.perf_counter() - begin
        if status:
            faults.append(f"uninterrupted fit failed: {cls.__name__} {params}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            args = (cls, {**params, "checkpoint_dir": folder}, weights)
            kills = counts["kills"]
            for _ in range(rng.randint(1, 3)):
                _, status, in_writes = fit_until_killed(rng, 1.5 * seconds, *args, resume=True)
                if status == -signal.SIGKILL:
                    counts["kills"] += 1
                    counts["in writes"] += in_writes
                    counts["after a checkpoint"] += any(
                        name.startswith("epoch") for name in os.listdir(folder)
                    )
                elif status:
                    faults.append(f"{cls.__name__} {params} exited with {status}")
            resumed, _ = end(*start(fit, *args, resume=True))
        if counts["kills"] > kills:  # some fits end before the kill
            counts["fits"] += 1
            counts["equal"] += resumed == expected
        if resumed != expected:
            faults.append(f"different bits: {cls.__name__} {params}")
    return counts, faults


def main(argv=None):
    """Print the counts, and return 1 if there are failures."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.kills", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="number of fits to kill")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args(argv)
    counts, faults = run(options.n, options.seed)
    print(
        f"{counts['kills']} kills: {counts['in writes']} of them during writes, "
        f"{counts['after a checkpoint']} after the first checkpoint.\n"
        f"{counts['fits']} resumed fits, {counts['equal']} with the bits of an uninterrupted fit."
    )
    print("\n".join(["Failures:", *faults]) if faults else "All resumed fits are correct.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
