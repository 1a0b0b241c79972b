"""Score, loss and seconds against the number of epochs."""

import time
import warnings
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from ._metrics import loss
from ._result import ScoreCurve, provenance, scoring_name
from ._staged import can_be_read, epochs_parameter, read_on_the_way


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EpochCurve(ScoreCurve):
    """Scores, losses and seconds against the number of epochs.

    Made by :func:`epoch_curve`.

    Parameters
    ----------
    epochs : ndarray of shape (n_points,)
        Numbers of epochs, rising.
    train_scores, test_scores : ndarray of shape (n_points, n_splits)
        On the rows trained with and on others.
    train_losses, test_losses : ndarray of shape (n_points, n_splits)
        Cross-entropy of the predicted probabilities, in nats; NaN without ``predict_proba``.
    fit_times : ndarray of shape (n_points, n_splits)
        Seconds to train for that many epochs.
    score_name : str
        What the scores are.
    staged : bool
        Whether all points were read on the way of one training for each split. False where each
        point was trained anew: because ``retrain=True`` asked for it, or because the estimator
        can't be read on the way.
    settings : dict
        The estimator, its parameters, the number of rows and how the study was made.
    seed : int or None
        The estimator's `random_state`, where it is a number.
    versions : dict of str to str
        Of Python and the libraries.

    Examples
    --------
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import epoch_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> curve = epoch_curve(MLPClassifier(random_state=0), X, y, epochs=[1, 2], cv=2)
    >>> list(curve.to_frame().columns)
    ['epochs', 'split', 'train_score', 'test_score', 'train_loss', 'test_loss', 'fit_time']
    """

    epochs: np.ndarray
    train_losses: np.ndarray
    test_losses: np.ndarray
    staged: bool

    def to_frame(self):
        """Return a table with a row for each number of epochs and split.

        Returns
        -------
        DataFrame
        """
        columns = {
            "train_score": self.train_scores,
            "test_score": self.test_scores,
            "train_loss": self.train_losses,
            "test_loss": self.test_losses,
            "fit_time": self.fit_times,
        }
        return self._frame("epochs", self.epochs, columns)

    def plot(self, *, ax=None, line_kw=None):
        """Draw scores and seconds.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, a new figure is made.
        line_kw : dict, default=None
            Keyword arguments for the ``plot`` of each curve.

        Returns
        -------
        display : skmnist.displays.EpochCurveDisplay
        """
        from skmnist.displays._epoch_curve import EpochCurveDisplay

        return EpochCurveDisplay.from_curve(self, ax=ax, line_kw=line_kw)


