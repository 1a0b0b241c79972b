"""Test threads and forked processes: ``python -m fuzz.threads``.

- R4: Eight concurrent fits give the same bits as single fits, with dropout and an augmentation
  that uses the global random generators.
- T1: Sixteen threads can predict with one classifier while another classifier is fitted.
- T2: Forked children of a process with several threads can predict and fit.
"""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from fuzz.common import CLASSIFIERS, Report, digits, fingerprint, small
from fuzz.determinism import jitter, subject

MAX_SECONDS = 10


def concurrent_fits(report, rounds=20, n_fits=8):
    """R4: concurrent fits give the same weights as single fits."""
    X, y = digits(50)

    def fit(cls, seed):
        clf = small(cls, dropout=0.3, augment=jitter, random_state=seed)
        return fingerprint(clf.fit(X, y))

    tasks = [(CLASSIFIERS[i % len(CLASSIFIERS)], i // 2) for i in range(n_fits)]
    expected = [fit(*task) for task in tasks]
    failures = []
    with ThreadPoolExecutor(n_fits) as pool:
        for i in range(rounds):
            concurrent = pool.map(lambda task: fit(*task), tasks)
            failures += [
                f"round {i}, {task[0].__name__}"
                for task, result, single in zip(tasks, concurrent, expected, strict=True)
                if result != single
            ]
    tried = rounds * n_fits
    description = f"{n_fits} concurrent fits, {rounds} times"
    report.add("R4", description, tried, failures)


def concurrent_predictions(report, n_threads=16, calls=25):
    """T1: predictions in many threads during another fit are those of a single thread."""
    X, y = digits()
    failures, tried = [], 0
    for cls in CLASSIFIERS:
        clf = subject(cls.__name__).fit(X, y)
        parts = [X[i::n_threads] for i in range(n_threads)]
        expected = [clf.predict_proba(part).tobytes() for part in parts]
        done = threading.Event()

        def fit_in_background(name=cls.__name__, done=done):
            while not done.is_set():
                subject(name, random_state=None).fit(X, y)

        def predict(i, clf=clf, parts=parts):
            return [clf.predict_proba(parts[i]).tobytes() for _ in range(calls)]

        background = threading.Thread(target=fit_in_background)
        background.start()
        with ThreadPoolExecutor(n_threads) as pool:
            for i, results in enumerate(pool.map(predict, range(n_threads))):
                tried += len(results)
                failures += [f"{cls.__name__}, thread {i}" for r in results if r != expected[i]]
        done.set()
        background.join()
    description = f"predictions in {n_threads} threads during a fit"
    report.add("T1", description, tried, failures)


def use_several_threads():
    """Start torch's threads, as a caller may have done before a fork."""
    torch.set_num_threads(2)
    torch.ones(600, 600) @ torch.ones(600, 600)
    torch.nn.functional.conv2d(torch.ones(64, 8, 28, 28), torch.ones(8, 8, 3, 3))


def in_a_fork(function, seconds=MAX_SECONDS):
    """Call `function` in a forked child; return "done", "hung" or its exit status."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if function() else 2
        finally:
            os._exit(status)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return "done" if code == 0 else f"exited with {code}"
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def forks(report, tries=20):
    """T2: forked children predict and fit while a thread of the parent is computing.

    The thread does not use torch's global generator: a fork copies the generator's lock, and if
    the thread held it, the child would wait forever.
    """
    X, y = digits()
    outcomes = {"predict": [], "fit": []}
    for i in range(tries):
        cls = CLASSIFIERS[i % len(CLASSIFIERS)]
        clf = subject(cls.__name__, n_threads=2).fit(X, y)
        y_pred, weights = clf.predict(X), fingerprint(subject(cls.__name__).fit(X, y))
        use_several_threads()
        done = threading.Event()

        def compute(clf=clf, done=done, cls=cls):
            while not done.is_set():
                clf.predict(X)
                small(cls, dropout=0.3, batch_norm=True).fit(X[:64], y[:64])

        def check_predict(clf=clf, expected=y_pred):
            return np.array_equal(clf.set_params(n_threads=None).predict(X), expected)

        def check_fit(expected=weights, name=cls.__name__):
            return fingerprint(subject(name).fit(X, y)) == expected

        background = threading.Thread(target=compute)
        background.start()
        outcomes["predict"].append(in_a_fork(check_predict))
        outcomes["fit"].append(in_a_fork(check_fit))
        done.set()
        background.join()
    for method, results in outcomes.items():
        failures = [result for result in results if result != "done"]
        report.add("T2", f"{method} in a forked child", tries, failures)


def main():
    report = Report()
    before = torch.get_num_threads()
    concurrent_fits(report)
    concurrent_predictions(report)
    if hasattr(os, "fork"):
        forks(report)
        torch.set_num_threads(before)
    report.finish()


if __name__ == "__main__":
    main()
