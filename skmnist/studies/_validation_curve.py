"""Scores and times against a parameter."""

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
from ._metrics import scoring_name
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
    """Scores and seconds against the values of a parameter.

    Made by :func:`validation_curve`.

    Parameters
    ----------
    param_name : str
        The parameter.
    param_range : tuple
        Its values. Those that are no numbers, strings, None or tuples of them are their texts.
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
        """Return a table with a row for each value and split.

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
        return self._frame(self.param_name, self.param_range, columns)

    def plot(self, *, ax: Axes | None = None, **kwargs: Any) -> ValidationCurveDisplay:
        """Draw the scores with scikit-learn's Display.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        **kwargs
            For :meth:`sklearn.model_selection.ValidationCurveDisplay.plot`.

        Returns
        -------
        display : sklearn.model_selection.ValidationCurveDisplay
        """
        numeric = all(type(value) in (int, float) for value in self.param_range)
        points = np.asarray(self.param_range) if numeric else np.arange(len(self.param_range))
        display = model_selection.ValidationCurveDisplay(
            param_name=self.param_name,
            param_range=points,
            train_scores=self.train_scores,
            test_scores=self.test_scores,
            score_name=self.score_name.capitalize(),
        )
        display.plot(ax, **({"score_type": "both"} | kwargs))
        if not numeric:
            from skmnist.displays._style import rotate_tick_labels

            labels = [shorten(value) for value in self.param_range]
            display.ax_.set_xticks(points, labels, fontsize="small")
            rotate_tick_labels(display.ax_, 0.8)
            if ax is None:
                display.figure_.set_layout_engine("constrained")
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
    """Measure scores and seconds against the values of a parameter.

    The scores are those of :func:`sklearn.model_selection.validation_curve`, which leaves the
    times out.

    Parameters
    ----------
    estimator : estimator
        Any of scikit-learn's kind. It is cloned.
    X : array-like of shape (n, ...)
        Pictures, in a form that the estimator accepts.
    y : array-like of shape (n,)
        Labels.
    param_name : str
        The parameter, in a pipeline for example ``"clf__lr"``.
    param_range : array-like of shape (n_points,)
        Its values.
    groups : array-like of shape (n,), default=None
        For the splitter.
    cv : int, splitter or iterable, default=None
        How X is split into rows to train with and others; 5 stratified folds by default.
    scoring : str or callable, default=None
        What is scored; by default the estimator's ``score``.
    n_jobs : int, default=None
        How many splits are trained at the same time.
    error_score : "raise" or float, default=nan
        The score where a fit fails.
    params : dict, default=None
        For the estimator's ``fit``, such as ``sample_weight``.

    Returns
    -------
    curve : ValidationCurve

    See Also
    --------
    epoch_curve : For `max_epochs`, training once for all values.

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
    splits = list(splitter.split(X, y, groups))  # the same ones for each value
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
    # Only the names of what has a value for each sample.
    settings |= {"groups": groups is not None, "params": sorted(params or {})}
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
    """Cross-validate, also where all fits of one value fail, which scikit-learn makes an error."""
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
