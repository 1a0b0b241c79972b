"""Model files: safetensors files with all tensors, and all other values as JSON in the header.

The metadata of the header have a single entry, "skmnist". It is a JSON text with:

- the SHA-256 digest of the file, computed with zeros in place of the digest
- the version of the format
- the versions of Python and of the libraries
- the model, serialized by :mod:`skmnist._files.serialization`

Reading a file only creates numbers, strings and arrays.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skmnist._utils.own_version import own_version
from skmnist.exceptions import ModelFileError

from .atomic import atomic_write
from .serialization import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

FORMAT = 1

# Limits of the header, so that a malicious file cannot use up time and memory. A layer with Adam's
# state needs about 32 lists and objects, so these limits allow a thousand layers.
_MAX_HEADER_BYTES = 2**22
_MAX_CONTAINERS = 2**15
_NO_DIGEST = b"0" * 64
_DIGEST_PREFIX = b'{\\"sha256\\":\\"'  # quotes are escaped inside the JSON of the header

_LIBRARIES = ("torch", "skorch", "scikit-learn", "numpy", "safetensors")

# First bytes of files that are sometimes mistaken for model files.
_MAGIC_NUMBERS = {
    b"PK": "a zip archive, as written by torch.save or Keras",
    b"\x80": "a pickle, as written by pickle.dump or joblib.dump",
    b"\x89PNG": "a PNG image",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip archive",
    b"x\x9c": "a zlib-compressed file, as written by joblib.dump",
}

# Errors that invalid files can cause. torch raises RuntimeError, as does Python for values that are
# nested too deeply.
_EXPECTED_ERRORS = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
)


@contextlib.contextmanager
def reraise_as_model_error(path: str | os.PathLike[str]) -> Iterator[None]:
    """Reraise an error in the block as a :class:`ModelFileError` that contains the path."""
    try:
        yield
    except ModelFileError:
        raise
    except _EXPECTED_ERRORS as error:
        reason = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        raise ModelFileError(f"{path} is not a valid skmnist model: {reason[:500]}") from error


def write_model_file(
    path: str | os.PathLike[str], model: dict[str, Any], *, sync: bool = True
) -> None:
    """Write a model to a file atomically.

    Parameters
    ----------
    path : str or path
    model : dict
        Values of the types that :func:`skmnist._files.serialization.encode` supports.
    sync : bool, default=True
        Whether to sync the file to the disk.

    Raises
    ------
    SerializationError
        If the model contains a value of an unsupported type.
    ValueError
        If the labels, names and parameters are too large for the header.
    OSError
        If the file cannot be written. An existing file is unchanged.
    """
    import safetensors.numpy  # here, since training needs no model files

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(
        {
            "sha256": _NO_DIGEST.decode(),
            "format": FORMAT,
            "versions": _versions(),
            "model": encode(model, arrays),
        },
        separators=(",", ":"),
        allow_nan=False,
    )
    content = safetensors.numpy.save(arrays, {"skmnist": text})
    n_header = int.from_bytes(content[:8], "little")
    n_containers = _count_containers(content[8 : 8 + n_header])
    if n_header > _MAX_HEADER_BYTES or n_containers > _MAX_CONTAINERS:
        raise ValueError(
            "The labels, names and parameters of the model are too large for a model file: "
            f"{n_header} bytes (limit: {_MAX_HEADER_BYTES}), {n_containers} lists and objects "
            f"(limit: {_MAX_CONTAINERS})."
        )
    start = content.index(_DIGEST_PREFIX) + len(_DIGEST_PREFIX)
    digest = hashlib.sha256(content).hexdigest().encode()
    view = memoryview(content)
    with atomic_write(path, sync=sync) as file:
        for part in (view[:start], digest, view[start + len(digest) :]):
            file.write(part)


def read_model_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a model that :func:`write_model_file` wrote.

    Raises
    ------
    ModelFileError
        If the file is not a model file of skmnist, or its content was changed.
    OSError
        If the file does not exist or cannot be read.
    """
    import safetensors.numpy

    text, content = _read(Path(os.path.expanduser(path)))
    with reraise_as_model_error(path):
        outer = json.loads(text)
        if set(outer) != {"sha256", "format", "versions", "model"}:
            raise ValueError("its entries are " + ", ".join(map(repr, list(outer)[:10])))
        if outer["format"] != FORMAT:
            raise ModelFileError(
                f"Expected a model file of format {FORMAT}, but {path} has format "
                f"{outer['format']!r}. Use a newer version of skmnist, or the one that wrote the "
                "file."
            )
        try:
            arrays = safetensors.numpy.load(content)
        except safetensors.SafetensorError as error:
            raise ValueError(f"its tensors cannot be read ({error})") from error
        model = decode(outer["model"], arrays)
        if arrays:
            raise ValueError(f"the model does not use the tensors {sorted(arrays)[:10]}")
        if not isinstance(model, dict):
            raise ValueError("its content is not a dict")
    return model


