"""Classifiers and pipelines as ONNX models, which run without Python, torch or skmnist."""

import contextlib
import copy
import io
import json
import logging
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
import torch
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._files.atomic import atomic_write
from skmnist._utils.device import default_device_cpu
from skmnist.exceptions import OnnxExportError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

from .onnx_graph import STEPS, Graph

TOLERANCE = 1e-5  # the most by which a probability may differ

_NOTHING = (None, "passthrough")  # steps that do nothing

# Why a model may differ.
_GAP = (
    "It computes in float32, and pixels as large as these lose too much by that: fit on pixels "
    "that are scaled, to 0..1 say."
)
_FOREIGN_GAP = (
    "Either pixels as large as these lose too much in float32, or the module does something in "
    "Python that torch can't translate, such as x.max().item(): write it with tensors."
)

_INPUT, _LABELS, _PROBABILITIES = "pixels", "labels", "probabilities"


def export_onnx(estimator, path):
    """Write a fitted classifier, or a pipeline that ends in one, as an ONNX model.

    The model has one input and two outputs, for any number of pictures at once:

    ``pixels``, float32
        Pictures in the shape and on the scale of those that `fit` got: where these were rows of
        0..255, rows of 0..255. What the classifier and the pipeline's steps do to them is part of
        the model.
    ``labels``, int64 or string, of shape (n,)
        As `predict` returns them; bool labels are 0 and 1.
    ``probabilities``, float32 of shape (n, n_classes)
        As `predict_proba` returns them, in the order of ``classes_``.

    Before it is written, the model is run by onnxruntime on pictures of noise, one and several at a
    time. An older file of that name is replaced only when the new one is whole.

    Parameters
    ----------
    estimator : classifier of skmnist or Pipeline
        A Pipeline's other steps may be PixelStandardizer, StandardScaler, MinMaxScaler,
        MaxAbsScaler, RobustScaler, PCA or "passthrough". A TorchClassifier's own module may be any
        that :func:`torch.onnx.export` takes.
    path : str or path
        The usual suffix is ``.onnx``; any will do.

    Raises
    ------
    NotFittedError
        Where `estimator` is not fitted.
    TypeError
        Where `estimator` is something else.
    OnnxExportError
        Where a step is of another class, torch can't translate a module, or a probability
        differs by more than 1e-5 from the classifier's, or a label where it isn't a tie.
    ImportError
        Where the extra ``onnx`` isn't installed.
    OSError
        Where the file can't be written. What was there before is whole.

    See Also
    --------
    save : Keeps all of an estimator, to load it as such.

    Notes
    -----
    The steps are computed in float64, as in scikit-learn; the network in float32, whatever its
    `precision`. It is compared with what the classifier gives on the CPU; one of
    ``precision="bfloat16"`` with what it gives in float32, as its own probabilities are coarser by
    about 0.01.

    The model's metadata names the classes, the range of a classifier's pixels at its fit, and the
    features where they have names.

    Examples
    --------
    >>> import skmnist
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = skmnist.MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> skmnist.export_onnx(clf, "digits.onnx")  # doctest: +SKIP

    Elsewhere, without skmnist:

    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("digits.onnx")  # doctest: +SKIP
    >>> labels, probabilities = session.run(None, {"pixels": X.astype("float32")})  # doctest: +SKIP
    """
    onnx, onnxruntime = _import_libraries()
    steps, clf = _take_apart(estimator)
    shape = _input_shape(steps, clf)
    graph = Graph(steps, clf)
    model = _translate(graph, shape)
    _name_labels(onnx, model, clf.classes_)
    _describe(onnx, model, estimator, clf)
    with _blame("The ONNX model can't be run."):
        onnx.checker.check_model(model, full_check=True)
        content = model.SerializeToString()
        _compare(_session(onnxruntime, content), estimator, clf, graph, shape)
    with atomic_write(path) as file:
        file.write(content)


