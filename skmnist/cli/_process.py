"""Adapt the process to the commands, which draw figures only in files and print any text."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def draw_without_backend() -> None:
    """Let matplotlib draw in memory, without a window system or a notebook.

    A notebook sets this variable for the programs that it starts. Its backend may be missing in
    their environment, and matplotlib could not be imported.
    """
    os.environ["MPLBACKEND"] = "agg"


@contextlib.contextmanager
def escape_unprintable() -> Iterator[None]:
    r"""Escape characters that the encoding of the output lacks, such as those of a file name.

    The text ``fünf.png`` is printed as ``f\xfcnf.png`` if the encoding is ASCII.
    """
    before = {
        stream: stream.errors
        for stream in (sys.stdout, sys.stderr)
        # With surrogateescape, Python's choice in the C locale, only file names are printable.
        if isinstance(stream, io.TextIOWrapper) and stream.errors in {"strict", "surrogateescape"}
    }
    for stream in before:
        stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream, errors in before.items():
            if not stream.closed:
                stream.reconfigure(errors=errors)
