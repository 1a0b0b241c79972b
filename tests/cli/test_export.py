"""``skmnist export``."""

import numpy as np
import pytest

import skmnist
from skmnist import cli
from tests.helpers import digits, tiny

needed = "needs the extra onnx: pip install '.[onnx]'"
pytest.importorskip("onnx", reason=needed)
pytest.importorskip("onnxscript", reason=needed)
onnxruntime = pytest.importorskip("onnxruntime", reason=needed)

X, Y = digits(step=50)


def test_export_writes_a_model_and_prints_how_to_use_it(tmp_path, capsys):
    clf = tiny(skmnist.MLPClassifier).fit(X, Y)
    clf.save(tmp_path / "digits.safetensors")
    path = tmp_path / "new" / "digits.onnx"
    assert cli.main(["export", str(tmp_path / "digits.safetensors"), str(path)]) == 0
    stdout = capsys.readouterr().out
    assert str(path) in stdout and '{"pixels": X.astype("float32")}' in stdout
    labels = onnxruntime.InferenceSession(path).run(["labels"], {"pixels": X.astype("float32")})[0]
    np.testing.assert_array_equal(labels, clf.predict(X))


def test_export_names_the_problem(tmp_path, capsys):
    (tmp_path / "no.safetensors").write_bytes(b"PK\3\4 and more")
    for file, message in (
        ("absent.safetensors", "absent.safetensors: No such file or directory. Check the path."),
        ("no.safetensors", "it is a zip archive"),
    ):
        assert cli.main(["export", str(tmp_path / file), str(tmp_path / "digits.onnx")]) == 1
        assert message in capsys.readouterr().err
    assert not (tmp_path / "digits.onnx").exists()
