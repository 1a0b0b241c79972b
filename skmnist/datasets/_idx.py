"""Read IDX files, the format of MNIST and its family, raw or compressed by gzip."""

import gzip
import zlib

import numpy as np

from ._checksums import check_digest
from ._errors import damaged, unreadable

_TYPE_CODES = {"uint8": 0x08, "int32": 0x0C}


def read_idx(path, shape, dtype="uint8", digest=None):
    """Read and check one IDX file.

    The shape is what the caller wants, not what the file says: so memory is bounded
    by the former, whatever a damaged header or a gzip bomb promises.

    Parameters
    ----------
    path : Path
        The file; a name that ends in ``.gz`` is unpacked.
    shape : tuple of int
        The shape that the file must have.
    dtype : {"uint8", "int32"}, default="uint8"
        The type that the file must have.
    digest : str, default=None
        SHA-256 or MD5 of the unpacked file. If None, none is known.

    Returns
    -------
    values : ndarray of the given shape and dtype

    Raises
    ------
    DatasetError
        If the file cannot be read, or is not the one wanted.
    """
    magic = bytes([0, 0, _TYPE_CODES[dtype], len(shape)])
    wanted_header = magic + np.array(shape, ">u4").tobytes()
    big_endian = np.dtype(dtype).newbyteorder(">")
    payload = np.empty(np.prod(shape) * big_endian.itemsize, np.uint8)
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            header = file.read(len(wanted_header))
            n_bytes = len(header) + file.readinto(payload)
            # At the very end gzip also compares its own checksum (CRC-32).
            longer = file.read(1) != b""
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise damaged(path, f"is not a sound gzip file ({error})") from error
    except OSError as error:
        raise unreadable(path, error) from error

    if header[:4] != magic[: len(header)]:
        problem = f"is not the IDX file wanted: it begins with {header[:4]}, wanted {magic}"
        raise damaged(path, problem)
    n_wanted = len(wanted_header) + payload.size
    if len(header) == len(wanted_header) and header != wanted_header:
        came = tuple(np.frombuffer(header[4:], ">u4").tolist())
        raise damaged(path, f"holds values of shape {came}, wanted {tuple(shape)}")
    if n_bytes < n_wanted:
        raise damaged(path, f"is cut short: {n_bytes} bytes came, wanted {n_wanted}")
    if longer:
        raise damaged(path, f"is too long: more than the {n_wanted} bytes wanted came")
    if digest is not None:
        check_digest(path, digest, header, payload)
    return payload.view(big_endian).reshape(shape).astype(dtype, copy=False)
