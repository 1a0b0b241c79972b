"""The draw-a-digit page in a browser that draws."""

import shutil

import numpy as np
import pytest
from PIL import Image

from tests.serving.helpers import encode_image

# Digits as strokes, in parts of the paper's side.
STROKES = {
    "1": [[(0.5, 0.15), (0.5, 0.85)]],
    "4": [[(0.3, 0.15), (0.25, 0.5), (0.75, 0.5)], [(0.65, 0.2), (0.6, 0.9)]],
    "7": [[(0.25, 0.2), (0.7, 0.2), (0.45, 0.85)]],
}


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"needs Chromium, to draw in: none of {', '.join(names)} is installed")
    reason = "needs playwright, to draw in a browser: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    with playwright.sync_playwright() as start:
        browser = start.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, server):
    """The page, ready to draw on; it must say nothing on its console."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    yield page
    page.close()
    # Of refusals the browser tells by itself.
    assert [text for text in messages if "status of 422" not in text] == []


def draw(page, strokes):
    box = page.locator("#drawing").bounding_box()
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def wait_for_prediction(page, label):
    page.wait_for_selector(f'#prediction strong:text-is("{label}")', timeout=10_000)


def sum_pixels(page, canvas):
    """Return the sum of the red bytes of a canvas."""
    return page.evaluate(
        """id => { const canvas = document.getElementById(id);
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.reduce((sum, value, i) => sum + (i % 4 ? 0 : value), 0); }""",
        canvas,
    )


@pytest.mark.parametrize("label", STROKES)
def test_digit_drawn_with_the_mouse_is_predicted(page, label):
    draw(page, STROKES[label])
    wait_for_prediction(page, label)
    bars = page.locator("#bars li").all_inner_texts()
    shown = dict(bar.split() for bar in bars)
    assert list(shown) == [str(i) for i in range(10)]
    assert abs(sum(float(p.rstrip("%")) for p in shown.values()) - 100) < 1
    assert f"with {shown[label]}" in page.inner_text("#prediction")
    assert page.locator("#bars .first .label").inner_text() == label
    assert "Answered in" in page.inner_text("#time")
    assert sum_pixels(page, "network-input") > 5_000


def test_digit_drawn_with_a_finger_is_predicted(browser, server):
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(server.url)
    page.wait_for_selector("#bars li")
    box = page.locator("#drawing").bounding_box()
    fingers = page.context.new_cdp_session(page)

    def touch(event_type, *points):
        points = [{"x": box["x"] + x * 280, "y": box["y"] + y * 280} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": event_type, "touchPoints": points})

    touch("touchStart", (0.5, 0.15))
    for y in np.linspace(0.15, 0.85, 20):
        touch("touchMove", (0.5, y))
    touch("touchEnd")
    wait_for_prediction(page, "1")
    page.close()


def test_clear_resets_the_page(page):
    draw(page, STROKES["7"])
    wait_for_prediction(page, "7")
    page.click("#clear")
    assert page.locator("#prediction strong").count() == 0
    assert sum_pixels(page, "network-input") == 0
    assert set(page.locator("#bars .percent").all_inner_texts()) == {"0.0%"}
    draw(page, STROKES["1"])
    wait_for_prediction(page, "1")


def make_photo(image):
    """Return a digit in the corner of a photo that is larger than the server takes."""
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


def test_errors_are_shown(page):
    empty = encode_image(np.full((100, 100), 255, np.uint8))
    for content, message in [
        (empty, "No foreground found"),
        (b"no picture", "can't read this file"),
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
    assert page.locator("[aria-live=polite]").count() == 1
    page.close()
