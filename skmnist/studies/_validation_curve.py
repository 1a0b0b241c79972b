"""Scores and fit times against the values of a parameter."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn import model_selection
from sklearn.base import clone, is_classifier
from sklearn.exceptions import FitFailedWarning

from skmnist.displays._style import shorten

from ._jsonable import to_jsonable
from ._metrics import baseline_accuracy, scoring_name
from ._provenance import provenance
from ._score_curve import ScoreCurve

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike
    from sklearn.base import BaseEstimator
    from sklearn.model_selection import BaseCrossValidator, ValidationCurveDisplay


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class ValidationCurve(ScoreCurve):
    """Result of :func:`validation_curve`.

    Parameters
    ----------
    param_name : str
        Name of the parameter.
    param_range : tuple
        Values of the parameter. Numbers, strings, None and tuples of them are stored unchanged,
        other objects as strings.
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
    >>> from skmnist.studies import validation_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=1, random_state=0)
    >>> curve = validation_curve(clf, X, y, param_name="lr", param_range=[1e-3, 1e-2], cv=2)
    >>> curve.to_frame()["lr"].tolist()
    [0.001, 0.001, 0.01, 0.01]
    """

    param_name: str
    param_range: tuple[Any, ...]
    score_times: NDArray[np.float64]

    def to_frame(self) -> pd.DataFrame:
        """Convert the scores and times to a DataFrame.

        Returns
        -------
        DataFrame
            One row for each value and split.
        """
        columns = {
            "train_score": self.train_scores,
            "test_score": self.test_scores,
            "fit_time": self.fit_times,
            "score_time": self.score_times,
        }
        return self._frame(self.param_name, self.param_range, columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ValidationCurveDisplay:
        """Plot the scores against the values of the parameter.

        Values other than numbers are shown as categories, which are not joined by a line.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. If None, a new figure is created.
        **kwargs
            Passed to :meth:`sklearn.model_selection.ValidationCurveDisplay.plot`.

        Returns
        -------
        display : sklearn.model_selection.ValidationCurveDisplay
            The display. Accuracies are in percent.
        """
        from skmnist.displays._score_curve import plot_score_curve
        from skmnist.displays._style import baseline_of

        numeric = all(type(value) in (int, float) for value in self.param_range)
        points = np.asarray(self.param_range) if numeric else np.arange(len(self.param_range))
        display = model_selection.ValidationCurveDisplay(
            param_name=self.param_name,
            param_range=points,
            train_scores=self.train_scores,
            test_scores=self.test_scores,
            score_name=self.score_name,
        )
        categories = None if numeric else [shorten(value) for value in self.param_range]
        plot_score_curve(display, ax, baseline=baseline_of(self), categories=categories, **kwargs)
        if self.param_name.rpartition("__")[2] == "lr":
            display.ax_.set_xlabel("Learning rate")
        return display


def validation_curve(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    param_name: str,
    param_range: Iterable[Any],
    groups: ArrayLike | None = None,
    cv: int | BaseCrossValidator | Iterable[Any] | None = None,
    scoring: str | Callable[..., float] | None = None,
    n_jobs: int | None = None,
    error_score: Literal["raise"] | float = np.nan,
    params: dict[str, Any] | None = None,
) -> ValidationCurve:
    """Compute scores and fit times for different values of a parameter.

    The scores are the same as those of :func:`sklearn.model_selection.validation_curve`, which does
    not return times.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn estimator. It is cloned.
    X : array-like of shape (n_samples, ...)
        Images, in a format that the estimator accepts.
    y : array-like of shape (n_samples,)
        Labels.
    param_name : str
        Name of the parameter, such as ``"lr"``, or ``"clf__lr"`` in a pipeline.
    param_range : array-like of shape (n_points,)
        Values of the parameter.
    groups : array-like of shape (n_samples,), default=None
        Group labels, passed to the splitter.
    cv : int, splitter or iterable, default=None
        The cross-validation splitter. If None, stratified 5-fold cross-validation.
    scoring : str or callable, default=None
        The metric. If None, the ``score`` method of the estimator.
    n_jobs : int, default=None
        Number of splits that are trained in parallel.
    error_score : "raise" or float, default=nan
        The score if a fit fails.
    params : dict, default=None
        Parameters passed to ``fit``, such as ``sample_weight``.

    Returns
    -------
    curve : ValidationCurve

    See Also
    --------
    epoch_curve : Scores for all values of `max_epochs` from a single fit.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import validation_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> clf = MLPClassifier(max_epochs=1, random_state=0)
    >>> curve = validation_curve(
    ...     clf, X, y, param_name="hidden_layer_sizes", param_range=[(8,), (64, 32)], cv=2
    ... )
    >>> curve.param_range[curve.test_scores.mean(axis=1).argmax()]
    (64, 32)
    """
    splitter = model_selection.check_cv(cv, y, classifier=is_classifier(estimator))
    splits = list(splitter.split(X, y, groups))  # the same splits for each value
    values = list(param_range)
    runs = [
        _cross_validate(
            clone(estimator).set_params(**{param_name: clone(value, safe=False)}),
            X,
            y,
            cv=splits,
            scoring=scoring,
            n_jobs=n_jobs,
            error_score=error_score,
            params=params,
        )
        for value in values
    ]
    settings = {"cv": cv, "scoring": scoring, "error_score": error_score}
    # Arrays with a value for each sample are not stored, only their names.
    settings |= {"groups": groups is not None, "params": sorted(params or {})}
    settings |= baseline_accuracy(estimator, y)
    return ValidationCurve(
        param_name=param_name,
        param_range=tuple(_as_point(value) for value in values),
        train_scores=np.array([run["train_score"] for run in runs]),
        test_scores=np.array([run["test_score"] for run in runs]),
        fit_times=np.array([run["fit_time"] for run in runs]),
        score_times=np.array([run["score_time"] for run in runs]),
        score_name=scoring_name(scoring, estimator),
        **provenance(estimator, X, study="validation_curve", **settings),
    )


def _as_point(value: Any) -> Any:
    value = to_jsonable(value)
    return tuple(value) if isinstance(value, list) else value


def _cross_validate(
    estimator: BaseEstimator,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: list[Any],
    error_score: Literal["raise"] | float,
    **kwargs: Any,
) -> dict[str, np.ndarray]:
    """Cross-validate; warn instead of raising an error if all fits fail."""
    try:
        return model_selection.cross_validate(
            estimator, X, y, cv=cv, error_score=error_score, return_train_score=True, **kwargs
        )
    except ValueError as error:
        if "fits failed" not in str(error):
            raise
        warnings.warn(f"{error}\nThe scores are set to {error_score}.", FitFailedWarning, 3)
        scores, times = np.full(len(cv), error_score), np.full(len(cv), np.nan)
        names = {"train_score": scores, "test_score": scores}
        return names | {"fit_time": times, "score_time": times}
