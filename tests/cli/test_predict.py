"""``skmnist predict``."""

import re

import pytest
from PIL import Image

from skmnist import MLPClassifier, save
from skmnist.cli import main
from tests.cli.helpers import get_error
from tests.helpers import digits


def test_predict_prints_the_digit_and_its_probabilities(folder, capsys):
    assert main(["predict", str(folder / "digits.safetensors"), str(folder / "photo.jpg")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'photo.jpg'}: 4"
    percents = [float(re.fullmatch(r"  \d +([\d.]+)%( +#+)?", line)[1]) for line in lines]
    assert len(lines) == 3
    assert lines[0].split()[0] == "4"
    assert percents == sorted(percents, reverse=True)


def test_predict_reads_multiple_digits(folder, capsys):
    assert (
        main(
            [
                "predict",
                str(folder / "digits.safetensors"),
                str(folder / "digits.png"),
                "--multiple",
            ]
        )
        == 0
    )
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'digits.png'}: 1 4 9"
    left = [int(re.search(r"rows \d+ to \d+, columns (\d+) to \d+$", line)[1]) for line in lines]
    assert len(left) == 3
    assert left == sorted(left)


@pytest.mark.parametrize("multiple", [[], ["--multiple"]])
def test_predict_saves_the_steps(folder, tmp_path, capsys, multiple):
    path = tmp_path / "deep" / "steps.png"
    photo = folder / ("digits.png" if multiple else "photo.jpg")
    assert (
        main(
            [
                "predict",
                str(folder / "digits.safetensors"),
                str(photo),
                "--save-steps",
                str(path),
                *multiple,
            ]
        )
        == 0
    )
    assert str(path) in capsys.readouterr().out
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert min(image.size) > 200


def test_predict_names_the_problem(folder, tmp_path, capsys):
    model, photo = folder / "digits.safetensors", folder / "photo.jpg"
    assert "no.jpg: No such file or directory. Check the path." in get_error(
        capsys, "predict", model, "no.jpg"
    )
    assert "got a folder" in get_error(capsys, "predict", model, folder)
    assert "is not an image" in get_error(capsys, "predict", model, model)
    assert "no.safetensors" in get_error(capsys, "predict", folder / "no.safetensors", photo)
    assert "not a model file" in get_error(capsys, "predict", photo, photo)
    X, y = digits(1)
    save(MLPClassifier(4, max_epochs=1).fit(X[::50, :64], y[::50]), tmp_path / "small.safetensors")
    assert "28 x 28" in get_error(capsys, "predict", tmp_path / "small.safetensors", photo)
    assert "28 x 28" in get_error(capsys, "serve", tmp_path / "small.safetensors")