def _read(path: Path) -> tuple[str, bytes]:
    """Return skmnist's metadata and the bytes of the file, after verifying the digest."""
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} is not a file. Pass the path of a model file.")
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        n_header = int.from_bytes(start, "little")
        if len(start) < 8 or n_header > min(size - 8, _MAX_HEADER_BYTES):
            raise _not_a_model(path, start, size)
        header = file.read(n_header)
        text, n_data = _parse_header(path, header, start, size)
        if size != 8 + n_header + n_data:
            raise ModelFileError(
                f"{path} is damaged: it has {size} bytes instead of {8 + n_header + n_data}. "
                "Download or save it again."
            )
        file.seek(0)
        content = file.read(size)
    prefix_start = content.find(_DIGEST_PREFIX, 0, 8 + n_header)
    if prefix_start < 0:
        raise _not_a_model(path, start, size)
    digest_start = prefix_start + len(_DIGEST_PREFIX)
    digest_end = digest_start + len(_NO_DIGEST)
    view = memoryview(content)
    digest = hashlib.sha256(view[:digest_start])
    digest.update(_NO_DIGEST)
    digest.update(view[digest_end:])
    if digest.hexdigest().encode() != view[digest_start:digest_end]:
        raise ModelFileError(
            f"{path} is damaged: its checksum is wrong. Download or save it again."
        )
    return text, content


def _parse_header(path: Path, header: bytes, start: bytes, size: int) -> tuple[str, int]:
    """Return skmnist's metadata and the size of the tensors in bytes from a safetensors header."""
    try:
        if _count_containers(header) > _MAX_CONTAINERS:
            raise ValueError
        entries = json.loads(header)
        text = entries.pop("__metadata__")["skmnist"]
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        n_data = max([0, *ends])
        if not isinstance(text, str) or not isinstance(n_data, int):
            raise ValueError
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _not_a_model(path, start, size) from error
    return text, n_data


def _count_containers(header: bytes) -> int:
    """Return the approximate number of lists and objects in a header and its metadata."""
    return header.count(b"[") + header.count(b"{")


def _not_a_model(path: Path, start: bytes, size: int) -> ModelFileError:
    if size == 0:
        return ModelFileError(f"{path} is empty. Download or save it again.")
    known = [kind for magic, kind in _MAGIC_NUMBERS.items() if start.startswith(magic)]
    reason = f": it is {known[0]}" if known else " (or its beginning is damaged)"
    return ModelFileError(
        f"{path} is not a model file of skmnist{reason}. Pass a file written by skmnist.save."
    )


@functools.cache  # looking up the versions takes as long as everything else
def _versions() -> dict[str, str]:
    own = {"python": platform.python_version(), "skmnist": own_version()}
    return own | {name: version(name) for name in _LIBRARIES}
