"""Searches and studies on a Dask cluster, including the loss of a worker."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import warnings

import joblib
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skmnist import MLPClassifier
from skmnist._utils.device import resolve_device
from skmnist.dask import resilient_client
from skmnist.studies import (
    EpochGridSearchCV,
    EpochHalvingSearchCV,
    EpochRandomizedSearchCV,
    compare_estimators,
    epoch_curve,
    learning_curve,
)
from tests.helpers import digits, every_classifier, same_network, tiny

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

GRID = {"lr": [1e-3, 1e-2], "hidden_layer_sizes": [(8,), (16,)]}


def import_distributed():
    return pytest.importorskip("distributed", reason="needs the extra dask: pip install '.[dask]'")


@contextlib.contextmanager
def cluster(**kwargs):
    """A local cluster without the web dashboard."""
    distributed = import_distributed()
    common = {"protocol": "tcp", "host": "127.0.0.1", "dashboard_address": ":0"}
    with distributed.LocalCluster(**common, threads_per_worker=1, **kwargs) as local_cluster:
        yield local_cluster


@pytest.fixture(scope="module")
def client():
    """A client of a cluster with two workers, which are threads of this process."""
    with (
        cluster(n_workers=2, processes=False) as local_cluster,
        resilient_client(local_cluster) as client,
    ):
        yield client


@contextlib.contextmanager
def worker_processes(address, n_workers):
    """Start worker processes that are not restarted."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        command += ["--no-nanny", "--nthreads", "1", "--no-dashboard", "--local-directory", folder]
        processes = [
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(n_workers)
        ]
        try:
            yield processes
        finally:
            for process in processes:
                process.kill()
                process.wait()


def scores_are_equal(search, other):
    names = [name for name in search.cv_results_ if "score" in name and "time" not in name]
    assert "mean_test_score" in names
    return all(np.array_equal(search.cv_results_[n], other.cv_results_[n]) for n in names)


@every_classifier
def test_grid_search_on_dask_scores_as_on_one_core(cls, client):
    X, y = digits()
    grid = {"lr": [1e-3, 1e-2], "batch_size": [16, 32]}
    search = GridSearchCV(tiny(cls), grid, cv=2, error_score="raise", return_train_score=True)
    serial = clone(search).fit(X, y)
    with joblib.parallel_config(backend="dask"):
        search.fit(X, y)
    assert scores_are_equal(search, serial)
    assert same_network(search.best_estimator_, serial.best_estimator_)


def test_epoch_search_and_studies_on_dask_equal_those_on_one_core(client):
    X, y = digits()
    clf = tiny(MLPClassifier)
    search = EpochGridSearchCV(make_pipeline(clf), {"mlpclassifier__max_epochs": [1, 3]}, cv=2)

    def results():
        return (
            search.fit(X, y).cv_results_["mean_test_score"],
            epoch_curve(clf, X, y, epochs=[1, 2], cv=2).to_frame().test_score,
            learning_curve(clf, X, y, train_sizes=[0.5, 1.0], cv=2).to_frame().test_score,
            compare_estimators({"a": clf}, X, y, X, y).test_accuracy,
        )

    serial = results()
    with joblib.parallel_config(backend="dask"):
        parallel = results()
    for a, b in zip(serial, parallel, strict=True):
        np.testing.assert_array_equal(a, b)


def test_randomized_and_halving_search_on_dask_score_as_on_one_core(client):
    X, y = digits()
    clf = tiny(MLPClassifier)
    space = {"max_epochs": [1, 2], "lr": [1e-3, 1e-2]}
    for search in (
        EpochRandomizedSearchCV(clf, space, n_iter=3, cv=2, random_state=0),
        EpochHalvingSearchCV(clf, GRID, cv=2, max_resources=4, factor=2, min_resources=1),
    ):
        serial = clone(search).fit(X, y)
        with joblib.parallel_config(backend="dask"):
            search.fit(X, y)
        assert scores_are_equal(search, serial)
    assert search.continued_[4:].all()


@pytest.mark.slow
def test_halving_search_continues_in_the_processes_of_a_cluster():
    X, y = digits()
    search = EpochHalvingSearchCV(tiny(MLPClassifier), GRID, cv=2, max_resources=4, factor=2)
    serial = clone(search).fit(X, y)
    with cluster(n_workers=2) as local_cluster, resilient_client(local_cluster):
        with joblib.parallel_config(backend="dask"):
            search.fit(X, y)
    assert scores_are_equal(search, serial)
    assert search.continued_[4:].all()


def test_large_data_give_no_warning_of_dask(client):
    large = np.zeros(20 * 2**20, dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with joblib.parallel_config(backend="dask"):
            sizes = joblib.Parallel()(joblib.delayed(len)(large) for _ in range(3))
    assert sizes == [len(large)] * 3


def test_lost_scattered_data_are_sent_again():
    data = np.arange(1000)
    with (
        cluster(n_workers=2, processes=False) as local_cluster,
        resilient_client(local_cluster) as client,
    ):
        future, other = client.scatter([data, "other"])
        assert client.gather([future, other])[1] == "other"
        (address,) = client.who_has([future])[future.key]
        worker = next(w for w in local_cluster.workers.values() if w.address == address)
        client.sync(worker.close)
        np.testing.assert_array_equal(future.result(timeout=60), data)


@pytest.mark.slow
def test_search_survives_a_killed_worker(tmp_path):
    X, y = digits()
    marker = str(tmp_path / "marker")

    def score_or_kill(clf, X, y):
        """Return the score; the first call on a worker kills its process."""
        if threading.current_thread() is not threading.main_thread():
            with contextlib.suppress(FileExistsError):
                os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
                os.kill(os.getpid(), signal.SIGKILL)
        return clf.score(X, y)

    search = GridSearchCV(
        tiny(MLPClassifier), GRID, cv=3, error_score="raise", scoring=score_or_kill
    )
    with (
        cluster(n_workers=0) as local_cluster,
        worker_processes(local_cluster.scheduler_address, 2) as processes,
        resilient_client(local_cluster) as client,
    ):
        client.wait_for_workers(2, timeout=120)
        with joblib.parallel_config(backend="dask"):
            search.fit(X, y)
        exit_codes = [process.poll() for process in processes]
        assert sorted(exit_codes, key=str) == [-signal.SIGKILL, None]
        assert len(client.scheduler_info()["workers"]) == 1
    assert scores_are_equal(search, GridSearchCV(tiny(MLPClassifier), GRID, cv=3).fit(X, y))


def test_error_without_dask_contains_installation_instructions(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[dask\]'"):
        resilient_client()


@pytest.mark.parametrize("n_visible, device", [(0, "cpu"), (1, "cuda:0"), (2, "cuda:0")])
def test_auto_is_the_first_visible_gpu(n_visible, device, monkeypatch):
    # CUDA numbers the GPUs in CUDA_VISIBLE_DEVICES, which differ between workers, from 0.
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_visible)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device("auto") == torch.device(device)
