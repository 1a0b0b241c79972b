"""Files of images as --data: CSV, npz and Parquet."""

import gzip

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import Bunch

from skmnist import datasets, load
from skmnist.cli import _data as cli_data
from skmnist.cli import main
from skmnist.cli._study import STUDIES
from tests.cli.helpers import file_names, get_error, get_usage_error
from tests.datasets.helpers import csv_text
from tests.helpers import small_digits

pytestmark = pytest.mark.usefixtures("small_figures")

SMALL = ["--hidden-layer-sizes", "8", "--max-epochs", "1", "--random-state", "0", "--verbose", "0"]


@pytest.fixture(scope="module")
def data():
    return small_digits()


@pytest.fixture
def csv_file(tmp_path, data):
    path = tmp_path / "train.csv"
    path.write_text(csv_text(*data))
    return path


@pytest.fixture
def write(tmp_path, data):
    """Return a function that writes the digits in a format and returns the path."""
    X, y = data

    def write_format(suffix):
        path = tmp_path / f"digits{suffix}"
        if suffix == ".npz":
            np.savez(path, X=X, y=y)
        elif suffix == ".parquet":
            pytest.importorskip("pyarrow")
            pd.DataFrame(X).add_prefix("pixel").assign(label=y).to_parquet(path)
        else:
            text = csv_text(X, y).encode()
            path.write_bytes(gzip.compress(text) if suffix == ".csv.gz" else text)
        return path

    return write_format


def test_the_loaders_give_the_same_split_for_each_format(write, data, capsys):
    def split(suffix):
        parser = cli_data.argparse.ArgumentParser()
        cli_data.add_data(parser)
        return cli_data.load_args(parser.parse_args(["--data", str(write(suffix))]))

    X, y = data
    expected = split(".csv")
    assert (len(expected.X), len(expected.X_test)) == (80, 20)
    np.testing.assert_array_equal(np.unique(expected.y_test, return_counts=True)[1], 2)
    rows = {image.tobytes() for image in [*expected.X, *expected.X_test]}
    assert rows == {image.tobytes() for image in X}
    for suffix in (".csv.gz", ".npz"):
        for a, b in zip(expected[:4], split(suffix)[:4], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".npz", ".parquet"])
def test_train_and_evaluate_on_a_file(write, tmp_path, capsys, suffix):
    path, model = write(suffix), tmp_path / "model.safetensors"
    out = ["--output-dir", str(tmp_path / "report")]
    assert main(["train", "--data", str(path), "--save", str(model), *out, *SMALL]) == 0
    printed = capsys.readouterr().out
    assert f"Data: {path}\n80 training images, 20 test images" in printed
    assert load(model).n_features_in_ == 196
    assert main(["evaluate", str(model), "--data", str(path), *out]) == 0
    printed = capsys.readouterr().out
    assert f"Data: {path}\n100 test images" in printed
    assert "report.html" in file_names(tmp_path / "report")


def test_words_as_labels(tmp_path, data, capsys):
    words = np.array([f"class {i}" for i in range(10)])[data[1]]
    (tmp_path / "train.csv").write_text(csv_text(data[0], words))
    out = ["--output-dir", str(tmp_path / "report")]
    assert main(["train", "--data", str(tmp_path / "train.csv"), *out, *SMALL]) == 0
    assert "class 7" in capsys.readouterr().out


def test_test_set_of_a_file_of_its_own(csv_file, tmp_path, data, capsys):
    (tmp_path / "test.csv").write_text(csv_text(data[0][::2], data[1][::2]))
    argv = ["train", "--data", str(csv_file), "--test-data", str(tmp_path / "test.csv"), *SMALL]
    argv += ["--output-dir", str(tmp_path / "report")]
    assert main(argv) == 0
    assert "100 training images, 50 test images" in capsys.readouterr().out
    (tmp_path / "test.csv").write_text(csv_text(data[0][:, :169], data[1]))
    assert "Expected test images of the same shape" in get_error(capsys, *argv)
    argv = ["train", "--test-data", str(csv_file)]
    assert "--test-data is for data in files" in get_error(capsys, *argv)


@pytest.mark.parametrize(
    ("name", "option", "kind"),
    [
        ("sample", ["--label-column", "y"], "a file"),
        ("folder", ["--label-column", "y"], "a file"),
        ("train.csv", ["--size", "32"], "a folder of images"),
        ("train.csv", ["--color", "no"], "a folder of images"),
        ("sample", ["--normalize"], "a folder of images"),
        ("train.csv", ["--data-home", "there"], "a data set to download"),
    ],
)
def test_options_of_other_kinds_of_data(name, option, kind, csv_file, monkeypatch, capsys):
    monkeypatch.chdir(csv_file.parent)
    (csv_file.parent / "folder").mkdir()
    error = get_error(capsys, "train", "--data", name, *option)
    assert error == f"skmnist: {option[0]} is for {kind}, but --data is {name}.\n"


def test_npz_file_with_a_test_set(tmp_path, data, capsys):
    X, y = data
    arrays = {"x_train": X[::2], "y_train": y[::2], "x_test": X[1::2], "y_test": y[1::2]}
    np.savez(tmp_path / "a.npz", **arrays)
    out = ["--output-dir", str(tmp_path / "report")]
    assert main(["train", "--data", str(tmp_path / "a.npz"), *out, *SMALL]) == 0
    assert "50 training images, 50 test images" in capsys.readouterr().out


