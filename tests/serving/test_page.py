"""The page for drawing digits, in a browser."""

import numpy as np
import pytest
from PIL import Image
from sklearn.base import BaseEstimator, ClassifierMixin

from skmnist import CNNClassifier
from tests.browser import PHONE, STROKES, draw, draw_with_finger, read_canvas, wait_for_prediction
from tests.helpers import color_digits
from tests.serving.helpers import encode_image, run_server


@pytest.fixture
def page(browser, server):
    """The page, ready to draw on. It must print nothing on the browser's console."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    yield page
    page.close()
    # The browser itself reports responses with an error status.
    assert [text for text in messages if "status of 422" not in text] == []


@pytest.mark.parametrize("label", STROKES)
def test_digit_drawn_with_the_mouse_is_predicted(page, label):
    draw(page, STROKES[label])
    wait_for_prediction(page, label)
    bars = page.locator("#bars li").all_inner_texts()
    shown = dict(bar.split() for bar in bars)
    assert list(shown) == [str(i) for i in range(10)]
    assert abs(sum(float(p.rstrip("%")) for p in shown.values()) - 100) < 1
    assert shown[label] in page.inner_text("#prediction")
    assert page.locator("#bars .first .label").inner_text() == label
    assert "Predicted in" in page.inner_text("#time")
    assert read_canvas(page, "network-input").sum() > 5_000


class FixedConfidence(ClassifierMixin, BaseEstimator):
    """Classifier that predicts every image with the same probability."""

    def __init__(self, probability, label=1):
        self.probability = probability
        self.label = label

    def fit(self, X, y):
        self.classes_ = np.arange(10)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        proba = np.full((len(X), 10), (1 - self.probability) / 9)
        proba[:, 1] = self.probability
        return proba

    def predict(self, X):
        return np.full(len(X), self.label)


@pytest.mark.parametrize(
    ("probability", "label", "shown"),
    [
        (0.95, 1, "1 (95.0%)"),
        (0.6, 1, "1? Not sure (60.0%)"),
        (0.6, -1, "? Not sure: the model rejected this image."),
    ],
)
def test_low_confidence_is_shown(browser, data, probability, label, shown):
    with run_server(FixedConfidence(probability, label).fit(*data)) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("#bars li")
        draw(page, STROKES["1"])
        page.wait_for_selector("#bars .first")
        assert page.inner_text("#prediction") == shown
        page.close()


def test_page_does_not_wait_for_idle_time(browser, server):
    # Chromium calls back from toBlob only when the page is idle, up to a second later.
    page = browser.new_page()
    page.add_init_script("HTMLCanvasElement.prototype.toBlob = () => {};")
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    draw(page, STROKES["7"])
    wait_for_prediction(page, "7")
    page.close()


def test_digit_drawn_with_a_finger_is_predicted(browser, server):
    page = browser.new_page(**PHONE)
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    draw_with_finger(page, STROKES["1"])
    wait_for_prediction(page, "1")
    page.close()


def test_clear_resets_the_page(page):
    draw(page, STROKES["7"])
    wait_for_prediction(page, "7")
    page.click("#clear")
    assert page.locator("#prediction strong").count() == 0
    assert read_canvas(page, "network-input").sum() == 0
    assert set(page.locator("#bars .percent").all_inner_texts()) == {"0.0%"}
    draw(page, STROKES["1"])
    wait_for_prediction(page, "1")


def make_photo(image):
    """Return a photo that is larger than the server accepts, with a digit in its corner."""
    digit = Image.fromarray(255 - image.reshape(28, 28)).resize((600, 600))
    photo = Image.new("L", (3000, 2000), 255)
    photo.paste(digit, (2000, 300))
    return photo.point(lambda level: 30 + 0.75 * level)


def test_photos_are_chosen_dropped_and_pasted(page, data):
    X, y = data
    image = X[2000]
    file = {"name": "photo.png", "mimeType": "image/png", "buffer": encode_image(make_photo(image))}
    page.set_input_files("#file", [file])
    wait_for_prediction(page, str(y[2000]))
    for event_type in ("drop", "paste"):
        page.click("#clear")
        name = "dataTransfer" if event_type == "drop" else "clipboardData"
        event = page.evaluate_handle(
            """([event_type, name, bytes]) => {
                const files = new DataTransfer();
                files.items.add(new File([new Uint8Array(bytes)], "a.png", {type: "image/png"}));
                const EventClass = event_type === "drop" ? DragEvent : ClipboardEvent;
                return new EventClass(event_type, {[name]: files, bubbles: true, cancelable: true});
            }""",
            [event_type, name, list(encode_image(image.reshape(28, 28)))],
        )
        page.evaluate("event => document.body.dispatchEvent(event)", event)
        wait_for_prediction(page, str(y[2000]))


def test_color_image_is_shown_in_its_colors(browser):
    images, labels = color_digits()
    clf = CNNClassifier(4, max_epochs=1, random_state=0).fit(images, labels)
    image = images[7].transpose(1, 2, 0)
    with run_server(clf) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("#bars li")
        file = {"name": "a.png", "mimeType": "image/png", "buffer": encode_image(image)}
        page.set_input_files("#file", [file])
        page.wait_for_selector("#prediction strong")
        for channel in range(3):
            shown = read_canvas(page, "network-input", channel)
            np.testing.assert_array_equal(shown, image[..., channel])
        assert "32 × 32 pixels" in page.inner_text("figcaption")
        page.close()


def test_page_asks_for_an_image_if_the_labels_are_no_digits(browser, data):
    clf = FixedConfidence(0.95).fit(*data)
    clf.classes_ = np.array(list("abcdefghij"))
    with run_server(clf) as server:
        page = browser.new_page()
        page.goto(server.url)
        page.wait_for_selector("#bars li")
        assert page.inner_text("h1") == page.title() == "Draw an image"
        assert "digit" not in page.content()
        page.close()


def test_errors_are_shown(page):
    empty = encode_image(np.full((100, 100), 255, np.uint8))
    for content, message in [
        (empty, "No foreground found"),
        (b"no image", "cannot read this file as an image"),
    ]:
        file = {"name": "photo.png", "mimeType": "image/png", "buffer": content}
        page.set_input_files("#file", [file])
        page.wait_for_selector(f'#prediction.error:has-text("{message}")', timeout=10_000)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_and_is_labeled(browser, server, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for role, name in [("button", "Clear"), ("button", "Choose photo"), ("img", "Canvas")]:
        assert page.get_by_role(role, name=name).is_visible()
    # Buttons are high enough for a finger and have one line. The canvas fills the width of a phone.
    for button in page.get_by_role("button").all():
        assert 44 <= button.bounding_box()["height"] < 60
    if width < 600:
        assert page.locator("#drawing").bounding_box()["width"] == width - 32
    assert page.locator("[aria-live=polite]").count() == 1
    page.close()


def test_button_shows_what_speaks_for_the_two_best_labels(page):
    assert page.locator("#explain").is_hidden()
    draw(page, STROKES["7"])
    wait_for_prediction(page, "7")
    page.click("#explain")
    page.wait_for_selector("#explanation canvas")
    first, second = page.locator("#explanation figcaption").all_inner_texts()
    assert first == "What speaks for 7"
    assert second.startswith("What speaks for ") and second != first
    colors = page.evaluate(
        """[...document.querySelectorAll("#explanation canvas")].map((canvas) => {
            const pixels = canvas.getContext("2d").getImageData(0, 0, 28, 28).data;
            return [...Array(784).keys()].map((i) => pixels[4 * i] - pixels[4 * i + 2]);
        })"""
    )
    assert (np.abs(colors).max(axis=1) > 50).all()
    page.click("#clear")
    assert page.locator("#explain").is_hidden()
    assert page.locator("#explanation canvas").count() == 0
