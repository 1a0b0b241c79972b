"""Export to ONNX."""

import sys

import numpy as np
import pandas as pd
import pytest
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
from torch import nn

import skmnist
from skmnist import MLPClassifier, export_onnx
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist._persistence import onnx_export
from skmnist._utils.device import AUTOCAST_DTYPES
from skmnist.exceptions import OnnxExportError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from tests.helpers import (
    CLASSIFIERS,
    digits,
    every_classifier,
    every_torch_setting,
    has,
    tiny,
)

reason = "needs the extra onnx: pip install '.[onnx]'"


onnx = pytest.importorskip("onnx", reason=reason)


pytest.importorskip("onnxscript", reason=reason)


onnxruntime = pytest.importorskip("onnxruntime", reason=reason)


X, Y = digits(step=50)


NAMES = np.array(["零", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])


def export_and_load(estimator, path):
    """Export an estimator; return a function that predicts labels and probabilities."""
    export_onnx(estimator, path)
    for word in (
        ".py",
        "File ",
        "self.",
        str(path.parent),
    ):  # the file contains no details of this machine
        assert word.encode() not in path.read_bytes()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path.read_bytes(), options)
    return lambda X: session.run(["labels", "probabilities"], {"pixels": X.astype(np.float32)})


def assert_same_outputs(estimator, path, X=X):
    predict_onnx = export_and_load(estimator, path)
    values = X.to_numpy() if isinstance(X, pd.DataFrame) else X
    for n in (1, 2, len(X)):  # any number of images
        labels, probabilities = predict_onnx(values[:n])
        np.testing.assert_array_equal(labels, estimator.predict(X[:n]))
        np.testing.assert_allclose(probabilities, estimator.predict_proba(X[:n]), rtol=0, atol=1e-5)
        assert probabilities.dtype == np.float32


# -- the outputs ----------------------------------------------------------------------------


@every_classifier
def test_outputs_equal_the_classifiers(cls, tmp_path):
    assert_same_outputs(tiny(cls).fit(X, NAMES[Y]), tmp_path / "model.onnx")


@every_torch_setting
def test_settings_of_torch_are_ignored(changed_setting, tmp_path):
    clf = tiny(MLPClassifier).fit(X, Y)
    with changed_setting():
        assert_same_outputs(clf, tmp_path / "clf.onnx")


def settings():
    for cls in CLASSIFIERS:
        options = {
            "activation": ACTIVATION_MODULES,
            "loss": ["mse"],
            "batch_norm": [True],
            "dropout": [0.5],
            "precision": ["float64"],
            "hidden_layer_sizes": [()],
            "test_time_augment": [True],
            "pooling": ["average"],
            "global_pool": ["max", "average"],
        }
        for name, values in options.items():
            for value in values if has(cls, name) else ():
                yield pytest.param(cls, {name: value}, id=f"{cls.__name__}-{name}-{value}")


@pytest.mark.slow
@pytest.mark.parametrize("cls, params", list(settings()))
def test_every_setting_gives_the_same_outputs(cls, params, tmp_path):
    assert_same_outputs(tiny(cls, **params).fit(X, Y), tmp_path / "model.onnx")


@pytest.mark.slow
@pytest.mark.parametrize(
    "labels",
    [Y - 5, Y.astype(np.uint8), Y > 4, Y / 1.0, Y * 10**12, NAMES[Y].astype(object)],
    ids=["negative", "uint8", "bool", "float", "large", "object"],
)
def test_labels_are_exported_as_int64_or_text(labels, tmp_path):
    clf = tiny(skmnist.MLPClassifier).fit(X, labels)
    predicted, _ = export_and_load(clf, tmp_path / "model.onnx")(X)
    assert predicted.dtype == (object if labels.dtype == object else np.int64)
    np.testing.assert_array_equal(predicted, clf.predict(X))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, bool])
@pytest.mark.parametrize("shape", [(784,), (28, 28), (1, 28, 28)])
def test_images_have_the_shape_and_the_scale_of_the_fit(shape, dtype, tmp_path):
    images = (X > 99 if dtype is bool else X).astype(dtype).reshape(-1, *shape)
    assert_same_outputs(tiny(skmnist.CNNClassifier).fit(images, Y), tmp_path / "model.onnx", images)


@pytest.mark.slow
@pytest.mark.parametrize("precision", AUTOCAST_DTYPES)
def test_network_of_mixed_precision_is_exported_in_float32(precision, tmp_path):
    clf = tiny(skmnist.MLPClassifier, precision=precision).fit(X, Y)
    _, probabilities = export_and_load(clf, tmp_path / "model.onnx")(X)
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=0.05)
    clf.net_.config = clf.net_.config._replace(autocast=None)
    np.testing.assert_allclose(probabilities, clf.predict_proba(X), rtol=0, atol=1e-5)


# -- pipelines -------------------------------------------------------------------------------

