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
def test_results_of_a_full_run_are_stored(script):
    number = re.search(r"report_(\d)", script.name).group(1)
    assert f"results/report_{number}.rst" in script.read_text(encoding="utf-8")
    results = json.loads((RESULTS / f"report_{number}.json").read_text(encoding="utf-8"))
    assert results.keys() == {"date", "versions", "hardware", "table"}
    assert results["versions"].keys() >= {"Python", "skmnist", "torch", "scikit-learn"}
    assert all(len(row) == 4 for row in results["table"])


def kept(number):
    """Return what a full run measured: {quantity: (theirs, ours)}."""
    results = json.loads((RESULTS / f"report_{number}.json").read_text(encoding="utf-8"))
    return {quantity: (theirs, ours) for quantity, theirs, ours, _ in results["table"]}


def number(text):
    """Return the number that a text begins with."""
    return float(re.match(r"[\d.]+", text).group())


def test_results_of_report_1_are_near_theirs_and_linear():
    rows = kept(1)
    accuracies = [pair for name, pair in rows.items() if name.startswith("accuracy, epochs")]
    assert len(accuracies) == 10
    assert all(abs(number(theirs) - number(ours)) <= 0.01 for theirs, ours in accuracies)
    assert number(rows["R² of time, trained anew"][1]) >= 0.99


def test_results_of_report_2_have_their_weights_and_order():
    rows = kept(2)
    counts = [pair for name, pair in rows.items() if name.startswith("weights")]
    assert [ours for _, ours in counts] == ["50,176", "2,048", "320", "52,544", "203,264"]
    assert all(theirs == ours for theirs, ours in counts)
    adam, slow, quick = [number(pair[1]) for name, pair in rows.items() if name.endswith("loss")]
    assert adam < quick < slow


def test_results_of_report_3_have_their_directions():
    ours = {name: number(pair[1]) for name, pair in kept(3).items()}
    assert ours["not normalised"] < ours["normalised"]
    assert ours["3 hidden layers"] < ours["normalised"]
    assert ours["lr far too large"] < 15 < ours["lr 0.0005"] < ours["lr 0.005"]
    assert ours["half of the data"] < ours["best"]


def test_results_of_report_4_have_a_good_wide_net_and_a_poor_narrow_one():
    ours = {name: number(pair[1]) for name, pair in kept(4).items()}
    assert ours["wide, 2 epochs"] >= 97
    assert 30 <= ours["narrow, 10 epochs"] <= ours["narrow, 50 epochs"] <= 60


def test_results_of_report_5_have_equal_accuracies_and_fast_manual_passes():
    ours = {name: number(pair[1]) for name, pair in kept(5).items()}
    for other in ("torch.nn", "MLPClassifier"):
        both = [ours[f"{name}: highest accuracy"] for name in ("by hand", other)]
        assert abs(both[0] - both[1]) <= 0.01
    assert ours["by hand: seconds an epoch"] < ours["torch.nn: seconds an epoch"]
