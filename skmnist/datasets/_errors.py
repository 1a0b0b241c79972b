"""Messages of DatasetError: which file, what is wrong, and how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skmnist.exceptions import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


def dataset_error(path: Path, problem: str, remedy: str) -> DatasetError:
    """Return (to be raised) the error that says what is wrong with `path` and how to fix it."""
    error = DatasetError(
        f"{path}: {problem}. {remedy} Offline, skmnist.datasets.load_mnist_sample() always works."
    )
    vars(error)["problem"] = problem  # for the message of a download that this error ends
    return error


def corrupt_error(path: Path, problem: str) -> DatasetError:
    """Return the error for a file with an unexpected content."""
    remedy = (
        "Delete this file to have it fetched again, or let SKMNIST_DATA (or data_home) name"
        " a folder with a sound copy."
    )
    return dataset_error(path, problem, remedy)


def unreadable_error(path: Path, error: OSError) -> DatasetError:
    """Return the error for a file or folder that the operating system refuses to read."""
    remedy = "Check its permissions, or let SKMNIST_DATA (or data_home) name another folder."
    return dataset_error(path, f"cannot be read ({error.strerror or error})", remedy)
