"""Draw on the draw-a-digit page in headless Chromium, and read what it shows."""

import contextlib
import shutil

import numpy as np
import pytest

# Digits as strokes, in fractions of the side of the canvas.
STROKES = {
    "1": [[(0.5, 0.15), (0.5, 0.85)]],
    "4": [[(0.3, 0.15), (0.25, 0.5), (0.75, 0.5)], [(0.65, 0.2), (0.6, 0.9)]],
    "7": [[(0.25, 0.2), (0.7, 0.2), (0.45, 0.85)]],
}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 3,
}


def find_chromium():
    """Return the path of Chromium; skip the tests if it is not installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"needs Chromium: none of {', '.join(names)} is installed")
    return program


@contextlib.contextmanager
def open_chromium():
    """Start Chromium; skip the tests if it is not installed."""
    program = find_chromium()
    reason = "needs playwright: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=reason)
    with playwright.sync_playwright() as start:
        options = ["--no-sandbox", "--disable-gpu"]
        browser = start.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


def draw(page, strokes):
    """Draw strokes with the mouse."""
    box = page.locator("#drawing").bounding_box()
    for stroke in strokes:
        for i, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
            if i == 0:
                page.mouse.down()
        page.mouse.up()


def draw_with_finger(page, strokes):
    """Draw strokes with touch events."""
    page.locator("#drawing").scroll_into_view_if_needed()
    box = page.locator("#drawing").bounding_box()
    fingers = page.context.new_cdp_session(page)

    def touch(event_type, *points):
        points = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in points
        ]
        fingers.send("Input.dispatchTouchEvent", {"type": event_type, "touchPoints": points})

    for stroke in strokes:
        touch("touchStart", stroke[0])
        for start, end in zip(stroke, stroke[1:], strict=False):
            for point in np.linspace(start, end, 12):
                touch("touchMove", point)
        touch("touchEnd")


def wait_for_prediction(page, label):
    page.wait_for_selector(f'#prediction strong:text-matches("^{label}[?]?$")', timeout=10_000)


def read_canvas(page, canvas, channel=0):
    """Return the bytes of a color channel of a canvas, by default the red ones, as an array."""
    width, height, levels = page.evaluate(
        """([id, channel]) => { const {width, height} = document.getElementById(id);
        const context = document.getElementById(id).getContext("2d");
        const {data} = context.getImageData(0, 0, width, height);
        return [width, height, Array.from(data).filter((_, i) => i % 4 === channel)]; }""",
        [canvas, channel],
    )
    return np.array(levels, np.uint8).reshape(height, width)
