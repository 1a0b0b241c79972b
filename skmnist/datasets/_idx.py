"""Read IDX files, the format of MNIST and its family, uncompressed or compressed by gzip."""

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
    """Read and check one IDX file.

    The shape is that which the caller expects, not that of the file's header: it bounds
    the memory, whatever a damaged header or a gzip bomb promises.

    Parameters
    ----------
    path : Path
        The file; a name that ends in ``.gz`` is unpacked.
    shape : tuple of int
        The expected shape.
    dtype : {"uint8", "int32"}, default="uint8"
        The expected type.
    checksum : str, default=None
        SHA-256 or MD5 of the unpacked file. If None, none is known.

    Returns
    -------
    values : ndarray of the given shape and dtype

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not the expected one.
    """
    magic = bytes([0, 0, _TYPE_CODES[dtype], len(shape)])
    expected_header = magic + np.array(shape, ">u4").tobytes()
    big_endian = np.dtype(dtype).newbyteorder(">")
    payload = np.empty(np.prod(shape) * big_endian.itemsize, np.uint8)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(len(expected_header))
            n_bytes = len(header) + file.readinto(payload.data)
            # At the very end gzip also compares its own checksum (CRC-32).
            is_longer = file.read(1) != b""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise corrupt_error(path, f"is not a sound gzip file ({error})") from error
    except OSError as error:
        raise unreadable_error(path, error) from error

    if header[:4] != magic[: len(header)]:
        problem = f"is not the IDX file wanted: it begins with {header[:4]!r}, wanted {magic!r}"
        raise corrupt_error(path, problem)
    n_expected = len(expected_header) + payload.size
    if len(header) == len(expected_header) and header != expected_header:
        found = tuple(np.frombuffer(header[4:], ">u4").tolist())
        raise corrupt_error(path, f"holds values of shape {found}, wanted {tuple(shape)}")
    if n_bytes < n_expected:
        raise corrupt_error(path, f"is cut short: {n_bytes} bytes came, wanted {n_expected}")
    if is_longer:
        raise corrupt_error(path, f"is too long: more than the {n_expected} bytes wanted came")
    verify_checksum(path, checksum, header, payload.data)
    return payload.view(big_endian).reshape(shape).astype(dtype, copy=False)
