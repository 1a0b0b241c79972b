"""``skmnist demo``."""

from skmnist.cli import main
from tests.cli.helpers import REPORT, file_names


def test_demo_trains_two_networks_and_writes_reports(small_sample, tmp_path, capsys):
    out = tmp_path / "deep" / "folder"
    assert main(["demo", "--output-dir", str(out), "--device", "cpu"]) == 0
    printed, bars = capsys.readouterr()
    assert "Sample of MNIST" in printed
    assert "200 images to train on, 50 to test on" in printed
    for text in ["MLPClassifier(", "CNNClassifier("]:
        assert text in printed
    for text in [" epochs in ", "Test accuracy: ", "precision", "Confusion matrix"]:
        assert printed.count(text) == 2
    assert "epoch" in bars
    assert file_names(out) == ["cnn", "mlp", "training-curves.png"]
    assert file_names(out / "cnn") == file_names(out / "mlp") == REPORT
    for path in ["cnn/report.html", "mlp/report.html", "training-curves.png"]:
        assert str(out / path) in printed
    assert (out / "training-curves.png").read_bytes().startswith(b"\x89PNG")


def test_demo_passes_on_its_options(parse_classifiers):
    classifiers = parse_classifiers("demo", "--device", "cpu", "--random-state", "3")
    assert {clf.device for clf in classifiers.values()} == {"cpu"}
    assert {clf.random_state for clf in classifiers.values()} == {3}
