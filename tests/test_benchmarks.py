"""The benchmarks run and compare accuracies. The times are not tested."""

import gc
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from tests.helpers import ROOT


@pytest.fixture
def main(monkeypatch):
    """The command, run in this process: importing all contestants again takes longer."""
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import __main__ as command

    for name in command.BLAS_THREADS:
        monkeypatch.setenv(name, "1")  # undone after the test, as the command sets them, too

    def main(*argv):
        monkeypatch.setattr("sys.argv", ["benchmarks", *argv])
        before = torch.get_num_threads()
        gc.disable()  # a collection would go through all that the tests have imported
        try:
            with pytest.raises(SystemExit) as end:
                command.main()
        finally:
            gc.enable()
            torch.set_num_threads(before)
        return end.value.code

    return main


def test_quick_run_writes_table_csv_and_plot(main, tmp_path, capsys):
    arguments = ["--quick", "--rounds", "1", "--epochs", "2", "--parts", "mlp,predict"]
    assert not main(*arguments, "--output-dir", str(tmp_path))
    printed = capsys.readouterr().out
    assert printed.startswith("Data: the bundled sample of MNIST")
    assert "torchvision DataLoader" in printed

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
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.measure import AccuraciesDiffer, compare

    outcomes = {
        "quick": [SimpleNamespace(seconds=1.0, accuracy=0.90)],
        "slow": [SimpleNamespace(seconds=4.0, accuracy=0.95)],
    }
    assert compare(outcomes, tolerance=0.06)[1].ratio.median == 0.25
    with pytest.raises(AccuraciesDiffer, match="quick 0.9000, slow 0.9500"):
        compare(outcomes, tolerance=0.01)
