"""``skmnist study``."""

import errno
import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from joblib import Parallel, delayed
from sklearn.model_selection import learning_curve

from skmnist import CNNClassifier, MLPClassifier, cli
from skmnist.cli import main
from skmnist.cli._data import load_data
from skmnist.cli._study import STUDIES
from skmnist.cli._study import _results as results
from skmnist.cli._study._score_log import ScoreLog
from skmnist.studies import EpochCurve, LearningCurve, SeedStudy, seed_study
from tests.cli.helpers import file_names, get_usage_error, limit_file_size, make_read_only
from tests.helpers import digits

SMALL = ["--hidden-layer-sizes", "8", "--random-state", "0"]


GRID = ["--grid", "max-epochs", "1", "2", "--grid", "lr", "0.001", "0.01"]


SEEDS = ["--model", "mlp", "--model", "mlp", "batch-size=16"]


# The fastest arguments of each study.
MIN_ARGV = {
    "epochs": ["--epochs", "3", "--verbose", "0", *SMALL],
    "learning-curve": ["--train-sizes", "50", "1.0", "--cv", "2", "--max-epochs", "1", *SMALL],
    "compare": ["--model", "mlp", "--model", "backprop", "lr=0.1", "--max-epochs", "2", *SMALL],
    "grid": [*GRID, "--cv", "2", *SMALL],
    "diagnose": ["--max-epochs", "2", *SMALL],
    "seeds": [*SEEDS, "--max-epochs", "1", "--n-seeds", "2", *SMALL],
    "lr": SMALL,
}


every_study = pytest.mark.parametrize("study", STUDIES)


@pytest.fixture(autouse=True)
def use_small_sample(small_sample):
    """Use few images in every test."""


def read_table(path, **kwargs):
    return pd.read_csv(path, **kwargs)


def run_study(capsys, folder, study, *argv):
    """Run a study; return its output."""
    assert main(["study", study, "--output-dir", str(folder), *(argv or MIN_ARGV[study])]) == 0
    return capsys.readouterr()


# -- every study -------------------------------------------------------------------------------


@every_study
def test_study_prints_a_table_and_writes_it_with_json_and_a_figure(study, tmp_path, capsys):
    printed = run_study(capsys, tmp_path, study).out
    assert "200 training images, 50 test images" in printed
    assert file_names(tmp_path) == [f"{study}.csv", f"{study}.json", f"{study}.png"]
    for path in tmp_path.iterdir():
        assert str(path) in printed
    assert (tmp_path / f"{study}.png").read_bytes().startswith(b"\x89PNG")
    values = json.loads((tmp_path / f"{study}.json").read_text(encoding="utf-8"))
    assert values.keys() >= {"study", "settings", "versions"}
    assert values.get("seed", 0) == 0
    assert len(read_table(tmp_path / f"{study}.csv")) >= 2


@every_study
def test_help_of_a_study_has_valid_examples(study, capsys, monkeypatch):
    with pytest.raises(SystemExit, match="0"):
        main(["study", study, "--help"])
    printed = capsys.readouterr().out
    examples = [line.split() for line in printed.splitlines() if line.startswith("  skmnist study")]
    assert examples
    monkeypatch.setattr(cli, "_run", lambda *_: None)
    for example in examples:
        assert main(example[1:]) == 0


@pytest.mark.parametrize(
    ("study", "cls", "method", "n_calls", "n_rows"),
    [
        ("epochs", MLPClassifier, "score", 4, 2),
        ("learning-curve", MLPClassifier, "fit", 3, 2),
        ("compare", cli._model_params.model_class("backprop"), "fit", 0, 1),
        ("grid", MLPClassifier, "fit", 3, 6),
        ("seeds", MLPClassifier, "fit", 2, 2),
    ],
)
def test_interrupted_study_saves_partial_results(
    study, cls, method, n_calls, n_rows, tmp_path, capsys, monkeypatch
):
    original, calls = getattr(cls, method), []

    def interrupted(*args, **kwargs):
        calls.append(method)
        if len(calls) > n_calls:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(cls, method, interrupted)
    assert main(["study", study, "--output-dir", str(tmp_path), *MIN_ARGV[study]]) == 130
    path = tmp_path / f"{study}-interrupted.csv"
    error = capsys.readouterr().err
    assert error.endswith(f"skmnist: interrupted: partial results saved to {path}\n")
    assert file_names(tmp_path) == [path.name]
    assert len(read_table(path)) == n_rows

    monkeypatch.setattr(cls, method, original)
    run_study(capsys, tmp_path, study)
    assert path.name not in file_names(tmp_path)


