"""Checksums of the files: known in advance, or written beside a file when it is downloaded."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ._errors import corrupt_error, unreadable_error

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

# By the number of hexadecimal digits. For some data sets only MD5 is known; it finds damage.
_ALGORITHMS = {32: "MD5", 64: "SHA-256"}
_SUFFIX = ".sha256"  # the command sha256sum writes and checks such files


def verify_checksum(path: Path, expected: str | None, *contents: Buffer) -> None:
    """Raise DatasetError if `expected` is another checksum than that of the joined `contents`."""
    if expected is None:
        return
    algorithm = _ALGORITHMS[len(expected)]
    digest = hashlib.new(algorithm.replace("-", ""), usedforsecurity=False)
    for content in contents:
        digest.update(content)
    checksum = digest.hexdigest()
    if checksum != expected:
        problem = f"has {algorithm} {checksum}, wanted {expected}: its content has changed"
        raise corrupt_error(path, problem)


def write_checksum(path: Path) -> None:
    """Write the checksum of a file beside it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    path.with_name(path.name + _SUFFIX).write_text(f"{digest.hexdigest()}  {path.name}\n")


def read_checksum(path: Path) -> str | None:
    """Return the checksum that was written beside a file, or None."""
    checksum_path = path.with_name(path.name + _SUFFIX)
    try:
        checksum = checksum_path.read_bytes()[:64].decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable_error(checksum_path, error) from error
    if len(checksum) != 64 or set(checksum) - set("0123456789abcdef"):
        problem = f"begins with {checksum[:16]!r}, wanted a SHA-256 in hexadecimal digits"
        raise corrupt_error(checksum_path, problem)
    return checksum
