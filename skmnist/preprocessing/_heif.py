"""Read HEIF files, such as the photos of iPhones, with the optional package pillow-heif."""

from __future__ import annotations

import importlib
import os
from typing import Any

_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def is_heif(file: Any) -> bool:
    """Return whether a path or a binary file has the signature of HEIF."""
    if isinstance(file, (str, bytes, os.PathLike)):
        with open(file, "rb") as opened:
            return is_heif(opened)
    file.seek(0)
    head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS


def register_heif() -> bool:
    """Make Pillow read HEIF files. Return False if pillow-heif is not installed."""
    try:
        pillow_heif: Any = importlib.import_module("pillow_heif")
    except ModuleNotFoundError:
        return False
    pillow_heif.register_heif_opener()
    return True
