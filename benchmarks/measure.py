"""Run the contestants in rounds; compute medians, ratios and ranges."""

import gc
import statistics
import sys
from dataclasses import dataclass, replace
from typing import NamedTuple

from .limits import LIMITS


class AccuraciesDiffer(Exception):
    """The accuracies of the contestants differ, so their times cannot be compared."""


class Spread(NamedTuple):
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Row:
    name: str
    value: Spread
    accuracy: float | None = None
    ratio: Spread | None = None
    x: int | None = None  # the size that varies in a growth benchmark


@dataclass(frozen=True)
class Group:
    """A block of rows in the table."""

    title: str
    setting: str
    unit: str
    rows: list
    x_label: str = ""  # of what varies in a growth benchmark

    def limit(self, row):
        """Return the target of a row and whether it is met; None and None without a target."""
        limit = LIMITS.get((self.title, row.name))
        return limit, None if limit is None else (row.ratio or row.value).median <= limit


def spread(values):
    values = list(values)
    return Spread(statistics.median(values), min(values), max(values))


def alternate(title, contestants, task, rounds):
    """Return {name: outcomes}. The contestants take turns, so that slow periods affect all.

    The seed is the number of the round. A warm-up round of one epoch is not counted.
    """
    outcomes = {name: [] for name in contestants}
    for i in range(-1, rounds):
        show(f"{title}: " + (f"round {i + 1} of {rounds}" if i >= 0 else "warming up"))
        for name, contestant in contestants.items():
            gc.collect()
            if i < 0:
                contestant(replace(task, epochs=1))
            else:
                outcomes[name].append(contestant(replace(task, seed=i)))
    show("")
    return outcomes


def show(text):
    """Show the progress on a line of the terminal that the next call replaces."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def compare(outcomes, tolerance, scale=1, x=None):
    """Return a row for each contestant.

    The ratio is the time of the first contestant divided by the time of this one, in each
    round. `scale` converts seconds to the unit of the table.

    Raises
    ------
    AccuraciesDiffer
        If the median accuracies differ by more than `tolerance`.
    """
    accuracy = {
        name: statistics.median(result.accuracy for result in results)
        for name, results in outcomes.items()
    }
    if max(accuracy.values()) - min(accuracy.values()) > tolerance:
        found = ", ".join(f"{name} {value:.4f}" for name, value in accuracy.items())
        raise AccuraciesDiffer(
            f"No times: the test accuracies differ by more than {tolerance}: {found}"
        )
    seconds = {name: [r.seconds for r in results] for name, results in outcomes.items()}
    first = next(iter(outcomes))
    return [
        Row(
            name,
            spread(scale * s for s in seconds[name]),
            accuracy[name],
            None if name == first else ratios(seconds[first], seconds[name]),
            x,
        )
        for name in outcomes
    ]


def ratios(numerators, denominators):
    return spread(a / b for a, b in zip(numerators, denominators, strict=True))
