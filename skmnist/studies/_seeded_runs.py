"""Fit and score estimators that differ in their seeds, alone or in stacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.utils import _safe_indexing
from sklearn.utils.parallel import Parallel, delayed

from ._stack_choice import choose_stacked
from ._stacking import StackedFit, StackJob, fit_stacked

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    Data = tuple[Any, Any]  # X, y


class SeededRun(NamedTuple):
    """An estimator to fit and score on one split.

    Attributes
    ----------
    estimator : estimator
        Not fitted, with its seed.
    scorer : int
        The index of its scorer.
    split : tuple
        The indices of the training and of the test samples; None for all samples.
    """

    estimator: BaseEstimator
    scorer: int
    split: tuple[Any, Any]


def fit_and_score(
    runs: Sequence[SeededRun],
    scorers: Sequence[Callable[..., float]],
    train: Data,
    test: Data,
    *,
    n_jobs: int | None,
    stack: Any,
) -> list[tuple[float, float]]:
    """Return the score on the test samples and the training time of each run."""
    estimators, folds = [run.estimator for run in runs], [id(run.split) for run in runs]
    chosen = choose_stacked("seed_study", stack, estimators, train[0], folds=folds, n_jobs=n_jobs)
    alone = [run for run, stacked in zip(runs, chosen, strict=True) if not stacked]
    results = iter(
        Parallel(n_jobs=n_jobs)(
            delayed(_fit_and_score)(run.estimator, scorers[run.scorer], train, test, run.split)
            for run in alone
        )
    )
    stacked_runs = [run for run, stacked in zip(runs, chosen, strict=True) if stacked]
    study = _StackedStudy(stacked_runs, scorers, train, test)
    stacked_results = iter(study.fit_and_score(n_jobs, stack))
    return [next(stacked_results if stacked else results) for stacked in chosen]


class _StackedStudy(NamedTuple):
    """Runs that are fitted in stacks, and what the workers need to fit and score them."""

    runs: Sequence[SeededRun]
    scorers: Sequence[Callable[..., float]]
    train: Data
    test: Data

    def fit_and_score(self, n_jobs: int | None, stack: Any) -> list[tuple[float, float]]:
        """Return the results of the runs."""
        if not self.runs:
            return []
        folds: dict[int, int] = {}  # of each split, the index of the first run with it
        for i, run in enumerate(self.runs):
            folds.setdefault(id(run.split), i)
        jobs = [StackJob(run.estimator, folds[id(run.split)]) for run in self.runs]
        return fit_stacked("seed_study", jobs, self.load, self.score, n_jobs=n_jobs, stack=stack)

    def load(self, fold: int) -> tuple[Any, Any, dict[str, Any]]:
        """Return X, y and the other arguments of ``fit`` for the training set of a run."""
        return (*_part(self.train, self.runs[fold].split[0]), {})

    def score(self, fit: StackedFit, i: int) -> tuple[float, float]:
        """Return the score on the test samples and the training time of a run."""
        if fit.error is not None:
            raise fit.error
        ((estimator, seconds),) = fit.stages.values()
        run = self.runs[i]
        return self.scorers[run.scorer](estimator, *_part(self.test, run.split[1])), seconds


def _part(data: Data, indices: Any) -> Data:
    """Return some samples. No indices: all of them."""
    if indices is None:
        return data
    X, y = (_safe_indexing(values, indices) for values in data)
    return X, y


def _fit_and_score(
    estimator: BaseEstimator,
    scorer: Callable[..., float],
    train: Data,
    test: Data,
    split: tuple[Any, Any],
) -> tuple[float, float]:
    """Return the score on the test samples and the training time."""
    X, y = _part(train, split[0])
    start = time.perf_counter()
    estimator.fit(X, y)
    fit_time = time.perf_counter() - start
    return scorer(estimator, *_part(test, split[1])), fit_time
