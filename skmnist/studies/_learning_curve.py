"""Scores and times against the number of training rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import model_selection

from ._metrics import scoring_name
from ._provenance import provenance
from ._score_curve import ScoreCurve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator, LearningCurveDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LearningCurve(ScoreCurve):
    """Scores and seconds against the number of training rows.

    Made by :func:`learning_curve`.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_points,)
        Numbers of rows trained with.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        On the rows trained with and on others.
    fit_times, score_times : ndarray of shape (n_points, n_splits)
        Seconds to train, and to score the other rows.
    score_name : str
        What the scores are.
    settings : dict
        The estimator, its parameters, the number of samples and how the study was made.
    seed : int or None
        The estimator's `random_state`, if it is an integer.
    versions : dict of str to str
        Of Python and the libraries.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import learning_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=2, random_state=0)
    >>> curve = learning_curve(clf, X, y, train_sizes=[0.1, 1.0], cv=2, shuffle=True)
    >>> curve.to_frame()["train_size"].tolist()
    [250, 250, 2500, 2500]
    """

    train_sizes: NDArray[np.int_]
    score_times: NDArray[np.float64]

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row for each number of rows and split.

        Returns
        -------
        DataFrame
        """
        columns = {
            "train_score": self.train_scores,
            "test_score": self.test_scores,
            "fit_time": self.fit_times,
            "score_time": self.score_times,
        }
        return self._frame("train_size", self.train_sizes, columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> LearningCurveDisplay:
        """Draw the scores with scikit-learn's Display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        **kwargs
            For :meth:`sklearn.model_selection.LearningCurveDisplay.plot`.

        Returns
        -------
        display : sklearn.model_selection.LearningCurveDisplay
        """
        display = model_selection.LearningCurveDisplay(
            train_sizes=self.train_sizes,
            train_scores=self.train_scores,
            test_scores=self.test_scores,
            score_name=self.score_name.capitalize(),
        )
        return display.plot(ax, **({"score_type": "both"} | kwargs))


def learning_curve(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    # scikit-learn's default, never written to.
    train_sizes: ArrayLike = np.linspace(0.1, 1.0, 5),  # noqa: B008
    cv: int | BaseCrossValidator | Iterable[Any] | None = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    shuffle: bool = False,
    random_state: int | np.random.RandomState | None = None,
    error_score: Literal["raise"] | float = np.nan,
    params: dict[str, Any] | None = None,
) -> LearningCurve:
    """Measure scores and seconds against the number of training rows.

    The scores are those of :func:`sklearn.model_selection.learning_curve`, which does the work.

    Parameters
    ----------
    estimator : estimator
        Any of scikit-learn's kind. It is cloned.
    X : array-like of shape (n, ...)
        Pictures, in a form that the estimator accepts.
    y : array-like of shape (n,)
        Labels.
    groups : array-like of shape (n,), default=None
        For the splitter.
    train_sizes : array-like of shape (n_points,), default=np.linspace(0.1, 1.0, 5)
        Numbers of rows, or fractions of those there are to train with.
    cv : int, splitter or iterable, default=None
        How X is split into rows to train with and others; 5 stratified folds by default.
    scoring : str or callable, default=None
        What is scored; by default the estimator's ``score``.
    n_jobs : int, default=None
        How many fits run at the same time.
    shuffle : bool, default=False
        Whether to mix the rows before the first ones are taken. Wanted where they are sorted by
        label, as those of ``load_mnist_sample`` are.
    random_state : int, RandomState instance or None, default=None
        How they are mixed.
    error_score : "raise" or float, default=nan
        The score where a fit fails.
    params : dict, default=None
        For the estimator's ``fit``, such as ``sample_weight``.

    Returns
    -------
    curve : LearningCurve

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import learning_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=2, random_state=0)
    >>> curve = learning_curve(clf, X, y, train_sizes=[100, 2000], cv=2, shuffle=True)
    >>> fewer, more = curve.test_scores.mean(axis=1)
    >>> more > fewer
    np.True_
    """
    settings = {
        "groups": groups,
        "train_sizes": train_sizes,
        "cv": cv,
        "scoring": scoring,
        "shuffle": shuffle,
        "random_state": random_state,
        "error_score": error_score,
        "params": params,
    }
    sizes, train_scores, test_scores, fit_times, score_times = model_selection.learning_curve(
        estimator, X, y, **settings, n_jobs=n_jobs, return_times=True
    )
    # Only the names of what has a value for each sample.
    settings |= {"groups": groups is not None, "params": sorted(params or {})}
    return LearningCurve(
        train_sizes=sizes,
        train_scores=train_scores,
        test_scores=test_scores,
        fit_times=fit_times,
        score_times=score_times,
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="learning_curve", **settings),
    )
