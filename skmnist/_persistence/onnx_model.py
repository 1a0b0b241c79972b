"""Conversion of an :class:`EstimatorModule` to an ONNX model, with labels and metadata."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from skmnist._utils.own_version import own_version
from skmnist._utils.torch_defaults import torch_defaults
from skmnist.exceptions import OnnxExportError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from sklearn.base import BaseEstimator
    from torch import nn

    from skmnist._estimators.net_classifier import BaseNetClassifier

    from .estimator_module import EstimatorModule

INPUT, LABELS, PROBABILITIES = "pixels", "labels", "probabilities"


@torch_defaults()
def convert_to_onnx(wrapper: EstimatorModule, input_shape: tuple[int, ...]) -> Any:
    """Convert the wrapper to an ONNX model for any number of samples."""
    # Two samples, because torch.export would treat a batch size of 1 as fixed.
    example = (torch.zeros(2, *input_shape),)
    dynamic_shapes = ({0: torch.export.Dim("n")},)
    with _silence_logging():
        model = _export(wrapper, example, dynamic_shapes)
        if not _has_dynamic_batch(model):
            # The strict mode of torch.export analyzes Python code, so it can trace len(x).
            program = torch.export.export(
                wrapper, example, dynamic_shapes=dynamic_shapes, strict=True
            )
            model = _export(program)
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "n"
    return model


def _export(
    model: nn.Module | torch.export.ExportedProgram,
    example: tuple[torch.Tensor, ...] = (),
    dynamic_shapes: tuple[Any, ...] | None = None,
) -> Any:
    program: Any = torch.onnx.export(
        model,
        example,
        dynamic_shapes=dynamic_shapes,
        input_names=[INPUT],
        output_names=[LABELS, PROBABILITIES],
        dynamo=True,
        verbose=False,
    )
    return program.model_proto


def _has_dynamic_batch(model: Any) -> bool:
    return bool(model.graph.input[0].type.tensor_type.shape.dim[0].dim_param)


@contextlib.contextmanager
def _silence_logging() -> Iterator[None]:
    """Hide the log messages and warnings of torch's exporter."""
    saved_level = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(saved_level)


def add_class_lookup(onnx: ModuleType, model: Any, classes: np.ndarray) -> None:
    """Make the model return labels instead of class indices."""
    if isinstance(classes[0], str):
        kind, values = onnx.TensorProto.STRING, [str(label).encode() for label in classes]
    elif (classes.astype(np.int64) == classes).all():
        kind, values = onnx.TensorProto.INT64, classes.astype(np.int64).tolist()
    else:
        raise OnnxExportError(
            "The class labels of an ONNX model must be strings or integers. "
            f"Got {classes.tolist()!r:.100} instead."
        )
    graph = model.graph
    for node in graph.node:
        if node.op_type == "ArgMax" and LABELS in node.output:
            node.output[0] = "class_index"
    graph.node.append(onnx.helper.make_node("Gather", ["classes", "class_index"], [LABELS]))
    graph.initializer.append(onnx.helper.make_tensor("classes", kind, [len(values)], values))
    graph.output[0].type.tensor_type.elem_type = kind


def set_metadata(
    onnx: ModuleType, model: Any, estimator: BaseEstimator, clf: BaseNetClassifier
) -> None:
    """Replace the metadata that torch wrote (file names, lines of code) by a description."""
    model.ClearField("metadata_props")
    model.ClearField("doc_string")
    _clear_annotations(model.graph)
    for function in model.functions:
        _clear_annotations(function)
    model.producer_name, model.producer_version = "skmnist", own_version()
    metadata = {
        "estimator": type(estimator).__name__,
        "classes": json.dumps(clf.classes_.tolist()),
    }
    if estimator is clf:
        metadata["pixel_range"] = json.dumps(clf.pixel_range_)
    if hasattr(estimator, "feature_names_in_"):
        metadata["feature_names"] = json.dumps(estimator.feature_names_in_.tolist())
    onnx.helper.set_model_props(model, metadata)


def _clear_annotations(graph: Any) -> None:
    """Remove the annotations of a graph or a function, and of the graphs in its nodes."""
    del graph.value_info[:]
    tensors = ()
    if hasattr(graph, "initializer"):
        tensors = (*graph.input, *graph.output, *graph.initializer)
    for item in (graph, *graph.node, *tensors):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _clear_annotations(attribute.g)
