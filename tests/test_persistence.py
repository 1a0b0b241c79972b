"""Model files: everything comes back, nothing runs, and damage is noticed."""

import inspect
import json
import os
import pickle
import resource
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import torch
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)
from skorch.callbacks import Callback, EpochTimer
from test_common import CLASSIFIERS, digits, every_classifier, has, same_network, tiny
from torch import nn

import skmnist
from skmnist._estimators.fitted_attributes import describe_attributes
from skmnist._files.atomic import atomic_write
from skmnist._files.model_file import read_model_file, write_model_file
from skmnist._networks.losses import LOSSES
from skmnist._networks.modules import ACTIVATION_MODULES, WEIGHT_INITS
from skmnist._persistence.save_load import CLASSIFIERS as SAVED_CLASSIFIERS
from skmnist._persistence.save_load import TRANSFORMERS, load, save
from skmnist._training.optimizers import OPTIMIZERS
from skmnist._training.schedules import SCHEDULES
from skmnist.exceptions import ModelFileError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

CHECKOUT = Path(__file__).parents[1]
X, Y = digits(step=50)
X = X.reshape(-1, 28, 28)[:, ::2, ::2].reshape(len(X), -1)  # 100 digits of 14 x 14 pixels

TORCH_OPTIMIZERS = sorted(
    {
        cls
        for cls in vars(torch.optim).values()
        if inspect.isclass(cls) and issubclass(cls, torch.optim.Optimizer)
    }
    # The first is abstract, the others take gradients of another kind or shape than ours.
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
    "precision": ["float32", "float64", "bfloat16"],
    "dropout": [0.3],
    "batch_norm": [True],
    "class_weight": ["balanced", {0: 2.0, 3: np.float32(0.5)}],
    "random_state": [None, np.random.RandomState(3)],
    "lr": [np.float64(0.01), np.float32(0.01)],
    "batch_size": [np.int64(7)],
    "hidden_layer_sizes": [(), [8, 4], 5],
    "channels": [(2, 3), [2], 3],
    "verbose": [1, "bar"],
    "device": [torch.device("cpu")],
    "callbacks": [[]],
    "weight_init": list(WEIGHT_INITS),
    "weight_decay": [0.01],
    "augment": ["light"],
    "shuffle": [False],
    "n_threads": [1],
    "deterministic": [True],
    "max_epochs": [1],
    "warm_start": [True],
}
TOGETHER = [
    {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
    {"kernel_size": ((3, 5),), "stride": 2, "padding": 0, "pool_size": 1, "pool_stride": None},
    {"image_shape": (1, 7, 28), "pool_size": ((2, 2),), "pool_stride": 1},
]
# These have tests of their own; a folder for checkpoints stays on its machine.
ELSEWHERE = {"early_stopping", "validation_fraction", "n_iter_no_change", "tol"}
ELSEWHERE |= {"module", "module_params", "checkpoint_dir"}
# Parameters whose values a file keeps in ways of their own.
OF_FILES = {"activation", "loss", "optimizer", "class_weight", "random_state", "lr", "batch_size"}
OF_FILES |= {"precision", "hidden_layer_sizes", "verbose", "device"}
# What the hand-written network can't do.
IMPOSSIBLE = {("BackpropClassifier", "precision", "bfloat16")}


def unless_quick(quick, *values, name):
    """Return the values as a test's parameters; the test is slow unless it is `quick`."""
    return pytest.param(*values, id=name, marks=() if quick else pytest.mark.slow)


def settings():
    for cls in CLASSIFIERS:
        for name, values in SETTINGS.items():
            for value in values if has(cls, name) else ():
                if (cls.__name__, name, value if isinstance(value, str) else "") in IMPOSSIBLE:
                    continue
                quick = value is values[0] or (cls is skmnist.MLPClassifier and name in OF_FILES)
                shown = getattr(value, "__name__", str(value)[:20])
                yield unless_quick(
                    quick and value is not torch.optim.LBFGS,
                    cls,
                    {name: value},
                    name=f"{cls.__name__}-{name}-{shown}",
                )
        for i, params in enumerate(TOGETHER):
            if all(has(cls, name) for name in params):
                yield pytest.param(cls, params, id=f"{cls.__name__}-together-{i}")


def labels():
    for cls in CLASSIFIERS:
        for name, values in LABELS.items():
            quick = cls is skmnist.MLPClassifier or name == "str"
            yield unless_quick(quick, cls, values, name=f"{cls.__name__}-{name}")


def there_and_back(estimator, tmp_path, **kwargs):
    save(estimator, tmp_path / "model.safetensors")
    return load(tmp_path / "model.safetensors", **kwargs)


def same(a, b):
    """Return whether two values are the same to the last bit, of the same types."""
    if type(a) is not type(b):
        return False
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and a.stride() == b.stride() and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and same(a.tolist(), b.tolist())
    if isinstance(a, np.random.RandomState):
        return same(a.get_state()[1], b.get_state()[1])
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or a is b or a != a


def epochs(estimator):
    """Return skorch's history without that of single batches, which is not kept."""
    return [{k: v for k, v in row.items() if k != "batches"} for row in estimator.net_.history]


def assert_same(a, b, X=X):
    """Assert that two fitted classifiers are the same in all that can be asked."""
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert same(getattr(a, method)(X), getattr(b, method)(X)), method
    assert same(a.get_params(), b.get_params())
    hidden = {name for name in vars(a) if name not in a.get_params()} - {"net_"}
    assert hidden == {name for name in vars(b) if name not in b.get_params()} - {"net_"}
    for name in hidden:
        assert same(vars(a)[name], vars(b)[name]), name
    for name in set(describe_attributes(type(a))) - {"module_", "net_"}:
        assert same(getattr(a, name, "none"), getattr(b, name, "none")), name
    assert same(epochs(a), epochs(b))
    assert same(dict(a.module_.state_dict()), dict(b.module_.state_dict()))
    assert same(a.net_.optimizer_.state_dict(), b.net_.optimizer_.state_dict())
    assert not b.module_.training


def assert_same_training(a, b, X=X, y=Y):
    """Assert that two fitted classifiers go on in the same way."""
    for estimator in (a, b):
        estimator.set_params(random_state=0)
        if not estimator.early_stopping:
            estimator.partial_fit(X, y)
        estimator.set_params(warm_start=True, max_epochs=2).fit(X, y)
    assert same_network(a, b)
    assert a.loss_curve_ == b.loss_curve_


# -- there and back --------------------------------------------------------------------------


def test_every_public_classifier_is_one_that_a_file_may_name():
    assert set(CLASSIFIERS) == set(SAVED_CLASSIFIERS)


@every_classifier
def test_every_parameter_is_tested(cls):
    tested = {*SETTINGS, *ELSEWHERE}.union(*TOGETHER)
    assert set(inspect.signature(cls).parameters) <= tested


@every_classifier
def test_methods_save_and_load(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    clf.save(tmp_path / "model.safetensors")
    again = cls.load(tmp_path / "model.safetensors")
    assert type(again) is cls
    assert_same(clf, again)


@every_classifier
def test_torchs_default_device_is_not_where_a_file_is_loaded(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    with torch.device("meta"):  # not the CPU, and on every machine
        assert_same(clf, there_and_back(clf, tmp_path))


@pytest.mark.parametrize("cls, params", list(settings()))
def test_everything_comes_back_and_training_goes_on(cls, params, tmp_path, capsys):
    clf = tiny(cls, **params).fit(X, Y)
    again = there_and_back(clf, tmp_path)
    assert_same(clf, again)
    assert_same_training(clf, again)


@pytest.mark.parametrize("cls, labels", list(labels()))
def test_labels_of_every_kind_come_back(cls, labels, tmp_path):
    clf = tiny(cls).fit(X, labels)
    again = there_and_back(clf, tmp_path)
    assert_same(clf, again)
    assert_same_training(clf, again, y=labels)


@every_classifier
def test_column_names_come_back(cls, tmp_path):
    frame = pd.DataFrame(X, columns=[f"Pixel {i} é" for i in range(X.shape[1])])
    clf = tiny(cls).fit(frame, Y)
    again = there_and_back(clf, tmp_path)
    assert_same(clf, again, frame)
    assert_same_training(clf, again, frame)
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame.rename(columns=str.upper))


@every_classifier
@pytest.mark.parametrize(
    "shape, kind",
    [((14, 14), np.uint8), ((1, 14, 14), np.float32), ((196,), np.float64), ((196,), bool)],
)
def test_pictures_of_every_kind_come_back(cls, shape, kind, tmp_path):
    images = (X / 255 if kind != np.uint8 else X).round().astype(kind).reshape(-1, *shape)
    clf = tiny(cls).fit(images, Y)
    again = there_and_back(clf, tmp_path)
    assert_same(clf, again, images)
    assert_same_training(clf, again, images)


@every_classifier
def test_early_stopping_comes_back(cls, tmp_path):
    clf = tiny(cls, early_stopping=True, validation_fraction=0.3, max_epochs=4)
    clf.fit(X, Y % 3)
    again = there_and_back(clf, tmp_path)
    assert again.best_epoch_ == clf.best_epoch_
    assert_same(clf, again)
    assert_same_training(clf, again, y=Y % 3)


@every_classifier
def test_epochs_with_and_without_validation_rows_come_back(cls, tmp_path):
    clf = tiny(cls, warm_start=True).fit(X, Y).fit(X, Y, X_val=X, y_val=Y)
    assert_same(clf, there_and_back(clf, tmp_path))


@every_classifier
def test_parameters_changed_since_the_fit_come_back_and_count_from_then_on(cls, tmp_path):
    changed = {"lr": 0.03, "batch_size": 9, "lr_schedule": "cosine", "shuffle": False}
    changed |= {"optimizer": "sgd", "momentum": 0.5, "loss": "mse", "hidden_layer_sizes": (3,)}
    clf = tiny(cls).fit(X, Y)
    clf.set_params(**{name: value for name, value in changed.items() if has(cls, name)})
    again = there_and_back(clf, tmp_path)
    assert same(clf.predict_proba(X), again.predict_proba(X))
    assert same(clf.get_params(), again.get_params())
    for estimator in (clf, again):
        if has(cls, "hidden_layer_sizes"):
            with pytest.raises(ValueError, match="hidden_layer_sizes changed"):
                estimator.partial_fit(X, Y)
            estimator.set_params(
                hidden_layer_sizes=estimator._fitted_architecture["hidden_layer_sizes"]
            )
            estimator.set_params(loss=estimator._fitted_architecture["loss"])
    assert_same_training(clf, again)


@every_classifier
def test_momentum_that_is_no_longer_used_is_no_hindrance(cls, tmp_path):
    if not has(cls, "momentum"):
        return
    clf = tiny(cls, optimizer="sgd", momentum=0.9).fit(X, Y)
    clf.set_params(momentum=0.0).partial_fit(X, Y)
    again = there_and_back(clf, tmp_path)
    assert_same(clf, again)
    assert_same_training(clf, again)


@every_classifier
def test_a_learning_rate_left_by_a_schedule_is_gone_on_with(cls, tmp_path):
    clf = tiny(cls, lr_schedule="exponential").fit(X, Y).set_params(lr_schedule=None)
    assert_same_training(clf, there_and_back(clf, tmp_path))


@every_classifier
def test_an_interrupted_fit_comes_back(cls, tmp_path):
    class Interrupt(Callback):
        def on_batch_end(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    clf = tiny(cls, callbacks=[Interrupt()])
    with pytest.raises(KeyboardInterrupt):
        clf.fit(X, Y)
    clf.set_params(callbacks=None)
    again = there_and_back(clf, tmp_path)
    assert again.n_iter_ == 1
    assert same(clf.predict_proba(X), again.predict_proba(X))
    assert_same_training(clf, again)


@every_classifier
def test_without_the_optimizers_state_it_predicts_the_same_from_a_smaller_file(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "whole")
    save(clf, tmp_path / "small", optimizer_state=False)
    again = load(tmp_path / "small")
    assert same(clf.predict_proba(X), again.predict_proba(X))
    if has(cls, "optimizer"):  # plain gradient descent remembers nothing
        assert (tmp_path / "small").stat().st_size < 0.5 * (tmp_path / "whole").stat().st_size
        assert not again.net_.optimizer_.state_dict()["state"]
    again.partial_fit(X, Y)


@every_classifier
def test_a_copy_of_a_copy_has_the_same_bytes(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "first")
    save(load(tmp_path / "first"), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@every_classifier
def test_any_reader_of_safetensors_finds_the_weights(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    save(clf, tmp_path / "model.safetensors")
    tensors = safetensors.numpy.load_file(tmp_path / "model.safetensors")
    for name, tensor in clf.module_.state_dict().items():
        assert np.array_equal(tensors[f"weights.{name}"], tensor.numpy())


@every_classifier
def test_no_global_generator_is_moved(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    there_and_back(clf, tmp_path)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()


@pytest.mark.slow
def test_a_new_process_predicts_the_same(tmp_path):
    clf = tiny(skmnist.CNNClassifier).fit(X, Y)
    save(clf, tmp_path / "model.safetensors")
    np.save(tmp_path / "X.npy", X)
    script = (
        "import sys, numpy as np; from skmnist._persistence.save_load import load; "
        "clf = load('model.safetensors'); "
        "np.save('proba.npy', clf.predict_proba(np.load('X.npy')))"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert same(np.load(tmp_path / "proba.npy"), clf.predict_proba(X))


# -- modules of the user's -------------------------------------------------------------------


class Perceptron(nn.Module):
    def __init__(self, n_features, n_classes, width=8):
        super().__init__()
        self.hidden = nn.Linear(n_features, width)
        self.norm = nn.BatchNorm1d(width)
        self.out = nn.Linear(width, n_classes)

    def forward(self, x):
        return self.out(torch.relu(self.norm(self.hidden(x))))


def make_perceptron(n_features, n_classes, width=8):
    return Perceptron(n_features, n_classes, width)


MODULES = {"class": Perceptron, "function": make_perceptron, "instance": Perceptron(196, 10)}


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_a_module_of_the_users_is_passed_to_load(module, tmp_path):
    params = None if isinstance(module, nn.Module) else {"width": 5}
    clf = tiny(skmnist.TorchClassifier, module=module, module_params=params).fit(X, Y)
    again = there_and_back(clf, tmp_path, module=module)
    assert_same(clf, again)
    assert_same_training(clf, again)


class Masked(Perceptron):
    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)
        self.register_buffer("mask", torch.full((n_classes,), -torch.inf))
        self.unused = nn.Linear(2, 2)


def test_a_module_with_infinite_buffers_and_unused_layers_comes_back(tmp_path):
    clf = tiny(skmnist.TorchClassifier, module=Masked).fit(X, Y)
    again = there_and_back(clf, tmp_path, module=Masked)
    assert_same(clf, again)
    assert_same_training(clf, again)


def test_a_missing_a_needless_or_another_module_is_named(tmp_path):
    clf = tiny(skmnist.TorchClassifier, module=Perceptron).fit(X, Y)
    with pytest.raises(ModelFileError, match=r"'Perceptron'.*load\(path, module=\.\.\.\)"):
        there_and_back(clf, tmp_path)
    with pytest.raises(ModelFileError, match="hidden"):
        there_and_back(clf, tmp_path, module=nn.Linear(196, 10))
    with pytest.raises(ModelFileError, match="Leave module out"):
        there_and_back(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path, module=Perceptron)


# -- pipelines -------------------------------------------------------------------------------

SCALERS = [
    DigitNormalizer(),
    DigitNormalizer("bbox_centered", polarity="light", stroke_width=None, on_error="nan"),
    PixelStandardizer(),
    PixelStandardizer(0.5, None),
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    StandardScaler(with_mean=False, with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 1), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    PCA(5),
    PCA(0.8, whiten=True),
    PCA(5, svd_solver="randomized", random_state=0),
    "passthrough",
]


@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("named", [False, True], ids=["array", "frame"])
def test_pipelines_come_back(scaler, named, tmp_path):
    data = pd.DataFrame(X).add_prefix("pixel ") if named else X
    pipeline = make_pipeline(scaler, tiny(skmnist.MLPClassifier)).fit(data, Y)
    again = there_and_back(pipeline, tmp_path)
    assert same(pipeline.predict_proba(data), again.predict_proba(data))
    assert [name for name, _ in again.steps] == [name for name, _ in pipeline.steps]
    if scaler != "passthrough":
        assert type(again[0]) is type(pipeline[0])
        assert same(vars(again[0]), vars(pipeline[0]))
    assert_same(pipeline[-1], again[-1], pipeline[:-1].transform(data))


def test_a_pipeline_of_several_steps_and_data_frames_comes_back(tmp_path):
    frame = pd.DataFrame(X).add_prefix("pixel ")
    pipeline = make_pipeline(MinMaxScaler(), "passthrough", PCA(9), tiny(skmnist.MLPClassifier))
    pipeline.set_output(transform="pandas").fit(frame, Y)
    again = there_and_back(pipeline, tmp_path)
    assert same(pipeline.predict_proba(frame), again.predict_proba(frame))
    assert list(again[-1].feature_names_in_) == [f"pca{i}" for i in range(9)]


@pytest.mark.parametrize("steps", [(), (DigitNormalizer(),), ("passthrough", PixelStandardizer())])
def test_a_pipeline_of_pictures_comes_back(steps, tmp_path):
    images = X.reshape(-1, 14, 14)
    pipeline = make_pipeline(*steps, PixelStandardizer(), tiny(skmnist.CNNClassifier))
    again = there_and_back(pipeline.fit(images, Y), tmp_path)
    assert same(pipeline.predict_proba(images), again.predict_proba(images))
    assert_same_training(pipeline[-1], again[-1], pipeline[:-1].transform(images))


def test_every_scaler_that_is_promised_is_tested():
    assert {type(scaler) for scaler in SCALERS} - {str} == set(TRANSFORMERS)


def test_other_steps_are_refused_with_a_way_out(tmp_path):
    clf = tiny(skmnist.MLPClassifier)
    for pipeline, words in (
        (make_pipeline(FunctionTransformer(), clf), "FunctionTransformer.*skops"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "LogisticRegression.*skops"),
        (make_pipeline(clf, memory=str(tmp_path)), "memory"),
        (make_pipeline(MinMaxScaler(), DigitNormalizer(), clf), "only as the first step"),
    ):
        pipeline.fit(X > 0, Y)
        with pytest.raises(TypeError, match=words):
            save(pipeline, tmp_path / "model.safetensors")
    with pytest.raises(TypeError, match="got LogisticRegression.*skops"):
        save(LogisticRegression(), tmp_path / "model.safetensors")
    assert not (tmp_path / "model.safetensors").exists()


def test_a_pipeline_whose_steps_do_not_fit_is_refused(tmp_path):
    path = tmp_path / "model.safetensors"
    scalers = (DigitNormalizer(), PixelStandardizer(), MinMaxScaler(), PCA(9))
    save(make_pipeline(*scalers, tiny(skmnist.MLPClassifier)).fit(X, Y), path)
    edits = [
        lambda steps: steps.pop(3),
        lambda steps: steps.reverse(),
        lambda steps: steps[0].__setitem__(0, steps[1][0]),
        lambda steps: steps[0][1]["params"].update(method="os.system"),
        lambda steps: steps[0][1]["fitted"].update(n_features_in_=196),
        lambda steps: steps[0][1]["fitted"].update(transform=1),
        lambda steps: steps[1][1]["params"].update(mean="wide"),
        lambda steps: steps[1][1]["fitted"].update(n_features_in_=10**9),
        lambda steps: steps[1][1]["fitted"].update(std_=0.0),
        lambda steps: steps[1][1]["fitted"].pop("mean_"),
        lambda steps: steps[2][1]["fitted"].update(scale_=np.full(784, np.nan)),
        lambda steps: steps[2][1]["fitted"].update(scale_=np.ones(1)),
        lambda steps: steps[2][1]["fitted"].update(scale_=None),
        lambda steps: steps[2][1]["fitted"].update(transform=1),
        lambda steps: steps[2][1]["params"].update(feature_range="wide"),
        lambda steps: steps[3][1]["fitted"].update(n_components_=10),
        lambda steps: steps[3][1]["fitted"].update(n_features_in_=10**12),
        lambda steps: steps[3][1].update({"class": "FunctionTransformer"}),
    ]
    for edit in edits:
        state = read_model_file(path)
        edit(state["steps"])
        write_model_file(tmp_path / "edited", state)
        with pytest.raises(ModelFileError):
            load(tmp_path / "edited")


# -- what can't be saved or loaded -----------------------------------------------------------


def test_code_in_parameters_is_refused_with_a_way_out(tmp_path):
    path = tmp_path / "model.safetensors"
    for name, value in (("augment", torch.relu), ("callbacks", [EpochTimer()])):
        clf = tiny(skmnist.MLPClassifier, **{name: value}).fit(X, Y)
        with pytest.raises(TypeError, match=rf"set_params\({name}=None\)"):
            save(clf, path)
        assert not path.exists()
        assert same(clf.set_params(**{name: None}).predict_proba(X), clf.predict_proba(X))
        save(clf, path)
        assert same(load(path).predict_proba(X), clf.predict_proba(X))
        path.unlink()

    class Own(torch.optim.SGD):
        pass

    with pytest.raises(TypeError, match="params.optimizer=.*Own"):
        save(tiny(skmnist.MLPClassifier, optimizer=Own).fit(X, Y), path)
    module_params = {"width": 8, "activation": nn.ReLU}
    clf = tiny(skmnist.TorchClassifier, module=lambda n_features, **_: nn.Linear(n_features, 10))
    with pytest.raises(TypeError, match="params.module_params.activation"):
        save(clf.set_params(module_params=module_params).fit(X, Y), path)


@every_classifier
def test_weights_that_could_not_be_loaded_are_not_saved(cls, tmp_path):
    clf = tiny(cls).fit(X, Y)
    next(clf.module_.parameters()).data[0] = torch.nan
    with pytest.raises(ValueError, match="are not numbers that training could give"):
        save(clf, tmp_path / "model.safetensors")


@every_classifier
def test_an_unfitted_classifier_is_refused(cls, tmp_path):
    with pytest.raises(NotFittedError):
        save(tiny(cls), tmp_path / "model.safetensors")
    with pytest.raises(NotFittedError):
        save(make_pipeline(StandardScaler(), tiny(cls)), tmp_path / "model.safetensors")


def test_the_device_in_the_file_can_be_overruled(tmp_path):
    clf = tiny(skmnist.MLPClassifier).fit(X, Y).set_params(device="mps:7")
    with pytest.raises(ModelFileError, match="mps:7"):
        there_and_back(clf, tmp_path)
    assert same(there_and_back(clf, tmp_path, device="cpu").predict_proba(X), clf.predict_proba(X))


def test_what_is_no_model_file_is_named_for_what_it_is(tmp_path):
    clf = tiny(skmnist.MLPClassifier).fit(X, Y)
    path = tmp_path / "model.safetensors"
    save(clf, path)
    whole = path.read_bytes()
    for content, words in (
        (b"", "is empty"),
        (pickle.dumps(clf), "it is a pickle"),
        (b"PK\x03\x04 and more", "it is a zip archive"),
        (whole[:-1], "is damaged: it has"),
        (whole + b"\0", "is damaged: it has"),
        (whole[:-1] + b"\x7f", "are not those that were written"),
        (whole.replace(b"digit", b"tigid").replace(b"relu", b"silu"), "not those that were"),
        (whole.replace(b"skmnist", b"SKMNIST"), "is not a model file of skmnist"),
    ):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match=words) as caught:
            load(path)
        assert str(path) in str(caught.value)
    with pytest.raises(ModelFileError, match="is not a file"):
        load(tmp_path)
    with pytest.raises(FileNotFoundError, match="absent"):
        load(tmp_path / "absent")


@pytest.mark.skipif(sys.platform != "linux", reason="the script reads Linux's /proc")
@pytest.mark.parametrize("every", [200, pytest.param(1, marks=pytest.mark.slow)])
def test_mutated_files_are_refused_and_run_nothing(every):
    if not (CHECKOUT / "fuzz").is_dir():
        pytest.skip("the folder fuzz is part of the checkout only")
    command = [sys.executable, "-m", "fuzz.model_files", "--every", str(every)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every bar holds." in done.stdout


# -- the values in a file --------------------------------------------------------------------

VALUES = [
    None,
    [True, 1, 1.0, "1", -(2**70), 1e-320, float("inf"), -float("inf"), float("nan"), -0.0],
    ("tuple", ["list", ()], {}),
    {"$tuple": 1, "a": {"$dollar": [2]}},
    {1: "a", (2, 3): "b", None: 0.5, "c": {-1: 1}},
    "\ud800 \0 é 數 \\ \" '",
    np.float32(0.1),
    np.int8(-3),
    np.bool_(True),
    np.float64("nan"),
    np.str_("text"),
    np.array(3.5),
    np.zeros((0, 3), dtype=np.uint16),
    np.arange(6, dtype=">f8").reshape(2, 3),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.array(["a", "bcd", ""]),
    np.array(["a"], dtype="<U9"),
    np.array([None, 1, "x", 2.5, np.int64(4), (5,)], dtype=object),
    np.random.RandomState(7),
    torch.device("cuda:3"),
    torch.float64,
    torch.optim.RAdam,
    torch.arange(4).reshape(2, 2),
    torch.tensor(True),
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_plain_values_come_back(value, tmp_path):
    write_model_file(tmp_path / "file", {"value": value})
    again = read_model_file(tmp_path / "file")["value"]
    assert same(value, again)
    if isinstance(value, np.ndarray):
        assert again.flags.f_contiguous == value.flags.f_contiguous
        assert again.flags.writeable


@pytest.mark.parametrize(
    "value",
    [print, nn.ReLU, nn.ReLU(), {1, 2}, b"bytes", 1j, np.complex64(1), np.array([1j]), object()],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused_by_name(value, tmp_path):
    with pytest.raises(TypeError, match="lr.0"):
        write_model_file(tmp_path / "file", {"lr": [value]})
    assert list(tmp_path.iterdir()) == []


def test_a_model_too_wordy_to_be_read_is_not_written(tmp_path):
    for words in (["word" * 100] * 20_000, [[]] * 70_000):
        with pytest.raises(ValueError, match="more than a model file has"):
            write_model_file(tmp_path / "file", {"words": words})
    assert list(tmp_path.iterdir()) == []


# -- written whole or not at all -------------------------------------------------------------


def test_a_full_disk_leaves_the_old_file_whole_and_nothing_else(tmp_path):
    path = tmp_path / "model.safetensors"
    save(tiny(skmnist.MLPClassifier, random_state=1).fit(X, Y), path)
    old, clf = path.read_bytes(), tiny(skmnist.MLPClassifier).fit(X, Y)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for share in range(13):
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(old) * share // 13, hard))
        try:
            with pytest.raises(OSError, match="model.safetensors"):
                save(clf, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_error_while_writing_leaves_the_old_file_whole(error, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    with pytest.raises(error), atomic_write(path, "w", encoding="utf-8") as file:
        file.write("new")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("old")
    script = (
        "import os, signal; from skmnist._files.atomic import atomic_write\n"
        "with atomic_write('notes.txt') as file:\n"
        "    file.write(b'new'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path)
    assert done.returncode < 0
    assert path.read_text() == "old"

    [stray] = set(tmp_path.iterdir()) - {path}
    for age, left in ((60, {path, stray}), (7200, {path})):
        os.utime(stray, (time.time() - age,) * 2)
        with atomic_write(path, "w", encoding="utf-8") as file:
            file.write("newer")
        assert set(tmp_path.iterdir()) == left


def test_replacing_keeps_permissions_and_links_and_a_new_file_has_the_usual_ones(tmp_path):
    path, usual = tmp_path / "notes.txt", tmp_path / "usual"
    usual.touch()
    with atomic_write(path, "w") as file:
        file.write("one")
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    (tmp_path / "link").symlink_to(path)
    with atomic_write(tmp_path / "link", "w") as file:
        file.write("two")
    assert path.read_text() == "two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (tmp_path / "link").is_symlink()


def test_what_is_no_file_is_not_replaced(tmp_path):
    for path in (tmp_path, Path("/dev/null")):
        with pytest.raises(OSError, match="not a file"), atomic_write(path):
            pass
    with pytest.raises(FileNotFoundError, match="absent/notes.txt"):
        with atomic_write(tmp_path / "absent" / "notes.txt"):
            pass


def test_the_header_says_who_wrote_it(tmp_path):
    save(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.safetensors")
    content = (tmp_path / "model.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = json.loads(header["__metadata__"]["skmnist"])
    assert metadata["versions"]["skmnist"] == skmnist.__version__
    assert torch.__version__.startswith(metadata["versions"]["torch"])
