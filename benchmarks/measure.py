"""Rounds of contestants, and what they come to: medians, ratios, spreads."""

import gc
import statistics
import sys
from dataclasses import dataclass, replace
from typing import NamedTuple

from .limits import LIMITS


class AccuraciesDiffer(Exception):
    """Times mean nothing where the contestants don't compute the same."""


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
    x: int | None = None  # what the row grows with


@dataclass(frozen=True)
class Group:
    """Rows that belong together: a block of the table."""

    title: str
    setting: str
    unit: str
    rows: list

    def limit(self, row):
        """Return the limit of a row and whether it holds; None and None where there is none."""
        limit = LIMITS.get((self.title, row.name))
        return limit, None if limit is None else (row.ratio or row.value).median <= limit


def spread(values):
    values = list(values)
    return Spread(statistics.median(values), min(values), max(values))


def alternate(title, contestants, task, rounds):
    """Return {name: outcomes}; A B C A B C, so that a slow spell of the machine hits all alike.

    The seed is the number of the round. A round of one epoch comes first and isn't counted.
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
    """Tell on the terminal how far things are, on a line that the next one replaces."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def compare(outcomes, tolerance, scale=1, x=None):
    """Return a row for each contestant, with the first one's time over its own as the ratio.

    The ratios are taken within the rounds. `scale` makes the table's unit of seconds.

    Raises
    ------
    AccuraciesDiffer
        Where the medians of the accuracies are further apart than `tolerance`.
    """
    accuracy = {
        name: statistics.median(result.accuracy for result in results)
        for name, results in outcomes.items()
    }
    if max(accuracy.values()) - min(accuracy.values()) > tolerance:
        found = ", ".join(f"{name} {value:.4f}" for name, value in accuracy.items())
        raise AccuraciesDiffer(f"test accuracies more than {tolerance} apart, no times: {found}")
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
