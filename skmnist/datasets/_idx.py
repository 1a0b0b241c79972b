"""Read IDX files, the format of MNIST and similar data sets, with or without gzip compression."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Literal

import numpy as np

from ._checksums import verify_checksum
from ._errors import corrupt_error, unreadable_error

if TYPE_CHECKING:
    from pathlib import Path

_TYPE_CODES = {"uint8": 0x08, "int32": 0x0C}


def read_idx(
    path: Path,
    shape: tuple[int, ...],
    dtype: Literal["uint8", "int32"] = "uint8",
    checksum: str | None = None,
) -> np.ndarray:
    """Read and validate an IDX file.

    Memory is allocated for the expected shape, not for the shape in the header. A damaged
    header or a gzip bomb therefore cannot exhaust the memory.

    Parameters
    ----------
    path : Path
        The file. It is decompressed if its name ends with ``.gz``.
    shape : tuple of int
        The expected shape.
    dtype : {"uint8", "int32"}, default="uint8"
        The expected dtype.
    checksum : str, default=None
        The SHA-256 or MD5 checksum of the uncompressed file. If None, it is not verified.

    Returns
    -------
    values : ndarray of the given shape and dtype
        The content of the file.

    Raises
    ------
    DatasetError
        If the file cannot be read, or its content is not the expected one.
    """
    magic = bytes([0, 0, _TYPE_CODES[dtype], len(shape)])
    expected_header = magic + np.array(shape, ">u4").tobytes()
    big_endian = np.dtype(dtype).newbyteorder(">")
    payload = np.empty(np.prod(shape) * big_endian.itemsize, np.uint8)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(len(expected_header))
            n_bytes = len(header) + file.readinto(payload.data)
            # At the end of the file, gzip also verifies its own checksum (CRC-32).
            is_longer = file.read(1) != b""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise corrupt_error(path, f"Expected an intact gzip file ({error})") from error
    except OSError as error:
        raise unreadable_error(path, error) from error

    if header[:4] != magic[: len(header)]:
        problem = f"Expected an IDX file that begins with {magic!r}, got {header[:4]!r}"
        raise corrupt_error(path, problem)
    n_expected = len(expected_header) + payload.size
    if len(header) == len(expected_header) and header != expected_header:
        found = tuple(np.frombuffer(header[4:], ">u4").tolist())
        raise corrupt_error(path, f"Expected values of shape {tuple(shape)}, got {found}")
    if n_bytes < n_expected:
        raise corrupt_error(path, f"Expected {n_expected} bytes, got only {n_bytes}")
    if is_longer:
        raise corrupt_error(path, f"Expected {n_expected} bytes, got more")
    verify_checksum(path, checksum, header, payload.data)
    return payload.view(big_endian).reshape(shape).astype(dtype, copy=False)
