"""Model files: one safetensors file with every tensor, the rest as JSON in its header.

The header's metadata has one entry, "skmnist": a JSON text with the SHA-256 digest of the whole
file (taken with zeros in the digest's own place), the format's version, the versions of the
libraries, and the model as :mod:`skmnist._files.serialization` writes it. Reading builds numbers,
strings and arrays and nothing else, whatever the file says.
"""

import contextlib
import functools
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

import safetensors.numpy
from safetensors import SafetensorError

from skmnist.exceptions import ModelFileError

from .atomic import atomic_write
from .serialization import decode, encode

FORMAT = 1

# What a header may take. It holds little but names; these are read in 0.3 s and 100 MB at worst.
# A layer with Adam's memory takes about 32 brackets, so there is room for a thousand.
_MOST_HEADER_BYTES = 2**22
_MOST_BRACKETS = 2**15
_NO_DIGEST = b"0" * 64
_DIGEST_MARK = b'{\\"sha256\\":\\"'  # a quote inside of the header's JSON has a backslash

_LIBRARIES = ("skmnist", "torch", "skorch", "scikit-learn", "numpy", "safetensors")

# How files begin that people mistake for model files.
_FOREIGN = {
    b"PK": "a zip archive, as torch.save and Keras write it",
    b"\x80": "a pickle, as pickle.dump and joblib.dump write it",
    b"\x89PNG": "a PNG picture",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x8b": "a gzip archive",
    b"x\x9c": "compressed by zlib, as joblib.dump does it",
}

# What the parts of a model raise where they can't be what a file says. RuntimeError is torch's,
# and Python's where things are nested too deep.
_COMPLAINTS = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    MemoryError,
)


@contextlib.contextmanager
def reraise_as_model_error(path):
    """Turn an error in the block into a :class:`ModelFileError` that names the file."""
    try:
        yield
    except ModelFileError:
        raise
    except _COMPLAINTS as error:
        words = str(error) if isinstance(error, (ValueError, TypeError)) else repr(error)
        raise ModelFileError(f"{path} holds a model that makes no sense: {words[:500]}") from error


def write_model_file(path, model):
    """Write a model to a file, whole or not at all.

    Parameters
    ----------
    path : str or path
    model : dict
        Values of the kinds that :func:`skmnist._files.serialization.encode` takes.

    Raises
    ------
    SerializationError
        Where the model has a value of another kind.
    OSError
        Where the file can't be written; an older one under that name is then as it was.
    """
    arrays = {}
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
    if n_header > _MOST_HEADER_BYTES or _brackets(content[8 : 8 + n_header]) > _MOST_BRACKETS:
        raise ValueError(
            f"The model's labels, names and parameters take {n_header} bytes, more than a model "
            f"file has for them ({_MOST_HEADER_BYTES} bytes, {_MOST_BRACKETS} lists and objects)."
        )
    start = content.index(_DIGEST_MARK) + len(_DIGEST_MARK)
    digest = hashlib.sha256(content).hexdigest().encode()
    content = memoryview(content)
    with atomic_write(path) as file:
        for part in (content[:start], digest, content[start + len(digest) :]):
            file.write(part)


def read_model_file(path):
    """Return the model that :func:`write_model_file` wrote.

    Raises
    ------
    ModelFileError
        Where the file is not one of ours or isn't as it was written.
    OSError
        Where there is no such file or it can't be read.
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


def _read(path):
    """Return our metadata and the file's bytes, once they are what was written."""
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} is not a file. Pass the name of a model file.")
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(8)
        n_header = int.from_bytes(start, "little")
        if len(start) < 8 or n_header > min(size - 8, _MOST_HEADER_BYTES):
            raise _foreign(path, start, size)
        header = file.read(n_header)
        text, n_data = _parse(path, header, start, size)
        if size != 8 + n_header + n_data:
            raise ModelFileError(
                f"{path} is damaged: it has {size} bytes instead of {8 + n_header + n_data}. "
                "Fetch or save it again."
            )
        file.seek(0)
        content = file.read(size)
    mark = content.find(_DIGEST_MARK, 0, 8 + n_header)
    if mark < 0:
        raise _foreign(path, start, size)
    at = mark + len(_DIGEST_MARK)
    view = memoryview(content)
    digest = hashlib.sha256(view[:at])
    digest.update(_NO_DIGEST)
    digest.update(view[at + len(_NO_DIGEST) :])
    if digest.hexdigest().encode() != view[at : at + len(_NO_DIGEST)]:
        raise ModelFileError(
            f"{path} is damaged: its bytes are not those that were written. Fetch or save it again."
        )
    return text, content


def _parse(path, header, start, size):
    """Return our metadata and how many bytes the tensors take, from safetensors' header."""
    try:
        if _brackets(header) > _MOST_BRACKETS:
            raise ValueError
        entries = json.loads(header)
        text = entries.pop("__metadata__")["skmnist"]
        ends = [entry["data_offsets"][1] for entry in entries.values()]
        n_data = max([0, *ends])
        if not isinstance(text, str) or not isinstance(n_data, int):
            raise ValueError
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise _foreign(path, start, size) from error
    return text, n_data


def _brackets(header):
    """Return about how many lists and objects there are in a header and in its metadata."""
    return header.count(b"[") + header.count(b"{")


def _foreign(path, start, size):
    if size == 0:
        return ModelFileError(f"{path} is empty. Fetch or save it again.")
    known = [words for magic, words in _FOREIGN.items() if start.startswith(magic)]
    what = f": it is {known[0]}" if known else " (or its beginning is damaged)"
    return ModelFileError(
        f"{path} is not a model file of skmnist{what}. Pass a file that skmnist.save wrote."
    )


@functools.cache  # reading them takes as long as all the rest
def _versions():
    return {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}}