def epoch_curve(
    estimator,
    X,
    y,
    *,
    epochs=range(1, 11),
    cv=None,
    X_test=None,
    y_test=None,
    retrain=False,
    scoring=None,
    n_jobs=None,
):
    """Measure scores, losses and seconds against the number of epochs.

    An estimator of skmnist is trained once for each split, to the largest number of epochs, and
    the smaller ones are read on the way. With an integer `random_state` the scores and losses
    are, to the last digit, those of a training for each number.

    Parameters
    ----------
    estimator : estimator
        A classifier with `max_epochs` or, as scikit-learn's MLPClassifier and
        LogisticRegression, `max_iter`; or a Pipeline that ends in one. It is cloned.
    X : array-like of shape (n, ...)
        Pictures, in a form that the estimator accepts.
    y : array-like of shape (n,)
        Labels.
    epochs : iterable of int, default=range(1, 11)
        Numbers of epochs.
    cv : int, splitter or iterable, default=None
        How X is split into rows to train with and others. By default 5 stratified folds, and
        none if there is `X_test`.
    X_test, y_test : array-like, default=None
        Rows to test on; all rows of `X` are trained with. They are looked at and nothing else:
        no epoch is chosen by them.
    retrain : bool, default=False
        Train anew for each number of epochs, which costs the sum instead of the largest. So do
        estimators that can't be read on the way: scikit-learn's, and those whose training
        depends on the number of epochs (`lr_schedule` "cosine", "step" or "onecycle") or that
        have `callbacks`.
    scoring : str or callable, default=None
        What is scored; by default the estimator's ``score``, the accuracy.
    n_jobs : int, default=None
        How many splits are trained at the same time.

    Returns
    -------
    curve : EpochCurve

    Raises
    ------
    ValueError
        If `epochs` are not positive whole numbers, if the estimator has none, if both `cv` and
        `X_test` are given, or where a fit fails.

    See Also
    --------
    EpochGridSearchCV : Several values of other parameters, too.
    sklearn.model_selection.validation_curve : Does the same for any parameter, always anew.

    Examples
    --------
    >>> from sklearn.model_selection import train_test_split
    >>> from skmnist import MLPClassifier
    >>> from skmnist.datasets import load_mnist_sample
    >>> from skmnist.studies import epoch_curve
    >>> X, y = load_mnist_sample(return_X_y=True)
    >>> X, X_test, y, y_test = train_test_split(X, y, stratify=y, random_state=0)
    >>> curve = epoch_curve(MLPClassifier(random_state=0), X, y, X_test=X_test, y_test=y_test)
    >>> curve.test_scores.shape
    (10, 1)
    >>> curve.staged
    True
    """
    epochs = _check_epochs(epochs)
    name = epochs_parameter(estimator)
    once = can_be_read(estimator) and not retrain
    scorer = check_scoring(estimator, scoring)
    how = {"study": "epoch_curve", "cv": cv, "scoring": scoring, "retrain": bool(retrain)}
    if (X_test is None) != (y_test is None):
        raise ValueError("X_test and y_test belong together: pass both, or neither.")
    if X_test is not None:
        if cv is not None:
            raise ValueError("Pass cv, to test on parts of X, or X_test and y_test, not both.")
        splits = [((X, y), (X_test, y_test))]
        how["n_test_samples"] = len(y_test)
    else:
        splitter = check_cv(cv, y, classifier=is_classifier(estimator))
        # One after the other, so that there is one copy of the rows for each job.
        splits = (
            [(_safe_indexing(X, rows), _safe_indexing(y, rows)) for rows in split]
            for split in splitter.split(X, y)
        )
    measured = Parallel(n_jobs=n_jobs)(
        delayed(_measure_split)(clone(estimator), name, epochs, once, scorer, *split)
        for split in splits
    )
    # (splits, epochs, figures) -> for each figure (epochs, splits)
    figures = np.moveaxis(np.array(measured), 2, 0).swapaxes(1, 2)
    return EpochCurve(
        epochs=np.array(epochs),
        train_scores=figures[0],
        test_scores=figures[1],
        train_losses=figures[2],
        test_losses=figures[3],
        fit_times=figures[4],
        score_name=scoring_name(scoring, estimator),
        staged=once,
        **provenance(estimator, X, **how),
    )


def _check_epochs(epochs):
    numbers = list(epochs) if np.iterable(epochs) else []
    if not numbers or not all(isinstance(n, Integral) and n >= 1 for n in numbers):
        raise ValueError(
            f"epochs={epochs!r}: numbers of epochs of at least 1 are wanted, such as "
            "range(1, 11) or [1, 5, 20]."
        )
    return sorted({int(n) for n in numbers})


def _measure_split(estimator, name, epochs, once, scorer, train, test):
    """Return for each number of epochs two scores, two losses and the seconds."""
    figures = []

    def read(trained, seconds):
        scores = [scorer(trained, *rows) for rows in (train, test)]
        losses = [loss(trained, *rows) for rows in (train, test)]
        figures.append([*scores, *losses, seconds])

    if once:
        read_on_the_way(estimator, epochs, lambda _, seconds: read(estimator, seconds), *train)
        return figures
    with warnings.catch_warnings():
        # Too few epochs to converge are what is studied.
        warnings.simplefilter("ignore", ConvergenceWarning)
        for n in epochs:
            anew = clone(estimator).set_params(**{name: n})
            start = time.perf_counter()
            anew.fit(*train)
            read(anew, time.perf_counter() - start)
    return figures
