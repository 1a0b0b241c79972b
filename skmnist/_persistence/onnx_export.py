"""Export classifiers and pipelines to ONNX, to run them without Python, torch and skmnist."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.net_classifier import BaseNetClassifier
from skmnist._files.atomic import atomic_write
from skmnist.exceptions import OnnxExportError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

from .estimator_module import CONVERTERS, EstimatorModule
from .onnx_check import check_outputs
from .onnx_model import add_class_lookup, convert_to_onnx, set_metadata
from .suggestions import contains_net, suggest_part

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import ModuleType

    from sklearn.base import BaseEstimator

_PASSTHROUGH = (None, "passthrough")


def export_onnx(estimator: BaseNetClassifier | Pipeline, path: str | os.PathLike[str]) -> None:
    """Export a fitted classifier, or a pipeline that ends in one, to an ONNX file.

    The ONNX model has one input and two outputs, for any number of samples:

    ``pixels``, float32
        Images with the shape and the pixel range of the training data. Scaling and the steps of
        the pipeline are part of the model.
    ``labels``, int64 or string, of shape (n_samples,)
        The labels that `predict` returns; bool labels become 0 and 1.
    ``probabilities``, float32, of shape (n_samples, n_classes)
        The probabilities that `predict_proba` returns, in the order of ``classes_``.

    Before the file is written, the outputs of the model in onnxruntime are compared with those of
    the estimator on random images. An existing file is replaced only when the new one is complete.

    Parameters
    ----------
    estimator : classifier of skmnist or Pipeline
        The other steps of a Pipeline may be PixelStandardizer, StandardScaler, MinMaxScaler,
        MaxAbsScaler, RobustScaler, PCA or "passthrough". The custom module of a TorchClassifier
        must be supported by :func:`torch.onnx.export`.
    path : str or path
        Path of the file, usually with the suffix ``.onnx``.

    Raises
    ------
    NotFittedError
        If `estimator` is not fitted.
    TypeError
        If `estimator` is not a classifier of skmnist or a Pipeline that ends in one.
    OnnxExportError
        If a step or a module cannot be exported, if a probability differs by more than 1e-5 from
        that of the estimator, or if a label differs without a tie.
    ImportError
        If onnx, onnxscript or onnxruntime is not installed.
    OSError
        If the file cannot be written. An existing file is unchanged.

    See Also
    --------
    save : Save an estimator to a file that `load` restores.

    Notes
    -----
    The transformers compute in float64, as in scikit-learn, and the network in float32, regardless
    of `precision`. The outputs are compared with those of the classifier on the CPU. A classifier
    with ``precision="bfloat16"`` or ``"float16"`` is compared in float32, because bfloat16 has a
    precision of about 0.01.

    The metadata of the model contain the classes, the pixel range of the training data of a
    classifier, and the feature names if there are any.

    Examples
    --------
    >>> import skmnist
    >>> from skmnist.datasets import load_mnist_sample
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = skmnist.MLPClassifier(max_epochs=2, random_state=0).fit(X, y)
    >>> skmnist.export_onnx(clf, "digits.onnx")  # doctest: +SKIP

    Run the model without skmnist:

    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession("digits.onnx")  # doctest: +SKIP
    >>> inputs = {"pixels": X.astype("float32")}
    >>> labels, proba = session.run(None, inputs)  # doctest: +SKIP
    """
    onnx, onnxruntime = _import_libraries()
    steps, clf = _split_pipeline(estimator)
    input_shape = _input_shape(steps, clf)
    wrapper = EstimatorModule(steps, clf)
    # A custom module and its conversion may raise any exception.
    with _reraise(
        f"torch cannot export {type(wrapper.module).__name__} to ONNX. The control flow of its "
        "forward method must not depend on pixel values or on the number of samples."
    ):
        model = convert_to_onnx(wrapper, input_shape)
    add_class_lookup(onnx, model, clf.classes_)
    set_metadata(onnx, model, estimator, clf)
    with _reraise("The ONNX model cannot be run."):
        onnx.checker.check_model(model, full_check=True)
        content = model.SerializeToString()
        check_outputs(onnxruntime, content, estimator, clf, wrapper, input_shape)
    with atomic_write(path) as file:
        file.write(content)


def _import_libraries() -> tuple[ModuleType, ModuleType]:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 (torch's exporter needs it)
    except ImportError as error:
        raise ImportError(
            f"ONNX export requires onnx, onnxscript and onnxruntime ({error}). Install them with\n"
            "    pip install '.[onnx]'\nin the root of the repository."
        ) from error
    return onnx, onnxruntime


def _split_pipeline(estimator: Any) -> tuple[list[BaseEstimator], BaseNetClassifier]:
    """Return the transformers of the pipeline, without "passthrough", and the classifier."""
    is_pipeline = isinstance(estimator, Pipeline)
    *steps, clf = [step for _, step in estimator.steps] if is_pipeline else [estimator]
    if not isinstance(clf, BaseNetClassifier):
        prefix = "a Pipeline that ends in " if is_pipeline else ""
        advice = "For scikit-learn's estimators, use skl2onnx (https://onnx.ai/sklearn-onnx)."
        if contains_net(clf):
            part = suggest_part(clf)
            advice = f"Export its attribute {part}." if part else "Export the classifier in it."
        raise TypeError(
            "The 'estimator' parameter of export_onnx must be a classifier of skmnist or a "
            f"Pipeline that ends in one. Got {prefix}{type(clf).__name__} instead. {advice}"
        )
    for i, step in enumerate(steps):
        if step in _PASSTHROUGH:
            continue
        if isinstance(step, DigitNormalizer):
            raise OnnxExportError(
                "DigitNormalizer cannot be exported, because its photos can have any size. Export "
                f"the steps after it with export_onnx(pipeline[{i + 1}:], path), and pass the "
                "output of DigitNormalizer to the ONNX model."
            )
        if type(step) not in CONVERTERS:
            names = ", ".join(cls.__name__ for cls in CONVERTERS)
            raise OnnxExportError(
                f"The step {type(step).__name__} cannot be exported. Supported steps are {names}. "
                f"Export the steps after it with export_onnx(pipeline[{i + 1}:], path), and pass "
                "the output of this step to the ONNX model."
            )
    steps = [step for step in steps if step not in _PASSTHROUGH]
    for step in (*steps, clf):
        check_is_fitted(step)
    return steps, clf


def _input_shape(steps: list[BaseEstimator], clf: BaseNetClassifier) -> tuple[int, ...]:
    """Return the shape of one input sample."""
    shape = clf._input_image_shape
    if shape is not None and all(isinstance(step, PixelStandardizer) for step in steps):
        return shape
    return ((steps or [clf])[0].n_features_in_,)


@contextlib.contextmanager
def _reraise(message: str) -> Iterator[None]:
    """Reraise any error in the block as an :class:`OnnxExportError` with its root cause."""
    try:
        yield
    except OnnxExportError:
        raise
    except Exception as error:
        cause: BaseException = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        line = str(cause).partition("\n")[0]
        raise OnnxExportError(f"{message} {type(cause).__name__}: {line:.300}") from error
