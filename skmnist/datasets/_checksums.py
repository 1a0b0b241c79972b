"""Verify, write and read the checksums of data set files."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ._errors import corrupt_error, unreadable_error

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Buffer

# The algorithm for each number of hexadecimal digits. For some data sets only the MD5 checksum is
# known, which is sufficient to detect damage.
_ALGORITHMS = {32: "MD5", 64: "SHA-256"}
_SUFFIX = ".sha256"  # the format of the command sha256sum


def verify_checksum(path: Path, expected: str | None, *contents: Buffer) -> None:
    """Raise a DatasetError if the checksum of the concatenated `contents` is not `expected`."""
    if expected is None:
        return
    algorithm = _ALGORITHMS[len(expected)]
    digest = hashlib.new(algorithm.replace("-", ""), usedforsecurity=False)
    for content in contents:
        digest.update(content)
    checksum = digest.hexdigest()
    if checksum != expected:
        problem = f"Expected the {algorithm} checksum {expected}, got {checksum}"
        raise corrupt_error(path, problem)


def write_checksum(path: Path) -> None:
    """Write the SHA-256 checksum of a file next to it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    path.with_name(path.name + _SUFFIX).write_text(f"{digest.hexdigest()}  {path.name}\n")


def read_checksum(path: Path) -> str | None:
    """Return the checksum that was written next to a file, or None if there is none."""
    checksum_path = path.with_name(path.name + _SUFFIX)
    try:
        checksum = checksum_path.read_bytes()[:64].decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable_error(checksum_path, error) from error
    if len(checksum) != 64 or set(checksum) - set("0123456789abcdef"):
        problem = f"Expected a SHA-256 checksum in hexadecimal digits, got {checksum[:16]!r}..."
        raise corrupt_error(checksum_path, problem)
    return checksum
