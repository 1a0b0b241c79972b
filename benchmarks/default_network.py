"""The layers of ``CNNClassifier()``, for libraries that build the same network.

This module imports nothing, since Keras may be installed in another environment.
"""

# What the builders in this folder assume about the other parameters.
_ASSUMED = {
    "stride": 1,
    "pool_stride": None,
    "pooling": "max",
    "global_pool": None,
    "activation": "relu",
    "dropout": 0,
    "batch_norm": False,
    "loss": "cross_entropy",
    "label_smoothing": 0,
    "optimizer": "adam",
    "momentum": 0,
    "weight_decay": 0,
    "optimizer_params": None,
    "lr_schedule": None,
    "augment": None,
}


def conv_layers(params):
    """Return a tuple (channels, kernel_size, padding, pool_size) for each convolution.

    Raises
    ------
    NotImplementedError
        If the other libraries' networks would differ from that of a classifier with `params`.
    """
    changed = {name: params[name] for name in _ASSUMED if params[name] != _ASSUMED[name]}
    if changed:
        raise NotImplementedError(f"Build the networks of the other libraries with {changed}, too.")
    n = len(params["channels"])
    per_layer = (params[name] for name in ("kernel_size", "padding", "pool_size"))
    columns = (value if isinstance(value, list | tuple) else [value] * n for value in per_layer)
    return list(zip(params["channels"], *columns, strict=True))
