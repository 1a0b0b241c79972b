"""What a part has measured so far, in a JSON file that is written again after each step.

A part that is stopped, or whose process dies, has therefore kept what it had.
"""

import contextlib
import json
import math
import os
import statistics
import traceback

from ..measure import spread
from .measures import MEASURES


class Record:
    """The content of ``PART.json``.

    Parameters
    ----------
    path : Path
    content : dict
        What the file begins with.
    """

    def __init__(self, path, content):
        self.path = path
        self.content = {**content, "status": "started", "data": None}
        self.content |= {"measures": {}, "skipped": [], "failures": []}
        self.save()

    def save(self):
        write_json(self.path, self.content)

    def measure(self, name, values, **info):
        """Set the runs of a measure; None stands for a run that didn't reach its end."""
        self.content["measures"][name] = summarize(name, values) | info
        self.save()

    def skip(self, what, why):
        self.content["skipped"].append({"what": what, "why": why})
        self.save()

    def fail(self, what, text=None):
        """Record a failure, by default the exception that is handled at present."""
        text = traceback.format_exc() if text is None else text
        self.content["failures"].append({"what": what, "traceback": text})
        self.save()

    @contextlib.contextmanager
    def attempt(self, what):
        """Record an error inside the block, or a missing package, and continue after it."""
        try:
            yield
        except ModuleNotFoundError as error:
            package = (error.name or "").partition(".")[0]
            if package in ("", "skmnist", "benchmarks"):
                self.fail(what)
            else:
                self.skip(what, f"needs the package {package}, which is not installed")
        except (Exception, SystemExit):
            self.fail(what)


def summarize(name, values):
    """Return all runs of a measure with their mean, median and range."""
    finite = [math.inf if value is None else value for value in values]
    median, low, high = spread(finite)
    figures = {"mean": statistics.fmean(finite), "median": median, "minimum": low, "maximum": high}
    return {
        "unit": MEASURES[name].unit,
        "n_runs": len(values),
        **{key: None if math.isinf(value) else value for key, value in figures.items()},
        "values": list(values),
    }


def write_json(path, content):
    """Write the whole file or leave the old one, if the program is stopped meanwhile."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    os.replace(new, path)
