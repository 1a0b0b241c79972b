"""The one error of the data sets, and its one form: which file, what is wrong, what to do."""

from skmnist.exceptions import DatasetError


def dataset_error(path, problem, remedy):
    """Return (to be raised) the error that says what is wrong with `path` and what to do."""
    error = DatasetError(
        f"{path}: {problem}. {remedy} Offline, skmnist.datasets.load_mnist_sample() always works."
    )
    error.problem = problem  # for the message of a download that this error ends
    return error


def damaged(path, problem):
    """Return the error for a file whose content is not what it has to be."""
    remedy = (
        "Delete this file to have it fetched again, or let SKMNIST_DATA (or data_home) name"
        " a folder with a sound copy."
    )
    return dataset_error(path, problem, remedy)


def unreadable(path, error):
    """Return the error for a file or folder that the system does not let us read."""
    remedy = "Check its permissions, or let SKMNIST_DATA (or data_home) name another folder."
    return dataset_error(path, f"cannot be read ({error.strerror or error})", remedy)
