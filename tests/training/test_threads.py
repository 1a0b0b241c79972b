"""Threads and forked processes: the number of threads, the seeds, the locks."""

import contextlib
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from skmnist import MLPClassifier
from skmnist._training.threads import limit_threads, parallel_map, use_threads
from tests.helpers import digits, every_classifier, has, run_python, same_network, tiny

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")


def jitter(x):
    """An augmentation that draws from every global generator."""
    return x + 0.1 * torch.rand_like(x) + float(np.random.rand()) + random.random()


def in_a_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


# -- threads ---------------------------------------------------------------------------------


@every_classifier
def test_concurrent_augmentations_that_draw_from_global_generators_keep_their_seeds(cls):
    X, y = digits(50)
    options = {"augment": jitter} if has(cls, "augment") else {}
    single = tiny(cls, **options).fit(X, y)
    with ThreadPoolExecutor(6) as pool:
        fits = list(pool.map(lambda _: tiny(cls, **options).fit(X, y), range(12)))
    assert all(same_network(fit, single) for fit in fits)


def test_sixteen_threads_predict_like_one():
    X, _ = digits()
    clf = tiny(MLPClassifier).fit(*digits())
    parts = [X[i::16] for i in range(16)] * 4
    expected = [clf.predict_proba(part) for part in parts]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(clf.predict_proba, parts))
    assert all(map(np.array_equal, answers, expected))


def test_each_thread_keeps_its_number_of_threads(two_threads):
    inside, leave = threading.Event(), threading.Event()

    def limit_and_wait():
        before = torch.get_num_threads()
        with limit_threads(1):
            inside.set()
            leave.wait(30)
            during = torch.get_num_threads()
        return before, during, torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(limit_and_wait)
        inside.wait(30)
        # A thread that begins while another one is limited would find that one's limit.
        with limit_threads(4):
            assert torch.get_num_threads() == 4
            assert in_a_thread(limit_once) == (1, 2)
            assert torch.get_num_threads() == 4
        assert torch.get_num_threads() == 2
        leave.set()
        assert first.result() == (2, 1, 2)
    assert torch.get_num_threads() == 2
    assert in_a_thread(torch.get_num_threads) == 2


def limit_once():
    with limit_threads(1):
        during = torch.get_num_threads()
    return during, torch.get_num_threads()


def test_nested_limits(two_threads):
    with limit_threads(3):
        with limit_threads(1):
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 3
        with pytest.raises(KeyError), limit_threads(1):
            raise KeyError
        assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 2


# -- forks -----------------------------------------------------------------------------------


@pytest.mark.slow
@needs_fork
def test_child_hangs_without_the_fork_handler():
    """Check that the tests above can fail; if torch can fork one day, the reset may go."""
    script = """
import contextlib
import os
os.register_at_fork = lambda **handlers: None
from fuzz.threads import in_a_fork, use_several_threads
import torch
use_several_threads()
print(in_a_fork(lambda: (torch.ones(600, 600) @ torch.ones(600, 600)).sum() > 0, 3))
"""
    outcome = run_python("-c", script)
    if outcome != ["hung"]:
        pytest.skip(f"torch forks without a cure here: {outcome}")


def thread_names():
    """Return the names of the threads that compute the results of parallel_map."""
    barrier = threading.Barrier(2)

    def name(_):
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(1)  # for another thread, if there is one
        return threading.current_thread().name.partition("_")[0]

    return set(parallel_map(name, range(2)))


def test_inner_block_leaves_the_threads_of_the_outer_one():
    """A callback may predict during a fit."""
    with use_threads(2):
        with use_threads(1):
            assert thread_names() == {"MainThread"}
        assert thread_names() == {"skmnist"}
    assert thread_names() == {"MainThread"}


def test_blocks_of_two_threads_are_independent():
    """Two threads may predict at once; one ends first."""
    entered, left = threading.Event(), threading.Event()

    def first():
        with use_threads(2):
            entered.set()
            left.wait()
            return thread_names()

    with ThreadPoolExecutor(1) as pool:
        names = pool.submit(first)
        entered.wait()
        with use_threads(2):
            assert thread_names() == {"skmnist"}
        left.set()
        assert names.result() == {"skmnist"}