STEPS = [
    PixelStandardizer(),
    PixelStandardizer(0.5, None),
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    MinMaxScaler(),
    MinMaxScaler((-1, 1), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    PCA(5),
    PCA(0.8, whiten=True),
    "passthrough",
]


def test_every_supported_step_is_tested():
    assert {type(step) for step in STEPS} - {str} == set(onnx_export.CONVERTERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
@pytest.mark.parametrize("step", STEPS)
def test_steps_are_exported(step, tmp_path):
    pipeline = make_pipeline(step, tiny(skmnist.MLPClassifier)).fit(X, Y)
    assert_same_outputs(pipeline, tmp_path / "model.onnx")


def test_pipeline_with_several_steps_and_column_names_gives_the_same_outputs(tmp_path):
    frame = pd.DataFrame(X).add_prefix("pixel ")
    steps = (MinMaxScaler((-1, 1), clip=True), "passthrough", PCA(9, whiten=True))
    pipeline = make_pipeline(*steps, tiny(skmnist.MLPClassifier)).set_output(transform="pandas")
    assert_same_outputs(pipeline.fit(frame, Y), tmp_path / "model.onnx", frame)
    metadata = {p.key: p.value for p in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert metadata["classes"] == "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    assert metadata["feature_names"].startswith('["pixel 0", ')


@pytest.mark.slow
def test_pipeline_accepts_images_if_its_steps_do(tmp_path):
    images = X.reshape(-1, 28, 28)
    pipeline = make_pipeline(PixelStandardizer(), tiny(skmnist.CNNClassifier)).fit(images, Y)
    assert_same_outputs(pipeline, tmp_path / "model.onnx", images)


# -- custom modules --------------------------------------------------------------------------


class Convolutions(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.out = nn.Linear(4 * 6 * 6, n_classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.norm(self.convolution(x)).relu_(), 4)
        return self.out(self.flat(nn.functional.dropout(x, 0.5, self.training)))

    def flat(self, x):
        return x.flatten(1)


class Counting(Convolutions):
    def flat(self, x):
        return x.view(len(x), -1)


class Recurrent(nn.Module):
    def __init__(self, n_classes):
        super().__init__()
        self.lstm = nn.LSTM(28, 8, batch_first=True)
        self.out = nn.Linear(8, n_classes)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


@pytest.mark.parametrize(
    "module, image_shape",
    [
        (Convolutions, (1, 28, 28)),
        pytest.param(Counting, (1, 28, 28), marks=pytest.mark.slow),
        pytest.param(Recurrent, (28, 28), marks=pytest.mark.slow),
    ],
)
def test_custom_modules_give_the_same_outputs(module, image_shape, tmp_path):
    clf = tiny(skmnist.TorchClassifier, module=module, image_shape=image_shape).fit(X, Y)
    before = torch.get_rng_state()
    assert_same_outputs(clf, tmp_path / "model.onnx")
    assert torch.equal(before, torch.get_rng_state())
    assert not clf.module_.training


class Branching(nn.Linear):
    def __init__(self, n_features, n_classes):
        super().__init__(n_features, n_classes)

    def forward(self, x):
        return super().forward(x if x.mean() > 0.1 else -x)


class Constant(Branching):
    def forward(self, x):
        return nn.Linear.forward(self, x) * x.max().item()


@pytest.mark.parametrize(
    "module, message",
    [
        (Branching, "Branching.*must not depend on pixel values"),
        pytest.param(Constant, "item", marks=pytest.mark.slow),
    ],
)
def test_module_that_torch_cannot_export_is_rejected_quietly(module, message, tmp_path, capfd):
    clf = tiny(skmnist.TorchClassifier, module=module).fit(X, Y)
    with pytest.raises(OnnxExportError, match=message):
        export_onnx(clf, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


# -- the file --------------------------------------------------------------------------------


def test_wrong_outputs_are_detected_and_the_old_file_is_kept(tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"old")
    convert = onnx_export.convert_to_onnx

    def convert_wrongly(*args):
        model = convert(*args)
        bias = next(t for t in model.graph.initializer if list(t.dims) == [10])
        values = onnx.numpy_helper.to_array(bias) + np.eye(10, dtype=np.float32)[3] * 1e-3
        bias.raw_data = values.astype(np.float32).tobytes()
        return model

    monkeypatch.setattr(onnx_export, "convert_to_onnx", convert_wrongly)
    with pytest.raises(OnnxExportError, match=r"No file was written.* differ by \d"):
        export_onnx(tiny(skmnist.MLPClassifier).fit(X, Y), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_file_contains_the_producer_and_only_standard_operators(tmp_path):
    export_onnx(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.onnx")
    model = onnx.load(tmp_path / "model.onnx")
    assert (model.producer_name, model.producer_version) == ("skmnist", skmnist.__version__)
    assert {node.domain for node in model.graph.node} == {""}


def test_unsupported_estimators_are_rejected_with_a_suggestion(tmp_path):
    path = tmp_path / "model.onnx"
    clf = tiny(skmnist.MLPClassifier).fit(X, Y)
    linear = LogisticRegression(max_iter=10**4).fit(X[:, ::9], Y)
    for estimator, error, message in (
        (linear, TypeError, "Got LogisticRegression.*skl2onnx"),
        (make_pipeline(linear), TypeError, "Pipeline that ends in LogisticRegression"),
        (make_pipeline(DigitNormalizer(), clf), OnnxExportError, r"pipeline\[1:\]"),
        (make_pipeline(FunctionTransformer(), clf), OnnxExportError, "FunctionTransformer.*PCA"),
        (tiny(skmnist.MLPClassifier), NotFittedError, "not fitted"),
        (make_pipeline(PCA(), tiny(skmnist.MLPClassifier)), NotFittedError, "not fitted"),
    ):
        with pytest.raises(error, match=message):
            export_onnx(estimator, path)
    assert not path.exists()


@pytest.mark.parametrize("name", ["onnx", "onnxruntime", "onnxscript"])
def test_missing_library_error_contains_installation_instructions(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install '\.\[onnx\]'"):
        export_onnx(tiny(skmnist.MLPClassifier).fit(X, Y), tmp_path / "model.onnx")
