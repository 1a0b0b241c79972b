"""The benchmarks run and compare accuracies. The times are not tested."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

CHECKOUT = Path(__file__).parents[1]


def test_quick_run_writes_table_csv_and_plot(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--quick", "--rounds", "1"]
    command += ["--parts", "mlp,predict", "--output-dir", tmp_path]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Data: the bundled sample of MNIST")
    assert "torchvision DataLoader" in done.stdout

    rows = pd.read_csv(tmp_path / "results.csv")
    assert list(rows["title"].unique()) == [
        "MLP epoch",
        "predict 10,000 images",
        "predict one image",
    ]
    assert rows["accuracy"].between(0.3, 1).all()
    assert rows.loc[rows["name"] != "skmnist", "limit"].notna().all()
    assert (tmp_path / "results.png").read_bytes().startswith(b"\x89PNG")
    assert "accuracies agree within" in (tmp_path / "results.txt").read_text()


def test_no_times_if_accuracies_differ(monkeypatch):
    monkeypatch.syspath_prepend(CHECKOUT)
    from benchmarks.measure import AccuraciesDiffer, compare

    outcomes = {
        "quick": [SimpleNamespace(seconds=1.0, accuracy=0.90)],
        "slow": [SimpleNamespace(seconds=4.0, accuracy=0.95)],
    }
    assert compare(outcomes, tolerance=0.06)[1].ratio.median == 0.25
    with pytest.raises(AccuraciesDiffer, match="quick 0.9000, slow 0.9500"):
        compare(outcomes, tolerance=0.01)
