"""The same integer, the same bits, and nobody else disturbed: ``python -m fuzz.determinism``.

R1: refit, clone, pickle, new processes of every kind, joblib's backends, after other estimators.
R2: whatever number of threads the caller had set. R3: the caller's random generators. R5: the
settings of the whole process, also after exceptions.
"""

import copy
import multiprocessing
import os
import pickle
import random
import signal
import subprocess
import sys
import warnings

import joblib
import numpy as np
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier as SklearnMLP
from skorch.callbacks import Callback

from fuzz.bars import CLASSIFIERS, Bars, digits, fingerprint, small


def jitter(x):
    """An augmentation that draws from every global generator."""
    noise = torch.rand_like(x) + float(np.random.rand()) + random.random()
    return x + 0.1 * noise


def subject(name, **params):
    """Return an unfitted classifier in which everything draws that can."""
    cls = next(cls for cls in CLASSIFIERS if cls.__name__ == name)
    return small(cls, dropout=0.3, batch_norm=True, augment=jitter, **params)


def fitted_bits(name):
    """Fit one and return the digest of its weights; also for other processes."""
    return fingerprint(subject(name).fit(*digits()))


# -- R1 --------------------------------------------------------------------------------------


def _in_new_process(name, hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", f"from fuzz.determinism import *; print(fitted_bits({name!r}))"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return [done.stdout.strip()]


def _started_by(method, name):
    with multiprocessing.get_context(method).Pool(1) as pool:
        return [pool.apply_async(fitted_bits, [name]).get(timeout=120)]


def _by_joblib(name, n_jobs, backend):
    with joblib.parallel_config(backend=backend):
        return joblib.Parallel(n_jobs)(joblib.delayed(fitted_bits)(name) for _ in range(4))


def _refit(name):
    clf = subject(name).fit(*digits())
    return [fingerprint(clf.fit(*digits()))]


def _after_others(name):
    X, y = digits(50)
    for other in (LogisticRegression(max_iter=5), SklearnMLP((8,), max_iter=2)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other.fit(X, y)
    for cls in CLASSIFIERS:
        small(cls, random_state=None).fit(X, y)
    torch.rand(7), np.random.rand(7), random.random()
    return [fitted_bits(name)]


WAYS = {
    "refit": _refit,
    "clone": lambda name: [fingerprint(clone(subject(name).fit(*digits())).fit(*digits()))],
    "pickle": lambda name: [
        fingerprint(pickle.loads(pickle.dumps(subject(name).fit(*digits()))).fit(*digits()))
    ],
    "after others": _after_others,
    "new process": lambda name: _in_new_process(name, "random"),
    "hash seed 1": lambda name: _in_new_process(name, "1"),
    "spawn": lambda name: _started_by("spawn", name),
    "fork": lambda name: _started_by("fork", name),
    "forkserver": lambda name: _started_by("forkserver", name),
    "loky, 1 job": lambda name: _by_joblib(name, 1, "loky"),
    "loky, 2 jobs": lambda name: _by_joblib(name, 2, "loky"),
    "loky, 4 jobs": lambda name: _by_joblib(name, 4, "loky"),
    "threads, 4 jobs": lambda name: _by_joblib(name, 4, "threading"),
}


def same_bits_however_started(bars, ways=WAYS):
    """R1."""
    names = [cls.__name__ for cls in CLASSIFIERS]
    expected = {name: fitted_bits(name) for name in names}
    wrong = [
        f"{name}, {way}"
        for way, fit in ways.items()
        for name in names
        if set(fit(name)) != {expected[name]}
    ]
    tried = len(ways) * len(names)
    bars.report("R1", f"{len(ways)} ways x {len(names)} classes", tried - len(wrong), tried, wrong)


def same_bits_at_any_thread_count(bars):
    """R2: the weights and the probabilities."""
    X, y = digits()
    before, wrong, tried = torch.get_num_threads(), [], 0
    for cls in CLASSIFIERS:
        seen = set()
        for n_threads in (1, 2, 4):
            torch.set_num_threads(n_threads)
            clf = subject(cls.__name__).fit(X, y)
            seen.add((fingerprint(clf), clf.predict_proba(X).tobytes()))
            tried += 1
            if len(seen) > 1 or torch.get_num_threads() != n_threads:
                wrong.append(f"{cls.__name__}, {n_threads} threads")
    torch.set_num_threads(before)
    bars.report("R2", "caller's threads 1, 2, 4 x classes", tried - len(wrong), tried, wrong)


# -- R3, R5 ----------------------------------------------------------------------------------


class _Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def _calls(cls):
    """Yield (words, call); a call may raise."""
    X, y = digits(50)
    name = cls.__name__
    clf = subject(name).fit(X, y)
    yield "fit", lambda: subject(name).fit(X, y)
    yield "fit without a seed", lambda: subject(name, random_state=None).fit(X, y)
    yield "fit, 2 threads", lambda: subject(name, n_threads=2).fit(X, y)
    yield "partial_fit", lambda: copy.deepcopy(clf).partial_fit(X, y)
    yield "predict", lambda: clf.predict(X)
    yield "predict_proba", lambda: clf.predict_proba(X)
    yield "score", lambda: clf.score(X, y)
    yield "pickle", lambda: pickle.loads(pickle.dumps(clf))
    yield "clone", lambda: clone(clf)
    yield "refused parameter", lambda: subject(name, max_epochs=0).fit(X, y)
    yield "refused pixels", lambda: clf.predict(X[:, 1:])
    yield "loss becomes NaN", lambda: subject(name, lr=1e30).fit(X, y)
    yield "Ctrl-C", lambda: subject(name, callbacks=[_Interrupt()]).fit(X, y)


def _generators():
    return random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()


def _settings():
    return {
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "default type": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cuDNN": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "autocast": torch.is_autocast_enabled("cpu"),
        "warning filters": list(warnings.filters),
        "NumPy's errors": np.geterr(),
        "signal handlers": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
        "folder": os.getcwd(),
    }


def process_left_as_it_was(bars):
    """R3 and R5."""
    drew, changed, calls = [], [], 0
    for cls in CLASSIFIERS:
        for words, call in _calls(cls):
            calls += 1
            generators, settings = _generators(), _settings()
            try:
                call()
            except (ValueError, KeyboardInterrupt):
                pass
            if _generators() != generators:
                drew.append(f"{cls.__name__}, {words}")
            now = _settings()
            changed += [
                f"{cls.__name__}, {words}: {flag}" for flag in now if now[flag] != settings[flag]
            ]
    bars.report("R3", "caller's generators unchanged", calls - len(drew), calls, drew)
    flags = calls * len(_settings())
    bars.report("R5", "settings of the process unchanged", flags - len(changed), flags, changed)


def callers_seeds_change_nothing(bars):
    """R3: with a seed, the state of the caller's generators has no say; importing draws nothing."""
    wrong = []
    for cls in CLASSIFIERS:
        seen = set()
        for seed in (0, 1, 2):
            random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
            seen.add(fitted_bits(cls.__name__))
        if len(seen) != 1:
            wrong.append(cls.__name__)
    tried = len(CLASSIFIERS)
    bars.report("R3", "caller's seeds change no bit", tried - len(wrong), tried, wrong)
    script = (
        "import random, numpy as np, torch, sklearn.base\n"
        "def state(): return (random.getstate(), np.random.get_state()[1].tolist(),"
        " torch.get_rng_state().tolist())\n"
        "random.seed(0); np.random.seed(0); torch.manual_seed(0); before = state()\n"
        "import skmnist; [getattr(skmnist, name) for name in skmnist.__all__]\n"
        "print(state() == before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    same = done.stdout.strip() == "True"
    bars.report("R3", "importing draws nothing", int(same), 1, [done.stderr])


def main():
    bars = Bars()
    same_bits_however_started(bars)
    same_bits_at_any_thread_count(bars)
    process_left_as_it_was(bars)
    callers_seeds_change_nothing(bars)
    bars.finish()


if __name__ == "__main__":
    main()
