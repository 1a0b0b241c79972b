"""Time limit of a search: no fit starts after it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from skmnist._utils.warnings import warn_caller
from skmnist.exceptions import TimeLimitWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

# Stands in the results of scikit-learn for the traceback of a fit that failed.
NOT_STARTED = "The fit was not started, because the time limit was reached."


def now() -> float:
    """Return the time in seconds.

    It is that of the calendar, which the workers of a search on other machines share.
    """
    return time.time()


def check_any_finished(
    owner: str, time_limit: float | None, candidates: Sequence[Sequence[dict[str, Any]]]
) -> None:
    """Raise a ValueError if the time limit was reached before any candidate was fitted.

    Parameters
    ----------
    owner : str
        Name of the search.
    time_limit : float or None
    candidates : list of list of dict
        scikit-learn's results of the fits of each candidate.
    """
    errors = [[fit["fit_error"] for fit in fits] for fits in candidates]
    if not any(NOT_STARTED in error for error in errors):
        return
    if any(NOT_STARTED not in error and None in error for error in errors):
        return
    failures = [e for error in errors for e in error if e not in (None, NOT_STARTED)]
    reason = (
        f" {len(failures)} fits failed; the first error was:\n{failures[0]}" if failures else ""
    )
    raise ValueError(
        f"The 'time_limit' parameter of {owner} must be long enough to fit one candidate on all "
        f"{len(errors[0])} splits. Got {time_limit} instead, which was reached before. Increase "
        f"it, or train for fewer epochs or on fewer samples.{reason}"
    )


def warn_of_unfinished(
    time_limit: float | None, candidates: Sequence[Sequence[str | None]]
) -> None:
    """Warn about the fits that were not started.

    Parameters
    ----------
    time_limit : float or None
    candidates : list of list
        The error of each fit of each candidate, or None.
    """
    n_fits = sum(error == NOT_STARTED for errors in candidates for error in errors)
    n_candidates = sum(NOT_STARTED in errors for errors in candidates)
    if n_fits:
        warn_caller(
            f"The time limit of {time_limit} seconds was reached: {n_fits} of "
            f"{sum(map(len, candidates))} fits were not started, so {n_candidates} of "
            f"{len(candidates)} candidates have no score (NaN). Increase time_limit to score them.",
            TimeLimitWarning,
        )
