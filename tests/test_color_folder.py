"""A folder of color images: load, train, save, export, evaluate, predict and serve."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from skmnist import CNNClassifier, export_onnx, load, predict_image, save
from skmnist.datasets import load_image_folder
from skmnist.reporting import EvaluationReport
from tests.helpers import color_digits
from tests.serving.helpers import encode_image, predict, run_server


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of color images of several sizes and formats."""
    folder = tmp_path_factory.mktemp("images")
    images, labels = color_digits(25)
    for i, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / f"digit {label}" / f"{i}.{('png', 'webp', 'jpg')[i % 3]}"
        path.parent.mkdir(exist_ok=True)
        picked = Image.fromarray(image.transpose(1, 2, 0))
        picked.resize((32 + i % 9, 40)).save(path, **({"quality": 95} if i % 3 else {}))
    return folder


@pytest.fixture(scope="module", params=["first", "last"])
def case(request, folder):
    """The data set and a classifier, with the channels first or last."""
    data = load_image_folder(folder, size=32, color=True)
    X, shape = data.images, "auto"
    if request.param == "last":
        X, shape = np.ascontiguousarray(X.transpose(0, 2, 3, 1)), (32, 32, 3)
    clf = CNNClassifier(
        (8, 16), image_shape=shape, max_epochs=15, lr=5e-3, augment="light", random_state=0
    )
    return data, X, clf.fit(X, data.target)


def test_classifier_learns(case):
    data, X, clf = case
    assert data.data.shape == (200, 3 * 32 * 32)
    assert clf.score(X, data.target) > 0.6


def test_saved_and_exported_models_predict_the_same(case, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    _, X, clf = case
    save(clf, tmp_path / "model.safetensors")
    proba = load(tmp_path / "model.safetensors").predict_proba(X)
    np.testing.assert_array_equal(proba, clf.predict_proba(X))
    export_onnx(clf, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    assert session.get_inputs()[0].shape[1:] == list(X.shape[1:])
    _, exported = session.run(None, {"pixels": X.astype(np.float32)})
    np.testing.assert_allclose(exported, proba, atol=1e-5)


def test_report_shows_colors(case, small_figures):
    data, X, clf = case
    for images in (X, X.reshape(len(X), -1)):
        report = EvaluationReport.from_estimator(
            clf, images, data.target, display_labels=data.target_names
        )
        shown = report.results["mistakes"]["images"]
        n, *shape = shown["shape"]
        assert shape == [3, 32, 32]
        pixels = np.frombuffer(base64.b64decode(shown["pixels"]), np.uint8).reshape(n, *shape)
        indices = report.results["mistakes"]["indices"]
        np.testing.assert_array_equal(pixels, data.images[indices])
        assert report.to_html().count('src="data:image/png') >= n


def test_photos_are_predicted_like_the_files_of_the_folder(case):
    data, X, clf = case
    proba = clf.predict_proba(X)
    for i in (0, 1, 2, 199):
        prediction = predict_image(data.filenames[i], clf)
        np.testing.assert_array_equal(prediction.image, data.images[i].transpose(1, 2, 0))
        assert prediction.label == proba[i].argmax()
        np.testing.assert_allclose(list(prediction.proba.values()), proba[i], atol=1e-6)


def test_server_predicts_color_images(case):
    data, X, clf = case
    with run_server(clf) as server:
        status, answer = predict(server, encode_image(data.images[7].transpose(1, 2, 0)))
    assert status == 200
    shown = np.reshape(answer["image"], answer["shape"])
    np.testing.assert_array_equal(shown, data.images[7].transpose(1, 2, 0))
    assert answer["label"] == str(clf.predict(X[7:8])[0])


@pytest.mark.parametrize("gray_shape", [(20, 24), (1, 32, 32)])
def test_gray_classifier_of_another_size_predicts_photos(gray_shape):
    images, labels = color_digits(100)
    height, width = gray_shape[-2:]
    X = images[:, 0, :height, :width].reshape(-1, *gray_shape)
    clf = CNNClassifier(4, max_epochs=1, random_state=0).fit(X, labels)
    file = io.BytesIO()
    Image.fromarray(X[3].reshape(height, width)).save(file, "PNG")
    prediction = predict_image(file, clf)
    np.testing.assert_array_equal(prediction.image, X[3].reshape(height, width))
    assert prediction.label == clf.predict(X[3:4])[0]
    with pytest.raises(ValueError, match="28 x 28 pixels"):
        predict_image(file, clf, multiple=True)
