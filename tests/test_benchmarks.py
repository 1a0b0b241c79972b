"""The benchmarks run and compare accuracies. The times are not tested."""

import gc
import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from tests.helpers import ROOT, digits


@pytest.fixture
def main(monkeypatch):
    """The command, run in this process: importing all contestants again takes longer."""
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import __main__ as command

    for name in command.THREAD_VARIABLES:
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


def test_time_to_accuracy_writes_results_table_and_figure(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import time_to_accuracy

    monkeypatch.setattr(time_to_accuracy, "_has_keras", lambda args: False)
    arguments = ["--quick", "--cores", "all", "--output-dir", str(tmp_path)]
    time_to_accuracy.main([*arguments, "--only", "mlp,keras"])
    results = json.loads((tmp_path / "time_to_accuracy.json").read_text())
    mlp, keras = results["rows"]
    first, second = mlp["runs"][0]
    assert (first["epoch"], second["epoch"]) == (1, 2)
    assert 0 < first["seconds"] < second["seconds"]
    assert 0.3 < first["accuracy"] < second["accuracy"] < 0.97
    assert mlp["seconds_to"]["97"] == [None, None, None]
    assert keras["runs"] == []
    table = (tmp_path / "time_to_accuracy.md").read_text()
    assert "| Keras | not installed |" in table
    assert table in capsys.readouterr().out
    assert (tmp_path / "time_to_accuracy.png").read_bytes().startswith(b"\x89PNG")

    # Results of other data would be mixed with these.
    monkeypatch.setattr(time_to_accuracy, "cpu", lambda: "another processor")
    with pytest.raises(SystemExit, match="results for another cpu"):
        time_to_accuracy.main([*arguments, "--only", "sklearn"])


def test_time_to_accuracy_is_the_end_of_the_first_epoch_that_reaches_it(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.accuracy_summary import summarize

    def run(*accuracies):
        return [
            {"epoch": i, "seconds": 10.0 * i, "cpu_seconds": 20.0 * i, "accuracy": accuracy}
            for i, accuracy in enumerate(accuracies, 1)
        ]

    runs = [run(0.96, 0.975, 0.969), run(0.97, 0.98, 0.99), run(0.96, 0.96, 0.98)]
    row = summarize({"runs": runs})
    assert row["seconds_to"]["97"] == [20, 10, 30]
    assert row["cpu_seconds_to"]["98"] == [60, 40, None]
    assert row["seconds_to"]["99"] == [None, 30, None]
    assert row["seconds_per_epoch"] == (10, 10, 10)
    assert row["final_accuracy"] == (0.98, 0.969, 0.99)


def test_networks_of_torch_and_skmnist_have_the_same_layers(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.contestants import Task, default_cnn_module, with_defaults
    from benchmarks.default_network import conv_layers
    from skmnist import CNNClassifier

    X, y = digits(step=50)
    clf = CNNClassifier(max_epochs=1, random_state=0).fit(X, y)
    module = default_cnn_module(with_defaults(Task(None, epochs=None), CNNClassifier))
    shapes = [[p.shape for p in net.parameters()] for net in (clf.module_, module)]
    assert shapes[0] == shapes[1]
    with pytest.raises(NotImplementedError, match="'augment': 'light'"):
        conv_layers(CNNClassifier(augment="light").get_params())


def test_missing_keras_is_found(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.time_to_accuracy import _has_keras

    args = SimpleNamespace(keras_python=sys.executable, keras_backend="no_such_backend")
    assert not _has_keras(args)


def test_searches_count_epochs_and_compare_scores(monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import searches

    lrs = {"lr": [1e-4, 1e-3, 1e-2]}
    params = {"max_resources": 3, "return_train_score": False}
    classes = (searches.HalvingGridSearchCV, searches.EpochHalvingSearchCV)
    monkeypatch.setattr(searches, "searches", lambda _: [("3 candidates", classes, lrs, params)])
    searches.main(["--quick"])
    reference, ours = capsys.readouterr().out.splitlines()[-2:]
    assert reference.startswith("| `HalvingGridSearchCV` | 3 candidates | 18 |")
    assert ours.startswith("| `EpochHalvingSearchCV` | 3 candidates | 15 |")

    classes = (searches.EpochHalvingSearchCV, searches.EpochGridSearchCV)
    monkeypatch.setattr(searches, "searches", lambda _: [("different", classes, lrs, {})])
    with pytest.raises(SystemExit, match="scores of the two searches differ"):
        searches.main(["--quick"])


def test_stacked_measures_the_time_per_member(monkeypatch, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import stacked

    stacked.main(["--quick"])
    rows = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if "16" in line]
    assert [row[2:4] for row in rows] == [
        [batches, n] for batches in ("same", "own") for n in ("1", "4")
    ]
    assert all(float(row[5]) > 0 for row in rows)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lr_range_compares_the_suggestion_with_a_grid(monkeypatch, tmp_path, capsys):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import lr_range

    monkeypatch.setattr(lr_range, "OPTIMIZERS", {"adam": {"optimizer": "adam"}})
    monkeypatch.setattr(lr_range, "LRS", [1e-6, 1e30])  # too small, and diverging
    arguments = ["--sample", "--models", "mlp", "--n-train", "400", "--n-valid", "300"]
    arguments += ["--epochs", "2", "--seeds", "1", "--output-dir", str(tmp_path)]
    assert lr_range.main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Data: 400 training and 300 validation images of the bundled sample")
    assert printed.endswith("Every suggestion is within 0.3 points of the best rate of the grid\n")
    row = json.loads((tmp_path / "lr_range.json").read_text())["rows"][0]
    assert row["accuracy"] > 0.5
    assert row["grid"]["1e+30"] == 0


def test_photos_of_a_folder_are_counted_by_kind(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.photos import predict_folder, summarize_folder

    X, y = digits(step=700)
    for row, label in zip(X.astype(np.uint8), y, strict=True):
        folder = tmp_path / ("even" if label % 2 == 0 else "odd")
        folder.mkdir(exist_ok=True)
        photo = Image.fromarray(255 - row.reshape(28, 28)).resize((200, 200))
        photo.save(folder / f"{label}.png")
    Image.new("L", (200, 200), 255).save(tmp_path / "odd" / "1-empty.png")
    photos = predict_folder(None, tmp_path)
    table = summarize_folder(photos).set_index("photos")
    assert photos.set_index("file").loc["1-empty.png", "rejected"]
    assert table["n"].tolist()[-1] == len(y) + 1
    assert table["right"].tolist()[-1] == len(y)
    assert table.loc["odd", "rejected"] == 1
    with pytest.raises(SystemExit, match="no images in subfolders"):
        predict_folder(None, tmp_path / "even")
