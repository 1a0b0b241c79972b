"""Create DatasetErrors that name the file, the problem and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skmnist.exceptions import DatasetError

if TYPE_CHECKING:
    from pathlib import Path


def dataset_error(path: Path, problem: str, remedy: str) -> DatasetError:
    """Return a DatasetError for a problem with `path`, with a remedy."""
    error = DatasetError(
        f"{path}: {problem}. {remedy} For a data set that needs no download, use"
        " skmnist.datasets.load_mnist_sample()."
    )
    vars(error)["problem"] = problem  # part of the message if this error ends a download
    return error


def corrupt_error(path: Path, problem: str) -> DatasetError:
    """Return a DatasetError for a file with unexpected content."""
    remedy = (
        "The file is damaged. Delete it to download it again, or set SKMNIST_DATA (or data_home)"
        " to a folder with an intact copy."
    )
    return dataset_error(path, problem, remedy)


def unreadable_error(path: Path, error: OSError) -> DatasetError:
    """Return a DatasetError for a file or folder that the operating system cannot read."""
    remedy = "Check its permissions, or set SKMNIST_DATA (or data_home) to another folder."
    return dataset_error(path, f"Cannot read the file ({error.strerror or error})", remedy)
