"""The page that export_page writes, in headless Chromium."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skmnist import (
    BackpropClassifier,
    CNNClassifier,
    MLPClassifier,
    RejectClassifier,
    export_page,
    predict_image,
)
from skmnist._networks.activations import ACTIVATION_MODULES
from skmnist.preprocessing import DigitNormalizer, PixelStandardizer
from tests.browser import (
    PHONE,
    STROKES,
    draw,
    draw_with_finger,
    read_canvas,
    wait_for_prediction,
)
from tests.helpers import digits, tiny

X, Y = digits(step=25)  # 200 digits


@pytest.fixture
def open_page(browser, tmp_path):
    """Return a function that exports an estimator and opens the page from the disk.

    The page must make no request and print nothing on the browser's console.
    """
    requests, messages, pages = [], [], []

    def open_page(estimator, **options):
        path = tmp_path / "page.html"
        export_page(estimator, path)
        page = browser.new_page(**options)
        pages.append(page)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: messages.append(message.text))
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_selector("#bars li")
        return page

    yield open_page
    for page in pages:
        page.close()
    assert [url for url in requests if not url.startswith(("file:///", "data:"))] == []
    assert len([url for url in requests if url.startswith("file:")]) == len(pages)
    assert messages == []


def assert_same_probabilities(page, estimator, images=X):
    pixels = images.reshape(len(images), -1).astype(float).tolist()
    proba = page.evaluate("images => images.map(predictProba)", pixels)
    expected = estimator.predict_proba(images)
    assert np.abs(np.array(proba) - expected).max() < 1e-3


NETWORKS = {
    "mlp": MLPClassifier(max_epochs=3),
    "deep mlp": MLPClassifier((32, 16), "tanh", batch_norm=True, dropout=0.2, max_epochs=3),
    "no hidden layers": MLPClassifier((), max_epochs=3),
    "squared error": BackpropClassifier((16,), max_epochs=3),
    "default cnn": CNNClassifier(max_epochs=2),
    "global pool": CNNClassifier(
        (4, 8), batch_norm=True, global_pool="average", pooling="average", activation="gelu"
    ),
    "strides": CNNClassifier(
        (3, 4, 5),
        kernel_size=((5, 3), 3, 2),
        stride=((1, 2), 1, 1),
        padding=((2, 0), 1, 0),
        pool_size=(3, 2, 1),
        pool_stride=(2, 1, 1),
        pooling=("max", "average", "max"),
        global_pool="max",
        hidden_layer_sizes=(7,),
    ),
    "test-time augmentation": CNNClassifier((4,), test_time_augment=True),
    "test-time augmentation of squared error": CNNClassifier(
        (4,), loss="mse", test_time_augment=True
    ),
    "tiny": CNNClassifier.from_preset("tiny", max_epochs=2),
    "float64": MLPClassifier((16,), precision="float64", max_epochs=2),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_probabilities_equal_the_classifiers(name, open_page):
    clf = NETWORKS[name].set_params(random_state=0, batch_size=16).fit(X, Y)
    assert_same_probabilities(open_page(clf), clf)


@pytest.mark.slow
@pytest.mark.parametrize("activation", ACTIVATION_MODULES)
def test_every_activation_gives_the_same_probabilities(activation, open_page):
    clf = tiny(CNNClassifier, activation=activation).fit(X, Y)
    assert_same_probabilities(open_page(clf), clf)


@pytest.mark.parametrize(
    "steps",
    [
        (PixelStandardizer(),),
        (StandardScaler(),),
        (MinMaxScaler((-1, 1), clip=True), "passthrough", PCA(9, whiten=True)),
    ],
)
def test_steps_of_a_pipeline_give_the_same_probabilities(steps, open_page):
    pipeline = make_pipeline(*steps, tiny(MLPClassifier)).fit(X, Y)
    assert_same_probabilities(open_page(pipeline), pipeline)


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28)])
def test_images_of_three_dimensions_give_the_same_probabilities(shape, open_page):
    images = (X / 255).reshape(-1, *shape)
    clf = tiny(CNNClassifier).fit(images, Y)
    assert_same_probabilities(open_page(clf), clf, images)


def test_digits_of_scikit_learn_give_the_same_probabilities(open_page):
    images, labels = load_digits(return_X_y=True)
    clf = CNNClassifier((8, 16), max_epochs=5, random_state=0).fit(images, labels)
    page = open_page(clf)
    assert_same_probabilities(page, clf, images[:200])
    assert "8 × 8 pixels" in page.inner_text("figcaption")
    draw(page, STROKES["1"])
    wait_for_prediction(page, "1")
    view = read_canvas(page, "network-input")
    # The digit fills the image.
    assert view.shape == (8, 8) and view[0].any() and view[-1].any()


# -- drawings --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clf():
    return CNNClassifier((8, 16), max_epochs=5, random_state=0).fit(*digits(1))


# Small, large, off the canvas, with a separate stroke, two digits, a dot.
DRAWINGS = {
    **STROKES,
    "small": [[(0.4, 0.4), (0.5, 0.4), (0.44, 0.56)]],
    "large": [[(0.05, 0.06), (0.95, 0.06), (0.4, 0.95)]],
    "at the border": [[(0.5, 0.8), (0.5, -0.1)]],
    "separate strokes": [[(0.7, 0.15), (0.35, 0.15)], [(0.32, 0.22), (0.6, 0.55), (0.3, 0.85)]],
    "two digits": [[(0.2, 0.2), (0.2, 0.8)], [(0.6, 0.2), (0.9, 0.2), (0.75, 0.85)]],
    "speck": [[(0.5, 0.15), (0.5, 0.85)], [(0.9, 0.9), (0.905, 0.9)]],
    "dot": [[(0.3, 0.6), (0.305, 0.6)]],
}


def read_drawing(page):
    """Return the drawing on the canvas as a gray-scale image of 280 x 280 pixels."""
    url = page.evaluate("document.getElementById('drawing').toDataURL()")
    image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    drawing = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("L")
    return drawing.resize((280, 280), Image.Resampling.BOX)  # as the page does on a phone


def assert_like_predict_image(page, clf):
    drawing = read_drawing(page)
    page.wait_for_selector("#bars .first")
    view = read_canvas(page, "network-input").astype(float)
    normalized = DigitNormalizer().transform([drawing]).reshape(28, 28)
    difference = np.abs(view - normalized)
    assert difference.mean() < 0.5 and difference.max() < 20
    expected = predict_image(drawing, clf)
    assert page.inner_text("#prediction strong").rstrip("?") == str(expected.label)
    shown = page.locator("#bars .first .percent").inner_text()
    assert abs(float(shown.rstrip("%")) / 100 - expected.proba[expected.label]) < 0.05


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_is_converted_as_by_the_normalizer(name, clf, open_page):
    page = open_page(clf)
    draw(page, DRAWINGS[name])
    assert_like_predict_image(page, clf)
    if name in STROKES:
        wait_for_prediction(page, name)


@pytest.mark.parametrize("name", STROKES)
def test_digit_drawn_with_a_finger_is_predicted(name, clf, open_page):
    page = open_page(clf, **PHONE)
    draw_with_finger(page, STROKES[name])
    wait_for_prediction(page, name)
    assert_like_predict_image(page, clf)
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]
    # The canvas has the resolution of the screen.
    assert page.evaluate("document.getElementById('drawing').width") == 3 * 280


def test_clear_resets_the_page(clf, open_page):
    page = open_page(clf)
    draw(page, STROKES["7"])
    wait_for_prediction(page, "7")
    page.click("#clear")
    assert page.locator("#prediction strong").count() == 0
    assert not read_canvas(page, "network-input").any()
    draw(page, STROKES["1"])
    wait_for_prediction(page, "1")


def test_rejected_drawing_is_shown(open_page):
    clf = RejectClassifier(tiny(MLPClassifier), threshold=1.0).fit(X, Y)
    page = open_page(clf)
    draw(page, STROKES["1"])
    page.wait_for_selector('#prediction:has-text("the model rejected this image")')


def test_labels_with_markup_are_shown_as_text(open_page):
    names = np.array(["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>"])
    page = open_page(tiny(MLPClassifier).fit(X, names[Y % 2]))
    assert page.locator("#bars .label").all_inner_texts() == sorted(names)
    draw(page, STROKES["1"])
    page.wait_for_selector("#prediction strong")
    assert page.inner_text("#prediction strong").rstrip("?") in names
    assert page.locator("#prediction img, #bars img").count() == 0


def test_every_class_has_a_bar(open_page):
    page = open_page(tiny(MLPClassifier).fit(X, Y + 10 * (np.arange(len(Y)) % 2)))
    draw(page, STROKES["1"])
    page.wait_for_selector("#bars .first")
    percents = [float(text.rstrip("%")) for text in page.locator(".percent").all_inner_texts()]
    assert len(percents) == 20
    assert percents == sorted(percents, reverse=True)
    # Ten are visible at once.
    assert page.locator("#bars").bounding_box()["height"] < 300


@pytest.mark.parametrize("width", [1000, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits(width, scheme, open_page):
    clf = tiny(MLPClassifier).fit(X, Y)
    page = open_page(clf, viewport={"width": width, "height": 844}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in page.get_by_role("button").all():
        assert button.bounding_box()["height"] >= 44
    assert page.get_by_role("button").all_inner_texts() == ["Clear"]
    assert re.fullmatch(r"Model: MLPClassifier\. .+", page.inner_text("#model"))
