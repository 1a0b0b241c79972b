"""The same seed gives the same bits; the state of the process is restored."""

import copy
import os
import random
import signal
import warnings
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from skmnist import CNNClassifier, MLPClassifier, TorchClassifier
from tests.helpers import (
    CLASSIFIERS,
    EachEpoch,
    digests,
    digits,
    every_classifier,
    every_torch_setting,
    has,
    interrupt,
    noisy,
    regularized,
    run_script,
    same_network,
    tiny,
    with_dropout,
)


@every_classifier
def test_same_seed_gives_the_same_bits_and_another_seed_others(cls):
    X, y = digits(50)
    first = regularized(cls, random_state=3).fit(X, y)
    regularized(cls, random_state=4).fit(X, y)  # another fit changes nothing
    assert same_network(regularized(cls, random_state=3).fit(X, y), first)
    assert same_network(regularized(cls, random_state=np.random.RandomState(3)).fit(X, y), first)
    assert not same_network(regularized(cls, random_state=4).fit(X, y), first)
    assert not same_network(
        regularized(cls, random_state=None).fit(X, y), regularized(cls, random_state=None).fit(X, y)
    )


def test_same_seed_gives_the_same_bits_in_a_new_process_and_a_fork():
    # torch's threads don't survive a fork: waiting for them would never end.
    script = """
import multiprocessing, os, torch
from tests.helpers import digests
print(*digests())
torch.set_num_threads(2)
torch.ones(512, 512) @ torch.ones(512, 512)
if hasattr(os, "fork"):
    with multiprocessing.get_context("fork").Pool(1) as pool:
        print(*pool.apply_async(digests).get(timeout=60))
"""
    assert run_script(script) == digests() * (2 if hasattr(os, "fork") else 1)


@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_grid_search_in_two_processes_gives_the_same_bits(cls):
    X, y = digits(50)
    grid = {"lr": [1e-3, 1e-2], "batch_size": [16, 32]}
    searches = [GridSearchCV(regularized(cls), grid, cv=2, n_jobs=n).fit(X, y) for n in (1, 2)]
    scores = [search.cv_results_["mean_test_score"].tolist() for search in searches]
    assert scores[0] == scores[1]
    assert same_network(searches[0].best_estimator_, searches[1].best_estimator_)
    with joblib.parallel_backend("loky", n_jobs=2):
        fitted = joblib.Parallel()(joblib.delayed(regularized(cls).fit)(X, y) for _ in range(2))
    assert all(same_network(clf, regularized(cls).fit(X, y)) for clf in fitted)


@every_classifier
def test_concurrent_fits_in_threads_give_the_same_bits(cls):
    X, y = digits(50)
    single = regularized(cls, max_epochs=4).fit(X, y)
    expected = single.predict_proba(X)
    threads = torch.get_num_threads()
    with ThreadPoolExecutor(4) as pool:
        fits = [pool.submit(regularized(cls, max_epochs=4).fit, X, y) for _ in range(8)]
        answers = [pool.submit(single.predict_proba, X) for _ in range(8)]
    assert all(same_network(fit.result(), single) for fit in fits)
    assert all(np.array_equal(answer.result(), expected) for answer in answers)
    assert torch.get_num_threads() == threads


def classifiers_with_random_parts():
    yield from (pytest.param(regularized(cls), id=cls.__name__) for cls in CLASSIFIERS)
    yield pytest.param(tiny(MLPClassifier, augment=noisy), id="augment")
    yield pytest.param(tiny(TorchClassifier, module=with_dropout), id="module")
    yield pytest.param(tiny(MLPClassifier, random_state=None), id="no-seed")


def generator_states():
    return random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()


@pytest.mark.parametrize("clf", list(classifiers_with_random_parts()))
def test_global_generators_are_neither_used_nor_changed(clf):
    X, y = digits(50)
    fitted = []
    for seed in (0, 1):
        random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
        before = generator_states()
        fitted.append(copy.deepcopy(clf).fit(X, y, X_val=X, y_val=y).partial_fit(X, y))
        fitted[-1].predict_proba(X)
        assert generator_states() == before
    assert same_network(*fitted) == (clf.random_state is not None)


def process_state():
    return {
        "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "dtype": torch.get_default_dtype(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "autocast": torch.is_autocast_enabled("cpu"),
        "warnings": list(warnings.filters),
        "numpy": np.geterr(),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "environment": dict(os.environ),
    }


