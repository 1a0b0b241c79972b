"""``skmnist predict``."""

import re

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.pipeline import make_pipeline

from skmnist import MLPClassifier, predict_image, save
from skmnist.cli import main
from skmnist.displays import PreprocessingDisplay
from skmnist.preprocessing import DigitNormalizer
from tests.cli.helpers import get_error, get_usage_error
from tests.helpers import digits


def test_predict_prints_the_digit_and_its_probabilities(folder, capsys):
    assert main(["predict", str(folder / "digits.safetensors"), str(folder / "photo.jpg")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{folder / 'photo.jpg'}: 4"
    percents = [float(re.fullmatch(r"  \d +([\d.]+)%( +#+)?", line)[1]) for line in lines]
    assert len(lines) == 3
    assert lines[0].split()[0] == "4"
    assert percents == sorted(percents, reverse=True)


def test_pretrained_model_is_used_and_named_if_there_is_no_other(folder, capsys):
    assert main(["predict", str(folder / "photo.jpg")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{folder / 'photo.jpg'}: 4\n")
    assert err.startswith('Model: load_pretrained("digits"), trained on MNIST.')
    assert main(["predict", str(folder / "digits.safetensors"), str(folder / "photo.jpg")]) == 0
    assert capsys.readouterr().err == ""


def test_image_of_no_digit_is_a_question_mark(tmp_path, capsys):
    drawing = Image.new("L", (200, 200), "white")
    ImageDraw.Draw(drawing).line([(30, 40), (60, 160), (100, 90), (140, 160), (170, 40)], width=16)
    path = tmp_path / "w.png"
    drawing.save(path)
    assert main(["predict", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path}: ? (does not look like a digit)\n")
    assert main(["predict", str(path), str(path)]) == 0
    assert f"{path}: ? (" in capsys.readouterr().out


def test_model_without_an_image_is_an_error(folder, capsys):
    error = get_usage_error(capsys, "predict", str(folder / "digits.safetensors"))
    assert "expected an image after the model" in error


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


def test_predict_prints_one_line_for_each_of_several_images(folder, capsys):
    paths = [str(folder / name) for name in ("photo.jpg", "digits.png", "photo.jpg")]
    argv = ["predict", str(folder / "digits.safetensors"), *paths]
    assert main(argv) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0] == lines[2]
    assert re.fullmatch(re.escape(paths[0]) + r": 4 \(\d+\.\d%\)", lines[0])
    assert lines[1].startswith(f"{paths[1]}: ")
    assert main([*argv, "--multiple"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [f"{paths[0]}: 4", f"{paths[1]}: 1 4 9"]


def test_unusable_image_does_not_stop_the_others(folder, tmp_path, capsys):
    (tmp_path / "text.png").write_text("Dear diary")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("Dear diary")
    unusable = [str(path) for path in (tmp_path / "text.png", tmp_path / "notes", "no.jpg")]
    photo = str(folder / "photo.jpg")
    argv = ["predict", str(folder / "digits.safetensors"), unusable[0], photo, *unusable[1:]]
    assert main(argv) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith(f"{photo}: 4 (")
    assert len(printed.out.splitlines()) == 1
    lines = printed.err.splitlines()
    assert len(lines) == 4
    assert [path in line for path, line in zip(unusable, lines, strict=False)] == [True] * 3
    assert lines[3] == "skmnist: 3 of 4 images cannot be used."


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


@pytest.mark.parametrize("method", ["mnist", "emnist", "bbox_centered"])
def test_predict_draws_the_steps_of_the_models_own_normalizer(
    folder, tmp_path, capsys, monkeypatch, method
):
    X, y = digits(25)
    model = make_pipeline(DigitNormalizer(method), MLPClassifier(4, max_epochs=1, random_state=0))
    save(model.fit(X.reshape(-1, 28, 28), y), tmp_path / "model.safetensors")
    drawn = []
    plot = PreprocessingDisplay.plot

    def record(display, **kwargs):
        drawn.append(display.steps["normalized"])
        return plot(display, **kwargs)

    monkeypatch.setattr(PreprocessingDisplay, "plot", record)
    photo = folder / "photo.jpg"
    steps = ["--save-steps", str(tmp_path / "steps.png")]
    assert main(["predict", str(tmp_path / "model.safetensors"), str(photo), *steps]) == 0
    np.testing.assert_array_equal(drawn, [predict_image(photo, model).image])


def test_predict_names_the_problem(folder, tmp_path, capsys):
    model, photo = folder / "digits.safetensors", folder / "photo.jpg"
    assert "no.jpg: No such file or directory. Check the path." in get_error(
        capsys, "predict", model, "no.jpg"
    )
    error = get_usage_error(capsys, "predict", str(photo), str(model))
    assert "expected the model before the images" in error
    assert "is not an image" in get_error(capsys, "predict", model, __file__)
    assert "no.safetensors" in get_error(capsys, "predict", folder / "no.safetensors", photo)
    X, y = digits(1)
    save(MLPClassifier(4, max_epochs=1).fit(X[::50, :64], y[::50]), tmp_path / "small.safetensors")
    assert "28 x 28" in get_error(capsys, "predict", tmp_path / "small.safetensors", photo)
    assert "28 x 28" in get_error(capsys, "serve", tmp_path / "small.safetensors")


def test_predict_saves_an_explanation(folder, tmp_path, capsys):
    path = tmp_path / "deep" / "why.png"
    argv = ["predict", str(folder / "digits.safetensors"), str(folder / "photo.jpg")]
    assert main([*argv, "--explain", str(path)]) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize("extra", [["--multiple"], ["photo.jpg"]])
def test_explanation_is_for_a_single_digit(extra, folder, capsys):
    argv = ["predict", str(folder / "digits.safetensors"), str(folder / "photo.jpg"), *extra]
    error = get_usage_error(capsys, *argv, "--explain", "why.png")
    assert "--explain: expected a single image of one digit" in error
