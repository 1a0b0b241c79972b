"""Kill fits at random moments and resume them: ``python -m fuzz.kills --n 200``.

Half of the kills (SIGKILL) come at a random time, half at a random one of the calls by which a
checkpoint is written, renamed or removed. A fit may be killed several times before it is let run to
its end, where weights, history (but its times) and probabilities must be the bits of a fit that
nobody killed. Optimizers, schedules, early stopping, augmentation, dropout and weights are drawn
anew for each fit. For Linux, where processes can be forked: that saves importing torch 400 times.
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
    """A module of the user's own, with dropout from torch's global generator."""

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
    """Augment by noise from torch's global generator."""
    return x + 0.1 * torch.randn_like(x)


def draw(rng):
    """Return the class, the parameters and the weights of a random fit."""
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
    """Return a digest of all that a fit came to, but its times."""
    parts = [tensor.cpu().numpy() for tensor in clf.module_.state_dict().values()]
    history = clf.history_.drop(columns="seconds").to_numpy(dtype=float)
    parts += [history, clf.predict_proba(X), np.array(clf.best_epoch_ or 0)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(p).tobytes() for p in parts)).hexdigest()


def fit(cls, params, weights, **kwargs):
    """Return the digest of a fit."""
    return digest(cls(**params).fit(X, Y, weights, **kwargs))


# -- processes -------------------------------------------------------------------------------


def start(function, *args, **kwargs):
    """Call the function in a new process; return that and where its answer will come from."""
    answer, ours = os.pipe()
    child = os.fork()
    if child:
        os.close(ours)
        return child, answer
    code = 1
    try:
        warnings.simplefilter("ignore")
        with open(ours, "wb") as pipe:
            pickle.dump(function(*args, **kwargs), pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def end(child, answer):
    """Wait for a process; return its answer (None where it gave none) and its exit status."""
    with open(answer, "rb") as pipe:
        content = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return (pickle.loads(content) if content else None), status


def die_at(n_calls):
    """Let this process kill itself before the n-th call that changes a file."""
    left = n_calls

    def count(event, args):
        nonlocal left
        changes = event in ("os.rename", "os.remove", "os.mkdir")
        if changes or (event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR)):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    fsync = os.fsync

    def counting_fsync(descriptor):
        count("os.rename", ())
        fsync(descriptor)
        count("os.rename", ())

    os.fsync = counting_fsync
    sys.addaudithook(count)


def fit_until_killed(rng, seconds, *args, **kwargs):
    """Fit in a new process that is killed; return its answer and its exit status."""
    in_writes = rng.random() < 0.5
    n_calls = rng.randrange(6 * EPOCHS + 3)

    def run():
        if in_writes:
            die_at(n_calls)
        return fit(*args, **kwargs)

    child, answer = start(run)
    if not in_writes:
        time.sleep(rng.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)  # it isn't waited for yet, so that it is still ours
    result, status = end(child, answer)
    return result, status, in_writes


# -- the count -------------------------------------------------------------------------------


def run(n, seed=0):
    """Kill and resume `n` fits; return the counts and what went wrong."""
    rng = random.Random(seed)
    counts, faults = Counter(), []
    while counts["fits"] < n and not faults:
        cls, params, weights = draw(rng)
        begun = time.perf_counter()
        wanted, status = end(*start(fit, cls, params, weights))
        seconds = time.perf_counter() - begun
        if status:
            faults.append(f"not even whole: {cls.__name__} {params}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            args = (cls, {**params, "checkpoint_dir": folder}, weights)
            kills = counts["kills"]
            for _ in range(rng.randint(1, 3)):
                _, status, in_writes = fit_until_killed(rng, 1.5 * seconds, *args, resume=True)
                if status == -signal.SIGKILL:
                    counts["kills"] += 1
                    counts["in writes"] += in_writes
                    counts["with a checkpoint behind them"] += any(
                        name.startswith("epoch") for name in os.listdir(folder)
                    )
                elif status:
                    faults.append(f"{cls.__name__} {params} ended with {status}")
            found, _ = end(*start(fit, *args, resume=True))
        if counts["kills"] > kills:  # not all of them came in time
            counts["fits"] += 1
            counts["equal"] += found == wanted
        if found != wanted:
            faults.append(f"other bits: {cls.__name__} {params}")
    return counts, faults


def main(argv=None):
    """Print the counts; the exit status tells whether all went as it must."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.kills", description=__doc__)
    parser.add_argument("--n", type=int, default=200, help="how many fits are killed")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    counts, faults = run(options.n, options.seed)
    print(
        f"{counts['kills']} kills, {counts['in writes']} of them in writes, "
        f"{counts['with a checkpoint behind them']} with a checkpoint behind them.\n"
        f"{counts['fits']} fits resumed after that, {counts['equal']} with the bits of an "
        "uninterrupted one."
    )
    print("\n".join(["FAULTS", *faults]) if faults else "No fit ended otherwise.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
