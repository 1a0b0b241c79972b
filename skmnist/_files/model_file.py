"""Model files: one safetensors file with every tensor, the rest as JSON in its header.

The header's metadata has one entry, "skmnist": a JSON text with the SHA-256 digest of the whole
file (taken with zeros in the digest's own place), the format's version, the versions of the
libraries, and the model as :mod:`skmnist._files.serialization` writes it. Reading builds numbers,
strings and arrays and nothing else, whatever the file says.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors.numpy
from safetensors import SafetensorError

from skmnist.exceptions import ModelFileError

from .atomic import atomic_write
from .serialization import decode, encode

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import numpy as np

FORMAT = 1

# The limits of a header. It holds little but names; the largest is read in 0.3 s and 100 MB.
# A layer with Adam's state takes about 32 lists and objects, so a thousand layers fit.
_MAX_HEADER_BYTES = 2**22
_MAX_CONTAINERS = 2**15
_NO_DIGEST = b"0" * 64
_DIGEST_PREFIX = b'{\\"sha256\\":\\"'  # a quote inside of the header's JSON has a backslash

_LIBRARIES = ("skmnist", "torch", "skorch", "scikit-learn", "numpy", "safetensors")

# How other kinds of files begin that people mistake for model files.
_MAGIC_NUMBERS = {
    b"PK": "a zip archive, as torch.save and Keras write it",
    b"\x80": "a pickle, as pickle.dump and joblib.dump write it",
    b"\x89PNG": "a PNG picture",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip archive",
    b"x\x9c": "compressed by zlib, as joblib.dump does it",
}

# What the parts of a model raise if they can't be what a file says. RuntimeError is torch's,
# and Python's for values that are nested too deeply.
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
    """Turn an error in the block into a :class:`ModelFileError` that names the file."""
    try:
        yield
    except ModelFileError:
        raise
    except _EXPECTED_ERRORS as error:
        reason = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        raise ModelFileError(f"{path} holds a model that makes no sense: {reason[:500]}") from error


def write_model_file(path: str | os.PathLike[str], model: dict[str, Any]) -> None:
    """Write a model to a file, whole or not at all.

    Parameters
    ----------
    path : str or path
    model : dict
        Values of the kinds that :func:`skmnist._files.serialization.encode` takes.

    Raises
    ------
    SerializationError
        If the model has a value of another kind.
    OSError
        If the file can't be written; an older one under that name is then as it was.
    """
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
            f"The model's labels, names and parameters take {n_header} bytes, more than a model "
            f"file has for them ({_MAX_HEADER_BYTES} bytes, {_MAX_CONTAINERS} lists and objects)."
        )
    start = content.index(_DIGEST_PREFIX) + len(_DIGEST_PREFIX)
    digest = hashlib.sha256(content).hexdigest().encode()
    view = memoryview(content)
    with atomic_write(path) as file:
        for part in (view[:start], digest, view[start + len(digest) :]):
            file.write(part)


def read_model_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the model that :func:`write_model_file` wrote.

    Raises
    ------
    ModelFileError
        If the file is not a model file of skmnist, or was changed after it was written.
    OSError
        If there is no such file or it can't be read.
    """
    text, content = _read(Path(path))
    with reraise_as_model_error(path):
        outer = json.loads(text)
        if set(outer) != {"sha256", "format", "versions", "model"}:
            raise ValueError("its entries are " + ", ".join(map(repr, list(outer)[:10])))
        if outer["format"] != FORMAT:
            raise ModelFileError(
                f"{path} has the format {outer['format']!r}, this skmnist reads {FORMAT}: use the "
                "version of skmnist that wrote it, or a newer one."
            )
        try:
            arrays = safetensors.numpy.load(content)
        except SafetensorError as error:
            raise ValueError(f"its tensors can't be read ({error})") from error
        model = decode(outer["model"], arrays)
        if arrays:
            raise ValueError(f"nothing uses its tensors {sorted(arrays)[:10]}")
        if not isinstance(model, dict):
            raise ValueError("it is no dict")
    return model


def _read(path: Path) -> tuple[str, bytes]:
    """Return our metadata and the file's bytes; check that they are what was written."""
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} is not a file. Pass the name of a model file.")
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
                "Fetch or save it again."
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
            f"{path} is damaged: its bytes are not those that were written. Fetch or save it again."
        )
    return text, content


def _parse_header(path: Path, header: bytes, start: bytes, size: int) -> tuple[str, int]:
    """Return our metadata and the size of the tensors in bytes, from safetensors' header."""
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
    """Return about how many lists and objects there are in a header and in its metadata."""
    return header.count(b"[") + header.count(b"{")


def _not_a_model(path: Path, start: bytes, size: int) -> ModelFileError:
    if size == 0:
        return ModelFileError(f"{path} is empty. Fetch or save it again.")
    known = [kind for magic, kind in _MAGIC_NUMBERS.items() if start.startswith(magic)]
    reason = f": it is {known[0]}" if known else " (or its beginning is damaged)"
    return ModelFileError(
        f"{path} is not a model file of skmnist{reason}. Pass a file that skmnist.save wrote."
    )


@functools.cache  # reading them takes as long as everything else
def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
