"""Summarize the runs of ``benchmarks.time_to_accuracy`` and format them as Markdown."""

import math

from .measure import Spread, spread
from .tables import figure

THRESHOLDS = (97, 98, 99, 99.4)  # percent of the test set
CORES = {"1": "one core", "all": "all cores"}


def summarize(row):
    """Return the row with the medians and ranges over its runs; None stands for "not reached"."""
    runs = row["runs"]
    if not runs:
        return row
    summary = {
        name: {
            str(percent): _finite(spread(time_to(percent / 100, points, name) for points in runs))
            for percent in THRESHOLDS
        }
        for name in ("seconds", "cpu_seconds")
    }
    return {
        **row,
        "seconds_to": summary["seconds"],
        "cpu_seconds_to": summary["cpu_seconds"],
        "seconds_per_epoch": spread(points[-1]["seconds"] / len(points) for points in runs),
        "final_accuracy": spread(points[-1]["accuracy"] for points in runs),
    }


def time_to(accuracy, points, name):
    """Return the value of `name` at the first point with the accuracy, or infinity."""
    return next((point[name] for point in points if point["accuracy"] >= accuracy), math.inf)


def _finite(values):
    """Replace infinity, which JSON doesn't have."""
    return [None if math.isinf(value) else value for value in values]


def as_markdown(results):
    """Return a table for each number of cores."""
    libraries = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    lines = [
        f"Measured on {results['date']}: {results['data']}; {results['cpu']}, "
        f"{results['n_cores']} core(s); {libraries}.",
    ]
    for cores, title in CORES.items():
        rows = [row for row in results["rows"] if row["cores"] == cores]
        if rows:
            titles = [title, *(f"{percent}%" for percent in THRESHOLDS), "epoch", "accuracy"]
            lines += ["", _line(titles), _line(["---", *["---:"] * (len(titles) - 1)])]
            lines += [_line(_cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def _line(cells):
    return f"| {' | '.join(cells)} |"


def _cells(row):
    versions = ", ".join(f"{name} {version}" for name, version in row.get("versions", {}).items())
    name = f"{row['name']} ({versions})" if versions else row["name"]
    if not row["runs"]:
        return [name, "not installed", *[""] * (len(THRESHOLDS) + 1)]
    times = [_seconds(row["seconds_to"][str(percent)]) for percent in THRESHOLDS]
    median, low, high = (f"{100 * value:.2f}" for value in row["final_accuracy"])
    accuracy = f"{median}%" if low == high else f"{median}% ({low} to {high})"
    return [name, *times, _seconds(row["seconds_per_epoch"]), accuracy]


def _seconds(values):
    """Format the median and range of seconds; a dash stands for "not reached"."""
    median, low, high = Spread(*("–" if value is None else figure(value) for value in values))
    if low == high:
        return median if median == "–" else f"{median} s"
    return f"{median} s ({low} to {high})" if median != "–" else f"– ({low} to –)"
