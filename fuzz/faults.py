"""Interrupts, full disks, damaged checkpoints, senseless learning rates: ``python -m fuzz.faults``.

The bars K2 to K5 and D1 to D3 of reliability, each with its count. For Linux.
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
    """Return a small classifier."""
    common = {"max_epochs": EPOCHS, "batch_size": 16, "random_state": 0}
    return cls(**{**SMALL[cls], **common, **params})


# -- K2 --------------------------------------------------------------------------------------


def interrupts(n, rng):
    """Ctrl-C at random moments: whole epochs or nothing, and usable afterwards."""
    for i in range(n):
        cls = list(SMALL)[i % 3]
        params = {"early_stopping": bool(i % 2)}
        of_epochs, _ = end(*start(_digests_by_length, cls, params))
        begun, beginning = os.pipe()
        child, answer = start(_interrupted, cls, params, beginning, of_epochs[EPOCHS - 1])
        os.close(beginning)
        seconds = float(os.read(begun, 100))
        os.close(begun)
        time.sleep(rng.uniform(0, 1.2 * seconds))
        os.kill(child, signal.SIGINT)
        result, status = end(child, answer)
        if status or not result["again"]:
            yield f"unusable afterwards: {status} {result}"
        elif not result["raised"]:
            yield "too late" if result["n"] == EPOCHS else "swallowed"
        elif result["n"] == 0:
            yield "ok: not fitted"
        else:
            right = result["digest"] == of_epochs[result["n"] - 1]
            yield "ok: whole epochs" if right else f"not the bits of {result['n']} epochs"


def _digests_by_length(cls, params):
    return [
        digest(make(cls, **{**params, "max_epochs": n}).fit(X, Y)) for n in range(1, EPOCHS + 1)
    ]


def _interrupted(cls, params, beginning, whole):
    clf, again, raised = make(cls, **params), make(cls, **params), False
    clock = time.perf_counter()
    again.fit(X, Y)
    try:
        os.write(beginning, str(time.perf_counter() - clock).encode())
        clf.fit(X, Y)
        time.sleep(10)  # the signal comes for sure
    except KeyboardInterrupt:
        raised = True
    fitted = clf.__sklearn_is_fitted__()
    n = clf.n_iter_ if fitted else 0
    result = {"raised": raised, "n": n, "digest": digest(clf) if fitted else None}
    return {**result, "again": digest(clf.fit(X, Y)) == whole}


def terminations(n, rng):
    """SIGTERM ends the process, and resuming gives the bits of an uninterrupted fit."""
    wanted, _ = end(*start(_fit_digest))
    for _ in range(n):
        with tempfile.TemporaryDirectory() as folder:
            child, answer = start(_fit_digest, checkpoint_dir=folder)
            time.sleep(rng.uniform(0, 0.1))
            os.kill(child, signal.SIGTERM)
            _, status = end(child, answer)
            found, _ = end(*start(_fit_digest, checkpoint_dir=folder, resume=True))
        if found != wanted:
            yield "other bits"
        else:
            yield {-signal.SIGTERM: "ok", 0: "too late"}.get(status, f"ended with {status}")


def _fit_digest(resume=False, **params):
    return digest(make(**params).fit(X, Y, WEIGHTS, **({"resume": True} if resume else {})))


# -- K3 --------------------------------------------------------------------------------------


def full_disks(n, rng):
    """A full disk at n points of each writer: OSError with the path, the earlier files whole."""
    for writer in (_write_model, _write_checkpoint):
        for share in range(n):
            result, status = end(*start(writer, share / n))
            yield result if status == 0 else f"ended with {status}"


def _write_model(share):
    clf = make().fit(X, Y)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        save(make(random_state=1).fit(X, Y), path)
        return _with_full_disk(share, path, partial(save, clf, path))


def _write_checkpoint(share):
    with tempfile.TemporaryDirectory() as folder:
        make(checkpoint_dir=folder, max_epochs=3).fit(X, Y)
        clf = make(checkpoint_dir=folder)
        path = Path(folder, "epoch-000003.safetensors")
        outcome = _with_full_disk(share, path, partial(clf.fit, X, Y, resume=True))
        clf.fit(X, Y, resume=True)
        whole = digest(clf) == digest(make().fit(X, Y))
        return outcome if whole else f"{outcome}, then other bits"


def _with_full_disk(share, path, write):
    before = {p: p.read_bytes() for p in path.parent.iterdir()}
    limit = int(share * path.stat().st_size)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        write()
        outcome = "no error"
    except OSError as error:
        outcome = "ok" if str(path.parent) in str(error) else f"no path: {error}"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    after = {p: p.read_bytes() for p in path.parent.iterdir()}
    return outcome if after == before else f"{outcome}, but files changed"


# -- K4 and K5 -------------------------------------------------------------------------------


def damages(n, rng):
    """Damage the newest checkpoint, by n changed bytes and bits and n / 10 cuts."""
    wanted = digest(make().fit(X, Y))
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        clf = make(checkpoint_dir=folder)
        clf.fit(X, Y)
        sound = {p: p.read_bytes() for p in folder.glob("epoch*")}
        newest = max(sound)
        content = sound[newest]
        for i in range(n + n // 10):
            if i < n:
                damaged = bytearray(content)
                damaged[rng.randrange(len(content))] ^= rng.choice([0xFF, 1 << rng.randrange(8)])
            else:
                damaged = content[: rng.randrange(len(content))]
            for path, whole in sound.items():
                path.write_bytes(whole)
            newest.write_bytes(damaged)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                clf.fit(X, Y, resume=True)
            named = sum(newest.name in str(warning.message) for warning in caught)
            right = digest(clf) == wanted and newest.read_bytes()[:8] == content[:8]
            yield "ok" if right and named == 1 else f"right: {right}, warnings: {named}"


def rivals(n, rng):
    """Two processes, one folder: one is refused, or both end whole."""
    wanted = digest(make().fit(X, Y))
    for _ in range(n):
        with tempfile.TemporaryDirectory() as folder:
            two = [start(_one_of_two, folder) for _ in range(2)]
            found = [end(*process)[0] for process in two]
        right = all(answer in (wanted, "refused") for answer in found) and wanted in found
        yield f"ok: {found.count('refused')} refused" if right else str(found)


def _one_of_two(folder):
    try:
        return digest(make(checkpoint_dir=folder).fit(X, Y))
    except CheckpointError as error:
        return "refused" if "Another fit" in str(error) else str(error)


# -- D1 and D2 -------------------------------------------------------------------------------


def divergences(n, rng):
    """Learning rates, pixels and weight decays that are too large: an error, or numbers."""
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


def lost(n, rng):
    """Trainings that end in finite numbers and teach nothing: one warning."""
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
        yield from _warned(cls(random_state=i, max_epochs=4, **params), pixels, labels, True)


def sound(n, rng):
    """Trainings as they should be: no warning."""
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
        # Rare and common classes too, as they come.
        kept = np.arange(len(labels)) if i % 2 else np.flatnonzero((labels < 2) | (labels == 3))
        yield from _warned(
            cls(**params),
            pixels[kept],
            labels[kept],
            False,
            sample_weight=None if weights is None else weights[kept],
        )


def _digits(step):
    pixels, labels = load_mnist_sample(return_X_y=True)
    return pixels[::step], labels[::step]


def _warned(clf, pixels, labels, wanted, **kwargs):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            clf.fit(pixels, labels, **kwargs)
        except ValueError as error:
            yield "ok: an error" if wanted else str(error)
            return
    n = sum(issubclass(warning.category, ConvergenceWarning) for warning in caught)
    score, chance = clf.score(pixels, labels), np.bincount(labels).max() / len(labels)
    if wanted and n == 0 and score > 1.5 * chance:
        yield "not lost after all"
    elif n == wanted:
        yield f"ok: {'a' if wanted else 'no'} warning"
    else:
        yield f"{n} warnings at {score:.1%}, chance {chance:.1%}: {clf!r}".replace("\n", " ")


# -- D3 --------------------------------------------------------------------------------------


def shortages(n, rng):
    """Too little memory: MemoryError naming batch_size, and a usable classifier after it."""
    for i in range(n):
        device = "cuda" if i % 2 and torch.cuda.is_available() else "cpu"
        result, status = end(*start(_short_of_memory, device, rng.choice([1.2, 2, 3])))
        yield result if status == 0 else f"ended with {status}"


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
        return "enough"
    except MemoryError as error:
        named = "batch_size (now 5000)" in str(error)
        clf.set_params(batch_size=32, hidden_layer_sizes=(8,)).fit(pixels[::10], labels[::10])
        usable = len(clf.predict(pixels)) == len(pixels)
        return f"ok: {device}" if named and usable else f"{error}"
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def large_predictions(n, rng):
    """Predict a million rows in less than 1 GB over their own."""
    for _ in range(n):
        yield end(*start(_predict_many))[0]


def _predict_many():
    clf = MLPClassifier(max_epochs=1, random_state=0).fit(*_digits(8))
    many = np.zeros((10**6, 784), dtype=np.uint8)
    many += 1  # so that it is there
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clf.predict(many)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    return "ok" if grown < 1 else f"{grown:.1f} GB"


# -- the counts ------------------------------------------------------------------------------

BARS = {
    "K2 Ctrl-C": (interrupts, 50),
    "K2 SIGTERM": (terminations, 50),
    "K3 full disk": (full_disks, 13),
    "K4 damaged checkpoint": (damages, 1000),
    "K5 two processes": (rivals, 20),
    "D1 diverging": (divergences, 60),
    "D2 lost": (lost, 20),
    "D2 sound": (sound, 100),
    "D3 out of memory": (shortages, 10),
    "D3 large predictions": (large_predictions, 1),
}


def run(name, n=None, seed=0):
    """Return how often each outcome of a bar came; those that begin with "ok" are right."""
    bar, usual = BARS[name]
    return Counter(bar(n or usual, random.Random(seed)))


def faults(outcomes):
    """Return the outcomes that are wrong."""
    harmless = ("ok", "too late", "not lost after all")
    return [outcome for outcome in outcomes if not outcome.startswith(harmless)]


def main(argv=None):
    """Print the counts; the exit status tells whether all went as it must."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.faults", description=__doc__)
    parser.add_argument("--only", default="", help="the bars whose names hold this")
    parser.add_argument("--n", type=int, help="how many tries of each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    wrong = 0
    for name in BARS:
        if options.only in name:
            outcomes = run(name, options.n, options.seed)
            wrong += len(faults(outcomes))
            counted = ", ".join(f"{n} {outcome}" for outcome, n in sorted(outcomes.items()))
            print(f"{name:24}{outcomes.total():6} tries: {counted}", flush=True)
    print("FAULTS" if wrong else "All as it must be.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
