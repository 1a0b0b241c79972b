"""``skmnist predict`` for files of many images and folders."""

import os

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.pipeline import make_pipeline

from skmnist import CNNClassifier, MLPClassifier, cli, save
from skmnist.cli import _predict_files, main
from skmnist.preprocessing import PixelStandardizer
from tests.cli.helpers import get_error, get_usage_error
from tests.datasets.helpers import csv_text
from tests.helpers import small_digits


@pytest.fixture(scope="module")
def data():
    return small_digits()


@pytest.fixture(scope="module")
def clf(data):
    return MLPClassifier(16, max_epochs=2, random_state=0).fit(*data)


@pytest.fixture
def model(clf, tmp_path):
    save(clf, tmp_path / "model.safetensors")
    return str(tmp_path / "model.safetensors")


@pytest.fixture
def test_file(data, tmp_path):
    (tmp_path / "test.csv").write_text(csv_text(data[0]))
    return str(tmp_path / "test.csv")


def test_submission_has_the_format_of_kaggle(model, test_file, tmp_path, data, clf, capsys):
    output = tmp_path / "new" / "submission.csv"
    assert main(["predict", model, test_file, "--output", str(output)]) == 0
    lines = output.read_text().splitlines()
    expected = [f"{i},{label}" for i, label in enumerate(clf.predict(data[0]), 1)]
    assert lines == ["ImageId,Label", *expected]
    printed = capsys.readouterr().out
    assert "100 images predicted; ImageId: 1, 2, ..." in printed
    assert str(output) in printed


def test_labels_in_the_file_are_not_pixels(model, tmp_path, data, clf):
    (tmp_path / "train.csv").write_text(csv_text(*data))
    output = tmp_path / "submission.csv"
    assert main(["predict", model, str(tmp_path / "train.csv"), "--output", str(output)]) == 0
    np.testing.assert_array_equal(pd.read_csv(output)["Label"], clf.predict(data[0]))


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_npz_and_parquet_files(model, tmp_path, data, clf, suffix):
    path, output = tmp_path / f"test{suffix}", tmp_path / "submission.csv"
    if suffix == ".npz":
        np.savez(path, x_train=data[0][:5], x_test=data[0])
    else:
        pytest.importorskip("pyarrow")
        pd.DataFrame(data[0]).add_prefix("pixel").to_parquet(path)
    assert main(["predict", model, str(path), "--output", str(output)]) == 0
    np.testing.assert_array_equal(pd.read_csv(output)["Label"], clf.predict(data[0]))


def test_identifiers_of_the_file_are_written(model, tmp_path, data, capsys):
    names = [f"{i:04}" for i in range(100)]
    frame = pd.DataFrame(data[0]).add_prefix("pixel")
    frame.insert(0, "id", np.arange(100) + 500)
    frame["scan"] = names
    frame.drop(columns="scan").to_csv(tmp_path / "test.csv", index=False)
    output = tmp_path / "submission.csv"
    argv = ["predict", model, str(tmp_path / "test.csv"), "--output", str(output)]
    assert main(argv) == 0
    assert output.read_text().startswith("id,Label\n500,")
    frame.to_csv(tmp_path / "test.csv", index=False)
    assert main([*argv, "--id-column", "scan"]) == 0
    assert output.read_text().startswith("scan,Label\n0000,")
    assert "scan: the column 'scan' of test.csv" in capsys.readouterr().out


def test_id_column_names_the_first_column_if_the_file_has_none(model, test_file, tmp_path):
    output = tmp_path / "submission.csv"
    argv = ["predict", model, test_file, "--output", str(output), "--id-column", "row"]
    assert main(argv) == 0
    assert output.read_text().startswith("row,Label\n1,")


def test_probabilities(model, test_file, tmp_path, data, clf):
    output = tmp_path / "submission.csv"
    assert main(["predict", model, test_file, "--output", str(output), "--proba"]) == 0
    table = pd.read_csv(output, index_col="ImageId")
    assert table.columns.tolist() == ["Label", *(f"proba_{i}" for i in range(10))]
    np.testing.assert_allclose(table.iloc[:, 1:], clf.predict_proba(data[0]), rtol=1e-5)


