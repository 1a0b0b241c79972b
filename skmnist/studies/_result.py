"""What every study's result is: arrays, and what made them."""

import platform
import sys
from dataclasses import dataclass, fields
from importlib.metadata import version
from numbers import Integral

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.utils.validation import _num_samples

from ._staged import last_step

_LIBRARIES = ("numpy", "scikit-learn", "torch")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StudyResult:
    """Base of the results: frozen, with arrays that can't be written to.

    Parameters
    ----------
    settings : dict
        The estimator, its parameters, the number of rows and how the study was made.
    seed : int or None
        The estimator's `random_state`, where it is a number.
    versions : dict of str to str
        Of Python and the libraries.
    """

    settings: dict
    seed: int | None
    versions: dict

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flags.writeable = False
                object.__setattr__(self, name, value)

    def to_dict(self):
        """Return the result as a dict of what JSON can hold.

        Returns
        -------
        dict
            A name for each field; NaN is None.
        """
        values = {one.name: plain(getattr(self, one.name)) for one in fields(self)}
        return {"study": type(self).__name__} | values

    @classmethod
    def from_dict(cls, values):
        """Return the result that :meth:`to_dict` was called on.

        Parameters
        ----------
        values : dict

        Returns
        -------
        result : object of this class

        Raises
        ------
        ValueError
            If it isn't such a dict.
        """
        wanted = {one.name: one.type for one in fields(cls)}
        came = {name for name in values if name != "study"}
        if values.get("study") != cls.__name__ or came != set(wanted):
            raise ValueError(
                f"A dict made by {cls.__name__}.to_dict() is wanted, with 'study' and {[*wanted]}; "
                f"this one is of study {values.get('study')!r} and holds {sorted(came)}."
            )
        return cls(**{name: _restore(values[name], kind) for name, kind in wanted.items()})


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ScoreCurve(StudyResult):
    """Base of the curves: scores and times against something, for each split.

    Parameters
    ----------
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        On the rows trained with and on others.
    fit_times : ndarray of shape (n_points, n_splits)
        Seconds that the training took.
    score_name : str
        What the scores are.
    """

    train_scores: np.ndarray
    test_scores: np.ndarray
    fit_times: np.ndarray
    score_name: str

    def __repr__(self):
        n_points, n_splits = self.test_scores.shape
        return f"{type(self).__name__}({n_points} points, {n_splits} splits, seed={self.seed})"

    def _frame(self, name, points, columns):
        """Return a table with a row for each point and split."""
        n_points, n_splits = self.test_scores.shape
        frame = {
            name: pd.Series(list(points)).repeat(n_splits).to_numpy(),
            "split": np.tile(np.arange(n_splits), n_points),
        }
        return pd.DataFrame(frame | {name: np.ravel(values) for name, values in columns.items()})


def provenance(estimator, X, **how):
    """Return `settings`, `seed` and `versions` of a study of an estimator."""
    last, _ = last_step(estimator)
    seed = getattr(last, "random_state", None)
    skmnist = sys.modules[__name__.partition(".")[0]]
    return {
        "settings": {
            "estimator": type(estimator).__name__,
            "parameters": plain(estimator.get_params()),
            "n_samples": _num_samples(X),
            **plain(how),
        },
        "seed": int(seed) if isinstance(seed, Integral) else None,
        "versions": {"python": platform.python_version(), "skmnist": skmnist.__version__}
        | {name: version(name) for name in _LIBRARIES},
    }


def plain(value):
    """Return a value as JSON can hold it: what it has no form for becomes its text."""
    if isinstance(value, np.ndarray | np.generic | range):
        value = np.asarray(value).tolist()
    if isinstance(value, dict):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    # Not the address in memory, which says nothing tomorrow.
    return getattr(value, "__qualname__", None) or repr(value).partition(" at 0x")[0]


def scoring_name(scoring, estimator):
    """Return what to call the scores."""
    if scoring is None:
        return "accuracy" if is_classifier(estimator) else "score"
    return scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")


def _restore(value, kind):
    if kind is np.ndarray:
        array = np.asarray(value)
        return array if array.dtype.kind in "if" else array.astype(float)  # None is NaN
    if kind is tuple:
        return tuple(tuple(one) if isinstance(one, list) else one for one in value)
    return value
