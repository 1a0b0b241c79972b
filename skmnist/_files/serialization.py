"""Values as JSON and arrays, and back: the only kinds of value that a model file can hold.

JSON's own values stand for themselves. Whatever else there is comes as an object with one key that
begins with a dollar: ``{"$tuple": [64, 32]}``. An array is written as its name among the arrays.
Nothing here imports, calls or looks up what a file names: each kind is an entry of a table.
"""

import math

import numpy as np
import torch

_NUMBERS = (np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32)
_NUMBERS += (np.uint64, np.float16, np.float32, np.float64)
_NUMBER_TYPES = {np.dtype(kind).name: kind for kind in _NUMBERS}
_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (torch.float32, torch.float64)}
_OPTIMIZERS = {
    name: cls
    for name, cls in vars(torch.optim).items()
    if isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer) and name != "Optimizer"
}

# Strings of a NumPy array all take the space of the longest: more than this isn't honest.
_MOST_STRING_BYTES = 2**26


class SerializationError(TypeError):
    """A value is of a kind that a model file doesn't hold."""


def encode(value, arrays, name=""):
    """Return `value` as what JSON holds; arrays in it are added to the dict `arrays`.

    Parameters
    ----------
    value : object
        None, bool, int, float, str, list, tuple or dict of such, NumPy's numbers and arrays of
        numbers or strings, torch's tensors, devices and optimizer classes, a RandomState.
    arrays : dict
        Filled with ``{name: ndarray}``.
    name : str
        What `value` is called: the path to it.

    Raises
    ------
    SerializationError
        It names the value.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}

    def plain(part, key):
        return encode(part, arrays, f"{name}.{key}" if name else str(key))

    if kind is list:
        return [plain(part, i) for i, part in enumerate(value)]
    if kind is tuple:
        return {"$tuple": [plain(part, i) for i, part in enumerate(value)]}
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: plain(part, key) for key, part in value.items()}
        return {"$dict": [[plain(key, "key"), plain(part, key)] for key, part in value.items()]}
    if isinstance(value, torch.Tensor):
        return {"$tensor": _keep(value.detach().cpu(), arrays, name)}
    if kind is np.ndarray:
        return _array_to_plain(value, arrays, name)
    if isinstance(value, np.str_):
        return {"$str": str(value)}
    if isinstance(value, np.generic) and value.dtype.name in _NUMBER_TYPES:
        return {"$number": [value.dtype.name, plain(value.item(), "item")]}
    if kind is np.random.RandomState:
        return {"$random_state": plain(value.get_state(legacy=True), "state")}
    if kind is torch.device:
        return {"$device": str(value)}
    if kind is torch.dtype and value in _DTYPES.values():
        return {"$dtype": str(value).removeprefix("torch.")}
    if kind is type and _OPTIMIZERS.get(value.__name__) is value:
        return {"$optimizer": value.__name__}
    raise SerializationError(
        f"{name}={value!r} is a {kind.__name__}, which a model file doesn't hold"
    )


def decode(plain, arrays):
    """Return the value that :func:`encode` was given.

    Parameters
    ----------
    plain : what JSON holds
    arrays : dict
        Those that are used are taken out.

    Raises
    ------
    ValueError, TypeError, LookupError
        Where `plain` is nothing that :func:`encode` writes.
    """
    if isinstance(plain, list):
        return [decode(part, arrays) for part in plain]
    if not isinstance(plain, dict):
        return plain
    tags = [key for key in plain if key.startswith("$")]
    if not tags:
        return {key: decode(part, arrays) for key, part in plain.items()}
    if len(plain) > 1 or tags[0] not in _KINDS:
        raise ValueError(f"unknown kind of value: {_brief(tags)}")
    return _KINDS[tags[0]](plain[tags[0]], arrays)


def _keep(array, arrays, name):
    """Add a tensor or an array to `arrays`, as a copy in C order; return its name."""
    if name in arrays:
        raise SerializationError(f"two values are called {name!r}")
    if isinstance(array, torch.Tensor):
        try:
            array = array.numpy()
        except TypeError as error:
            raise SerializationError(
                f"{name} is a tensor of {array.dtype}, which a model file doesn't hold"
            ) from error
    native = array.dtype.newbyteorder("=")
    if native.name not in _NUMBER_TYPES:
        raise SerializationError(f"{name} is an array of {native}, which a model file doesn't hold")
    arrays[name] = np.array(array, dtype=native, order="C")
    return name


def _array_to_plain(array, arrays, name):
    if array.dtype.kind in "UO" and array.ndim == 1:
        items = [encode(item, arrays, f"{name}.{i}") for i, item in enumerate(array.tolist())]
        _check_string_bytes(array.dtype, len(items))
        return {"$objects": [array.dtype.str, items]}
    # The order in memory decides how BLAS sums up, and so the last bits.
    turned = not array.flags.c_contiguous and list(array.strides) == sorted(array.strides)
    order = "F" if turned else "C"
    return {"$array": [_keep(array, arrays, name), array.dtype.str, order]}


def _check_string_bytes(dtype, n_items):
    if dtype.kind == "U" and dtype.itemsize * n_items > _MOST_STRING_BYTES:
        raise SerializationError(
            f"{n_items} strings of {dtype} take more than {_MOST_STRING_BYTES // 2**20} MB"
        )


def _brief(value):
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."


def _float(plain, arrays):
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[plain]


def _tuple(plain, arrays):
    return tuple(_of(list, decode(_of(list, plain), arrays)))


def _dict(plain, arrays):
    return {decode(key, arrays): decode(part, arrays) for key, part in plain}


def _tensor(plain, arrays):
    return torch.from_numpy(arrays.pop(plain).copy())


def _array(plain, arrays):
    name, dtype, order = plain
    array = arrays.pop(name)
    dtype = np.dtype(_of(str, dtype))
    if dtype.newbyteorder("=") != array.dtype or order not in ("C", "F"):
        raise ValueError(f"the array {name!r} is of {array.dtype}, not of {dtype}")
    return np.array(array, dtype=dtype, order=order)


def _objects(plain, arrays):
    dtype, items = plain
    items = decode(_of(list, items), arrays)
    result = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        result[i] = item
    if dtype == "|O":
        return result
    dtype = np.dtype(_of(str, dtype))
    if dtype.kind != "U" or not all(type(item) is str for item in items):
        raise ValueError(f"an array of {dtype} doesn't hold {_brief(items)}")
    _check_string_bytes(dtype, len(items))
    strings = result.astype(dtype)
    if strings.tolist() != items:
        raise ValueError(f"an array of {dtype} is too narrow for {_brief(items)}")
    return strings


def _str(plain, arrays):
    return np.str_(_of(str, plain))


def _number(plain, arrays):
    dtype, item = plain
    return _NUMBER_TYPES[dtype](decode(item, arrays))


def _random_state(plain, arrays):
    result = np.random.RandomState()
    result.set_state(_of(tuple, decode(plain, arrays)))
    return result


def _device(plain, arrays):
    return torch.device(_of(str, plain))


def _dtype(plain, arrays):
    return _DTYPES[plain]


def _optimizer(plain, arrays):
    return _OPTIMIZERS[plain]


def _of(kind, value):
    if type(value) is not kind:
        raise ValueError(f"{_brief(value)} is not a {kind.__name__}")
    return value


_KINDS = {
    "$float": _float,
    "$tuple": _tuple,
    "$dict": _dict,
    "$tensor": _tensor,
    "$array": _array,
    "$objects": _objects,
    "$str": _str,
    "$number": _number,
    "$random_state": _random_state,
    "$device": _device,
    "$dtype": _dtype,
    "$optimizer": _optimizer,
}
