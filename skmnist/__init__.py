"""Neural networks for small images that are scikit-learn estimators.

The public names are imported when they are first used, because importing torch takes
time. ``__init__.pyi`` lists the same names for editors and type checkers.
"""

__version__ = "0.1.0"

# Public names -> modules that define them.
_PUBLIC = {
    "BackpropClassifier": "skmnist._estimators.backprop",
    "CNNClassifier": "skmnist._estimators.cnn",
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
    "load": "skmnist._persistence.save_load",
    "metrics": "skmnist.metrics",
    "predict_image": "skmnist.preprocessing._predict_image",
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
    module = import_module(_PUBLIC[name])
    random.setstate(state)
    value = module if _PUBLIC[name] == f"skmnist.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted(__all__)
