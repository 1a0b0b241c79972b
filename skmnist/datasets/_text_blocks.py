"""Read a text file, compressed or not, as blocks of whole lines."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from skmnist.exceptions import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BLOCK_SIZE = 8_000_000  # bytes
MAX_LINE = 8_000_000  # bytes
# The pixels of digits are compressed to about 1/10, blank ones to at most 1/1000.
_MAX_EXPANSION = 200
_SMALL = 20_000_000  # bytes, for which the expansion is not checked

# First bytes of a compressed file -> function that opens it.
_COMPRESSIONS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second is an empty archive
# First bytes of a file of another format -> its name.
_OTHER_FORMATS = {
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"\x93NUMPY": "a NumPy array",
    b"%PDF": "a PDF file",
}
# Byte order marks -> encoding.
_ENCODINGS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}

_READ_ERRORS = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    UnicodeError,
    RuntimeError,  # an encrypted archive, or a compression that zipfile does not know
)


def read_blocks(path: Path) -> Iterator[bytes]:
    r"""Yield the file as blocks of whole lines.

    Parameters
    ----------
    path : Path
        A text file in UTF-8 or UTF-16. It may be compressed by gzip, bzip2 or xz, or be the only
        file of a zip archive.

    Yields
    ------
    block : bytes
        Text in UTF-8, whose lines all end with ``\n``.

    Raises
    ------
    DatasetError
        If the file cannot be read, is not a text file, or has a line of more than 8 MB.
    """
    try:
        with _open(path) as stream:
            yield from _split(stream, path)
    except DatasetError:
        raise
    except _READ_ERRORS as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DatasetError(
            f"{path}: The file cannot be read ({reason}). Check the path; if the file is damaged "
            "or truncated, copy or download it again."
        ) from error


def check_expansion(path: Path, n_bytes: int) -> None:
    """Raise a DatasetError if `n_bytes` are too many for the content of a compressed file."""
    if n_bytes > _SMALL + _MAX_EXPANSION * path.stat().st_size:
        raise DatasetError(
            f"{path}: Expected compressed images, got a file that expands to more than "
            f"{_MAX_EXPANSION} times its size. It is damaged or malicious."
        )


def _split(stream: BinaryIO, path: Path) -> Iterator[bytes]:
    """Yield the blocks of a stream."""
    rest, n_bytes, n_lines = b"", 0, 0
    while chunk := stream.read(BLOCK_SIZE):
        if chunk.endswith(b"\r"):
            chunk += stream.read(1)  # the second part of the end of the line, if it has two
        n_bytes += len(chunk)
        check_expansion(path, n_bytes)
        if b"\0" in chunk[:1000]:
            raise DatasetError(
                f"{path}: Expected a CSV file, got a binary file. Save the table as CSV."
            )
        chunk = rest + chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = chunk.rfind(b"\n") + 1
        rest = chunk[end:]
        n_lines += chunk.count(b"\n")
        if len(rest) > MAX_LINE:
            n_columns = 1 + max(map(rest.count, (b",", b";", b"\t")))
            raise DatasetError(
                f"{path}: Line {n_lines + 1} has more than {MAX_LINE // 1_000_000} MB "
                f"({n_columns:,} columns or more). Expected one line for each image, with one "
                "column for each pixel."
            )
        if end:
            yield chunk[:end]
    if rest:
        yield rest + b"\n"


def _by_first_bytes(table: Mapping[bytes, Any], start: bytes) -> Any:
    """Return the value whose key is how a file starts, or None."""
    return next((value for key, value in table.items() if start.startswith(key)), None)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open a text file, compressed or not, as bytes in UTF-8."""
    if path.is_dir():
        raise DatasetError(
            f"{path}: Expected a CSV file, got a folder. For a folder of images, use "
            "skmnist.datasets.load_image_folder."
        )
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(path, "rb"))
        start = file.read(8)
        file.seek(0)
        other = _by_first_bytes(_OTHER_FORMATS, start)
        if other:
            raise DatasetError(f"{path}: Expected a CSV file, got {other}.")
        opener = _by_first_bytes(_COMPRESSIONS, start)
        stream: Any = file
        if opener:
            stream = stack.enter_context(opener(file))
        elif start.startswith(_ZIP):
            stream = stack.enter_context(_open_zip(path, file))
        yield _as_utf8(stream)


@contextlib.contextmanager
def _open_zip(path: Path, file: BinaryIO) -> Iterator[Any]:
    """Open the only file of a zip archive."""
    with zipfile.ZipFile(file) as archive:
        members = [
            member
            for member in archive.infolist()
            if not member.is_dir()
            # What macOS adds to archives.
            and not any(part.startswith((".", "__MACOSX")) for part in Path(member.filename).parts)
        ]
        if len(members) != 1:
            names = ", ".join(member.filename for member in members[:5])
            raise DatasetError(
                f"{path}: Expected a zip archive of one CSV file, got {len(members)} files"
                f"{f' ({names})' if names else ''}. Extract the archive and pass one of its files; "
                "for arrays, use skmnist.datasets.load_image_npz."
            )
        check_expansion(path, members[0].file_size)
        with archive.open(members[0]) as stream:
            yield stream


def _as_utf8(stream: Any) -> BinaryIO:
    """Return a stream of bytes in UTF-8, without a byte order mark."""
    stream = stream if hasattr(stream, "peek") else io.BufferedReader(stream)
    start = stream.peek(4)[:4]
    if start.startswith(codecs.BOM_UTF8):
        stream.read(len(codecs.BOM_UTF8))
    encoding = _by_first_bytes(_ENCODINGS, start)
    if encoding:
        stream = codecs.EncodedFile(stream, "utf-8", encoding)
    return cast("BinaryIO", stream)
