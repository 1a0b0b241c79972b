"""Base class of curves of scores."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ._result import StudyResult


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ScoreCurve(StudyResult):
    """Base class of curves: scores and fit times for each point and split.

    Parameters
    ----------
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        Scores on the training set and on the test set.
    fit_times : ndarray of shape (n_points, n_splits)
        Training time in seconds.
    score_name : str
        Name of the metric.
    """

    train_scores: NDArray[np.float64]
    test_scores: NDArray[np.float64]
    fit_times: NDArray[np.float64]
    score_name: str

    def __repr__(self) -> str:
        n_points, n_splits = self.test_scores.shape
        return f"{type(self).__name__}({n_points} points, {n_splits} splits, seed={self.seed})"

    def _frame(
        self, name: str, points: Iterable[Any], columns: dict[str, np.ndarray]
    ) -> pd.DataFrame:
        """Return a DataFrame with one row for each point and split."""
        n_points, n_splits = self.test_scores.shape
        frame = {
            name: pd.Series(list(points)).repeat(n_splits).to_numpy(),
            "split": np.tile(np.arange(n_splits), n_points),
        }
        return pd.DataFrame(frame | {name: np.ravel(values) for name, values in columns.items()})
