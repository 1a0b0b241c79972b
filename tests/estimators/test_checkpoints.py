"""Checkpoints: an interrupted fit is resumed with exactly the same result."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skorch.callbacks import EpochTimer
from torch import nn

import skmnist
from skmnist._estimators.checkpoints import Checkpoints, CheckpointTarget
from skmnist._training.net import Net
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import NEEDS_MAX_EPOCHS, SCHEDULES
from skmnist.exceptions import CheckpointError, ModelFileError
from tests.helpers import CLASSIFIERS, digits, every_classifier, has, same_network, tiny

X, Y = digits(step=50)


WEIGHTS = np.random.default_rng(0).uniform(0.5, 2, len(Y))


class Crash(BaseException):
    """An exception that nothing catches."""


def interrupt_fit(clf, *args, epoch=3, **kwargs):
    """Let a fit crash before the end of an epoch, counted from 1."""
    record = Net._record_losses

    def crash(net, *rest):
        if len(net.history) == epoch:
            raise Crash
        return record(net, *rest)

    with pytest.MonkeyPatch.context() as patches, pytest.raises(Crash):
        patches.setattr(Net, "_record_losses", crash)
        clf.fit(X, Y, *args, **kwargs)


def assert_identical(a, b):
    assert same_network(a, b)
    drop = {"columns": "seconds"}
    assert a.history_.drop(**drop).equals(b.history_.drop(**drop))
    assert (a.predict_proba(X) == b.predict_proba(X)).all()
    assert (a.n_iter_, a.best_epoch_) == (b.n_iter_, b.best_epoch_)


def assert_resumes(clf, folder, *args, epoch=3, **kwargs):
    """Assert that a resumed fit gives exactly the same result as an uninterrupted one."""
    uninterrupted = clone(clf).fit(X, Y, *args, **kwargs)
    clf.set_params(checkpoint_dir=folder)
    interrupt_fit(clone(clf), *args, epoch=epoch, **kwargs)
    assert checkpoint_names(folder) == [f"epoch-{n:06d}.safetensors" for n in range(1, epoch)][-2:]
    resumed = clone(clf).fit(X, Y, *args, resume=True, **kwargs)
    assert_identical(resumed, uninterrupted)
    return resumed


def checkpoint_names(folder):
    return sorted(path.name for path in Path(folder).glob("epoch-*"))


def assert_rejected(clf, *parts, X=X, y=Y, **kwargs):
    with pytest.raises(CheckpointError) as caught:
        clf.fit(X, y, resume=True, **kwargs)
    assert all(word in str(caught.value) for word in parts), caught.value


# -- exactly the same result -----------------------------------------------------------------


def add_noise(x):
    return x + 0.1 * torch.randn_like(x)


class CustomModule(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, n_classes)
        )

    def forward(self, x):
        return self.layers(x)


SETTINGS = {
    "optimizer": [*OPTIMIZERS, torch.optim.Adamax],
    "lr_schedule": list(SCHEDULES),
    "dropout": [0.3],
    "batch_norm": [True],
    "augment": ["light", add_noise],
    "module": [CustomModule],
    "precision": ["float64"],
    "class_weight": ["balanced"],
    "shuffle": [False],
}


def settings():
    for cls in CLASSIFIERS:
        for name, values in SETTINGS.items():
            for value in values if has(cls, name) else ():
                if cls is skmnist.MLPClassifier or not has(skmnist.MLPClassifier, name):
                    text = getattr(value, "__name__", value)
                    yield pytest.param(cls, {name: value}, id=f"{cls.__name__}-{name}-{text}"[:50])


@pytest.mark.parametrize("cls, params", list(settings()))
def test_every_setting_is_resumed(cls, params, tmp_path):
    assert_resumes(tiny(cls, max_epochs=4, **params), tmp_path)


@every_classifier
def test_all_settings_together_are_resumed(cls, tmp_path):
    params = {"dropout": 0.3, "augment": add_noise, "momentum": 0.9, "optimizer": "rmsprop"}
    params = {name: value for name, value in params.items() if has(cls, name)}
    clf = tiny(cls, max_epochs=5, early_stopping=True, lr_schedule="onecycle", **params)
    assert_resumes(clf, tmp_path, WEIGHTS, epoch=4)


@every_classifier
def test_early_stopping_resumes_its_count_and_its_best_weights(cls, tmp_path):
    clf = tiny(cls, early_stopping=True, n_iter_no_change=3, tol=1.0, max_epochs=50)
    resumed = assert_resumes(clf, tmp_path, epoch=4)
    assert resumed.n_iter_ == 4  # no epoch after the first improves by more than tol=1
    again = clone(resumed).fit(X, Y, resume=True)  # it is still stopped
    assert_identical(again, resumed)


@every_classifier
def test_validation_scores_are_resumed(cls, tmp_path):
    assert_resumes(tiny(cls, max_epochs=4), tmp_path, X_val=X[::3], y_val=Y[::3])


def test_several_crashes_do_not_change_the_result(tmp_path):
    clf = tiny(skmnist.MLPClassifier, max_epochs=5)
    uninterrupted = clone(clf).fit(X, Y)
    clf.set_params(checkpoint_dir=tmp_path)
    for epoch in (1, 2, 2, 4, 5):
        interrupt_fit(clone(clf), epoch=epoch, resume=True)
    assert_identical(clf.fit(X, Y, resume=True), uninterrupted)


def test_random_seed_is_resumed(tmp_path):
    for random_state in (None, np.random.RandomState(3)):
        clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, random_state=random_state)
        seed = clf.fit(X, Y)._seed
        again = clone(clf).fit(X, Y, resume=True)
        assert again._seed == seed
        assert_identical(again, clf)


def test_pipeline_passes_resume_to_its_classifier(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, random_state=0)
    pipeline = make_pipeline(StandardScaler(), clf)
    uninterrupted = clone(pipeline).fit(X, Y)
    resumed = clone(pipeline).fit(X, Y, mlpclassifier__resume=True)
    assert same_network(resumed[-1], uninterrupted[-1])


# -- choice of the checkpoint ----------------------------------------------------------------


def test_resume_starts_a_fit_if_there_is_no_checkpoint(tmp_path):
    clf = tiny(skmnist.MLPClassifier)
    uninterrupted = clone(clf).fit(X, Y)
    clf.set_params(checkpoint_dir=tmp_path / "new" / "folder")
    assert_identical(clf.fit(X, Y, resume=True), uninterrupted)
    assert len(checkpoint_names(clf.checkpoint_dir)) == 2


def test_finished_training_is_not_continued(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=str(tmp_path)).fit(X, Y)
    content = {path: path.read_bytes() for path in tmp_path.glob("epoch-*")}
    assert_identical(clone(clf).fit(X, Y, resume=True), clf)
    assert content == {path: path.read_bytes() for path in tmp_path.glob("epoch-*")}


def test_fit_without_resume_replaces_the_checkpoints(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, max_epochs=5).fit(X, Y)
    other = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, lr=0.01)
    interrupt_fit(other, epoch=1)
    assert checkpoint_names(tmp_path) == ["epoch-000004.safetensors", "epoch-000005.safetensors"]
    interrupt_fit(other, epoch=2)
    assert checkpoint_names(tmp_path) == ["epoch-000001.safetensors"]
    assert_rejected(clf, "lr was 0.01 and is 0.003")


@pytest.mark.parametrize("schedule", [None, *SCHEDULES])
def test_max_epochs_may_be_raised_unless_the_schedule_depends_on_it(schedule, tmp_path):
    clf = tiny(skmnist.MLPClassifier, lr_schedule=schedule, checkpoint_dir=tmp_path).fit(X, Y)
    longer = clone(clf).set_params(max_epochs=4)
    if schedule in NEEDS_MAX_EPOCHS:
        assert_rejected(longer, "max_epochs was 2 and is 4", "lr_schedule=", schedule)
    else:
        uninterrupted = clone(longer).set_params(checkpoint_dir=None).fit(X, Y)
        assert_identical(longer.fit(X, Y, resume=True), uninterrupted)


def test_max_epochs_below_the_number_of_completed_epochs_is_rejected(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path).fit(X, Y)
    assert_rejected(clf.set_params(max_epochs=1), "2 epochs", "max_epochs=1")


def test_device_threads_and_verbosity_may_change(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path).fit(X, Y)
    clf.set_params(
        verbose=0, n_threads=2, device="cpu", batch_size=np.int64(32), lr=np.float64(3e-3)
    )
    assert clf.fit(X, Y, resume=True).n_iter_ == 2


CHANGED = {
    "lr": 0.5,
    "batch_size": 7,
    "random_state": 1,
    "hidden_layer_sizes": (3,),
    "lr_schedule": "cosine",
    "early_stopping": True,
    "class_weight": {3: 2.0},
    "augment": add_noise,
    "optimizer": "sgd",
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed_parameter_is_rejected_by_name(name, tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path).fit(X, Y)
    clf.set_params(**{name: CHANGED[name]})
    assert_rejected(clf, f"{name} was", str(tmp_path), "resume=True")
    assert not hasattr(clf, "classes_") or not clf.__sklearn_is_fitted__()


def test_changed_data_are_rejected_by_name(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path).fit(X, Y)
    changed = X.copy()
    changed[3, 300] ^= 1
    swapped = np.r_[Y[1], Y[0], Y[2:]] if Y[0] != Y[1] else np.r_[9 - Y[:1], Y[1:]]
    assert_rejected(clf, "X differs", X=changed)
    assert_rejected(clf, "X differs", X=X[1:], y=Y[1:])
    assert_rejected(clf, "y differs", y=swapped)
    assert_rejected(clf, "y differs", y=Y.astype(str))
    assert_rejected(clf, "sample_weight differs", sample_weight=WEIGHTS)
    assert_rejected(clf, "X_val or y_val differs", X_val=X, y_val=Y)


def test_checkpoint_of_another_class_is_rejected(tmp_path):
    skmnist.MLPClassifier(max_epochs=1, checkpoint_dir=tmp_path).fit(X, Y)
    clf = skmnist.BackpropClassifier(max_epochs=1, checkpoint_dir=tmp_path)
    assert_rejected(clf, "MLPClassifier", "BackpropClassifier")


# -- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "model"])
def test_damaged_checkpoint_is_skipped_for_the_previous_one(damage, tmp_path):
    clf = tiny(skmnist.MLPClassifier, max_epochs=3)
    uninterrupted = clone(clf).fit(X, Y)
    clf.set_params(checkpoint_dir=tmp_path).fit(X, Y)
    before, newest = sorted(tmp_path.glob("epoch-*"))
    content = newest.read_bytes()
    if damage == "model":
        uninterrupted.save(newest)
    else:
        flipped = bytes([*content[:-1], content[-1] ^ 1])
        newest.write_bytes({"flip": flipped, "cut": content[:99], "empty": b""}[damage])
    with pytest.warns(UserWarning, match=re.escape(str(before))) as caught:
        resumed = clone(clf).fit(X, Y, resume=True)
    assert len(caught) == 1 and newest.name in str(caught[0].message)
    assert caught[0].filename == __file__
    assert_identical(resumed, uninterrupted)
    assert_identical(
        clone(clf).fit(X, Y, resume=True), uninterrupted
    )  # the damaged checkpoint was replaced

    for path in (before, newest):
        path.write_bytes(content[:99])
    assert_rejected(clf, str(newest), "start from scratch")
    assert clf.fit(X, Y).n_iter_ == 3


def test_checkpoint_cannot_be_loaded_as_a_model(tmp_path):
    tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path).fit(X, Y)
    with pytest.raises(ModelFileError):
        skmnist.load(next(tmp_path.glob("epoch-*")))


def test_partial_files_are_removed_and_other_files_kept(tmp_path):
    stale, notes = tmp_path / ".epoch-000003.safetensors.abc.tmp", tmp_path / "notes.txt"
    for path in (stale, notes):
        path.touch()
    tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, max_epochs=4).fit(X, Y)
    assert not stale.exists() and notes.exists()
    assert len(checkpoint_names(tmp_path)) == 2


def test_checkpoints_are_replaced_only_after_the_first_epoch_of_a_new_fit(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path, max_epochs=3).fit(X, Y)
    before = checkpoint_names(tmp_path)
    interrupt_fit(clone(clf), epoch=1)
    assert checkpoint_names(tmp_path) == before
    assert_identical(clone(clf).fit(X, Y, resume=True), clf)
    interrupt_fit(clone(clf), epoch=2)
    assert checkpoint_names(tmp_path) == ["epoch-000001.safetensors"]


def test_checkpoints_are_sorted_by_epoch_and_not_by_name(tmp_path):
    names = ["epoch-999998.safetensors", "epoch-999999.safetensors", "epoch-1000000.safetensors"]
    for name in [*reversed(names), "epoch-12.safetensors", "epoch-000012.onnx", "notes.txt"]:
        (tmp_path / name).touch()
    assert [path.name for path in Checkpoints(CheckpointTarget(tmp_path, False))._paths()] == names


# -- use of the folder -----------------------------------------------------------------------


def test_folder_in_use_is_rejected_and_a_stale_lock_is_ignored(tmp_path):
    clf = tiny(skmnist.MLPClassifier, checkpoint_dir=tmp_path)
    with FileLock(tmp_path / ".lock"):
        for resume in (False, True):
            with pytest.raises(CheckpointError, match="Another fit .* separate checkpoint_dir"):
                clf.fit(X, Y, resume=resume)
    assert (tmp_path / ".lock").exists()
    assert clf.fit(X, Y, resume=True).n_iter_ == 2


def test_search_rejects_resume_and_is_unchanged_without_it(tmp_path):
    grid, clf = {"lr": [1e-3, 1e-2]}, tiny(skmnist.MLPClassifier)
    plain = GridSearchCV(clf, grid, cv=2).fit(X, Y)
    checkpointed = GridSearchCV(clone(clf).set_params(checkpoint_dir=tmp_path), grid, cv=2).fit(
        X, Y
    )
    assert (
        plain.cv_results_["mean_test_score"].tolist()
        == checkpointed.cv_results_["mean_test_score"].tolist()
    )
    search = GridSearchCV(checkpointed.estimator, grid, cv=2, error_score="raise")
    with pytest.raises(CheckpointError, match="belongs to a different training run"):
        search.fit(X[:50], Y[:50], resume=True)


@every_classifier
def test_contradictory_parameters_are_rejected(cls, tmp_path):
    with pytest.raises(ValueError, match="resume=True requires checkpoint_dir, which is None"):
        tiny(cls).fit(X, Y, resume=True)
    with pytest.raises(ValueError, match="warm_start"):
        tiny(cls, checkpoint_dir=tmp_path, warm_start=True).fit(X, Y)
    for value in (3, "", b"folder", ["folder"]):
        with pytest.raises(ValueError, match="'checkpoint_dir' parameter .* path of a folder"):
            tiny(cls, checkpoint_dir=value).fit(X, Y)
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(OSError, match="Got the file"):
        tiny(cls, checkpoint_dir=path).fit(X, Y)


def test_callbacks_restart_with_a_warning(tmp_path):
    clf = tiny(skmnist.MLPClassifier, callbacks=[EpochTimer()], checkpoint_dir=tmp_path).fit(X, Y)
    with pytest.warns(UserWarning, match="callbacks start from their initial state after epoch 2"):
        clf.fit(X, Y, resume=True)


@every_classifier
def test_partial_fit_writes_no_checkpoints(cls, tmp_path):
    tiny(cls, checkpoint_dir=tmp_path).partial_fit(X, Y)
    assert not list(tmp_path.iterdir())


@every_classifier
def test_saved_model_does_not_contain_the_folder(cls, tmp_path):
    clf = tiny(cls, checkpoint_dir=tmp_path).fit(X, Y)
    skmnist.save(clf, tmp_path / "model")
    assert str(tmp_path).encode() not in (tmp_path / "model").read_bytes()
    assert skmnist.load(tmp_path / "model").checkpoint_dir is None
