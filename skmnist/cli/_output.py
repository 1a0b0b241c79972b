"""Where the commands write: a folder that is tried first, and files that are whole or not there."""

import json
import tempfile

from skmnist._files.atomic import atomic_write


def prepare(folder):
    """Make a folder and try to write there, before anything takes time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OSError(
            f"{folder}: nothing can be written there: {error.strerror}. Name another folder."
        ) from error


def write_figure(figure, path):
    """Write a picture as PNG; return the path."""
    import matplotlib.pyplot as plt

    with atomic_write(path) as file:
        figure.savefig(file, dpi=100)
    plt.close(figure)
    return path


def write_table(frame, path):
    """Write a DataFrame as CSV; return the path."""
    with atomic_write(path, "w", encoding="utf-8", newline="") as file:
        frame.to_csv(file)
    return path


def write_json(value, path):
    """Write plain lists, dicts, texts and numbers; return the path."""
    with atomic_write(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    return path


def print_paths(paths):
    """Say what was written; beside a report's page lie its pictures and its numbers."""
    print("\nWritten:", *(path.resolve() for path in paths), sep="\n  ", flush=True)
