"""save and load: a loaded classifier predicts and trains exactly like the original."""

import inspect
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import torch
from skorch.callbacks import Callback

import skmnist
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._networks.cnn import POOLINGS
from skmnist._networks.losses import LOSSES
from skmnist._networks.weight_init import WEIGHT_INITS
from skmnist._persistence.pipeline_state import CLASSIFIERS as SAVED_CLASSIFIERS
from skmnist._persistence.save_load import load, save
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import SCHEDULES
from skmnist._utils.device import AUTOCAST_DTYPES, PRECISIONS
from tests.helpers import (
    CLASSIFIERS,
    every_classifier,
    every_torch_setting,
    has,
    small_digits,
    tiny,
)
from tests.persistence.helpers import (
    assert_identical,
    assert_trains_identically,
    identical,
    save_and_load,
)

X, Y = small_digits()

TORCH_OPTIMIZERS = sorted(
    {
        cls
        for cls in vars(torch.optim).values()
        if inspect.isclass(cls) and issubclass(cls, torch.optim.Optimizer)
    }
    # Optimizer is abstract; the others need sparse gradients or 2-D parameters.
    - {getattr(torch.optim, name, None) for name in ("Optimizer", "SparseAdam", "Muon")},
    key=lambda cls: cls.__name__,
)


LABELS = {
    "int": Y,
    "uint8": Y.astype(np.uint8),
    "negative": -Y,
    "big endian": Y.astype(">i4"),
    "far apart": Y * 1_000_003 - 5,
    "bool": Y > 4,
    "float": Y / 1.0,
    "str": np.array([f"digit {y}" for y in Y]),
    "wide str": np.array([f"digit {y}" for y in Y], dtype="<U30"),
    "not ASCII": np.array(["零一二三四五六七八九"[y] for y in Y]),
    "object str": np.array([f"digit {y}" for y in Y], dtype=object),
    "list of str": [str(y) for y in Y],
    "categorical": pd.Series([f"digit {y}" for y in Y], dtype="category"),
    "pandas str": pd.Series([f"digit {y}" for y in Y]),
}


SETTINGS = {
    "activation": list(ACTIVATION_MODULES),
    "loss": list(LOSSES),
    "optimizer": [*OPTIMIZERS, *TORCH_OPTIMIZERS],
    "lr_schedule": list(SCHEDULES),
    "precision": list(PRECISIONS),
    "dropout": [0.3],
    "batch_norm": [True],
    "class_weight": ["balanced", {0: 2.0, 3: np.float32(0.5)}],
    "random_state": [None, np.random.RandomState(3)],
    "lr": [np.float64(0.01), np.float32(0.01)],
    "batch_size": [np.int64(7)],
    "hidden_layer_sizes": [(), [8, 4], 5, np.array([8, 4])],
    "channels": [(2, 3), [2], 3],
    "verbose": [1, "bar"],
    "device": [torch.device("cpu")],
    "callbacks": [[]],
    "weight_init": list(WEIGHT_INITS),
    "weight_decay": [0.01],
    "augment": ["light"],
    "shuffle": [False],
    "average": [True, False],
    "test_time_augment": [True],
    "label_smoothing": [0.1],
    "optimizer_params": [None, {"betas": (0.8, 0.9), "eps": 1e-6}],
    "pooling": list(POOLINGS),
    "global_pool": [None, *POOLINGS],
    "n_threads": [1],
    "deterministic": [True],
    "max_epochs": [1],
    "warm_start": [True],
}


COMBINATIONS = [
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    {"kernel_size": ((3, 5),), "stride": 2, "padding": 0, "pool_size": 1, "pool_stride": None},
    {"image_shape": (1, 7, 28), "pool_size": ((2, 2),), "pool_stride": 1},
]


# Parameters with separate tests. checkpoint_dir is not saved.
TESTED_ELSEWHERE = {"early_stopping", "validation_fraction", "n_iter_no_change", "tol"}


TESTED_ELSEWHERE |= {"module", "module_params", "checkpoint_dir"}


# Parameters with special serialization.
SPECIAL_IN_FILES = {
    "activation",
    "loss",
    "optimizer",
    "class_weight",
    "random_state",
    "lr",
    "batch_size",
}


