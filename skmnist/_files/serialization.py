"""Serialize the values in a model file as JSON and arrays, and deserialize them.

Values of JSON's types are stored unchanged. Any other value is an object with a single key that
starts with a dollar sign: ``{"$tuple": [64, 32]}``. An array is stored separately, under a name.
Deserializing never imports or calls anything that a file names: all types are in a fixed table.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    Arrays = dict[str, np.ndarray]

_T = TypeVar("_T")

_NUMBERS: tuple[type[np.generic], ...] = (
    np.bool_,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
    np.float16,
    np.float32,
    np.float64,
)
_NUMBER_TYPES = {np.dtype(kind).name: kind for kind in _NUMBERS}
_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (torch.float32, torch.float64)}
_OPTIMIZERS: dict[str, type] = {
    name: cls
    for name, cls in vars(torch.optim).items()
    if isinstance(cls, type) and issubclass(cls, torch.optim.Optimizer) and name != "Optimizer"
}

# Each string in a NumPy array takes the space of the longest. No real model needs more.
_MAX_STRING_BYTES = 2**26


class SerializationError(TypeError):
    """A value has a type that model files do not support."""


def encode(value: Any, arrays: Arrays, name: str = "") -> Any:
    """Serialize a value to JSON types, and add its arrays to `arrays`.

    Parameters
    ----------
    value : object
        None, a bool, int, float or str; a list, tuple or dict of supported values; a NumPy number
        or an array of numbers or strings; a RandomState; or a torch tensor, device, dtype or
        optimizer class.
    arrays : dict
        The arrays of the value are added as ``{name: ndarray}``.
    name : str
        Path to the value, such as "params.lr".

    Raises
    ------
    SerializationError
        If the value has an unsupported type.
    """
    kind = type(value)
    if value is None or kind in (bool, int, str):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"$float": repr(value)}

    def encode_item(part: Any, key: object) -> Any:
        return encode(part, arrays, f"{name}.{key}" if name else str(key))

    if kind is list:
        return [encode_item(part, i) for i, part in enumerate(value)]
    if kind is tuple:
        return {"$tuple": [encode_item(part, i) for i, part in enumerate(value)]}
    if kind is dict:
        if all(type(key) is str and not key.startswith("$") for key in value):
            return {key: encode_item(part, key) for key, part in value.items()}
        pairs = value.items()
        return {"$dict": [[encode_item(k, "key"), encode_item(part, k)] for k, part in pairs]}
    if isinstance(value, torch.Tensor):
        return {"$tensor": _add_array(value.detach().cpu(), arrays, name)}
    if kind is np.ndarray:
        return _encode_array(value, arrays, name)
    if isinstance(value, np.str_):
        return {"$str": str(value)}
    if isinstance(value, np.generic) and value.dtype.name in _NUMBER_TYPES:
        return {"$number": [value.dtype.name, encode_item(value.item(), "item")]}
    if kind is np.random.RandomState:
        return {"$random_state": encode_item(value.get_state(legacy=True), "state")}
    if kind is torch.device:
        return {"$device": str(value)}
    if kind is torch.dtype and value in _DTYPES.values():
        return {"$dtype": str(value).removeprefix("torch.")}
    if kind is type and value in _OPTIMIZERS.values():
        return {"$optimizer": value.__name__}
    raise SerializationError(
        f"{name}={value!r} is a {kind.__name__}, a type that model files do not support"
    )


def decode(encoded: Any, arrays: Arrays) -> Any:
    """Deserialize a value that :func:`encode` returned.

    Parameters
    ----------
    encoded : object of JSON types
    arrays : dict
        ``{name: ndarray}``. Arrays that are used are removed.

    Raises
    ------
    ValueError, TypeError, LookupError
        If :func:`encode` cannot have returned `encoded`.
    """
    if isinstance(encoded, list):
        return [decode(part, arrays) for part in encoded]
    if not isinstance(encoded, dict):
        return encoded
    tags = [key for key in encoded if key.startswith("$")]
    if not tags:
        return {key: decode(part, arrays) for key, part in encoded.items()}
    if len(encoded) > 1 or tags[0] not in _DECODERS:
        raise ValueError(f"it contains a value of the unknown type {_shorten(tags)}")
    return _DECODERS[tags[0]](encoded[tags[0]], arrays)


def _add_array(array: np.ndarray | torch.Tensor, arrays: Arrays, name: str) -> str:
    """Add a tensor or an array to `arrays`, as a copy in C order; return its name."""
    if name in arrays:
        raise SerializationError(f"two values have the name {name!r}")
    if isinstance(array, torch.Tensor):
        try:
            array = array.numpy()
        except TypeError as error:
            raise SerializationError(
                f"{name} is a tensor of {array.dtype}, a dtype that model files do not support"
            ) from error
    native = array.dtype.newbyteorder("=")
    if native.name not in _NUMBER_TYPES:
        raise SerializationError(
            f"{name} is an array of {native}, a dtype that model files do not support"
        )
    arrays[name] = np.array(array, dtype=native, order="C")
    return name


def _encode_array(array: np.ndarray, arrays: Arrays, name: str) -> dict[str, list]:
    if array.dtype.kind in "UO" and array.ndim == 1:
        items = [encode(item, arrays, f"{name}.{i}") for i, item in enumerate(array.tolist())]
        _check_string_bytes(array.dtype, len(items))
        return {"$objects": [array.dtype.str, items]}
    # Keep the memory order, because it affects the rounding of matrix products.
    is_transposed = not array.flags.c_contiguous and list(array.strides) == sorted(array.strides)
    order = "F" if is_transposed else "C"
    return {"$array": [_add_array(array, arrays, name), array.dtype.str, order]}


def _check_string_bytes(dtype: np.dtype, n_items: int) -> None:
    if dtype.kind == "U" and dtype.itemsize * n_items > _MAX_STRING_BYTES:
        raise SerializationError(
            f"{n_items} strings of {dtype} take more than {_MAX_STRING_BYTES // 2**20} MB"
        )


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:100] + "..."


def _decode_float(encoded: Any, arrays: Arrays) -> float:
    return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[encoded]


def _decode_tuple(encoded: Any, arrays: Arrays) -> tuple:
    return tuple(_expect(list, decode(_expect(list, encoded), arrays)))


def _decode_dict(encoded: Any, arrays: Arrays) -> dict:
    return {decode(key, arrays): decode(part, arrays) for key, part in encoded}


def _decode_tensor(encoded: Any, arrays: Arrays) -> torch.Tensor:
    return torch.from_numpy(arrays.pop(encoded).copy())


def _decode_array(encoded: Any, arrays: Arrays) -> np.ndarray:
    name, dtype, order = encoded
    array = arrays.pop(name)
    dtype = np.dtype(_expect(str, dtype))
    if dtype.newbyteorder("=") != array.dtype or order not in ("C", "F"):
        raise ValueError(f"the array {name!r} has the dtype {array.dtype} instead of {dtype}")
    return np.array(array, dtype=dtype, order=order)


def _decode_objects(encoded: Any, arrays: Arrays) -> np.ndarray:
    dtype, items = encoded
    items = decode(_expect(list, items), arrays)
    result = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        result[i] = item
    if dtype == "|O":
        return result
    dtype = np.dtype(_expect(str, dtype))
    if dtype.kind != "U" or not all(type(item) is str for item in items):
        raise ValueError(f"an array of {dtype} cannot contain {_shorten(items)}")
    _check_string_bytes(dtype, len(items))
    strings = result.astype(dtype)
    if strings.tolist() != items:
        raise ValueError(f"an array of {dtype} is too narrow for {_shorten(items)}")
    return strings


def _decode_str(encoded: Any, arrays: Arrays) -> np.str_:
    return np.str_(_expect(str, encoded))


def _decode_number(encoded: Any, arrays: Arrays) -> np.generic:
    dtype, item = encoded
    return _NUMBER_TYPES[dtype](decode(item, arrays))


def _decode_random_state(encoded: Any, arrays: Arrays) -> np.random.RandomState:
    result = np.random.RandomState()
    result.set_state(_expect(tuple, decode(encoded, arrays)))
    return result


def _decode_device(encoded: Any, arrays: Arrays) -> torch.device:
    return torch.device(_expect(str, encoded))


def _decode_dtype(encoded: Any, arrays: Arrays) -> torch.dtype:
    return _DTYPES[encoded]


def _decode_optimizer(encoded: Any, arrays: Arrays) -> type:
    return _OPTIMIZERS[encoded]


def _expect(kind: type[_T], value: Any) -> _T:
    if type(value) is not kind:
        raise ValueError(f"{_shorten(value)} is not a {kind.__name__}")
    return value


_DECODERS: dict[str, Callable[[Any, Arrays], Any]] = {
    "$float": _decode_float,
    "$tuple": _decode_tuple,
    "$dict": _decode_dict,
    "$tensor": _decode_tensor,
    "$array": _decode_array,
    "$objects": _decode_objects,
    "$str": _decode_str,
    "$number": _decode_number,
    "$random_state": _decode_random_state,
    "$device": _decode_device,
    "$dtype": _decode_dtype,
    "$optimizer": _decode_optimizer,
}