@every_classifier
def test_process_state_is_restored_also_after_exceptions(cls):
    X, y = digits(50)
    before = process_state()
    clf = tiny(cls, n_threads=2).fit(X, y)
    assert process_state() == before
    clf.partial_fit(X, y).predict(X)
    assert process_state() == before
    for failing, error in (
        (tiny(cls, n_threads=2, max_epochs=0), ValueError),
        (tiny(cls, n_threads=2, lr=1e30, loss="cross_entropy"), ValueError),
        (tiny(cls, n_threads=2, callbacks=[EachEpoch(interrupt)]), KeyboardInterrupt),
    ):
        with pytest.raises(error):
            failing.fit(X, y)
        assert process_state() == before
    with pytest.raises(ValueError):
        clf.predict(X[:, :3])
    assert process_state() == before


@pytest.mark.parametrize(
    "clf, expected",
    [
        # With a seed, None is 1 where the number of torch's threads changes the last bits.
        (tiny(MLPClassifier, batch_norm=True), [1, 2, 1]),
        (tiny(TorchClassifier, module=nn.Linear(784, 10)), [1, 2, 1]),
        (tiny(MLPClassifier), [1, 1, 1]),
        (tiny(CNNClassifier), [1, 1, 1]),
    ],
)
def test_torchs_threads_are_used_only_if_batches_cannot_be_split(clf, expected):
    X, y = digits(50)
    used = []
    callback = EachEpoch(lambda net: used.append(torch.get_num_threads()))
    for n_threads in (1, 2, None):
        clone(clf).set_params(n_threads=n_threads, max_epochs=1, callbacks=[callback]).fit(X, y)
    assert used == expected


@every_torch_setting
@every_classifier
def test_settings_of_torch_change_no_bit(cls, changed_setting):
    X, y = digits(50)
    params = {"augment": "light"} if has(cls, "augment") else {}
    clf = regularized(cls, early_stopping=True, **params).fit(X, y)
    with changed_setting():
        again = regularized(cls, early_stopping=True, **params).fit(X, y)
        proba = again.predict_proba(X)
    assert same_network(again, clf)
    assert np.array_equal(proba, clf.predict_proba(X))
    # Its tensors are ordinary ones, which can be trained outside of the setting.
    again.set_params(early_stopping=False).partial_fit(X, y)


@every_torch_setting
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("cls", [MLPClassifier, CNNClassifier])
def test_settings_of_torch_change_no_bit_of_half_precision(cls, precision, changed_setting):
    X, y = digits(50)
    clf = tiny(cls, precision=precision).fit(X, y)
    with changed_setting():
        again = tiny(cls, precision=precision).fit(X, y)
        proba = again.predict_proba(X)
    assert same_network(again, clf)
    assert np.array_equal(proba, clf.predict_proba(X))


def _with_noise(n_features, n_classes):
    class Noisy(torch.nn.Linear):
        def forward(self, x):
            return super().forward(x + torch.rand(x.shape) * torch.ones(()))

    return Noisy(n_features, n_classes)


@every_torch_setting
def test_settings_of_torch_change_no_bit_of_a_custom_module(changed_setting):
    X, y = digits(50)
    module = torch.nn.Sequential(torch.nn.Linear(784, 8), torch.nn.Linear(8, 10))
    for params in ({"module": _with_noise}, {"module": module}):
        clf = tiny(TorchClassifier, **params).fit(X, y)
        with changed_setting():
            again = tiny(TorchClassifier, **params).fit(X, y)
        assert same_network(again, clf)


@pytest.mark.gpu
@every_classifier
def test_gpu_training_is_reproducible_and_its_model_loads_without_a_gpu(cls, tmp_path):
    X, y = digits(50)
    clf = regularized(cls, device="cuda").fit(X, y)
    assert clf.device_ == "cuda:0"
    assert same_network(regularized(cls, device="cuda").fit(X, y), clf)
    joblib.dump((clf, X, clf.predict_proba(X)), tmp_path / "clf.joblib")
    script = (
        "import os; os.environ['CUDA_VISIBLE_DEVICES'] = ''; import joblib, numpy\n"
        f"clf, X, proba = joblib.load({str(tmp_path / 'clf.joblib')!r})\n"
        "print(clf.device_, numpy.allclose(clf.predict_proba(X), proba, atol=1e-4))"
    )
    assert run_script(script) == ["cpu", "True"]
