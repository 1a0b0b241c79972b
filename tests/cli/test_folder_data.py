"""Folders of images as --data: train, evaluate, study, predict and export."""

import json

import numpy as np
import pytest
from PIL import Image

from skmnist import load
from skmnist.cli import main
from tests.cli.helpers import get_error, get_usage_error
from tests.helpers import color_digits, digits

pytestmark = pytest.mark.usefixtures("small_figures")

SMALL = ["--max-epochs", "1", "--random-state", "0", "--verbose", "0"]
CNN = ["--model", "cnn", "--channels", "4", *SMALL]


def save_images(folder, images, labels, first=0):
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / str(label) / f"{first + i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of 100 color images of several sizes."""
    images, labels = color_digits()
    images = [
        np.asarray(Image.fromarray(image.transpose(1, 2, 0)).resize((32 + i % 5, 32)))
        for i, image in enumerate(images)
    ]
    return save_images(tmp_path_factory.mktemp("images"), images, labels)


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    """A model trained on the folder by the command."""
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    words = ["train", "--data", folder, "--size", "32", *CNN, "--save", path]
    words += ["--output-dir", path.parent / "report"]
    assert main([str(word) for word in words]) == 0
    return path


def test_model_is_trained_on_the_colors_and_the_size(model):
    clf = load(model)
    assert clf.image_shape_ == (3, 32, 32)
    assert clf.classes_.tolist() == list(range(10))
    report = json.loads((model.parent / "report" / "report.json").read_text())
    assert report["mistakes"]["images"]["shape"][1:] == [3, 32, 32]
    assert report["accuracy"]["n_samples"] == 20


def test_model_is_evaluated_and_exported(model, folder, tmp_path, capsys):
    words = ["evaluate", model, "--data", folder, "--output-dir", tmp_path / "report"]
    assert main([str(word) for word in words]) == 0
    assert "100 test images" in capsys.readouterr().out
    assert (tmp_path / "report" / "report.html").is_file()
    pytest.importorskip("onnxruntime")
    assert main(["export", str(model), str(tmp_path / "model.onnx")]) == 0
    assert (tmp_path / "model.onnx").is_file()


def test_images_of_the_folder_are_predicted(model, folder, tmp_path):
    words = ["predict", model, folder, "--output", tmp_path / "results.csv"]
    assert main([str(word) for word in words]) == 0
    lines = (tmp_path / "results.csv").read_text().splitlines()
    assert lines[0].startswith("file,label,confidence")
    assert len(lines) == 101


def test_epochs_of_a_folder_are_studied(folder, tmp_path):
    words = ["study", "epochs", "--data", folder, "--size", "14", "--color", "no", "--cv", "2"]
    words += ["--epochs", "1", "2", "--model", "cnn", "--channels", "4", "--output-dir", tmp_path]
    assert main([str(word) for word in words]) == 0


def test_training_and_test_folders_are_found(tmp_path, capsys):
    X, y = digits(50)
    images = X.reshape(-1, 28, 28)
    save_images(tmp_path / "data" / "train", images[::2], y[::2])
    save_images(tmp_path / "data" / "test", images[1::2], y[1::2])
    words = ["train", "--data", tmp_path / "data", *SMALL, "--hidden-layer-sizes", "8"]
    assert main([str(word) for word in [*words, "--output-dir", tmp_path / "report"]]) == 0
    assert "50 training images, 50 test images" in capsys.readouterr().out
    words[2] = tmp_path / "data" / "train"
    words += ["--test-data", tmp_path / "data" / "test", "--normalize"]
    assert main([str(word) for word in [*words, "--output-dir", tmp_path / "report 2"]]) == 0
    assert "50 training images, 50 test images" in capsys.readouterr().out


def test_images_of_mixed_sizes_need_a_size(folder, capsys):
    assert "Expected images of one size" in get_error(capsys, "train", "--data", folder, *CNN)


@pytest.mark.parametrize("size", ["0", "x", "1,2,3", "-3"])
def test_invalid_size_is_a_usage_error(size, folder, capsys):
    error = get_usage_error(capsys, "train", "--data", str(folder), f"--size={size}")
    assert "--size: expected a positive integer or HEIGHT,WIDTH" in error


def test_normalize_determines_the_size(folder, capsys):
    words = ["train", "--data", folder, "--normalize", "--size", "28", *SMALL]
    assert "--normalize determines the size" in get_error(capsys, *words)
