"""The examples run, and those of the reports print their tables."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.rglob("plot_*.py"))
REPORTS = sorted((EXAMPLES / "reports").glob("plot_*.py"))
RESULTS = EXAMPLES / "reports" / "results"


def run(script, folder):
    environment = os.environ | {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(script)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_example_runs(script, tmp_path):
    output = run(script, tmp_path)
    if script in REPORTS:
        assert re.search(r"^ +theirs +ours +how ours was measured$", output, flags=re.MULTILINE)


def test_examples_are_numbered_once():
    numbers = [script.name[:7] for script in SCRIPTS]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("script", REPORTS, ids=lambda script: script.stem)
def test_full_run_of_a_report_is_kept(script):
    number = re.search(r"report_(\d)", script.name).group(1)
    assert f"results/report_{number}.rst" in script.read_text(encoding="utf-8")
    results = json.loads((RESULTS / f"report_{number}.json").read_text(encoding="utf-8"))
    assert results.keys() == {"date", "versions", "hardware", "table"}
    assert results["versions"].keys() >= {"Python", "skmnist", "torch", "scikit-learn"}
    assert all(len(row) == 4 for row in results["table"])


def kept(number):
    results = json.loads((RESULTS / f"report_{number}.json").read_text(encoding="utf-8"))
    return {name: ours for name, _, ours, _ in results["table"]}


def test_kept_results_of_report_1_are_near_theirs():
    results = json.loads((RESULTS / "report_1.json").read_text(encoding="utf-8"))
    rows = [row for row in results["table"] if row[0].startswith("accuracy, epochs")]
    assert len(rows) == 10
    assert all(abs(float(theirs) - float(ours)) <= 0.01 for _, theirs, ours, _ in rows)


def test_kept_results_of_report_2_count_the_weights():
    rows = kept(2)
    counts = [ours for name, ours in rows.items() if name.startswith("weights")]
    assert counts == ["50,176", "2,048", "320", "52,544", "203,264"]
