"""Threads and forks: ``python -m fuzz.threads``.

R4: eight fits at once, with dropout and an augmentation that draws from the global generators.
T1: sixteen threads predict with one classifier while another one is being fitted. T2: children
forked after the use of several threads predict and fit, in ten seconds each.
"""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch

from fuzz.bars import CLASSIFIERS, Bars, digits, fingerprint, small
from fuzz.determinism import jitter, subject

SECONDS = 10


def fits_at_once(bars, rounds=20, n_fits=8):
    """R4: each fit ends with the bits that it has alone, whatever the others do."""
    X, y = digits(50)

    def fit(cls, seed):
        clf = small(cls, dropout=0.3, augment=jitter, random_state=seed)
        return fingerprint(clf.fit(X, y))

    tasks = [(CLASSIFIERS[i % len(CLASSIFIERS)], i // 2) for i in range(n_fits)]
    alone = [fit(*task) for task in tasks]
    wrong = []
    with ThreadPoolExecutor(n_fits) as pool:
        for i in range(rounds):
            together = pool.map(lambda task: fit(*task), tasks)
            wrong += [
                f"round {i}, {task[0].__name__}"
                for task, bits, wanted in zip(tasks, together, alone, strict=True)
                if bits != wanted
            ]
    tried = rounds * n_fits
    bars.report("R4", f"{n_fits} fits at once, {rounds} times", tried - len(wrong), tried, wrong)


def predictions_at_once(bars, n_threads=16, calls=25):
    """T1: the bits of a single thread, from 16 threads, with a fit beside them."""
    X, y = digits()
    wrong, tried = [], 0
    for cls in CLASSIFIERS:
        clf = subject(cls.__name__).fit(X, y)
        parts = [X[i::n_threads] for i in range(n_threads)]
        expected = [clf.predict_proba(part).tobytes() for part in parts]
        done = threading.Event()

        def fit_beside(name=cls.__name__, done=done):
            while not done.is_set():
                subject(name, random_state=None).fit(X, y)

        def ask(i, clf=clf, parts=parts):
            return [clf.predict_proba(parts[i]).tobytes() for _ in range(calls)]

        beside = threading.Thread(target=fit_beside)
        beside.start()
        with ThreadPoolExecutor(n_threads) as pool:
            for i, answers in enumerate(pool.map(ask, range(n_threads))):
                tried += len(answers)
                wrong += [f"{cls.__name__}, thread {i}" for a in answers if a != expected[i]]
        done.set()
        beside.join()
    words = f"predictions from {n_threads} threads beside a fit"
    bars.report("T1", words, tried - len(wrong), tried, wrong)


def use_several_threads():
    """Wake the threads of torch, as a caller may have done."""
    torch.set_num_threads(2)
    torch.ones(600, 600) @ torch.ones(600, 600)
    torch.nn.functional.conv2d(torch.ones(64, 8, 28, 28), torch.ones(8, 8, 3, 3))


def in_a_fork(function, seconds=SECONDS):
    """Call `function` in a forked child; return "done", "hung" or the status that it ended with."""
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
            return "done" if code == 0 else f"ended with {code}"
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "hung"


def forks(bars, tries=20):
    """T2: predict with the parent's classifier, and fit a new one, while the parent computes."""
    X, y = digits()
    outcomes = {"predict": [], "fit": []}
    for i in range(tries):
        cls = CLASSIFIERS[i % len(CLASSIFIERS)]
        clf = subject(cls.__name__, n_threads=2).fit(X, y)
        expected, bits = clf.predict(X), fingerprint(subject(cls.__name__).fit(X, y))
        use_several_threads()
        done = threading.Event()

        def compute(clf=clf, done=done, name=cls.__name__):
            while not done.is_set():
                clf.predict(X)
                subject(name).fit(X[:64], y[:64])

        def predicts(clf=clf, expected=expected):
            return np.array_equal(clf.set_params(n_threads=None).predict(X), expected)

        def fits(bits=bits, name=cls.__name__):
            return fingerprint(subject(name).fit(X, y)) == bits

        beside = threading.Thread(target=compute)
        beside.start()
        outcomes["predict"].append(in_a_fork(predicts))
        outcomes["fit"].append(in_a_fork(fits))
        done.set()
        beside.join()
    for words, ends in outcomes.items():
        wrong = [end for end in ends if end != "done"]
        bars.report("T2", f"{words} in a forked child", tries - len(wrong), tries, wrong)


def main():
    bars = Bars()
    before = torch.get_num_threads()
    fits_at_once(bars)
    predictions_at_once(bars)
    if hasattr(os, "fork"):
        forks(bars)
        torch.set_num_threads(before)
    bars.finish()


if __name__ == "__main__":
    main()
