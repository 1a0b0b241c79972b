"""Scores and fit times against the number of training samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import model_selection

from ._metrics import baseline_accuracy, scoring_name
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
    """Result of :func:`learning_curve`.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_points,)
        Numbers of training samples.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        Scores on the training set and on the test set.
    fit_times, score_times : ndarray of shape (n_points, n_splits)
        Fit times, and times to score the test set, in seconds.
    score_name : str
        Name of the metric.
    settings : dict
        The estimator, its parameters, the number of samples and the arguments of the study.
    seed : int or None
        The `random_state` of the estimator, if it is an integer.
    versions : dict of str to str
        Versions of Python and of the libraries.

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
        """Convert the scores and times to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each number of training samples and split.
        """
        columns = {
            "train_score": self.train_scores,
            "test_score": self.test_scores,
            "fit_time": self.fit_times,
            "score_time": self.score_times,
        }
        return self._frame("train_size", self.train_sizes, columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> LearningCurveDisplay:
        """Plot the scores against the number of training samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        **kwargs
            Passed to :meth:`sklearn.model_selection.LearningCurveDisplay.plot`.

        Returns
        -------
        display : sklearn.model_selection.LearningCurveDisplay
            The display. Accuracies are in percent.
        """
        from skmnist.displays._score_curve import plot_score_curve
        from skmnist.displays._style import baseline_of

        display = model_selection.LearningCurveDisplay(
            train_sizes=self.train_sizes,
            train_scores=self.train_scores,
            test_scores=self.test_scores,
            score_name=self.score_name,
        )
        plot_score_curve(display, ax, baseline=baseline_of(self), **kwargs)
        display.ax_.set_xlabel("Training samples")
        return display


def learning_curve(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    groups: ArrayLike | None = None,
    # The default of scikit-learn; it is never modified.
    train_sizes: ArrayLike = np.linspace(0.1, 1.0, 5),  # noqa: B008
    cv: int | BaseCrossValidator | Iterable[Any] | None = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    shuffle: bool = False,
    random_state: int | np.random.RandomState | None = None,
    error_score: Literal["raise"] | float = np.nan,
    params: dict[str, Any] | None = None,
) -> LearningCurve:
    """Compute scores and fit times for different numbers of training samples.

    The scores are computed by :func:`sklearn.model_selection.learning_curve`.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn estimator. It is cloned.
    X : array-like of shape (n_samples, ...)
        Images, in a format that the estimator accepts.
    y : array-like of shape (n_samples,)
        Labels.
    groups : array-like of shape (n_samples,), default=None
        Group labels, passed to the splitter.
    train_sizes : array-like of shape (n_points,), default=np.linspace(0.1, 1.0, 5)
        Numbers of training samples, or fractions of the largest possible training set.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation.
    scoring : str or callable, default=None
        The metric. If None, the ``score`` method of the estimator.
    n_jobs : int, default=None
        Number of fits that run in parallel.
    shuffle : bool, default=False
        Whether to shuffle the samples before the first ones are selected. Use it if the samples
        are sorted by label, as in ``load_mnist_sample``.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.
    error_score : "raise" or float, default=nan
        The score if a fit fails.
    params : dict, default=None
        Parameters passed to ``fit``, such as ``sample_weight``.

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
    # Arrays with a value for each sample are not stored, only their names.
    settings |= {"groups": groups is not None, "params": sorted(params or {})}
    settings |= baseline_accuracy(estimator, y)
    return LearningCurve(
        train_sizes=sizes,
        train_scores=train_scores,
        test_scores=test_scores,
        fit_times=fit_times,
        score_times=score_times,
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="learning_curve", **settings),
    )
