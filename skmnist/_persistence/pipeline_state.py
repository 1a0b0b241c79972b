"""State of a pipeline: its transformers and its classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from sklearn.utils.validation import check_is_fitted

from skmnist._estimators.backprop import BackpropClassifier
from skmnist._estimators.cnn import CNNClassifier
from skmnist._estimators.mlp import MLPClassifier
from skmnist._estimators.state import from_state, get_state
from skmnist._estimators.torch_module import TorchClassifier
from skmnist.exceptions import ModelFileError
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer

from .suggestions import suggest_saving

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sklearn.base import BaseEstimator

    from skmnist._estimators.net_classifier import BaseNetClassifier

# The only classifiers that are created from a file, which contains their names.
CLASSIFIERS = (BackpropClassifier, CNNClassifier, MLPClassifier, TorchClassifier)

# Transformers -> their fitted attributes: numbers, or arrays of features or components.
TRANSFORMERS: dict[type, tuple[str, ...]] = {
    DigitNormalizer: (),
    PixelStandardizer: ("mean_", "std_", "pixel_scale_", "_n_dims"),
    StandardScaler: ("mean_", "var_", "scale_", "n_samples_seen_"),
    MinMaxScaler: ("min_", "scale_", "data_min_", "data_max_", "data_range_", "n_samples_seen_"),
    MaxAbsScaler: ("scale_", "max_abs_", "n_samples_seen_"),
    RobustScaler: ("center_", "scale_"),
    PCA: (
        "mean_",
        "components_",
        "explained_variance_",
        "explained_variance_ratio_",
        "singular_values_",
        "n_components_",
        "n_samples_",
        "noise_variance_",
        "_fit_svd_solver",
    ),
}

_PASSTHROUGH = (None, "passthrough")


def classifier_from_state(state: dict[str, Any], **kwargs: Any) -> BaseNetClassifier:
    """Restore a classifier from its state; the arguments are those of ``from_state``."""
    return from_state(_class_of(state, CLASSIFIERS), state, **kwargs)


def _class_of(state: dict[str, Any], classes: Iterable[type]) -> type[Any]:
    for cls in classes:
        if state.get("class") == cls.__name__:
            return cls
    raise ModelFileError(
        f"Expected a {join_names(classes)}, but the file contains a "
        f"{state.get('class')!r:.100}. Use a newer version of skmnist, or the load method of your "
        "subclass."
    )


def join_names(classes: Iterable[type]) -> str:
    """Join the names of classes for a message: "A, B or C"."""
    *names, last = [cls.__name__ for cls in classes]
    return f"{', '.join(names)} or {last}"


def get_pipeline_state(pipeline: Pipeline, optimizer_state: bool) -> dict[str, Any]:
    """Return the state of a fitted pipeline, like ``get_state`` for a classifier.

    Raises
    ------
    TypeError
        If a step or a parameter of the pipeline cannot be saved.
    """
    check_is_fitted(pipeline)
    for name in ("memory", "transform_input"):
        value = getattr(pipeline, name, None)
        if value is not None:
            raise TypeError(
                f"The 'estimator' parameter of save must be a Pipeline with {name}=None. Got "
                f"{name}={value!r} instead. Save after set_params({name}=None)."
            )
    *others, (last_name, last) = pipeline.steps
    if type(last) not in CLASSIFIERS:
        raise TypeError(
            f"The last step of the Pipeline must be a {join_names(CLASSIFIERS)}. Got "
            f"{type(last).__name__} instead. {suggest_saving(last)}"
        )
    active = [step for _, step in others if step not in _PASSTHROUGH]
    if any(isinstance(step, DigitNormalizer) for step in active[1:]):
        raise TypeError(
            "DigitNormalizer must be the first step of a Pipeline that is saved in a model file."
        )
    steps = [[name, _transformer_state(name, step)] for name, step in others]
    steps.append([last_name, get_state(last, optimizer_state=optimizer_state)])
    return {"class": "Pipeline", "verbose": pipeline.verbose, "steps": steps}


def pipeline_from_state(state: dict[str, Any], **kwargs: Any) -> Pipeline:
    """Restore a pipeline from its state; arguments and errors are those of ``from_state``."""
    if set(state) != {"class", "verbose", "steps"} or type(state["verbose"]) is not bool:
        raise ValueError(f"the entries of its Pipeline are {sorted(state)}")
    *others, (last_name, last) = state["steps"]
    classifier = classifier_from_state(last, **kwargs)
    steps: list[tuple[str, Any]] = [(last_name, classifier)]
    # Backwards, because the weights of the classifier determine its number of features.
    n_features: tuple[int | None, ...] = (classifier.n_features_in_,)
    if classifier._input_image_shape is not None:
        n_features += classifier._input_image_shape[
            :1
        ]  # n_features_in_ of scikit-learn's transformers for 3-D images
    for name, step in reversed(others):
        transformer = step
        if step not in _PASSTHROUGH:
            transformer = _transformer_from_state(step, n_features)
            n_features = (getattr(transformer, "n_features_in_", None),)
        steps.insert(0, (name, transformer))
    pipeline = Pipeline(steps, verbose=state["verbose"])
    pipeline._validate_names([name for name, _ in steps])
    return pipeline


def _transformer_state(name: str, step: Any) -> dict[str, Any] | str | None:
    if step in _PASSTHROUGH:
        return step
    if type(step) not in TRANSFORMERS:
        raise TypeError(
            f"The step {name!r} of the Pipeline must be a {join_names(TRANSFORMERS)}. Got "
            f"{type(step).__name__} instead. Save the steps before the classifier in a separate "
            "file with skops (https://skops.readthedocs.io), and the classifier with skmnist.save."
        )
    attributes = ("n_features_in_", "feature_names_in_", *TRANSFORMERS[type(step)])
    return {
        "class": type(step).__name__,
        "params": step.get_params(deep=False),
        "fitted": {name: vars(step)[name] for name in attributes if name in vars(step)},
        "output": getattr(step, "_sklearn_output_config", {}).get("transform"),
    }


def _transformer_from_state(state: dict[str, Any], expected: tuple[int | None, ...]) -> Any:
    """Restore a transformer; its number of output features must be one of `expected`."""
    cls = _class_of(state, TRANSFORMERS)
    if set(state) != {"class", "params", "fitted", "output"}:
        raise ValueError(f"the entries of its {cls.__name__} are {sorted(state)}")
    transformer, fitted = cls(**state["params"]), state["fitted"]
    _check_params(transformer)
    required = {"n_features_in_", *TRANSFORMERS[cls]} if TRANSFORMERS[cls] else set()
    if not required <= fitted.keys() <= {*required, "feature_names_in_"}:
        raise ValueError(f"the fitted attributes of its {cls.__name__} are {sorted(fitted)}")
    n_features = fitted.get("n_features_in_")
    n_features_out = n_features
    if cls is PCA:
        n_features_out = fitted["n_components_"]
    elif cls is DigitNormalizer:
        n_features_out = len(transformer.get_feature_names_out())
    if n_features_out not in expected:
        raise ValueError(
            f"its {cls.__name__} has {n_features_out} output features, not {expected[0]}"
        )
    shapes = {(), (n_features,), (n_features_out,), (n_features_out, n_features)}
    for name, value in fitted.items():
        if isinstance(value, np.ndarray) and value.shape not in shapes:
            raise ValueError(f"{name} of its {cls.__name__} has the shape {value.shape}")
        setattr(transformer, name, value)
    if state["output"] is not None:
        transformer.set_output(transform=state["output"])
    if fitted:
        _check_transform(transformer)
    return transformer


def _check_params(transformer: BaseEstimator) -> None:
    if hasattr(transformer, "_parameter_constraints"):  # a transformer of scikit-learn
        transformer._validate_params()
    else:  # our transformers validate their parameters in fit
        clone(transformer).fit(np.zeros((1, 1)))


def _check_transform(transformer: Any) -> None:
    """Transform one sample; raise an error if attributes are missing or invalid."""
    X: Any = np.zeros((1, transformer.n_features_in_))
    if hasattr(transformer, "feature_names_in_"):
        X = pd.DataFrame(X, columns=transformer.feature_names_in_)
    with np.errstate(all="ignore"):
        result = np.asarray(transformer.transform(X), dtype=np.float64)
    if not np.isfinite(result).all():
        raise ValueError(f"its {type(transformer).__name__} transforms zeros to infinity or NaN")
