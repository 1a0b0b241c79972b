"""Digests of the files: known beforehand, or noted beside a file when it was downloaded."""

import hashlib

from ._errors import damaged, unreadable

# By the number of hexadecimal digits. MD5 is what is known of some sets; it finds damage.
_ALGORITHMS = {32: "MD5", 64: "SHA-256"}
_SUFFIX = ".sha256"  # as the command sha256sum writes and checks it


def check_digest(path, wanted, *contents):
    """Raise DatasetError unless `contents`, one after the other, have the digest `wanted`."""
    algorithm = _ALGORITHMS[len(wanted)]
    digest = hashlib.new(algorithm.replace("-", ""), usedforsecurity=False)
    for content in contents:
        digest.update(content)
    if digest.hexdigest() != wanted:
        problem = f"has {algorithm} {digest.hexdigest()}, wanted {wanted}: its content has changed"
        raise damaged(path, problem)


def note_digest(path):
    """Write the digest of a file beside it."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    path.with_name(path.name + _SUFFIX).write_text(f"{digest.hexdigest()}  {path.name}\n")


def noted_digest(path):
    """Return the digest that was noted beside a file, or None."""
    note = path.with_name(path.name + _SUFFIX)
    try:
        digest = note.read_bytes()[:64].decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(note, error) from error
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise damaged(note, f"begins with {digest[:16]!r}, wanted a SHA-256 in hexadecimal digits")
    return digest