def test_color_images_of_an_npz_file(tmp_path, data, capsys):
    X = np.stack([data[0].reshape(-1, 14, 14)] * 3, axis=1)
    np.savez(tmp_path / "a.npz", X=X, y=data[1])
    argv = ["train", "--data", str(tmp_path / "a.npz"), "--output-dir", str(tmp_path / "report")]
    argv += ["--model", "cnn", "--channels", "4", "--save", str(tmp_path / "m.safetensors")]
    assert main([*argv, "--max-epochs", "1", "--verbose", "0"]) == 0
    assert load(tmp_path / "m.safetensors").image_shape_ == (3, 14, 14)


# Study -> its own options.
STUDY_OPTIONS = {
    "epochs": ["--epochs", "1", "2"],
    "learning-curve": ["--train-sizes", "0.5", "1.0", "--cv", "2"],
    "compare": ["--model", "mlp", "--model", "mlp", "lr=0.1"],
    "seeds": ["--model", "mlp", "--n-seeds", "2"],
    "lr": ["--n-iter", "100"],
    "grid": ["--grid", "lr", "0.1", "0.01", "--cv", "2"],
    "diagnose": [],
}


@pytest.mark.parametrize("study", STUDIES)
def test_studies_of_a_file(csv_file, tmp_path, capsys, study):
    argv = ["study", study, "--data", str(csv_file), "--output-dir", str(tmp_path / "out")]
    small = ["--hidden-layer-sizes", "8", "--verbose", "0", "--random-state", "0"]
    small += [] if study in ("epochs", "lr") else ["--max-epochs", "1"]
    assert main([*argv, *STUDY_OPTIONS[study], *small]) == 0
    printed = capsys.readouterr().out
    assert f"Data: {csv_file}\n80 training images" in printed
    assert f"{study}.csv" in file_names(tmp_path / "out")


def test_column_of_labels_by_name_or_position(tmp_path, data, capsys):
    text = csv_text(*data, label="kind").replace("kind,pixel0", "pixel0,kind", 1)
    rows = [line.split(",") for line in text.splitlines()]
    text = "\n".join(
        ",".join([row[1], row[0], *row[2:]] if i else row) for i, row in enumerate(rows)
    )
    (tmp_path / "train.csv").write_text(text)
    argv = ["train", "--data", str(tmp_path / "train.csv"), "--output-dir", str(tmp_path / "out")]
    assert "Expected a column of labels" in get_error(capsys, *argv)
    for column in ("kind", "1"):
        assert main([*argv, "--label-column", column, *SMALL]) == 0


def test_images_that_are_not_square_need_their_shape(tmp_path, data, capsys):
    (tmp_path / "train.csv").write_text(csv_text(data[0][:, :182], data[1]))
    argv = ["train", "--data", str(tmp_path / "train.csv"), "--output-dir", str(tmp_path / "out")]
    assert "square number of pixels, got 182" in get_error(capsys, *argv)
    argv += ["--model", "cnn", "--channels", "4", "--max-epochs", "1", "--verbose", "0"]
    assert main([*argv, "--image-shape", "13,14"]) == 0


def test_invalid_files(tmp_path, data, capsys):
    out = ["--output-dir", tmp_path / "out"]
    missing = get_error(capsys, "train", "--data", tmp_path / "no.csv", *out)
    assert "no.csv: No such file or directory. Check the path." in missing
    assert "No such file" in get_error(capsys, "train", "--data", "no folder/", *out)
    assert "got none in out" in get_error(capsys, "train", "--data", tmp_path, *out)
    (tmp_path / "test.csv").write_text(csv_text(data[0]))
    assert "got none" in get_error(capsys, "train", "--data", tmp_path / "test.csv", *out)
    (tmp_path / "few.csv").write_text(csv_text(data[0][::25], data[1][::25]))
    error = get_error(capsys, "train", "--data", tmp_path / "few.csv", *out)
    assert "to split off a test set. Got 4 images of 4 classes" in error
    assert "Did you mean 'sample'?" in get_usage_error(capsys, "train", "--data", "samples")


def test_help_names_the_files(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    printed = " ".join(capsys.readouterr().out.split())
    assert "--data {sample,mnist," in printed
    assert ",FILE}" in printed
    assert "--test-data FILE" in printed


@pytest.mark.parametrize(("name", "function"), [("cifar10", "cifar10"), ("bloodmnist", "medmnist")])
def test_color_images_of_a_data_set_keep_their_channels(data, monkeypatch, name, function):
    images = np.stack([data[0].reshape(-1, 14, 14)] * 3, axis=1)
    arguments = []

    def fetch(*args, **options):
        arguments.append(args)
        return Bunch(
            data=images.reshape(100, -1),
            images=images,
            target=data[1],
            target_names=list("0123456789"),
            DESCR="Color\n-----",
        )

    monkeypatch.setattr(datasets, f"fetch_{function}", fetch)
    loaded = cli_data.load_data(name, "somewhere")
    np.testing.assert_array_equal(loaded.X, images)
    np.testing.assert_array_equal(loaded.X_test, images)
    assert set(arguments) == {("bloodmnist",) if function == "medmnist" else ()}
