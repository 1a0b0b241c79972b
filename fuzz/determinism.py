"""Test reproducibility and side effects: ``python -m fuzz.determinism``.

- R1: A seed gives the same bits after a refit, a clone, pickling, in new processes of every kind,
  with joblib's backends and after fits of other estimators.
- R2: The number of threads of the caller does not change the result.
- R3: The global random generators of the caller are not used or changed.
- R5: The settings of the process are not changed, even after exceptions.
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

from fuzz.common import CLASSIFIERS, Report, digits, fingerprint, small


def jitter(x):
    """Augment a batch by noise from all global random generators."""
    noise = torch.rand_like(x) + float(np.random.rand()) + random.random()
    return x + 0.1 * noise


def subject(name, **params):
    """Return an unfitted classifier with as many sources of randomness as possible."""
    cls = next(cls for cls in CLASSIFIERS if cls.__name__ == name)
    return small(cls, dropout=0.3, batch_norm=True, augment=jitter, **params)


def fit_fingerprint(name):
    """Fit a classifier and return the fingerprint of its weights."""
    return fingerprint(subject(name).fit(*digits()))


# -- R1 --------------------------------------------------------------------------------------


def _in_new_process(name, hash_seed):
    done = subprocess.run(
        [sys.executable, "-c", f"from fuzz.determinism import *; print(fit_fingerprint({name!r}))"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    return [done.stdout.strip()]


def _with_start_method(method, name):
    with multiprocessing.get_context(method).Pool(1) as pool:
        return [pool.apply_async(fit_fingerprint, [name]).get(timeout=120)]


def _with_joblib(name, n_jobs, backend):
    with joblib.parallel_config(backend=backend):
        return joblib.Parallel(n_jobs)(joblib.delayed(fit_fingerprint)(name) for _ in range(4))


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
    return [fit_fingerprint(name)]


# Each function returns the fingerprints of one or several fits.
SCENARIOS = {
    "refit": _refit,
    "clone": lambda name: [fingerprint(clone(subject(name).fit(*digits())).fit(*digits()))],
    "pickle": lambda name: [
        fingerprint(pickle.loads(pickle.dumps(subject(name).fit(*digits()))).fit(*digits()))
    ],
    "after other estimators": _after_others,
    "new process": lambda name: _in_new_process(name, "random"),
    "hash seed 1": lambda name: _in_new_process(name, "1"),
    "spawn": lambda name: _with_start_method("spawn", name),
    "fork": lambda name: _with_start_method("fork", name),
    "forkserver": lambda name: _with_start_method("forkserver", name),
    "loky, 1 job": lambda name: _with_joblib(name, 1, "loky"),
    "loky, 2 jobs": lambda name: _with_joblib(name, 2, "loky"),
    "loky, 4 jobs": lambda name: _with_joblib(name, 4, "loky"),
    "threads, 4 jobs": lambda name: _with_joblib(name, 4, "threading"),
}


def check_scenarios(report, scenarios=SCENARIOS):
    """R1: all scenarios give the same weights."""
    names = [cls.__name__ for cls in CLASSIFIERS]
    expected = {name: fit_fingerprint(name) for name in names}
    failures = [
        f"{name}, {scenario}"
        for scenario, fit in scenarios.items()
        for name in names
        if set(fit(name)) != {expected[name]}
    ]
    tried = len(scenarios) * len(names)
    description = f"{len(scenarios)} scenarios x {len(names)} classes"
    report.add("R1", description, tried, failures)


def check_thread_counts(report):
    """R2: the weights and the probabilities do not depend on the caller's number of threads."""
    X, y = digits()
    before, failures, tried = torch.get_num_threads(), [], 0
    for cls in CLASSIFIERS:
        seen = set()
        for n_threads in (1, 2, 4):
            torch.set_num_threads(n_threads)
            clf = subject(cls.__name__).fit(X, y)
            seen.add((fingerprint(clf), clf.predict_proba(X).tobytes()))
            tried += 1
            if len(seen) > 1 or torch.get_num_threads() != n_threads:
                failures.append(f"{cls.__name__}, {n_threads} threads")
    torch.set_num_threads(before)
    report.add("R2", "1, 2 and 4 threads of the caller x classes", tried, failures)


# -- R3, R5 ----------------------------------------------------------------------------------


class _Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def _calls(cls):
    """Yield pairs (description, call). Some calls raise an exception."""
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
    yield "invalid parameter", lambda: subject(name, max_epochs=0).fit(X, y)
    yield "invalid pixels", lambda: clf.predict(X[:, 1:])
    yield "divergence", lambda: subject(name, lr=1e30).fit(X, y)
    yield "Ctrl-C", lambda: subject(name, callbacks=[_Interrupt()]).fit(X, y)


def _generators():
    return random.getstate(), np.random.get_state()[1].tobytes(), torch.get_rng_state().tolist()


def _settings():
    return {
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "default dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cuDNN": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "autocast": torch.is_autocast_enabled("cpu"),
        "warning filters": list(warnings.filters),
        "NumPy's errors": np.geterr(),
        "signal handlers": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
        "working directory": os.getcwd(),
    }


def check_side_effects(report):
    """R3 and R5: no call changes the global random generators or the settings of the process."""
    changed_generators, changed_settings, calls = [], [], 0
    for cls in CLASSIFIERS:
        for description, call in _calls(cls):
            calls += 1
            generators, settings = _generators(), _settings()
            try:
                call()
            except (ValueError, KeyboardInterrupt):
                pass
            if _generators() != generators:
                changed_generators.append(f"{cls.__name__}, {description}")
            after = _settings()
            changed_settings += [
                f"{cls.__name__}, {description}: {name}"
                for name in after
                if after[name] != settings[name]
            ]
    report.add("R3", "global generators unchanged", calls, changed_generators)
    n_settings = calls * len(_settings())
    report.add("R5", "settings of the process unchanged", n_settings, changed_settings)


def check_global_seeds(report):
    """R3: global seeds do not change a seeded fit, and importing skmnist draws no numbers."""
    failures = []
    for cls in CLASSIFIERS:
        seen = set()
        for seed in (0, 1, 2):
            random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
            seen.add(fit_fingerprint(cls.__name__))
        if len(seen) != 1:
            failures.append(cls.__name__)
    tried = len(CLASSIFIERS)
    report.add("R3", "global seeds have no effect", tried, failures)
    script = (
        "import random, numpy as np, torch, sklearn.base\n"
        "def state(): return (random.getstate(), np.random.get_state()[1].tolist(),"
        " torch.get_rng_state().tolist())\n"
        "random.seed(0); np.random.seed(0); torch.manual_seed(0); before = state()\n"
        "import skmnist; [getattr(skmnist, name) for name in skmnist.__all__]\n"
        "print(state() == before)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    failures = [] if done.stdout.strip() == "True" else [done.stderr]
    report.add("R3", "importing skmnist draws no random numbers", 1, failures)


def main():
    report = Report()
    check_scenarios(report)
    check_thread_counts(report)
    check_side_effects(report)
    check_global_seeds(report)
    report.finish()


if __name__ == "__main__":
    main()
