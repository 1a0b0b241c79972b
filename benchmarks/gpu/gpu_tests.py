"""The tests that need a GPU, in a process of their own: ``pytest -m gpu``."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from .cpu import CHECKOUT

# The project's settings, without the options of plugins that may be missing.
_OPTIONS = (
    "-o addopts= -W error -W default::pytest.PytestConfigWarning --strict-markers"
    " -p no:cacheprovider -m gpu -q --tb=short"
).split(" ")


def tests(run):
    """Run the tests and record those that failed."""
    if importlib.util.find_spec("pytest") is None:
        run.record.skip("pytest -m gpu", "needs the package pytest, which is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *_OPTIONS, f"--junitxml={report}", *test_files()],
            cwd=CHECKOUT,
            env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=run.time_left,
        )
        if not report.is_file():
            raise RuntimeError(f"pytest failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
        outcome = read_report(report)
    n_run = outcome["n_tests"] - len(outcome["skipped"])
    if n_run:
        failed = outcome["failed"]
        run.record.measure("tests_failed", [len(failed)], n_tests=n_run, failed=failed)
    elif run.on_gpu:
        raise RuntimeError(f"No test ran:\n{done.stdout[-4000:]}")
    for reason in sorted(set(outcome["skipped"])):
        run.record.skip(f"{outcome['skipped'].count(reason)} tests", reason)


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
