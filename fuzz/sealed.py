"""Model files with a correct checksum and invalid content."""

import copy
import hashlib
import json

import numpy as np

_DELETED = object()

INVALID_VALUES = (
    None,
    True,
    -1,
    0,
    2**31,
    2**63,
    10**30,
    1e308,
    "x",
    "os.system",
    "",
    [],
    [1],
    {},
    {"$float": "nan"},
    {"$float": "inf"},
    {"$tuple": [10**9] * 3},
    {"$tuple": [1] * 100_000},
    {"$number": ["int64", 1]},
    {"$optimizer": "Optimizer"},
    {"$objects": ["<U100000000", ["a", "b"]]},
    {"$array": ["weights", "|O", "C"]},
    {"$import": "os"},
    {"$float": "nan", "$tuple": []},
)


def split(content):
    """Return the header of a file, the model in its metadata, and the bytes of the tensors."""
    n_header = 8 + int.from_bytes(content[:8], "little")
    outer = json.loads(content[8:n_header])
    return outer, json.loads(outer["__metadata__"]["skmnist"]), content[n_header:]


def join(outer, inner, data, model=None):
    """Return a file with a correct checksum; `model` is JSON that replaces the inner model."""
    inner = {**inner, "sha256": "0" * 64}
    text = json.dumps(inner, separators=(",", ":"))
    if model is not None:
        rest = {name: value for name, value in inner.items() if name != "model"}
        text = json.dumps(rest, separators=(",", ":"))[:-1] + f',"model":{model}}}'
    outer = {**outer, "__metadata__": {"skmnist": text}}
    header = json.dumps(outer, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    content = len(header).to_bytes(8, "little") + header + data
    return content.replace(b"0" * 64, hashlib.sha256(content).hexdigest().encode(), 1)


def any_value(content, every):
    """Yield the file with each value of its model replaced by each of INVALID_VALUES, or deleted.

    Only every `every`-th of these files is yielded.
    """
    outer, inner, data = split(content)
    values = (*INVALID_VALUES, _DELETED)
    changes = [(path, value) for path in _paths(inner["model"]) for value in values]
    for path, value in changes[::every]:
        yield join(outer, _replaced(inner, path, value), data)


def _paths(value, path=("model",)):
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in parts if isinstance(value, (dict, list)) else ():
        if isinstance(part, (dict, list)):
            yield from _paths(part, (*path, key))
        else:
            yield (*path, key)


def _replaced(inner, path, value):
    changed = copy.deepcopy(inner)
    *parents, last = path
    parent = changed
    for key in parents:
        parent = parent[key]
    if value is _DELETED:
        del parent[last]
    else:
        parent[last] = value
    return changed


def inconsistent(backprop, mlp):
    """Yield files of models that cannot exist."""
    outer, inner, data = split(backprop)

    def edited(*path, value):
        return join(outer, _replaced(inner, path, value), data)

    yield edited("format", value=0)
    yield edited("format", value=2)
    yield edited("format", value="1")
    yield edited("extra", value=1)
    yield edited("model", "extra", value=1)
    yield edited("versions", value=_DELETED)
    for name in ("os.system", "builtins.eval", "MLPClassifier", "CNNClassifier", "Pipeline", "", 1):
        yield edited("model", "class", value=name)
    yield edited("model", "params", "__class__", value="os.system")
    yield edited("model", "params", "__init__", value=1)
    yield edited("model", "params", "hidden_layers", value=[3])
    yield edited("model", "params", "lr", value=-1.0)
    yield edited("model", "params", "lr", value={"$float": "nan"})
    yield edited("model", "params", "device", value="abacus")
    yield edited("model", "params", "activation", value="__import__")
    for sizes in ([4], [3, 3], [10**6], [10**9] * 3, [10**30], [-1], [0], [1] * 10**5, ["3"]):
        yield edited("model", "architecture", "hidden_layer_sizes", value={"$tuple": sizes})
    yield edited("model", "architecture", "activation", value=_DELETED)
    yield edited("model", "architecture", "__dict__", value={})
    yield edited("model", "module", value="os")
    yield edited("model", "training_params", "loss", value="os.system")
    yield edited("model", "fitted", "predict", value=1)
    yield edited("model", "fitted", "n_features_in_", value=10**12)
    yield edited("model", "fitted", "n_features_in_", value=15)
    yield edited("model", "fitted", "_input_image_shape", value={"$tuple": [5, 5]})
    yield edited("model", "fitted", "pixel_scale_", value=0.0)
    yield edited("model", "fitted", "pixel_scale_", value={"$float": "nan"})
    yield edited("model", "fitted", "_seed", value=_DELETED)
    yield edited("model", "fitted", "_dtype", value={"$dtype": "float64"})
    yield edited("model", "fitted", "_dtype", value="float32")
    for labels in (
        ["a"],
        ["a", "b"],
        ["b", "a", "c"],
        ["a", "a", "b"],
        ["a", "b", "c", "d"],
        [1, 2],
    ):
        yield edited("model", "fitted", "classes_", value={"$objects": ["<U5", labels]})
    yield edited("model", "fitted", "classes_", value={"$objects": ["|O", ["a", 1, None]]})
    yield edited("model", "fitted", "classes_", value=["a", "b", "c"])
    names = [f"p{i}" for i in range(15)]
    yield edited("model", "fitted", "feature_names_in_", value={"$objects": ["|O", names]})
    yield edited("model", "history", "train_loss", value=_DELETED)
    yield edited("model", "history", "lr", "index", value=[5])
    yield edited("model", "weights", value={})
    yield edited("model", "optimizer", "lr", value=[])
    yield edited("model", "optimizer", "lr", value=[-1.0])
    yield edited("model", "optimizer", "state", value={"$dict": [[99, {}]]})

    for content in (backprop, mlp):
        outer, inner, data = split(content)
        for name, entry in outer.items():
            if name == "__metadata__" or not name.startswith(("weights", "optimizer")):
                continue
            start, end = entry["data_offsets"]
            for bad in (np.nan, np.inf) if name.startswith("weights") else (np.nan,):
                array = np.frombuffer(data[start:end], dtype="<f4").copy()
                array[-1] = bad
                yield join(outer, inner, data[:start] + array.tobytes() + data[end:])
            if len(set(entry["shape"])) == 2:
                transposed = {**entry, "shape": entry["shape"][::-1]}
                yield join({**outer, name: transposed}, inner, data)
            flat = {**entry, "shape": [1, *entry["shape"]]}
            yield join({**outer, name: flat}, inner, data)
            yield join({**outer, name: {**entry, "dtype": "I32"}}, inner, data)
        outer["more"] = {"dtype": "U8", "shape": [0], "data_offsets": [len(data)] * 2}
        yield join(outer, inner, data)
