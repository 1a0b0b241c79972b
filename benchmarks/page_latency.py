"""Measure the latency of the page for drawing digits: ``python -m benchmarks.page_latency``.

A headless Chromium draws digits on the page of ``skmnist serve`` on this machine. The latency is
the time from the pointer event that ends the stroke (its time stamp) to the frame that shows the
bars. The exit code is 1 if the highest latency is above the limit. Needs playwright and Chromium.
"""

import argparse
import shutil
import statistics
import sys
import threading

from skmnist import CNNClassifier, MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.serving import DigitServer

LIMIT = 250  # milliseconds
MODELS = {"mlp": MLPClassifier, "cnn": CNNClassifier}

# Points of one stroke, as fractions of the side of the canvas.
STROKES = {
    "1": [(0.5, 0.15), (0.5, 0.85)],
    "7": [(0.25, 0.2), (0.7, 0.2), (0.45, 0.85)],
    "4": [(0.3, 0.15), (0.3, 0.5), (0.75, 0.5), (0.65, 0.2), (0.6, 0.9)],
}

# Store the latency of each prediction in window.latencies. A frame is shown after its animation
# callbacks; the callback of the next frame is therefore an upper bound.
_OBSERVER = """
window.latencies = [];
document.addEventListener("DOMContentLoaded", () => {
  let start = null;
  document.addEventListener("pointerup", (event) => { start = event.timeStamp; }, true);
  new MutationObserver(() => {
    if (start === null || !document.querySelector("#bars .first")) return;
    const begin = start;
    start = null;
    requestAnimationFrame(() => requestAnimationFrame((now) => {
      window.latencies.push(now - begin);
    }));
  }).observe(document.getElementById("bars"), { childList: true });
});
"""


def measure(url, n_drawings):
    """Return ``{stroke: latencies in milliseconds}`` of drawings on the page at `url`."""
    from playwright.sync_api import sync_playwright

    latencies = {name: [] for name in STROKES}
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(_OBSERVER)
        page.goto(url)
        page.wait_for_selector("#bars li")
        for _ in range(n_drawings):
            for name, stroke in STROKES.items():
                page.click("#clear")
                _draw(page, stroke)
                latencies[name].append(_wait_for_latency(page))
        browser.close()
    return latencies


def _wait_for_latency(page):
    # The page's content security policy forbids wait_for_function.
    for _ in range(500):
        page.wait_for_timeout(20)
        if (latency := page.evaluate("window.latencies.pop() ?? null")) is not None:
            return latency
    raise TimeoutError("The page shows no prediction.")


def _draw(page, stroke):
    box = page.locator("#drawing").bounding_box()
    for i, (x, y) in enumerate(stroke):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def main(argv=None):
    """Print the latencies; return 1 if the highest one is above the limit."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page_latency", description="Latency of the draw-a-digit page."
    )
    parser.add_argument("--model", choices=MODELS, default="cnn", help="(default: %(default)s)")
    parser.add_argument("--drawings", type=int, default=10, help="per stroke (default: 10)")
    args = parser.parse_args(argv)
    X, y = load_mnist_sample(return_X_y=True)
    clf = MODELS[args.model](max_epochs=1, random_state=0).fit(X, y)
    with DigitServer(clf) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        latencies = measure(server.url, args.drawings)
        server.shutdown()
    print(f"Milliseconds from pen-up to the bars, {args.model}, {args.drawings} drawings each")
    print(f"{'stroke':8}{'median':>8}{'max':>8}")
    for name, values in latencies.items():
        print(f"{name:8}{statistics.median(values):8.0f}{max(values):8.0f}")
    highest = max(max(values) for values in latencies.values())
    print(f"Highest: {highest:.0f} ms, limit: {LIMIT} ms")
    return int(highest > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
