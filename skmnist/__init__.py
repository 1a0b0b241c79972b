"""Neural networks for small images that are scikit-learn estimators.

The public names are imported when they are first used, because importing torch takes
time. ``__init__.pyi`` lists the same names for editors and type checkers.
"""

__version__ = "0.1.0"

# Public names -> modules that define them.
_PUBLIC = {
    "BackpropClassifier": "skmnist._estimators.backprop",
    "CNNClassifier": "skmnist._estimators.cnn",
    "HiddenActivations": "skmnist._estimators.hidden_activations",
    "MLPClassifier": "skmnist._estimators.mlp",
    "RejectClassifier": "skmnist._estimators.reject",
    "TorchClassifier": "skmnist._estimators.torch_module",
    "backprop": "skmnist.backprop",
    "cli": "skmnist.cli",
    "dask": "skmnist.dask",
    "datasets": "skmnist.datasets",
    "displays": "skmnist.displays",
    "exceptions": "skmnist.exceptions",
    "export_onnx": "skmnist._persistence.onnx_export",
    "export_page": "skmnist._persistence.page_export",
    "load": "skmnist._persistence.save_load",
    "load_pretrained": "skmnist._pretrained.load_pretrained",
    "metrics": "skmnist.metrics",
    "predict_image": "skmnist._pretrained.predict_image",
    "preprocessing": "skmnist.preprocessing",
    "reporting": "skmnist.reporting",
    "save": "skmnist._persistence.save_load",
    "serving": "skmnist.serving",
    "studies": "skmnist.studies",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name):
    import random
    from importlib import import_module

    if name not in _PUBLIC:
        raise AttributeError(f"module 'skmnist' has no attribute {name!r}")
    state = random.getstate()  # the import of rich (by skorch) uses it
    try:
        module = import_module(_PUBLIC[name])
    except AttributeError as error:
        # Python would say only that the name cannot be imported, and hasattr that it is missing.
        raise ImportError(_import_problem(name, error), name="skmnist") from error
    finally:
        random.setstate(state)
    value = module if _PUBLIC[name] == f"skmnist.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def _import_problem(name, error):
    """Return the message for an AttributeError during the import of a public name."""
    import sys

    if sys.flags.optimize >= 2:
        cause = "Python's option -OO removes docstrings, which dependencies need. Use -O instead."
    else:
        cause = (
            "A dependency is broken, or its version does not match the others. To reinstall all, "
            "run pip install --force-reinstall in a new environment."
        )
    return f"Cannot import skmnist.{name} ({type(error).__name__}: {error}). {cause}"


def __dir__():
    return sorted(__all__)
