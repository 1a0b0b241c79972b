"""Test interrupted fits, full disks, damaged checkpoints and divergence: ``python -m fuzz.faults``.

- K2: interrupts (Ctrl-C and SIGTERM)
- K3: full disks
- K4: damaged checkpoints
- K5: two processes with the same checkpoint folder
- D1: divergence
- D2: fits that do not converge
- D3: too little memory

The script prints the counts of the outcomes. It needs Linux.
"""

import argparse
import os
import random
import resource
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from fuzz.kills import WEIGHTS, X, Y, digest, end, start
from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier, save
from skmnist.datasets import load_mnist_sample
from skmnist.exceptions import CheckpointError

EPOCHS = 6
SMALL = {
    MLPClassifier: {"hidden_layer_sizes": (8,), "dropout": 0.3},
    CNNClassifier: {"channels": (2,), "hidden_layer_sizes": (8,)},
    BackpropClassifier: {"hidden_layer_sizes": (8,)},
}


def make(cls=MLPClassifier, **params):
    """Return a small, unfitted classifier."""
    common = {"max_epochs": EPOCHS, "batch_size": 16, "random_state": 0}
    return cls(**{**SMALL[cls], **common, **params})


# -- K2 --------------------------------------------------------------------------------------


def interrupts(n, rng):
    """Ctrl-C at random times: complete epochs or no fit at all, and a usable classifier."""
    for i in range(n):
        cls = list(SMALL)[i % 3]
        params = {"early_stopping": bool(i % 2)}
        digests, _ = end(*start(_digests_by_epochs, cls, params))
        reader, writer = os.pipe()
        child, output = start(_interrupted, cls, params, writer, digests[EPOCHS - 1])
        os.close(writer)
        seconds = float(os.read(reader, 100))
        os.close(reader)
        time.sleep(rng.uniform(0, 1.2 * seconds))
        os.kill(child, signal.SIGINT)
        result, status = end(child, output)
        if status or not result["refit_is_equal"]:
            yield f"unusable afterwards: {status} {result}"
        elif not result["raised"]:
            yield "too late" if result["n_epochs"] == EPOCHS else "no KeyboardInterrupt"
        elif result["n_epochs"] == 0:
            yield "ok: not fitted"
        else:
            n = result["n_epochs"]
            is_equal = result["digest"] == digests[n - 1]
            yield "ok: complete epochs" if is_equal else f"not the bits of {n} epochs"


def _digests_by_epochs(cls, params):
    """Return the digests of fits of 1, 2, ... epochs."""
    return [
        digest(make(cls, **{**params, "max_epochs": n}).fit(X, Y)) for n in range(1, EPOCHS + 1)
    ]


def _interrupted(cls, params, writer, expected):
    """Write the time of a fit to `writer`, then fit until Ctrl-C; return the results."""
    clf, raised = make(cls, **params), False
    begin = time.perf_counter()
    make(cls, **params).fit(X, Y)
    try:
        os.write(writer, str(time.perf_counter() - begin).encode())
        clf.fit(X, Y)
        time.sleep(10)  # the signal may arrive after the fit
    except KeyboardInterrupt:
        raised = True
    is_fitted = clf.__sklearn_is_fitted__()
    return {
        "raised": raised,
        "n_epochs": clf.n_iter_ if is_fitted else 0,
        "digest": digest(clf) if is_fitted else None,
        "refit_is_equal": digest(clf.fit(X, Y)) == expected,
    }


def terminations(n, rng):
    """SIGTERM ends the process, and a resumed fit gives the bits of an uninterrupted fit."""
    expected, _ = end(*start(_fit_digest))
    for _ in range(n):
        with tempfile.TemporaryDirectory() as folder:
            child, output = start(_fit_digest, checkpoint_dir=folder)
            time.sleep(rng.uniform(0, 0.1))
            os.kill(child, signal.SIGTERM)
            _, status = end(child, output)
            resumed, _ = end(*start(_fit_digest, checkpoint_dir=folder, resume=True))
        if resumed != expected:
            yield "different bits"
        else:
            yield {-signal.SIGTERM: "ok", 0: "too late"}.get(status, f"exited with {status}")