@pytest.mark.filterwarnings("error")
def test_model_that_was_fitted_on_a_data_frame(data, test_file, tmp_path):
    X = pd.DataFrame(data[0], columns=[f"px {i}" for i in range(196)])
    clf = MLPClassifier(4, max_epochs=1, random_state=0).fit(X, data[1])
    save(clf, tmp_path / "frame.safetensors")
    output = tmp_path / "submission.csv"
    argv = ["predict", str(tmp_path / "frame.safetensors"), test_file, "--output", str(output)]
    assert main(argv) == 0
    np.testing.assert_array_equal(pd.read_csv(output)["Label"], clf.predict(X))


@pytest.mark.parametrize("shape", [(3, 8, 8), (8, 8, 3)])
def test_color_images_are_read_in_the_shape_of_a_pipeline(tmp_path, data, shape):
    first = data[0][:, :192].reshape(-1, 3, 8, 8)
    X = first if shape[0] == 3 else np.moveaxis(first, 1, -1)
    cnn = CNNClassifier(channels=(4,), image_shape=shape, max_epochs=1, random_state=0)
    pipe = make_pipeline(PixelStandardizer(), cnn).fit(X, data[1])
    save(pipe, tmp_path / "pipe.safetensors")
    np.savez(tmp_path / "first.npz", X=first)
    np.savez(tmp_path / "last.npz", X=np.moveaxis(first, 1, -1))
    for name in ("first", "last"):
        argv = ["predict", str(tmp_path / "pipe.safetensors"), str(tmp_path / f"{name}.npz")]
        assert main([*argv, "--output", str(tmp_path / "out.csv")]) == 0
        np.testing.assert_array_equal(pd.read_csv(tmp_path / "out.csv")["Label"], pipe.predict(X))


def test_model_of_the_package_gives_every_image_a_digit(tmp_path, capsys):
    X = np.random.default_rng(0).integers(0, 256, (20, 784))
    (tmp_path / "test.csv").write_text(csv_text(X))
    output = tmp_path / "submission.csv"
    assert main(["predict", str(tmp_path / "test.csv"), "--output", str(output)]) == 0
    assert pd.read_csv(output)["Label"].between(0, 9).all()
    assert "abstains" not in capsys.readouterr().out


def test_other_files_beside_a_file_of_many_images(test_file, capsys):
    error = get_usage_error(capsys, "predict", "a.png", test_file, "--output", "a.csv")
    assert f"{test_file} contains many images. Pass no other file with it" in error


def test_problems_of_a_file(model, test_file, tmp_path, data, capsys):
    output = ["--output", tmp_path / "submission.csv"]
    assert "no.csv: No such" in get_error(capsys, "predict", model, tmp_path / "no.csv", *output)
    (tmp_path / "small.csv").write_text(csv_text(data[0][:, :169]))
    error = get_error(capsys, "predict", model, tmp_path / "small.csv", *output)
    assert "14" in error
    assert "169" in error
    assert not (tmp_path / "submission.csv").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "--output is required for a file of images such as"),
        (["--output", "results.txt"], "--output: expected the name of a CSV file, got results.txt"),
        (["--output", "a.csv", "--multiple"], "--multiple is for image files"),
        (["--output", "a.csv", "--save-steps", "a.png"], "--save-steps: expected a single image"),
    ],
)
def test_invalid_options(model, test_file, capsys, options, message):
    assert message in get_usage_error(capsys, "predict", model, test_file, *options)


def test_output_must_not_replace_the_images(model, test_file, tmp_path, capsys):
    argv = ["predict", model, test_file, "--output", test_file]
    assert "would replace the images" in get_usage_error(capsys, *argv)
    photo = tmp_path / "photo.png"
    photo.touch()
    for option in (["--proba"], ["--id-column", "id"]):
        assert option[0] in get_usage_error(capsys, "predict", model, str(photo), *option)


@pytest.fixture
def scans(folder, tmp_path):
    """A folder with a photo, an image of three digits in a subfolder, and two unusable files."""
    scans = tmp_path / "scans"
    (scans / "deep").mkdir(parents=True)
    (scans / "photo.jpg").write_bytes((folder / "photo.jpg").read_bytes())
    (scans / "deep" / "digits.png").write_bytes((folder / "digits.png").read_bytes())
    (scans / "notes.txt").write_text("Dear diary")
    Image.new("L", (90, 90), 255).save(scans / "white.png")
    (scans / ".DS_Store").touch()
    return scans


