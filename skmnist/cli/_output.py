"""Write files: check the folder first, and leave no file half-written."""

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
    """Make a folder and check that it can be written to, before anything takes time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"{folder}: nothing can be written there: {error.strerror}. Name another folder."
        ) from error


def write_figure(figure: Figure | SubFigure, path: Path) -> Path:
    """Write a figure as PNG; return the path."""
    import matplotlib.pyplot as plt

    with atomic_write(path) as file:
        figure.figure.savefig(file, dpi=100)
    plt.close(figure.figure)
    return path


def write_table(frame: DataFrame, path: Path) -> Path:
    """Write a DataFrame as CSV; return the path."""
    with atomic_write(path, "w", encoding="utf-8", newline="") as file:
        frame.to_csv(file)
    return path


def write_json(value: Any, path: Path) -> Path:
    """Write JSON; return the path."""
    with atomic_write(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    return path


def print_paths(paths: Iterable[Path]) -> None:
    """Print the paths of the written files; a report's figures and numbers lie beside its page."""
    print("\nWritten:", *(path.resolve() for path in paths), sep="\n  ", flush=True)
