"""``skmnist export``."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

import skmnist
from skmnist import cli
from skmnist._pretrained import load_pretrained
from tests.helpers import digits, tiny

X, Y = digits(step=50)


@pytest.fixture(scope="module")
def clf():
    return tiny(skmnist.MLPClassifier).fit(X, Y)


@pytest.fixture
def model(clf, tmp_path):
    clf.save(tmp_path / "digits.safetensors")
    return tmp_path / "digits.safetensors"


def test_export_writes_a_model_and_prints_how_to_use_it(clf, model, tmp_path, capsys):
    needed = "needs the extra onnx: pip install '.[onnx]'"
    for name in ("onnx", "onnxscript"):
        pytest.importorskip(name, reason=needed)
    onnxruntime = pytest.importorskip("onnxruntime", reason=needed)
    path = tmp_path / "new" / "digits.onnx"
    assert cli.main(["export", str(model), str(path)]) == 0
    stdout = capsys.readouterr().out
    assert str(path) in stdout and '{"pixels": X.astype("float32")}' in stdout
    labels = onnxruntime.InferenceSession(path).run(["labels"], {"pixels": X.astype("float32")})[0]
    np.testing.assert_array_equal(labels, clf.predict(X))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["new/page.html"], "new/page.html"),
        (["page.HTM"], "page.HTM"),
        (["page", "--format", "html"], "page"),
        (["--format", "html"], "digits.html"),
    ],
)
def test_format_follows_from_the_option_or_the_suffix(
    arguments, name, clf, model, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", model.name, *arguments]) == 0
    stdout = capsys.readouterr().out
    assert str(tmp_path / name) in stdout and "Open it in a browser" in stdout
    skmnist.export_page(clf, tmp_path / "expected.html")
    assert (tmp_path / name).read_bytes() == (tmp_path / "expected.html").read_bytes()


@pytest.mark.parametrize("arguments", [["page.html"], ["--format", "html"]])
def test_page_contains_the_default_model(arguments, clf, tmp_path, capsys, monkeypatch):
    reader = skmnist.RejectClassifier(FrozenEstimator(clf), threshold=0.7).fit(X, Y)
    monkeypatch.setattr(load_pretrained, "default_reader", lambda: reader)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", *arguments]) == 0
    assert "load_pretrained" in capsys.readouterr().err
    (path,) = tmp_path.iterdir()
    assert path.name == ("page.html" if arguments == ["page.html"] else "digits.html")
    assert '"threshold": 0.7' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected OUTPUT or --format"),
        (["page.txt"], "unknown suffix of page.txt. Use .onnx or .html"),
        (["page.onnx", "--format", "html"], "--format html does not match the suffix of page.onnx"),
        (["page", "--format", "htlm"], "Did you mean 'html'?"),
    ],
)
def test_unclear_format_is_an_error(arguments, message, model, capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", str(model), *arguments])
    assert message in capsys.readouterr().err


def test_onnx_needs_a_model_file(capsys):
    with pytest.raises(SystemExit):
        cli.main(["export", "digits.onnx"])
    assert "expected FILE" in capsys.readouterr().err


def test_export_names_the_problem(tmp_path, capsys):
    (tmp_path / "no.safetensors").write_bytes(b"PK\3\4 and more")
    for file, message in (
        ("absent.safetensors", "absent.safetensors: No such file or directory. Check the path."),
        ("no.safetensors", "it is a zip archive"),
    ):
        for output in ("digits.onnx", "digits.html"):
            assert cli.main(["export", str(tmp_path / file), str(tmp_path / output)]) == 1
            assert message in capsys.readouterr().err
            assert not (tmp_path / output).exists()
