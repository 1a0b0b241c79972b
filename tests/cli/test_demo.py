"""``skmnist demo``."""

from skmnist.cli import main
from tests.cli.helpers import REPORT, names_in


def test_demo_trains_two_networks_and_writes_reports(few_images, tmp_path, capsys):
    out = tmp_path / "deep" / "folder"
    assert main(["demo", "--output-dir", str(out), "--device", "cpu"]) == 0
    printed, bars = capsys.readouterr()
    assert "Sample of MNIST" in printed
    assert "200 images to train on, 50 to test on" in printed
    for words in ["MLPClassifier(", "CNNClassifier("]:
        assert words in printed
    for words in [" epochs in ", "Test accuracy: ", "precision", "Confusion matrix"]:
        assert printed.count(words) == 2
    assert "epoch" in bars
    assert names_in(out) == ["cnn", "mlp", "training-curves.png"]
    assert names_in(out / "cnn") == names_in(out / "mlp") == REPORT
    for path in ["cnn/report.html", "mlp/report.html", "training-curves.png"]:
        assert str(out / path) in printed
    assert (out / "training-curves.png").read_bytes().startswith(b"\x89PNG")


def test_demo_passes_its_options_on(classifiers_of):
    made = classifiers_of("demo", "--device", "cpu", "--random-state", "3")
    assert {clf.device for clf in made.values()} == {"cpu"}
    assert {clf.random_state for clf in made.values()} == {3}