SPECIAL_IN_FILES |= {"precision", "hidden_layer_sizes", "verbose", "device"}


# Values that a classifier does not support.
UNSUPPORTED = {("BackpropClassifier", "precision", name) for name in AUTOCAST_DTYPES}


def slow_unless(quick, *values, name):
    """Return the values as a parameter set, marked as slow unless `quick`."""
    return pytest.param(*values, id=name, marks=() if quick else pytest.mark.slow)


def settings():
    for cls in CLASSIFIERS:
        for name, values in SETTINGS.items():
            for value in values if has(cls, name) else ():
                if (cls.__name__, name, value if isinstance(value, str) else "") in UNSUPPORTED:
                    continue
                quick = value is values[0] or (
                    cls is skmnist.MLPClassifier and name in SPECIAL_IN_FILES
                )
                text = getattr(value, "__name__", str(value)[:20])
                yield slow_unless(
                    quick and value is not torch.optim.LBFGS,
                    cls,
                    {name: value},
                    name=f"{cls.__name__}-{name}-{text}",
                )
        for i, params in enumerate(COMBINATIONS):
            if all(has(cls, name) for name in params):
                yield pytest.param(cls, params, id=f"{cls.__name__}-together-{i}")


def labels():
    for cls in CLASSIFIERS:
        for name, values in LABELS.items():
            quick = cls is skmnist.MLPClassifier or name == "str"
            yield slow_unless(quick, cls, values, name=f"{cls.__name__}-{name}")


def test_every_public_classifier_can_be_saved():
    assert set(CLASSIFIERS) == set(SAVED_CLASSIFIERS)


@every_classifier
def test_every_parameter_is_tested(cls):
    tested = {*SETTINGS, *TESTED_ELSEWHERE}.union(*COMBINATIONS)
    assert set(inspect.signature(cls).parameters) <= tested


@every_classifier
def test_save_and_load_are_methods_too(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    clf.save(tmp_path / "model.safetensors")
    loaded = cls.load(tmp_path / "model.safetensors")
    assert type(loaded) is cls
    assert_identical(clf, loaded)


@every_torch_setting
@every_classifier
def test_settings_of_torch_are_ignored(cls, changed_setting, tmp_path):
    clf = tiny(cls).fit(X, Y)
    with changed_setting():
        assert_identical(clf, save_and_load(clf, tmp_path))


@pytest.mark.parametrize("cls, params", list(settings()))
def test_everything_is_restored_and_training_continues(cls, params, tmp_path, capsys):
    clf = tiny(cls, **params).fit(X, Y)
    loaded = save_and_load(clf, tmp_path)
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded)


@pytest.mark.parametrize("cls, labels", list(labels()))
def test_labels_of_every_type_are_restored(cls, labels, tmp_path):
    clf = tiny(cls).fit(X, labels)
    loaded = save_and_load(clf, tmp_path)
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded, y=labels)


@every_classifier
def test_column_names_are_restored(cls, tmp_path):
    frame = pd.DataFrame(X, columns=[f"Pixel {i} é" for i in range(X.shape[1])])
    clf = tiny(cls).fit(frame, Y)
    loaded = save_and_load(clf, tmp_path)
    assert_identical(clf, loaded, frame)
    assert_trains_identically(clf, loaded, frame)
    with pytest.raises(ValueError, match="feature names"):
        loaded.predict(frame.rename(columns=str.upper))


@every_classifier
@pytest.mark.parametrize(
    "shape, kind",
    [((14, 14), np.uint8), ((1, 14, 14), np.float32), ((196,), np.float64), ((196,), bool)],
)
def test_images_of_every_shape_are_restored(cls, shape, kind, tmp_path):
    images = (X / 255 if kind != np.uint8 else X).round().astype(kind).reshape(-1, *shape)
    clf = tiny(cls).fit(images, Y)
    loaded = save_and_load(clf, tmp_path)
    assert_identical(clf, loaded, images)
    assert_trains_identically(clf, loaded, images)


@every_classifier
def test_early_stopping_is_restored(cls, tmp_path):
    clf = tiny(cls, early_stopping=True, validation_fraction=0.3, max_epochs=4)
    clf.fit(X, Y % 3)
    loaded = save_and_load(clf, tmp_path)
    assert loaded.best_epoch_ == clf.best_epoch_
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded, y=Y % 3)


