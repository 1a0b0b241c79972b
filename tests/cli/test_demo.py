"""``skmnist demo``."""

import re

import pytest

from skmnist import CNNClassifier, MLPClassifier, load
from skmnist.cli import main
from tests.cli.helpers import REPORT, file_names

pytestmark = pytest.mark.usefixtures("small_figures")


def test_demo_trains_two_models_and_compares_them(small_sample, tmp_path, capsys):
    out = tmp_path / "deep" / "folder"
    assert main(["demo", "--output-dir", str(out), "--device", "cpu"]) == 0
    printed, bars = capsys.readouterr()
    assert "Sample of MNIST" in printed
    assert "200 training images, 50 test images" in printed
    for text in ["MLPClassifier(", "CNNClassifier("]:
        assert text in printed
    for text in ["Trained for ", "Test accuracy: ", "precision", "Confusion matrix"]:
        assert printed.count(text) == 2
    assert "epoch" in bars
    files = ["index.html", "training-curves.png", "cnn.safetensors", "mlp.safetensors"]
    assert file_names(out) == sorted([*files, "cnn", "mlp"])
    assert file_names(out / "cnn") == file_names(out / "mlp") == REPORT
    for path in [*files, "cnn/report.html", "mlp/report.html"]:
        assert str(out / path) in printed
    assert (out / "training-curves.png").read_bytes().startswith(b"\x89PNG")
    accuracies = re.findall(r"^Test accuracy: ([\d.]+%)", printed, flags=re.MULTILINE)
    table = printed.partition("\nComparison:\n")[2].splitlines()
    page = (out / "index.html").read_text(encoding="utf-8")
    for model, accuracy, line in zip(["mlp", "cnn"], accuracies, table[1:3], strict=True):
        assert line.split()[:2] == [model, accuracy]
        assert f"<td>{accuracy}</td>" in page
        assert f'href="{model}/report.html"' in page
    assert 'src="training-curves.png"' in page


def test_demo_saves_its_models_and_names_the_next_commands(small_sample, tmp_path, capsys):
    assert main(["demo", "--output-dir", str(tmp_path), "--device", "cpu"]) == 0
    next_steps = capsys.readouterr().out.partition("\nNext steps:\n")[2]
    assert f"skmnist serve {tmp_path / 'cnn.safetensors'} --open" in next_steps
    assert f"skmnist predict {tmp_path / 'cnn.safetensors'} photo.jpg" in next_steps
    assert f"Open {tmp_path / 'index.html'} in a web browser" in next_steps
    assert isinstance(load(tmp_path / "cnn.safetensors"), CNNClassifier)
    assert isinstance(load(tmp_path / "mlp.safetensors"), MLPClassifier)


def test_demo_passes_on_its_options(parse_classifiers):
    classifiers = parse_classifiers("demo", "--device", "cpu", "--random-state", "3")
    assert {clf.device for clf in classifiers.values()} == {"cpu"}
    assert {clf.random_state for clf in classifiers.values()} == {3}