@every_study
def test_interrupt_before_the_first_result_writes_nothing(study, tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(MLPClassifier, "fit", interrupted)
    assert main(["study", study, "--output-dir", str(tmp_path), *MIN_ARGV[study]]) == 130
    assert capsys.readouterr().err.endswith("skmnist: interrupted: there are no results yet\n")
    assert not file_names(tmp_path)


def test_workers_leave_ctrl_c_to_their_parent(tmp_path):
    with results.save_partial_results(tmp_path, "grid", list):
        handlers = Parallel(n_jobs=2)(delayed(signal.getsignal)(signal.SIGINT) for _ in range(2))
    assert handlers == [signal.SIG_IGN] * 2


def test_score_that_is_being_written_is_not_read(tmp_path):
    (tmp_path / "scores").write_text('["1", 0.5]\n["2", 0.')
    assert ScoreLog(tmp_path / "scores", ["max_epochs"]).read() == [["1", 0.5]]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal as POSIX does")
def test_ctrl_c_stops_workers_and_saves_their_scores(tmp_path):
    # Candidates with one epoch are scored quickly, the others would take days.
    argv = ["study", "grid", "--grid", "max-epochs", "1", "1000000", "--lr-schedule", "cosine"]
    argv += ["--n-jobs", "2", "--cv", "2", *SMALL, "--output-dir", str(tmp_path)]
    with subprocess.Popen(
        [sys.executable, "-m", "skmnist", *argv],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        first = process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 130, first + rest
    assert "Traceback" not in rest
    assert rest.endswith(f"partial results saved to {tmp_path / 'grid-interrupted.csv'}\n")
    assert len(read_table(tmp_path / "grid-interrupted.csv")) >= 1


@every_study
def test_read_only_folder_is_an_error_before_training(study, tmp_path, capsys, monkeypatch):
    make_read_only(monkeypatch)
    assert main(["study", study, "--output-dir", str(tmp_path), *MIN_ARGV[study]]) == 1
    printed, error = capsys.readouterr()
    assert error == (
        f"skmnist: {tmp_path}: cannot write to this directory: Permission denied. "
        "Choose another one.\n"
    )
    assert not printed
    assert not file_names(tmp_path)


@every_study
def test_full_disk_leaves_earlier_files_and_nothing_half_written(study, tmp_path, capsys):
    run_study(capsys, tmp_path, study)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with limit_file_size():
        assert main(["study", study, "--output-dir", str(tmp_path), *MIN_ARGV[study]]) == 1
    printed, error = capsys.readouterr()
    assert error.endswith(f"skmnist: {tmp_path / study}.csv: File too large\n")
    # The table is printed nevertheless.
    columns = {"diagnose": "severity", "lr": "learning rate"}
    assert columns.get(study, "fit time") in printed
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_interrupt_on_a_full_disk_reports_that_nothing_is_saved(tmp_path, capsys, monkeypatch):
    original = MLPClassifier.score

    def interrupted(clf, X, y):
        if clf.n_iter_ == 3:
            raise KeyboardInterrupt
        return original(clf, X, y)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(MLPClassifier, "score", interrupted)
    monkeypatch.setattr(results, "write_table", full)
    assert main(["study", "epochs", "--output-dir", str(tmp_path), *MIN_ARGV["epochs"]]) == 130
    path = tmp_path / "epochs-interrupted.csv"
    assert capsys.readouterr().err == (
        f"\nskmnist: interrupted: partial results could not be saved to {path}: "
        "No space left on device\n"
    )
    assert not file_names(tmp_path)


def test_score_log_that_cannot_be_written_is_not_an_error(tmp_path, capsys):
    score_log = ScoreLog(tmp_path / "no folder" / "notes", ["max_epochs"])
    X, y = digits(1)
    clf = MLPClassifier((4,), max_epochs=1, random_state=0).fit(X[::50], y[::50])
    assert score_log(clf, X, y) == clf.score(X, y)
    assert "No such file or directory; Ctrl+C would lose this score" in capsys.readouterr().err
    assert score_log.read() == []


def test_failed_training_saves_partial_results(tmp_path, capsys):
    diverging = ["--activation", "identity", "--optimizer", "sgd", "--lr", "100", *SMALL]
    assert (
        main(["study", "epochs", "--output-dir", str(tmp_path), "--verbose", "0", *diverging]) == 1
    )
    saved, failed = capsys.readouterr().err.splitlines()
    path = tmp_path / "epochs-interrupted.csv"
    assert saved == f"skmnist: partial results saved to {path}"
    # Rounding determines which of the two errors comes first.
    assert "The loss became" in failed or "outputs for X are not finite" in failed
    assert len(read_table(path)) >= 1
    assert file_names(tmp_path) == [path.name]


# -- single studies ----------------------------------------------------------------------------


def test_one_number_of_epochs_means_every_epoch_up_to_it(tmp_path, capsys):
    run_study(capsys, tmp_path, "epochs")
    table = read_table(tmp_path / "epochs.csv")
    assert table["epochs"].tolist() == [1, 2, 3]
    values = json.loads((tmp_path / "epochs.json").read_text(encoding="utf-8"))
    curve = EpochCurve.from_dict(values)
    assert curve.test_scores[:, 0].tolist() == table["test_score"].tolist()
    assert curve.score_name == "accuracy"


def test_several_numbers_of_epochs_mean_only_these(tmp_path, capsys):
    once = run_study(capsys, tmp_path, "epochs", "--epochs", "1", "3", "--cv", "2", *SMALL)
    read = read_table(tmp_path / "epochs.csv")
    assert read["epochs"].tolist() == [1, 1, 3, 3]
    assert "epoch/s" in once.err
    argv = ["--epochs", "1", "3", "--cv", "2", "--retrain", "--verbose", "0", *SMALL]
    assert not run_study(capsys, tmp_path, "epochs", *argv).err
    retrained = read_table(tmp_path / "epochs.csv")
    pd.testing.assert_frame_equal(read.drop(columns="fit_time"), retrained.drop(columns="fit_time"))


def test_learning_curve_equals_that_of_all_sizes_at_once(tmp_path, capsys):
    stderr = run_study(capsys, tmp_path, "learning-curve").err
    assert stderr.startswith("50 training images: ")
    table = read_table(tmp_path / "learning-curve.csv")
    assert table["train_size"].tolist() == [50, 50, 100, 100]
    values = json.loads((tmp_path / "learning-curve.json").read_text(encoding="utf-8"))
    curve = LearningCurve.from_dict(values)
    assert curve.train_sizes.tolist() == [50, 100]
    assert curve.settings["train_sizes"] == [50, 1.0]
    data = load_data("sample")
    clf = MLPClassifier(8, max_epochs=1, random_state=0)
    given = {"train_sizes": [0.5, 1.0], "cv": 2, "shuffle": True, "random_state": 0}
    _, _, test_scores = learning_curve(clf, data.X, data.y, **given)
    np.testing.assert_array_equal(curve.test_scores, test_scores)
    assert curve.test_scores.ravel().tolist() == table["test_score"].tolist()


def test_too_large_sizes_are_rejected_before_training(tmp_path, capsys):
    argv = ["--train-sizes", "50", "101", "--cv", "2", *SMALL]
    assert main(["study", "learning-curve", "--output-dir", str(tmp_path), *argv]) == 1
    assert capsys.readouterr().err == (
        "skmnist: --train-sizes 101: expected 1 to 100 training images with --cv 2 (200 images in "
        "total), got 101.\n"
    )


def test_compare_shows_the_parameters_that_differ(tmp_path, capsys):
    argv = ["--model", "mlp", "--model", "mlp", "hidden-layer-sizes=8,4", "batch_norm=true"]
    argv += ["--model", "cnn", "channels=2", "--max-epochs", "1", "--random-state", "0"]
    printed = run_study(capsys, tmp_path, "compare", *argv).out
    table = read_table(tmp_path / "compare.csv", index_col=0, keep_default_na=False)
    special = "mlp hidden-layer-sizes=8,4 batch_norm=true"
    assert table.index.tolist() == ["mlp", special, "cnn channels=2"]
    assert all(name in printed for name in table.index)
    assert table.loc[special, "hidden_layer_sizes"] == "(8, 4)"
    assert table["batch_norm"].tolist() == [False, True, False]
    assert table["channels"].tolist() == ["", "", "2"]
    assert table["estimator"].tolist() == ["MLPClassifier"] * 2 + [CNNClassifier.__name__]
    assert not {"max_epochs", "random_state"} & set(table.columns)  # equal for all models
    assert table["test_accuracy"].between(0, 1).all()


def test_compare_trains_all_networks_by_default(monkeypatch):
    classifiers = []
    monkeypatch.setattr(cli, "_run", lambda _, parser, args: classifiers.append(args.classifiers))
    assert main(["study", "compare", "--max-epochs", "3"]) == 0
    assert list(classifiers[0]) == list(cli._model_params.MODELS)
    for name, clf in classifiers[0].items():
        assert clf.get_params() == cli._model_params.model_class(name)(max_epochs=3).get_params()


def test_grid_scores_every_combination_and_tests_the_best(tmp_path, capsys):
    printed, stderr = run_study(capsys, tmp_path, "grid")
    table = read_table(tmp_path / "grid.csv")
    assert sorted(zip(table["lr"], table["max_epochs"], strict=True)) == [
        (0.001, 1),
        (0.001, 2),
        (0.01, 1),
        (0.01, 2),
    ]
    assert table["rank_test_score"].is_monotonic_increasing
    values = json.loads((tmp_path / "grid.json").read_text(encoding="utf-8"))
    assert values["best_cv_accuracy"] == table["mean_test_score"][0]
    assert f"on all 200 training images: {values['test_accuracy']:.1%}" in printed
    # One line for each candidate, with its mean.
    for lr, max_epochs, mean in zip(
        table["lr"], table["max_epochs"], table["mean_test_score"], strict=True
    ):
        line = f"lr={lr}, max_epochs={max_epochs}: {mean:.1%} (mean of 2 folds)"
        assert stderr.splitlines().count(line) == 1
    for heading in ("rank", "accuracy", "std", "fit time"):
        assert heading in printed
    assert "test_score" not in printed


def test_halving_continues_the_best_candidates(tmp_path, capsys):
    argv = ["--grid", "lr", "0.0001", "0.003", "0.01", "--halving", "--max-epochs", "3"]
    printed, _ = run_study(capsys, tmp_path, "grid", *argv, "--cv", "2", *SMALL)
    table = read_table(tmp_path / "grid.csv")
    assert sorted(table["max_epochs"]) == [1, 1, 1, 3]
    assert "Best parameters: lr=0.01, max_epochs=3" in printed


def test_grid_values_may_be_tuples(tmp_path, capsys):
    argv = ["--grid", "hidden-layer-sizes", "8", "8,4", "()", "--grid", "batch-norm", "true"]
    run_study(capsys, tmp_path, "grid", *argv, "--max-epochs", "1", "--cv", "2")
    values = json.loads((tmp_path / "grid.json").read_text(encoding="utf-8"))
    assert values["settings"]["grid"] == {
        "hidden_layer_sizes": [8, [8, 4], []],
        "batch_norm": [True],
    }


def test_failed_candidates_are_reported_in_one_line(tmp_path, capsys):
    argv = ["--grid", "lr", "0.001", "1e30", "--optimizer", "sgd"]
    argv += ["--activation", "identity", "--cv", "2", "--max-epochs", "1", *SMALL]
    stderr = run_study(capsys, tmp_path, "grid", *argv).err.splitlines()
    assert len(stderr) == 2
    assert "2 fits failed" in stderr[-1]
    assert "The loss became" in stderr[-1]
    assert read_table(tmp_path / "grid.csv")["mean_test_score"].isna().tolist() == [False, True]


def test_candidates_after_the_time_limit_are_reported_in_one_line(tmp_path, capsys, monkeypatch):
    # Each call advances the clock: the first fits start before the limit.
    seconds = iter(range(100))
    monkeypatch.setattr("skmnist.studies._time_limit.now", lambda: next(seconds))
    argv = ["--grid", "lr", "0.001", "0.01", "--max-epochs", "1", "--cv", "2", *SMALL]
    stderr = run_study(capsys, tmp_path, "grid", *argv, "--time-limit", "2.5").err.splitlines()
    assert "The time limit of 2.5 seconds was reached: 2 of 4 fits" in stderr[-1]
    assert read_table(tmp_path / "grid.csv")["mean_test_score"].isna().tolist() == [False, True]


def test_grid_with_only_failed_candidates_is_an_error(tmp_path, capsys):
    argv = ["--grid", "lr", "0.1", "1", "--device", "cuda:99", "--cv", "2"]
    assert main(["study", "grid", "--output-dir", str(tmp_path), *argv]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "All the 4 fits failed" in error
    assert "an available device: 'cpu'. Got 'cuda:99'" in error
    assert not file_names(tmp_path)


# -- invalid arguments--------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ("", "required: STUDY"),
        ("epoch", "unknown study 'epoch'. Did you mean 'epochs'?"),
        ("epochs --epochs 0", "--epochs: expected integers of at least 1"),
        ("epochs --max-epochs 5", "unknown option --max-epochs."),
        (
            "epochs --lr -1",
            "'lr' parameter of MLPClassifier must be a float in the range (0.0, inf). Got -1",
        ),
        ("learning-curve --train-sizes many", "got 'many'"),
        ("learning-curve --train-sizes 0", "expected an integer of at least 1"),
        ("learning-curve --train-sizes 1.5", "a fraction of at most 1.0"),
        ("learning-curve --cv 1", "--cv"),
        ("epochs --epochs ten", "invalid int value: 'ten'"),
        ("epochs --cv 1", "expected an integer of at least 2, got '1'"),
        ("grid --grid lr 0.1 --n-jobs 0", "expected an integer of at least 1, got '0'"),
        ("compare --model rnn", "--model: invalid value 'rnn'. Did you mean 'cnn'?"),
        ("compare --model mlp --model mlp", "--model mlp is given twice"),
        ("compare --model mlp 256", "expected PARAMETER=VALUE"),
        ("compare --model mlp channels=4", "--model mlp has no parameter 'channels'"),
        ("compare --model mlp --model cnn --channels 4", "unknown option --channels."),
        (
            "compare --model mlp lr=fast",
            "'lr' parameter of MLPClassifier must be a float in the range (0.0, inf)",
        ),
        ("grid", "required: --grid"),
        ("grid --grid lr", "expected a parameter and its values, separated by spaces"),
        ("grid --grid lr=0.1,0.2", "expected a parameter and its values, separated by spaces"),
        ("grid --grid Lr 0.1", "Did you mean 'lr'?"),
        ("grid --grid max-epochs 1 2 --halving", "remove max-epochs from --grid"),
        ("grid --grid lr 0.1 --time-limit 0", "expected a number above 0, got '0'"),
        ("grid --grid lr 0.1 --time-limit soon", "expected a number above 0, got 'soon'"),
        (
            "grid --grid lr 0.1 -1",
            "'lr' parameter of MLPClassifier must be a float in the range (0.0, inf). Got -1",
        ),
        ("grid --grid lr 0.1 --grid lr 0.2", "--grid lr is given twice"),
    ],
)
def test_invalid_arguments_are_rejected(argv, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in get_usage_error(capsys, "study", *argv.split())
    assert not file_names(tmp_path)


# -- seeds and lr ------------------------------------------------------------------------------


def test_seeds_prints_the_paired_difference(tmp_path, capsys):
    printed = run_study(capsys, tmp_path, "seeds").out
    assert re.search(
        r"^mlp - mlp batch-size=16: [+-]\d+\.\d\d points \(95% interval [+-].* to [+-].*\), "
        r"p = [\d.e-]+; [\d,]+ more seeds resolve 0.1 points$",
        printed,
        re.MULTILINE,
    )
    values = json.loads((tmp_path / "seeds.json").read_text(encoding="utf-8"))
    study = SeedStudy.from_dict({n: value for n, value in values.items() if n != "data"})
    data = load_data("sample")
    models = {"mlp": {}, "mlp batch-size=16": {"batch_size": 16}}
    params = {"hidden_layer_sizes": 8, "max_epochs": 1}
    expected = seed_study(
        {name: MLPClassifier(**params, **more) for name, more in models.items()},
        data.X,
        data.y,
        n_seeds=2,
        X_test=data.X_test,
        y_test=data.y_test,
    )
    np.testing.assert_array_equal(study.scores, expected.scores)
    assert list(study.settings["estimators"]) == list(models)


def test_seeds_with_cross_validation_says_what_cannot_be_resolved(tmp_path, capsys):
    printed = run_study(capsys, tmp_path, "seeds", *MIN_ARGV["seeds"], "--cv", "2").out
    assert "no number of seeds resolves 0.1 points, because the training sets overlap" in printed
    assert len(read_table(tmp_path / "seeds.csv")) == 2 * 2 * 2


def test_lr_prints_the_suggestion(tmp_path, capsys):
    printed = run_study(capsys, tmp_path, "lr").out
    values = json.loads((tmp_path / "lr.json").read_text(encoding="utf-8"))
    assert f"Suggested learning rate: {values['suggestion_']:.2g}\n" in printed
    assert len(read_table(tmp_path / "lr.csv")) == len(values["lrs"]) > 50


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_lr_says_that_no_rate_is_suggested(tmp_path, capsys):
    too_small = ["--start-lr", "1e-9", "--end-lr", "1e-8"]
    printed = run_study(capsys, tmp_path, "lr", *MIN_ARGV["lr"], *too_small).out
    assert "Suggested learning rate: none, because the loss never fell\n" in printed


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--start-lr", "0"], "expected a number greater than 0, for example 1e-5, got '0'"),
        (["--end-lr", "1e-8"], "--end-lr: expected more than --start-lr 1e-07, got 1e-08"),
        (["--n-iter", "5"], "expected an integer of at least 20"),
    ],
)
def test_invalid_range_of_learning_rates_is_an_error(argv, message, capsys):
    assert message in get_usage_error(capsys, "study", "lr", *argv)