@every_classifier
def test_epochs_with_and_without_validation_are_restored(cls, tmp_path):
    clf = tiny(cls, warm_start=True).fit(X, Y).fit(X, Y, X_val=X, y_val=Y)
    assert_identical(clf, save_and_load(clf, tmp_path))


@every_classifier
def test_parameters_changed_since_the_fit_are_restored_and_used(cls, tmp_path):
    changed = {"lr": 0.03, "batch_size": 9, "lr_schedule": "cosine", "shuffle": False}
    changed |= {"optimizer": "sgd", "momentum": 0.5, "loss": "mse", "hidden_layer_sizes": (3,)}
    clf = tiny(cls).fit(X, Y)
    clf.set_params(**{name: value for name, value in changed.items() if has(cls, name)})
    loaded = save_and_load(clf, tmp_path)
    assert identical(clf.predict_proba(X), loaded.predict_proba(X))
    assert identical(clf.get_params(), loaded.get_params())
    for estimator in (clf, loaded):
        if has(cls, "hidden_layer_sizes"):
            with pytest.raises(
                ValueError, match="'hidden_layer_sizes' parameter .* must not change"
            ):
                estimator.partial_fit(X, Y)
            estimator.set_params(
                hidden_layer_sizes=estimator._fitted_architecture["hidden_layer_sizes"]
            )
            estimator.set_params(loss=estimator._fitted_architecture["loss"])
    assert_trains_identically(clf, loaded)


@every_classifier
def test_unused_momentum_is_accepted(cls, tmp_path):
    if not has(cls, "momentum"):
        return
    clf = tiny(cls, optimizer="sgd", momentum=0.9).fit(X, Y)
    clf.set_params(momentum=0.0).partial_fit(X, Y)
    loaded = save_and_load(clf, tmp_path)
    assert_identical(clf, loaded)
    assert_trains_identically(clf, loaded)


@every_classifier
def test_learning_rate_of_a_schedule_is_restored(cls, tmp_path):
    clf = tiny(cls, lr_schedule="exponential").fit(X, Y).set_params(lr_schedule=None)
    assert_trains_identically(clf, save_and_load(clf, tmp_path))


@every_classifier
def test_interrupted_fit_is_restored(cls, tmp_path):
    class Interrupt(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    clf = tiny(cls, callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    clf.set_params(callbacks=None)
    loaded = save_and_load(clf, tmp_path)
    assert loaded.n_iter_ == 1
    assert identical(clf.predict_proba(X), loaded.predict_proba(X))
    assert_trains_identically(clf, loaded)


@every_classifier
def test_file_without_optimizer_state_is_smaller_and_predicts_the_same(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "whole")
    save(clf, tmp_path / "small", optimizer_state=False)
    loaded = load(tmp_path / "small")
    assert identical(clf.predict_proba(X), loaded.predict_proba(X))
    if has(cls, "optimizer"):  # plain gradient descent has no state
        assert (tmp_path / "small").stat().st_size < 0.5 * (tmp_path / "whole").stat().st_size
        assert not loaded.net_.optimizer_.state_dict()["state"]
    loaded.partial_fit(X, Y)


@every_classifier
def test_saving_a_loaded_model_gives_the_same_bytes(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "first")
    save(load(tmp_path / "first"), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@every_classifier
def test_safetensors_reads_the_weights(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "model.safetensors")
    tensors = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    for name, tensor in clf.module_.state_dict().items():
        assert np.array_equal(tensors[f"weights.{name}"], tensor.numpy())


@every_classifier
def test_global_generators_are_unchanged(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    save_and_load(clf, tmp_path)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()


@pytest.mark.slow
def test_new_process_predicts_the_same(tmp_path):
    clf = tiny(skmnist.CNNClassifier).fit(X, Y)
    save(clf, tmp_path / "model.safetensors")
    np.save(tmp_path / "X.npy", X)
    script = (
        "import sys, numpy as np; from skmnist._persistence.save_load import load; "
        "clf = load('model.safetensors'); "
        "np.save('proba.npy', clf.predict_proba(np.load('X.npy')))"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert identical(np.load(tmp_path / "proba.npy"), clf.predict_proba(X))