def _import_libraries():
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 (torch's exporter needs it)
    except ImportError as error:
        raise ImportError(
            f"ONNX models need onnx, onnxscript and onnxruntime ({error}). Install them with\n"
            "    pip install 'skmnist[onnx]'"
        ) from error
    return onnx, onnxruntime


def _take_apart(estimator):
    """Return the steps before the classifier that do something, and the classifier."""
    is_pipeline = isinstance(estimator, Pipeline)
    *steps, clf = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    if not isinstance(clf, BaseNetClassifier):
        where = "a Pipeline that ends in " if is_pipeline else ""
        raise TypeError(
            f"export_onnx takes a classifier of skmnist or a Pipeline that ends in one; got {where}"
            f"{type(clf).__name__}. skl2onnx (https://onnx.ai/sklearn-onnx) takes scikit-learn's."
        )
    for i, step in enumerate(steps):
        if step in _NOTHING:
            continue
        if isinstance(step, DigitNormalizer):
            raise OnnxExportError(
                "DigitNormalizer reads photos of any size, which an ONNX model can't: export the "
                f"steps after it, export_onnx(pipeline[{i + 1}:], path), and give the model what "
                "DigitNormalizer makes of the photos."
            )
        if type(step) not in STEPS:
            names = ", ".join(cls.__name__ for cls in STEPS)
            raise OnnxExportError(
                f"The step {type(step).__name__} can't be exported, only {names}. Export the steps "
                f"after it, export_onnx(pipeline[{i + 1}:], path), and do its work before."
            )
    steps = [step for step in steps if step not in _NOTHING]
    for part in (*steps, clf):
        check_is_fitted(part)
    return steps, clf


def _input_shape(steps, clf):
    """Return the shape in which one picture comes."""
    if clf._input_image_shape is not None and all(
        isinstance(step, PixelStandardizer) for step in steps
    ):
        return clf._input_image_shape
    return ((steps or [clf])[0].n_features_in_,)


# -- the model -------------------------------------------------------------------------------


@default_device_cpu()
def _translate(graph, shape):
    """Return the ONNX model that torch makes of the graph."""
    example = (torch.zeros(2, *shape),)  # of one picture, the number would be taken as fixed
    sizes = ({0: torch.export.Dim("n")},)
    # A module of the user's, and its translation, may raise anything.
    with (
        _quiet(),
        _blame(
            f"torch can't translate {type(graph.module).__name__} into an ONNX model. What its "
            "forward does must not be decided by values of pixels, nor by the number of pictures."
        ),
    ):
        model = _export(graph, example, dynamic_shapes=sizes)
        if not _takes_any_number(model):
            # The second way of torch.export reads Python: it sees what len(x) depends on.
            traced = torch.export.export(graph, example, dynamic_shapes=sizes, strict=True)
            model = _export(traced)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "n"
    return model


def _export(*args, **kwargs):
    names = {"input_names": [_INPUT], "output_names": [_LABELS, _PROBABILITIES]}
    return torch.onnx.export(*args, **kwargs, **names, dynamo=True, verbose=False).model_proto


def _takes_any_number(model):
    return bool(model.graph.input[0].type.tensor_type.shape.dim[0].dim_param)


@contextlib.contextmanager
def _blame(words):
    """Turn any error in the block into an :class:`OnnxExportError` with its first cause."""
    try:
        yield
    except OnnxExportError:
        raise
    except Exception as error:
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        line = str(cause).partition("\n")[0]
        raise OnnxExportError(f"{words} {type(cause).__name__}: {line:.300}") from error


@contextlib.contextmanager
def _quiet():
    """Keep what torch prints about its own code, and about modules that it can't follow."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _name_labels(onnx, model, classes):
    """Let the model return labels in place of class numbers."""
    if isinstance(classes[0], str):
        kind, values = onnx.TensorProto.STRING, [str(label).encode() for label in classes]
    elif (classes.astype(np.int64) == classes).all():
        kind, values = onnx.TensorProto.INT64, classes.astype(np.int64).tolist()
    else:
        raise OnnxExportError(f"Labels of an ONNX model are strings or int64, not {classes!r:.100}")
    graph = model.graph
    for node in graph.node:
        if node.op_type == "ArgMax" and _LABELS in node.output:
            node.output[0] = "class_number"
    graph.node.append(onnx.helper.make_node("Gather", ["classes", "class_number"], [_LABELS]))
    graph.initializer.append(onnx.helper.make_tensor("classes", kind, [len(values)], values))
    graph.output[0].type.tensor_type.elem_type = kind


def _describe(onnx, model, estimator, clf):
    """Say what the model is, in place of what torch wrote: names of files and lines of code."""
    model.ClearField("metadata_props")
    model.ClearField("doc_string")
    _strip(model.graph)
    for function in model.functions:
        _strip(function)
    model.producer_name, model.producer_version = "skmnist", version("skmnist")
    facts = {
        "estimator": type(estimator).__name__,
        "classes": json.dumps(clf.classes_.tolist()),
    }
    if estimator is clf:
        facts["pixel_range"] = json.dumps(clf.pixel_range_)
    if hasattr(estimator, "feature_names_in_"):
        facts["feature_names"] = json.dumps(estimator.feature_names_in_.tolist())
    onnx.helper.set_model_props(model, facts)


def _strip(graph):
    """Take the remarks out of a graph or a function, and out of the graphs in its nodes."""
    del graph.value_info[:]
    tensors = ()
    if hasattr(graph, "initializer"):
        tensors = (*graph.input, *graph.output, *graph.initializer)
    for part in (graph, *graph.node, *tensors):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _strip(attribute.g)


# -- the check -------------------------------------------------------------------------------


def _session(onnxruntime, content):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # no pool of threads for a few pictures
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _compare(session, estimator, clf, graph, shape):
    """Raise an error where the model's answers aren't the estimator's."""
    pictures = _noise(clf, graph.steps).reshape(-1, *shape)
    labels, probabilities = _answers(estimator, pictures)
    low, high = np.sort(probabilities, axis=1)[:, -2:].T
    clear = high - low > 2 * TOLERANCE
    for part in (slice(1), slice(3), slice(None)):
        found, came = session.run([_LABELS, _PROBABILITIES], {_INPUT: pictures[part]})
        gap = np.abs(came - probabilities[part]).max()
        if not gap <= TOLERANCE:  # NaN is none either
            raise OnnxExportError(
                f"The ONNX model's probabilities differ by {gap:.1e} from those of "
                f"{type(clf).__name__}, more than {TOLERANCE:.0e}; nothing was written. "
                + (_FOREIGN_GAP if clf._custom_module else _GAP)
            )
        if not (found == labels[part])[clear[part]].all():
            raise OnnxExportError("The ONNX model's labels are others; nothing was written.")


def _answers(estimator, pictures):
    """Return the labels and the probabilities by the estimator, at full precision."""
    estimator = copy.deepcopy(estimator)
    net = (estimator[-1] if isinstance(estimator, Pipeline) else estimator).net_
    net.config = net.config._replace(bfloat16=False)
    net.device = "cpu"  # GPUs round what convolutions multiply to TF32
    net.module_.to("cpu")
    if hasattr(estimator, "feature_names_in_"):
        pictures = pd.DataFrame(pictures, columns=estimator.feature_names_in_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pixels, which are nobody's
        return estimator.predict(pictures), estimator.predict_proba(pictures)


def _noise(clf, steps):
    """Return 40 rows of noise, from sparse and faint to dense, on the scale of the fit's."""
    rng = np.random.default_rng(0)
    low, high = clf.pixel_range_
    background = np.clip(0.0, low, high)
    rows = rng.uniform(low, high, (40, clf.n_features_in_)) - background
    rows *= np.linspace(0, 1, 40)[:, None]
    rows[rng.random(rows.shape) < rng.random((40, 1))] = 0
    x = torch.from_numpy(background + rows)
    for step in reversed(steps):
        x = step.backward_from(x)
    return x.float().numpy()
