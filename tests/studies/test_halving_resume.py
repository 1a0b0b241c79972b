"""EpochHalvingSearchCV: an interrupted search is resumed with the same result."""

import json

import numpy as np
import pytest
from filelock import FileLock
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skmnist._training.net import Net
from skmnist.exceptions import CheckpointError
from skmnist.studies import EpochHalvingSearchCV
from tests.helpers import digits, same_network
from tests.studies.helpers import assert_same_results, tiny

GRID = {"lr": [1e-4, 1e-3, 1e-2], "batch_size": [16, 32, 64]}


class Crash(BaseException):
    """An exception that nothing catches."""


def interrupt(search, data, n_epochs, **kwargs):
    """Let a search crash in the epoch with the number `n_epochs`, counted over all fits."""
    record, run = Net._record_losses, []

    def crash(net, *rest):
        run.append(net)
        if len(run) == n_epochs:
            raise Crash
        return record(net, *rest)

    with pytest.MonkeyPatch.context() as patches, pytest.raises(Crash):
        patches.setattr(Net, "_record_losses", crash)
        search.fit(*data, **kwargs)


@pytest.fixture(scope="module")
def uninterrupted(data):
    return halving().fit(*data)


def halving(**params):
    return EpochHalvingSearchCV(tiny(), GRID, **{"cv": 2, "max_resources": 9} | params)


# The iterations train 18, 12 and 12 epochs, and the refit 9.
@pytest.mark.parametrize("n_epochs", [1, 4, 18, 19, 25, 35, 45])
def test_resumed_search_has_the_same_result(data, uninterrupted, n_epochs, tmp_path, epochs_run):
    search = halving(checkpoint_dir=tmp_path / "state")
    interrupt(search, data, n_epochs)
    del epochs_run[:]
    search.fit(*data, resume=True)
    # The epoch that crashed is trained again; the refit starts from scratch.
    assert len(epochs_run) == (9 if n_epochs > 42 else 52 - n_epochs)
    assert_same_results(search.cv_results_, uninterrupted.cv_results_)
    assert search.continued_.tolist() == uninterrupted.continued_.tolist()
    assert same_network(search.best_estimator_, uninterrupted.best_estimator_)


def test_search_can_be_interrupted_and_resumed_again_and_again(data, uninterrupted, tmp_path):
    search = halving(checkpoint_dir=tmp_path)
    for n_epochs in (7, 13, 11):
        interrupt(search, data, n_epochs, resume=True)
    search.fit(*data, resume=True)
    assert_same_results(search.cv_results_, uninterrupted.cv_results_)


def test_completed_search_is_not_trained_again(data, uninterrupted, tmp_path, epochs_run):
    halving(checkpoint_dir=tmp_path).fit(*data)
    del epochs_run[:]
    search = halving(checkpoint_dir=tmp_path, refit=False).fit(*data, resume=True)
    assert not epochs_run
    assert_same_results(search.cv_results_, uninterrupted.cv_results_)


def test_failed_fits_are_resumed(data, tmp_path):
    grid = {"lr": [1e30, 1e-3, 1e-2], "activation": ["identity"], "optimizer": ["sgd"]}
    search = halving(checkpoint_dir=tmp_path, refit=False).set_params(param_grid=grid)
    with pytest.warns(FitFailedWarning), pytest.warns(UserWarning, match="non-finite"):
        first = search.fit(*data).cv_results_
    with pytest.warns(UserWarning, match="non-finite"):
        again = search.fit(*data, resume=True).cv_results_
    assert np.isnan(first["mean_test_score"]).sum() == 1
    assert_same_results(again, first)


def test_search_without_resume_starts_from_scratch(data, tmp_path, epochs_run):
    interrupt(halving(checkpoint_dir=tmp_path), data, 25)
    other = tmp_path / "notes.txt"
    other.write_text("mine")
    del epochs_run[:]
    halving(checkpoint_dir=tmp_path, refit=False).fit(*data)
    assert len(epochs_run) == 42
    assert other.read_text() == "mine"


def test_states_are_no_pickles_and_those_of_eliminated_candidates_are_removed(data, tmp_path):
    interrupt(halving(checkpoint_dir=tmp_path), data, 35)
    assert len(list(tmp_path.glob("candidate-*"))) == 1  # of the third iteration
    names = {path.suffix for path in tmp_path.rglob("*") if path.is_file() and path.suffix}
    assert names == {".json", ".safetensors"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"factor": 2}, "factor was 3 and is 2"),
        ({"param_grid": {"lr": [1e-3]}}, "param_grid was"),
        ({"scoring": "neg_log_loss"}, "scoring was None and is 'neg_log_loss'"),
        ({"cv": StratifiedKFold(2, shuffle=True, random_state=0)}, "cv was"),
        ({"max_resources": 10}, "max_resources was 9 and is 10"),
        (
            {"estimator": tiny(lr=0.5)},
            r"estimator__lr was \S+ and is 0\.5\. Use",
        ),
        (
            {"estimator": make_pipeline(MinMaxScaler(), tiny())},
            r"estimator__minmaxscaler was - and is sklearn\S+MinMaxScaler",
        ),
    ],
    ids=["factor", "param_grid", "scoring", "cv", "max_resources", "parameter", "estimator"],
)
def test_other_settings_are_rejected(data, tmp_path, change, message):
    interrupt(halving(checkpoint_dir=tmp_path), data, 20)
    search = halving(checkpoint_dir=tmp_path).set_params(**change)
    with pytest.raises(CheckpointError, match=f"different search: .*{message}"):
        search.fit(*data, resume=True)


def test_other_data_are_rejected(data, tmp_path):
    search = halving(checkpoint_dir=tmp_path)
    interrupt(search, data, 20)
    with pytest.raises(CheckpointError, match="different search: data was"):
        search.fit(*digits(21), resume=True)


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({"format": 99}), ""])
def test_damaged_file_is_rejected(data, tmp_path, content):
    (tmp_path / "search.json").write_text(content)
    search = halving(checkpoint_dir=tmp_path)
    with pytest.raises(CheckpointError, match="damaged or was written by another version"):
        search.fit(*data, resume=True)
    clone(search).set_params(refit=False).fit(*data)


def test_folder_in_use_is_rejected(data, tmp_path):
    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(CheckpointError, match="Another search is writing"),
    ):
        halving(checkpoint_dir=tmp_path).fit(*data)
