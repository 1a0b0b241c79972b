"""The examples run without a warning, and the results of the reports on the full MNIST hold."""

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
WIDTH = 79  # columns that the pages show without scrolling


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
        # The header of its table, with the same columns as in the stored results.
        columns = load_results(report_number(script))["columns"]
        header = " +".join(re.escape(name) for name in columns)
        assert re.search(rf"^ *{header}$", output, flags=re.MULTILINE)
    too_long = [line for line in output.splitlines() if len(line) > WIDTH]
    assert not too_long


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_code_fits_the_pages(script):
    lines = script.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []


def test_examples_are_numbered_once():
    numbers = [script.name[:7] for script in SCRIPTS]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("script", REPORTS, ids=lambda script: script.stem)
def test_results_of_a_full_run_are_stored(script):
    number = report_number(script)
    assert f"results/report_{number}.rst" in script.read_text(encoding="utf-8")
    results = load_results(number)
    assert results.keys() - {"note"} == {"date", "versions", "hardware", "columns", "table"}
    assert results["versions"].keys() >= {"Python", "skmnist", "torch", "scikit-learn"}
    assert all(len(row) == len(results["columns"]) for row in results["table"])


def report_number(script):
    return re.search(r"report_(\d)", script.name).group(1)


def load_results(number):
    """Return the results of a report on the full MNIST."""
    return json.loads((RESULTS / f"report_{number}.json").read_text(encoding="utf-8"))


def load_table(number):
    """Return the results as ``{name: {column: value}}``."""
    results = load_results(number)
    columns = results["columns"][1:]
    return {row[0]: dict(zip(columns, row[1:], strict=True)) for row in results["table"]}


def to_float(text):
    """Return the number at the beginning of a text."""
    return float(re.match(r"[\d.]+", text).group())


def test_report_1_accuracies_are_near_the_students_and_time_is_linear():
    table = load_table(1)
    for n in range(1, 11):
        row = table[str(n)]
        assert abs(float(row["students (%)"]) - float(row["skmnist (%)"])) <= 1
    assert float(table["R² of the time"]["skmnist (min)"]) >= 0.99


def test_report_2_weights_equal_the_students_and_losses_have_their_order():
    table = load_table(2)
    counts = [row for name, row in table.items() if name.startswith("weights")]
    assert [row["skmnist"] for row in counts] == ["50,176", "2,048", "320", "52,544", "203,264"]
    assert all(row["students"] == row["skmnist"] for row in counts)
    losses = [row for name, row in table.items() if name.endswith("loss")]
    adam, slow, fast = [float(row["skmnist"]) for row in losses]
    assert adam < fast < slow


def test_report_3_changes_have_the_students_directions():
    ours = {name: to_float(row["skmnist"]) for name, row in load_table(3).items()}
    assert ours["not normalized"] < ours["normalized"]
    assert ours["3 hidden layers"] < ours["normalized"]
    assert ours["lr 1.0"] < 15 < ours["lr 0.0005"] < ours["lr 0.005"]
    assert ours["half of the data, lr 0.005"] < ours["all data, lr 0.005"]


def test_report_4_wide_network_is_accurate_and_narrow_network_is_not():
    ours = {name: to_float(row["skmnist"]) for name, row in load_table(4).items()}
    assert ours["wide, 2 epochs"] >= 97
    assert 30 <= ours["narrow, 10 epochs"] <= ours["narrow, 50 epochs"] <= 60


def test_report_5_accuracies_are_similar_and_hand_written_gradients_are_faster():
    table = load_table(5)
    accuracy = to_float(table["by hand (skmnist)"]["accuracy"])
    for other in ("torch.nn (skmnist)", "MLPClassifier (skmnist)"):
        assert abs(accuracy - to_float(table[other]["accuracy"])) <= 1
    by_hand, torch_nn = table["by hand (skmnist)"], table["torch.nn (skmnist)"]
    assert float(by_hand["seconds"]) < float(torch_nn["seconds"])