def test_folder_gets_one_line_for_each_file(folder, scans, tmp_path, capsys):
    output = tmp_path / "results.csv"
    argv = ["predict", str(folder / "digits.safetensors"), str(scans), "--output", str(output)]
    assert main(argv) == 1
    error = capsys.readouterr().err
    expected = f"2 of 4 images cannot be used. See the column 'error' of {output}."
    assert error == f"skmnist: {expected}\n"
    table = pd.read_csv(output, dtype=str, keep_default_na=False, index_col="file")
    assert table.columns.tolist() == ["label", "confidence", "error"]
    names = ["deep/digits.png", "notes.txt", "photo.jpg", "white.png"]
    assert table.index.tolist() == [str(scans / name) for name in names]
    assert table.loc[str(scans / "photo.jpg"), "label"] == "4"
    assert 0 < float(table.loc[str(scans / "photo.jpg"), "confidence"]) <= 1
    assert table["error"].ne("").tolist() == [False, True, False, True]
    assert table["label"].ne("").tolist() == [True, False, True, False]


@pytest.mark.skipif(os.name != "posix", reason="names of files are UTF-16 elsewhere")
def test_name_that_is_not_utf_8_is_escaped(folder, tmp_path):
    (tmp_path / os.fsdecode(b"f\xfc.jpg")).write_bytes((folder / "photo.jpg").read_bytes())
    output = tmp_path / "results.csv"
    model = str(folder / "digits.safetensors")
    assert main(["predict", model, str(tmp_path), "--output", str(output)]) == 0
    assert r"/f\udcfc.jpg,4," in output.read_text(encoding="utf-8")


def test_folder_without_an_output_is_printed(folder, scans, capsys):
    argv = ["predict", str(folder / "digits.safetensors"), str(scans)]
    assert main(argv) == 1
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert f"{scans / 'photo.jpg'}: 4 (" in printed.out
    assert printed.err.splitlines()[-1] == "skmnist: 2 of 4 images cannot be used."


def test_folder_of_usable_images(folder, scans, tmp_path, capsys):
    (scans / "notes.txt").unlink()
    (scans / "white.png").unlink()
    output = tmp_path / "results.csv"
    argv = ["predict", str(folder / "digits.safetensors"), str(scans), "--output", str(output)]
    assert main([*argv, "--multiple"]) == 0
    assert pd.read_csv(output, dtype=str)["label"].tolist() == ["1 4 9", "4"]
    assert main([*argv, "--proba"]) == 0
    table = pd.read_csv(output)
    assert table.columns[4:].tolist() == [f"proba_{i}" for i in range(10)]
    np.testing.assert_allclose(table.iloc[:, 4:].max(axis=1), table["confidence"])


def test_several_folders_and_an_output_in_one_of_them(folder, scans):
    output = scans / "results.csv"
    argv = ["predict", str(folder / "digits.safetensors"), str(scans / "deep"), str(scans)]
    for _ in range(2):
        assert main([*argv, "--output", str(output)]) == 1
        names = ["deep/digits.png", "deep/digits.png", "notes.txt", "photo.jpg", "white.png"]
        table = pd.read_csv(output, index_col="file")
        assert table.index.tolist() == [str(scans / name) for name in names]
        assert table.loc[str(scans / "notes.txt"), "error"].startswith("The file is not an image")


def test_empty_folder_is_an_error(folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    argv = ["predict", folder / "digits.safetensors", tmp_path / "empty"]
    assert "got no files" in get_error(capsys, *argv)


def test_interrupted_run_keeps_the_finished_predictions(
    folder, scans, tmp_path, capsys, monkeypatch
):
    predict = _predict_files._predict_file

    def interrupt_at_photo(estimator, path, args):
        if path.name == "photo.jpg":
            raise KeyboardInterrupt
        return predict(estimator, path, args)

    monkeypatch.setattr(_predict_files, "_predict_file", interrupt_at_photo)
    output = tmp_path / "results.csv"
    argv = ["predict", str(folder / "digits.safetensors"), str(scans), "--output", str(output)]
    assert cli.main(argv) == 130
    assert len(pd.read_csv(output)) == 2
