"""The HTML page of a report in Chromium."""

import re
import subprocess

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skmnist.reporting import EvaluationReport
from tests.browser import find_chromium
from tests.reporting.helpers import MARKUP, SECTIONS, Page

# Logs the layout of each page. The messages also show that the console is captured.
MEASURE = """<script>addEventListener("load", () => {
    const root = document.documentElement;
    const hidden = [...document.querySelectorAll("section, img")]
        .filter(one => !one.getBoundingClientRect().height).length;
    const cut = [...document.querySelectorAll(".scroll")]
        .filter(one => one.scrollWidth > one.clientWidth).length;
    console.log(`measured ${innerWidth} ${root.scrollWidth} ${hidden} ${cut} ${document.title}`);
})</script>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Return a function that opens a file in Chromium and returns the DOM and the console."""
    program = find_chromium()
    profile = tmp_path_factory.mktemp("profile")

    def browse(path):
        command = [
            *(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-dev-shm-usage", f"--user-data-dir={profile}", "--window-size=1280,900"),
            *("--enable-logging=stderr", "--v=0", "--dump-dom", path.as_uri()),
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]

    return browse


def test_browser_shows_every_section_and_logs_nothing(page, browse, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    dom, console = browse(path)
    assert console == []
    assert "<title>Evaluation of MLPClassifier</title>" in dom
    assert re.findall(r'<section id="([^"]*)"', dom) == SECTIONS


def test_page_fits_the_desktop_and_the_phone(page, data, browse, tmp_path):
    # Twenty classes with long names that contain markup and no spaces.
    X, y = data[2:]
    names = np.array([f"Donaudampfschifffahrtsgesellschaft{MARKUP}{i:02}" for i in range(20)])
    y = names[y + 10 * (np.arange(len(y)) % 2)]
    clf = GaussianNB(var_smoothing=0.1).fit(X, y)
    pages = [page, EvaluationReport.from_estimator(clf, X, y).to_html()]

    # In frames, because windows of Chromium are at least 500 pixels wide.
    frames = ""
    for i, html in enumerate(pages):
        copy = html.replace("</body>", f"{MEASURE}</body>")
        (tmp_path / f"{i}.html").write_text(copy, encoding="utf-8")
        for width in (1280, 390):
            frames += (
                f'<iframe src="{i}.html" width="{width}" height="800" frameborder="0"></iframe>'
            )
    (tmp_path / "frames.html").write_text(f'<link rel="icon" href="data:,">{frames}')
    _, console = browse(tmp_path / "frames.html")
    pattern = r"measured (\d+) (\d+) (\d+) (\d+) Evaluation of (\w+)"
    matches = [re.search(pattern, line) for line in console]
    assert all(matches), console
    measured = sorted((*map(int, match.groups()[:4]), match[5]) for match in matches)
    assert [inner for inner, *_ in measured] == [390, 390, 1280, 1280]
    assert all(needed <= inner for inner, needed, *_ in measured), measured
    assert all(hidden == 0 for _, _, hidden, *_ in measured), measured
    # The tables and figures of ten digits fit without scrolling.
    assert all(cut == 0 for *_, cut, name in measured if name == "MLPClassifier"), measured


def test_each_mistake_has_two_explanations(page, report):
    images = [image for image in Page(page).attributes_of("img") if "alt" in image]
    explanations = [image["alt"] for image in images if image["alt"].startswith("What speaks for")]
    mistakes = report.results["mistakes"]
    assert explanations == [
        f"What speaks for {label} in test sample {index:,}"
        for index, *pair in zip(
            mistakes["indices"], mistakes["true"], mistakes["predicted"], strict=True
        )
        for label in pair
    ]
