"""Write output files. A file that cannot be written completely is not written at all."""

from __future__ import annotations

import json
import tempfile
from typing import TYPE_CHECKING, Any

from skmnist._files.atomic import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from matplotlib.figure import Figure, SubFigure
    from pandas import DataFrame


def ensure_writable(folder: Path) -> None:
    """Create a directory and check before a long computation that files can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"{folder}: cannot write to this directory: {error.strerror}. Choose another one."
        ) from error


def write_figure(figure: Figure | SubFigure, path: Path) -> Path:
    """Write a figure as a PNG file; return its path."""
    import matplotlib.pyplot as plt

    with atomic_write(path) as file:
        figure.figure.savefig(file, dpi=100)
    plt.close(figure.figure)
    return path


def write_table(frame: DataFrame, path: Path) -> Path:
    """Write a DataFrame as a CSV file; return its path."""
    with atomic_write(path, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        frame.to_csv(file)
    return path


def write_text(text: str, path: Path) -> Path:
    """Write a text file; return its path."""
    with atomic_write(path, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    return path


def write_json(value: Any, path: Path) -> Path:
    """Write a value as a JSON file; return its path."""
    with atomic_write(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    return path


def print_paths(paths: Iterable[Path]) -> None:
    """Print the paths of the written files."""
    print("\nFiles written:", *(path.resolve() for path in paths), sep="\n  ", flush=True)
