"""Fit several classifiers at once, as batched networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from joblib import effective_n_jobs
from joblib.parallel import MultiprocessingBackend, get_active_backend
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from skmnist._estimators.stacked_fit import train_stack
from skmnist._training.stacked.plan import MIN_SAME_BATCHES, plan_stacks, share_pixels
from skmnist.exceptions import InvalidParameterError

from . import _time_limit
from ._staged import epochs_param, last_step, snapshot, staged_fit

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from skmnist._estimators.deferred_fit import DeferredFit

_Result = TypeVar("_Result")

_MAX_CHUNK = 128  # classifiers in memory at once


class StackJob(NamedTuple):
    """A classifier to fit.

    Attributes
    ----------
    estimator : estimator
        Not fitted. It is fitted in place.
    fold : int
        The index of its training set.
    epochs : tuple of int or None
        The numbers of epochs after which a snapshot is kept. None: the estimator's own.
    """

    estimator: BaseEstimator
    fold: int
    epochs: tuple[int, ...] | None = None


class StackedFit(NamedTuple):
    """Result of a job.

    Attributes
    ----------
    stages : dict of int to (estimator, float)
        For each number of epochs, the snapshot of the estimator and the fit time in seconds.
    error : Exception or None
        The error that ended the fit.
    skipped : bool
        Whether the fit was not started, because the time limit was reached.
    """

    stages: dict[int, tuple[BaseEstimator, float]]
    error: Exception | None = None
    skipped: bool = False


# From the index of a training set to X, y and the other arguments of fit.
LoadFold = Callable[[int], tuple[Any, Any, dict[str, Any]]]


def fit_stacked(
    owner: str,
    jobs: Sequence[StackJob],
    load_fold: LoadFold,
    evaluate: Callable[[StackedFit, int], _Result],
    *,
    n_jobs: int | None,
    stack: Any,
    deadline: float | None = None,
) -> list[_Result]:
    """Fit the classifiers of all jobs.

    Parameters
    ----------
    owner : str
        Name of the search or study.
    jobs : list of StackJob
    load_fold : callable
        Returns X, y and the other arguments of ``fit`` for the index of a training set.
    evaluate : callable
        ``evaluate(fit, i)`` returns what is needed of the result of job i.
    n_jobs : int or None
        The jobs are divided among so many workers.
    stack : True or "auto"
        True: an error if the mini-batches of a classifier are split among threads.
    deadline : float or None
        The time after which no fit starts.
    """
    chunks = _make_chunks(jobs, effective_n_jobs(n_jobs), by_fold=isinstance(stack, str))
    backend, _ = get_active_backend()
    # The end of this call would end the pool of the search, inside of whose call it is.
    own_pool = MultiprocessingBackend() if type(backend) is MultiprocessingBackend else None
    results = Parallel(n_jobs=n_jobs, backend=own_pool)(
        delayed(_fit_chunk)(
            owner, {i: jobs[i] for i in chunk}, load_fold, evaluate, stack, deadline
        )
        for chunk in chunks
    )
    by_job = dict(zip((i for chunk in chunks for i in chunk), sum(results, []), strict=True))
    return [by_job[i] for i in range(len(jobs))]


def _make_chunks(jobs: Sequence[StackJob], n_workers: int, *, by_fold: bool) -> list[list[int]]:
    """Return the indices of the jobs that are in memory at once.

    Those with the same training set are next to each other, or apart from others with `by_fold`.
    """
    size = _MAX_CHUNK
    if n_workers > 1:  # two for each worker, so that none waits for long
        size = min(size, max(MIN_SAME_BATCHES, -(-len(jobs) // (2 * n_workers))))
    groups: dict[int, list[int]] = {}
    for i in sorted(range(len(jobs)), key=lambda i: (jobs[i].fold, i)):
        groups.setdefault(jobs[i].fold if by_fold else 0, []).append(i)
    chunks = []
    for group in groups.values():
        n_chunks = -(-len(group) // size)
        ends = [len(group) * k // n_chunks for k in range(n_chunks + 1)]
        chunks += [group[start:end] for start, end in zip(ends[:-1], ends[1:], strict=True)]
    return chunks


def _fit_chunk(
    owner: str,
    jobs: Mapping[int, StackJob],
    load_fold: LoadFold,
    evaluate: Callable[[StackedFit, int], _Result],
    stack: Any,
    deadline: float | None,
) -> list[_Result]:
    """Fit the classifiers of some jobs in one process."""
    if deadline is not None and _time_limit.now() >= deadline:
        return [evaluate(StackedFit({}, skipped=True), i) for i in jobs]
    fits = {i: StackedFit({}) for i in jobs}
    deferred: dict[int, DeferredFit] = {}
    folds = {fold: load_fold(fold) for fold in dict.fromkeys(job.fold for job in jobs.values())}
    for i, job in jobs.items():
        try:
            deferred[i] = _prepare(job, *folds[job.fold])
        except Exception as error:
            fits[i] = StackedFit({}, error)
    indices = list(deferred)
    members = [deferred[i].member for i in indices]
    share_pixels(members)
    stacks, alone = plan_stacks(members)
    if alone and not isinstance(stack, str):
        raise InvalidParameterError(
            f"The 'stack' parameter of {owner} must be 'auto' or False for networks so large that "
            "their mini-batches are divided among threads. Got True instead. Use stack='auto', "
            "which fits them separately, or a smaller batch_size."
        )
    for group in stacks:
        _train([indices[k] for k in group], jobs, deferred, fits)
    for k in alone:
        i = indices[k]
        fits[i] = _fit_alone(jobs[i], *folds[jobs[i].fold])
    return [evaluate(fit, i) for i, fit in fits.items()]


def _prepare(job: StackJob, X: Any, y: Any, params: dict[str, Any]) -> DeferredFit:
    """Do what a fit does before the training."""
    if job.epochs is not None:
        job.estimator.set_params(**{epochs_param(job.estimator): max(job.epochs)})
    with last_step(job.estimator)[0]._defer_training() as deferred:
        job.estimator.fit(X, y, **params)
    return deferred[0]


def _train(
    stack: Sequence[int],
    jobs: Mapping[int, StackJob],
    deferred: dict[int, DeferredFit],
    fits: dict[int, StackedFit],
) -> None:
    """Train one stack, the indices of jobs, and store the results in `fits`."""

    def on_epoch_end(k: int, n: int) -> None:
        i = stack[k]
        last: Any = deferred[i].estimator
        if n in (jobs[i].epochs or (last.max_epochs,)):
            fits[i].stages[n] = snapshot(jobs[i].estimator, n), last.fit_time_

    errors = train_stack([deferred[i] for i in stack], on_epoch_end)
    for i, error in zip(stack, errors, strict=True):
        fits[i] = fits[i]._replace(error=error)
        del deferred[i]


def _fit_alone(job: StackJob, X: Any, y: Any, params: dict[str, Any]) -> StackedFit:
    """Fit a classifier that can't be stacked."""
    fit = StackedFit({})
    estimator = clone(job.estimator)
    epochs = job.epochs or (last_step(estimator)[0].max_epochs,)

    def on_stage(n: int, seconds: float) -> None:
        fit.stages[n] = snapshot(estimator, n), seconds

    try:
        staged_fit(estimator, epochs, on_stage, X, y, **params)
    except Exception as error:
        return fit._replace(error=error)
    return fit
