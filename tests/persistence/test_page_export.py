"""The file that export_page writes, without a browser."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler
from torch import nn

from skmnist import (
    BackpropClassifier,
    CNNClassifier,
    MLPClassifier,
    RejectClassifier,
    TorchClassifier,
    export_page,
)
from skmnist._estimators.presets import PRESETS
from skmnist.preprocessing import DigitNormalizer
from skmnist.preprocessing._resize import area_resample, crop_to_side
from tests.helpers import assert_rejected, digits, sample, small_digits, tiny

X, Y = digits(step=50)


def read_description(path):
    """Return the JSON in a page."""
    pattern = r'<script type="application/json" id="description">(.*?)</script>'
    return json.loads(re.search(pattern, path.read_text(encoding="utf-8"), re.DOTALL)[1])


def export(estimator, tmp_path):
    export_page(estimator, tmp_path / "page.html")
    return read_description(tmp_path / "page.html")


def read_tensor(description, tensor):
    content = base64.b64decode(description["weights"])
    return np.frombuffer(content, tensor["dtype"], tensor["size"], tensor["offset"])


@pytest.fixture(scope="module")
def clf():
    return tiny(CNNClassifier).fit(X, Y)


@pytest.fixture(scope="module")
def html(clf, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    export_page(clf, path)
    return path.read_text(encoding="utf-8")


def test_page_refers_to_nothing_outside_of_it(html):
    page = re.sub(r'"weights": "[^"]*"', "", html)
    assert re.findall(r"https?:", page, re.IGNORECASE) == []
    assert re.findall(r"\bsrc\s*=|@import|url\(", page, re.IGNORECASE) == []
    assert re.findall(r"\bimport\b|\bfetch\(|XMLHttp|WebSocket|sendBeacon|EventSource", page) == []
    assert re.findall(r'href="([^"]*)"', page) == ["data:,"]
    assert page.count("<script") == 2 and page.count("<style") == 1
    for served_only in ("photo of", 'type="file"', 'id="explain"', "page.css", "/predict"):
        assert served_only not in page


def test_policy_allows_only_the_script_and_the_style_of_the_page(html):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)[1]
    assert html.index("Content-Security-Policy") < html.index("<style") < html.index("<script")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'" and "unsafe" not in policy
    for name, tag in (("script-src", "script"), ("style-src", "style")):
        content = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_weights_are_rounded_to_two_bytes(clf, tmp_path):
    description = export(clf, tmp_path)
    layers = [layer for layer in description["layers"] if "weight" in layer]
    for layer, coef, intercept in zip(layers, clf.coefs_, clf.intercepts_, strict=True):
        assert layer["weight"]["dtype"] == "float16"
        weights = coef if layer["type"] == "convolution" else coef.T
        np.testing.assert_array_equal(
            read_tensor(description, layer["weight"]), weights.ravel().astype(np.float16)
        )
        np.testing.assert_array_equal(read_tensor(description, layer["bias"]), intercept)


@pytest.mark.parametrize("scale", [100, 1e6])  # 1e6 is infinite in float16
def test_weights_that_need_float32_remain_float32(scale, tmp_path):
    clf = tiny(MLPClassifier).fit(X, Y)
    layers = [layer for layer in clf.module_.layers if isinstance(layer, nn.Linear)]
    layers[0].weight.data *= scale
    layers[1].weight.data *= 100 / scale
    first, *_ = export(clf, tmp_path)["layers"]
    assert first["weight"]["dtype"] == "float32"


def test_same_classifier_gives_the_same_bytes(clf, tmp_path):
    for name in ("a.html", "b.html"):
        export_page(clf, tmp_path / name)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize("preset", [None, *PRESETS])
def test_presets_give_less_than_two_megabytes(preset, tmp_path):
    clf = CNNClassifier.from_preset(preset) if preset else CNNClassifier()
    clf.set_params(max_epochs=1, augment=None, random_state=0).fit(X[:20], Y[:20])
    export_page(clf, tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 2e6


def test_labels_cannot_add_markup(tmp_path):
    names = np.array(["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "ä &'"])
    clf = tiny(MLPClassifier).fit(X, names[Y % 3])
    description = export(clf, tmp_path)
    assert description["classes"] == sorted(names)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<script") == 2 and page.count("</script") == 2 and "<img" not in page


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(Y > 4, ["False", "True"]), (Y % 2 - 1, ["-1", "0"]), (Y % 2 * 5.0, ["0.0", "5.0"])],
    ids=["bool", "int", "float"],
)
def test_labels_of_any_type_become_text(labels, classes, tmp_path):
    assert export(tiny(MLPClassifier).fit(X, labels), tmp_path)["classes"] == classes


def test_rejected_label_and_threshold_are_exported(tmp_path):
    clf = RejectClassifier(tiny(MLPClassifier), threshold=0.8).fit(X, Y)
    description = export(clf, tmp_path)
    assert (description["threshold"], description["reject_label"]) == (0.8, "-1")


def test_best_estimator_of_a_search_is_exported(tmp_path):
    pipeline = make_pipeline(MinMaxScaler(), tiny(MLPClassifier))
    search = GridSearchCV(pipeline, {"mlpclassifier__lr": [0.01]}, cv=2).fit(X, Y)
    description = export(search, tmp_path)
    assert len(description["steps"]) == 1 and description["name"] == "MLPClassifier"


@pytest.mark.parametrize(
    ("images", "pixel_max"),
    [
        (X, 255),
        (X / 255, 1),
        (X.astype(np.float32), 255),
        (small_digits()[0], 255),
        (small_digits()[0] // 16.0, 16),  # gray levels, as in scikit-learn's digits
        (small_digits()[0] // 16, 16),
        (small_digits()[0] / 255, 1),
    ],
)
@pytest.mark.filterwarnings("ignore::skmnist.exceptions.PixelRangeWarning")
def test_range_of_the_training_images_is_exported(images, pixel_max, tmp_path):
    description = export(tiny(MLPClassifier).fit(images, Y), tmp_path)
    side = round(images.shape[1] ** 0.5)
    assert description["shape"] == [side, side]
    assert description["pixel_max"] == pixel_max


@pytest.mark.parametrize("side", [10, 14, 32])
@pytest.mark.parametrize("fills", [False, True])
def test_page_places_digits_as_in_the_training_images(side, fills, tmp_path):
    images = sample().images[::5]
    crop = crop_to_side if fills else area_resample
    images = np.stack([crop(image.astype(float), side) for image in images])
    clf = MLPClassifier(max_epochs=5, random_state=0)
    clf.fit(images.clip(0, 255).astype(np.uint8), sample().target[::5])
    normalizer = export(clf, tmp_path)["normalizer"]
    assert normalizer["digit_size"] == (side if fills else round(side * 20 / 28))
    assert normalizer["center_of_mass"] is not fills


def test_digits_of_mnists_size_have_mnists_margin(clf, tmp_path):
    normalizer = export(clf, tmp_path)["normalizer"]
    assert (normalizer["digit_size"], normalizer["center_of_mass"]) == (20, True)


def softmax_module(n_features, n_classes):
    return nn.Linear(n_features, n_classes)


@pytest.mark.parametrize(
    ("estimator", "part"),
    [
        (LogisticRegression(max_iter=5), "Got LogisticRegression instead"),
        (tiny(TorchClassifier, module=softmax_module), "Got TorchClassifier instead"),
        (CalibratedClassifierCV(tiny(MLPClassifier), cv=2), "Got CalibratedClassifierCV instead"),
        (make_pipeline(PCA(2), LogisticRegression()), "which contains LogisticRegression"),
    ],
    ids=["sklearn", "module", "calibrated", "pipeline"],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_other_estimators_are_rejected(estimator, part, tmp_path):
    estimator.fit(X / 255, Y)
    expected = "must be an MLPClassifier, a CNNClassifier or a BackpropClassifier"
    with pytest.raises(TypeError, match=expected) as caught:
        export_page(estimator, tmp_path / "page.html")
    assert part in str(caught.value) and "DigitServer" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("step", "part"),
    [
        (FunctionTransformer(), "cannot contain the step FunctionTransformer"),
        (DigitNormalizer(method="emnist"), "'method' parameter of DigitNormalizer"),
        (DigitNormalizer(polarity="light"), "'polarity' parameter of DigitNormalizer"),
    ],
    ids=["function", "emnist", "light"],
)
def test_unsupported_steps_are_named(step, part, tmp_path):
    pipeline = make_pipeline(step, tiny(MLPClassifier)).fit(X, Y)
    assert_rejected([part], export_page, pipeline, tmp_path / "page.html")


@pytest.mark.parametrize("shape", [(3, 14, 14), (98, 2)], ids=["color", "narrow"])
def test_images_that_cannot_be_drawn_are_rejected(shape, tmp_path):
    images = X[:, : np.prod(shape)].reshape(-1, *shape)
    clf = tiny(MLPClassifier).fit(images, Y)
    assert_rejected(
        ["gray-scale images of at least 8 x 8", str(shape)],
        export_page,
        clf,
        tmp_path / "page.html",
    )


def test_pixels_of_another_range_are_rejected(tmp_path):
    clf = tiny(MLPClassifier).fit(X / 127.5 - 1, Y)
    assert_rejected(["pixels from -1 to 1"], export_page, clf, tmp_path / "page.html")


def test_unfitted_classifiers_are_rejected(tmp_path):
    for clf in (
        MLPClassifier(),
        RejectClassifier(MLPClassifier(), 0.5),
        make_pipeline(MinMaxScaler(), BackpropClassifier()),
    ):
        with pytest.raises(NotFittedError):
            export_page(clf, tmp_path / "page.html")