def _fit_digest(resume=False, **params):
    return digest(make(**params).fit(X, Y, WEIGHTS, **({"resume": True} if resume else {})))


# -- K3 --------------------------------------------------------------------------------------


def full_disks(n, rng):
    """A full disk: saving raises an OSError with the path, and existing files are not changed.

    The limit is set to n fractions of the size of the file that is written.
    """
    for write in (_write_model, _write_checkpoint):
        for i in range(n):
            result, status = end(*start(write, i / n))
            yield result if status == 0 else f"exited with {status}"


def _write_model(fraction):
    clf = make().fit(X, Y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        save(make(random_state=1).fit(X, Y), path)
        return _with_full_disk(fraction, path, partial(save, clf, path))


def _write_checkpoint(fraction):
    with tempfile.TemporaryDirectory() as folder:
        make(checkpoint_dir=folder, max_epochs=3).fit(X, Y)
        clf = make(checkpoint_dir=folder)
        path = Path(folder, "epoch-000003.safetensors")
        outcome = _with_full_disk(fraction, path, partial(clf.fit, X, Y, resume=True))
        clf.fit(X, Y, resume=True)
        is_equal = digest(clf) == digest(make().fit(X, Y))
        return outcome if is_equal else f"{outcome}, but different bits after a resume"


def _with_full_disk(fraction, path, write):
    before = {p: p.read_bytes() for p in path.parent.iterdir()}
    limit = int(fraction * path.stat().st_size)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        write()
        outcome = "no error"
    except OSError as error:
        outcome = "ok" if str(path.parent) in str(error) else f"path not named: {error}"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    after = {p: p.read_bytes() for p in path.parent.iterdir()}
    return outcome if after == before else f"{outcome}, but files changed"


# -- K4 and K5 -------------------------------------------------------------------------------


def damages(n, rng):
    """Damage the latest checkpoint n times by a changed byte or bit, and n / 10 times by a cut."""
    expected = digest(make().fit(X, Y))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        clf = make(checkpoint_dir=folder)
        clf.fit(X, Y)
        intact = {p: p.read_bytes() for p in folder.glob("epoch*")}
        latest = max(intact)
        content = intact[latest]
        for i in range(n + n // 10):
            if i < n:
                damaged = bytearray(content)
                damaged[rng.randrange(len(content))] ^= rng.choice([0xFF, 1 << rng.randrange(8)])
            else:
                damaged = content[: rng.randrange(len(content))]
            for path, original in intact.items():
                path.write_bytes(original)
            latest.write_bytes(damaged)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                clf.fit(X, Y, resume=True)
            n_warnings = sum(latest.name in str(warning.message) for warning in caught)
            is_equal = digest(clf) == expected and latest.read_bytes()[:8] == content[:8]
            passed = is_equal and n_warnings == 1
            yield "ok" if passed else f"same bits: {is_equal}, warnings: {n_warnings}"


def concurrent_fits(n, rng):
    """Two processes with the same folder: one is rejected, or both give the correct result."""
    expected = digest(make().fit(X, Y))
    for _ in range(n):
        with tempfile.TemporaryDirectory() as folder:
            processes = [start(_fit_in_folder, folder) for _ in range(2)]
            results = [end(*process)[0] for process in processes]
        passed = set(results) <= {expected, "rejected"} and expected in results
        yield f"ok: {results.count('rejected')} rejected" if passed else str(results)


def _fit_in_folder(folder):
    try:
        return digest(make(checkpoint_dir=folder).fit(X, Y))
    except CheckpointError as error:
        return "rejected" if "Another fit" in str(error) else str(error)


# -- D1 and D2 -------------------------------------------------------------------------------


def divergences(n, rng):
    """Too large learning rates, pixels or weight decays: an error, or finite probabilities."""
    scaled = X.reshape(len(X), -1) / np.float32(255)
    for i in range(n):
        cls = list(SMALL)[i % 3]
        params = {"early_stopping": rng.random() < 0.5, "loss": "cross_entropy", "lr": 1e-2}
        if cls is not BackpropClassifier:
            params["optimizer"] = rng.choice(["sgd", "adam", "adamw", "rmsprop", "nadam"])
        pixels = scaled
        fault = rng.choice(["lr", "X"] + ["weight_decay"] * (cls is not BackpropClassifier))
        if fault == "X":
            pixels = scaled * np.float32(10.0 ** rng.randint(6, 36))
        else:
            params[fault] = 10.0 ** rng.randint(3, 30)
        clf = make(cls, **params)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                clf.fit(pixels, Y)
            except ValueError as error:
                named = "epoch" in str(error) and f"lr={params['lr']:g}" in str(error)
                yield "ok: an error" if named and not hasattr(clf, "n_iter_") else str(error)
                continue
            try:
                finite = np.isfinite(clf.predict_proba(pixels)).all()
            except ValueError:
                finite = True
        yield "ok: finite" if finite else f"NaN: {cls.__name__} {params}"


def not_converged(n, rng):
    """Fits with finite weights that do not converge: one warning."""
    pixels, labels = _digits(8)
    for i in range(n):
        cls = list(SMALL)[i % 3]
        if cls is BackpropClassifier:
            params = {"lr": 10.0 ** rng.uniform(2, 4), "loss": rng.choice(["cross_entropy", "mse"])}
        elif i % 4 == 3:
            params = {"optimizer": "sgd", "lr": 0.1, "weight_decay": 10.0 ** rng.uniform(0.3, 1)}
        else:
            optimizer = rng.choice(["adam", "nadam", "rmsprop", "adamw"])
            params = {"optimizer": optimizer, "lr": 10.0 ** rng.uniform(1, 4)}
        # Of 64 samples, so that there are enough steps to tell.
        clf = cls(random_state=i, max_epochs=4, batch_size=64, **params)
        yield from _count_warnings(clf, pixels, labels, expected=1)


def converged(n, rng):
    """Fits that converge: no warning."""
    pixels, labels = _digits(8)
    for i in range(n):
        cls = list(SMALL)[i % 3]
        params = {
            "max_epochs": rng.choice([4, 8]),
            "batch_size": rng.choice([16, 32, 64]),
            "early_stopping": rng.random() < 0.3,
            "class_weight": rng.choice([None, "balanced"]),
            "lr_schedule": rng.choice([None, "cosine", "onecycle", "plateau", "step"]),
            "random_state": i,
        }
        if cls is BackpropClassifier:
            params["loss"] = rng.choice(["mse", "cross_entropy"])
        else:
            params["optimizer"] = rng.choice(["adam", "adamw", "nadam", "rmsprop"])
            params["dropout"] = rng.choice([0.0, 0.3])
        weights = rng.choice([None, np.random.default_rng(i).uniform(0.5, 2, len(labels))])
        # All ten classes, or only three of them.
        subset = np.arange(len(labels)) if i % 2 else np.flatnonzero((labels < 2) | (labels == 3))
        yield from _count_warnings(
            cls(**params),
            pixels[subset],
            labels[subset],
            expected=0,
            sample_weight=None if weights is None else weights[subset],
        )


def _digits(step):
    pixels, labels = load_mnist_sample(return_X_y=True)
    return pixels[::step], labels[::step]


def _count_warnings(clf, pixels, labels, *, expected, **kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            clf.fit(pixels, labels, **kwargs)
        except ValueError as error:
            yield "ok: an error" if expected else str(error)
            return
    n = sum(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    score, baseline = clf.score(pixels, labels), np.bincount(labels).max() / len(labels)
    if expected and n == 0 and score > 1.5 * baseline:
        yield "converged"
    elif n == expected:
        yield f"ok: {'a' if expected else 'no'} warning"
    else:
        outcome = f"{n} warnings, accuracy {score:.1%}, baseline {baseline:.1%}: {clf!r}"
        yield outcome.replace("\n", " ")


# -- D3 --------------------------------------------------------------------------------------


def shortages(n, rng):
    """Too little memory: a MemoryError that names batch_size, and a usable classifier."""
    for i in range(n):
        device = "cuda" if i % 2 and torch.cuda.is_available() else "cpu"
        result, status = end(*start(_short_of_memory, device, rng.choice([1.2, 2, 3])))
        yield result if status == 0 else f"exited with {status}"


def _short_of_memory(device, gigabytes):
    pixels, labels = load_mnist_sample(return_X_y=True)
    clf = MLPClassifier((100_000,), batch_size=5000, max_epochs=1, random_state=0, device=device)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    if device == "cpu":
        resource.setrlimit(resource.RLIMIT_AS, (used + int(gigabytes * 2**30), hard))
    else:
        total = torch.cuda.get_device_properties(0).total_memory
        torch.cuda.set_per_process_memory_fraction(gigabytes * 2**30 / total)
    try:
        clf.fit(pixels, labels)
        return "enough memory"
    except MemoryError as error:
        named = "batch_size (now 5000)" in str(error)
        clf.set_params(batch_size=32, hidden_layer_sizes=(8,)).fit(pixels[::10], labels[::10])
        usable = len(clf.predict(pixels)) == len(pixels)
        return f"ok: {device}" if named and usable else f"{error}"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def large_predictions(n, rng):
    """Predict a million samples with less than 200 MB of additional memory."""
    for _ in range(n):
        yield end(*start(_predict_many))[0]


def _predict_many():
    clf = MLPClassifier(max_epochs=1, random_state=0).fit(*_digits(8))
    many = np.zeros((10**6, 784), dtype=np.uint8)
    many += 1  # so that the memory is allocated
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clf.predict(many)
    growth = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    return "ok" if growth < 200 else f"{growth:.0f} MB"


# -- the counts ------------------------------------------------------------------------------

# For each requirement: the function that yields the outcomes, and its default number of tries.
REQUIREMENTS = {
    "K2 Ctrl-C": (interrupts, 50),
    "K2 SIGTERM": (terminations, 50),
    "K3 full disk": (full_disks, 13),
    "K4 damaged checkpoint": (damages, 1000),
    "K5 two processes": (concurrent_fits, 20),
    "D1 divergence": (divergences, 60),
    "D2 not converged": (not_converged, 20),
    "D2 converged": (converged, 100),
    "D3 out of memory": (shortages, 10),
    "D3 large predictions": (large_predictions, 1),
}


def run(name, n=None, seed=0):
    """Count the outcomes of a requirement. Those that begin with "ok" are correct."""
    attempts, default_n = REQUIREMENTS[name]
    return Counter(attempts(n or default_n, random.Random(seed)))


def faults(outcomes):
    """Return the incorrect outcomes."""
    harmless = ("ok", "too late", "converged")
    return [outcome for outcome in outcomes if not outcome.startswith(harmless)]


def main(argv=None):
    """Print the counts, and return 1 if there are incorrect outcomes."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.faults", description=__doc__)
    parser.add_argument("--only", default="", help="only requirements whose names contain this")
    parser.add_argument("--n", type=int, help="number of tries of each requirement")
    parser.add_argument("--seed", type=int, default=0, help="random seed")
    options = parser.parse_args(argv)
    n_faults = 0
    for name in REQUIREMENTS:
        if options.only in name:
            outcomes = run(name, options.n, options.seed)
            n_faults += len(faults(outcomes))
            counts = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
            print(f"{name:24}{outcomes.total():6} tries: {counts}", flush=True)
    print("A requirement is not met." if n_faults else "All requirements are met.")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
