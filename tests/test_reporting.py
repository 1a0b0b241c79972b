import contextlib
import errno
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.calibration import calibration_curve
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.neural_network import MLPClassifier as SklearnMLP
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier
from skmnist.datasets import load_mnist_sample
from skmnist.reporting import EvaluationReport
from skmnist.reporting import _writer as deliver

SECTIONS = [
    "summary",
    "per-class",
    "confusion-matrix",
    "confused-pairs",
    "calibration",
    "training-curves",
    "worst-mistakes",
    "parameters",
    "reproducibility",
]
PICTURES = ["training-curves", "confusion-matrix", "calibration", "worst-mistakes"]
MARKUP = '<script>document.title="broken"</script>'

CLASSIFIERS = {
    "MLP": MLPClassifier((16,), max_epochs=2, early_stopping=True, random_state=0),
    "CNN": CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0),
    "by hand": BackpropClassifier((8,), max_epochs=1, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), MLPClassifier((8,), max_epochs=1, random_state=0)),
    "sklearn's MLP": make_pipeline(
        MinMaxScaler(), SklearnMLP((8,), early_stopping=True, solver="sgd", max_iter=300, tol=1)
    ),
    "logistic": make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=1000)),
    "without probabilities": SVC(),
    "search": GridSearchCV(GaussianNB(), {"var_smoothing": [0.01, 0.1]}, cv=2),
    "forest": RandomForestClassifier(5, random_state=0),
    "constant": DummyClassifier(),
}


@pytest.fixture(scope="module")
def data():
    X, y = load_mnist_sample(return_X_y=True)
    X, y = X[::5], y[::5]
    return X[::2], y[::2], X[1::2], y[1::2]


@pytest.fixture(scope="module")
def mlp(data):
    return MLPClassifier((32,), max_epochs=15, early_stopping=True, random_state=0).fit(*data[:2])


@pytest.fixture(scope="module")
def report(mlp, data):
    return EvaluationReport.from_estimator(mlp, *data[2:])


@pytest.fixture(scope="module")
def page(report):
    return report.to_html()


class Page(HTMLParser):
    """Collects the elements of a page, each as (tag, attributes); says which stay open."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open, self.texts = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in {"meta", "link", "img", "source", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.texts.append(text)

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def text_of(section, report):
    """Return the Markdown of a section, by its title."""
    return re.search(rf"## {section}\n(.*?)(\n## |\Z)", report.to_markdown(), re.DOTALL)[1]


# -- numbers -----------------------------------------------------------------------------------


def test_accuracy_has_wilsons_interval():
    # Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 gives 0.2553 to 0.3662.
    clf = DummyClassifier(strategy="constant", constant=1).fit([[0], [0]], [0, 1])
    y = np.r_[np.ones(81), np.zeros(182)]
    found = EvaluationReport.from_estimator(clf, np.zeros((263, 1)), y).results["accuracy"]
    assert found["value"] == pytest.approx(81 / 263)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.2553, 0.3662)
    assert found["method"] == "Wilson"
    assert found["most_frequent_class"] == pytest.approx(182 / 263)


def test_numbers_are_scikit_learns(mlp, data, report):
    X, y = data[2:]
    y_pred, proba = mlp.predict(X), mlp.predict_proba(X)
    columns = precision_recall_fscore_support(y, y_pred)
    np.testing.assert_array_equal(report.per_class.to_numpy(), np.transpose(columns))
    assert list(report.per_class) == ["precision", "recall", "f1", "support"]
    np.testing.assert_array_equal(report.confusion, confusion_matrix(y, y_pred))
    assert list(report.confusion.index) == list(report.confusion.columns) == list(range(10))

    assert report.results["accuracy"]["value"] == mlp.score(X, y)
    balanced = balanced_accuracy_score(y, y_pred)
    assert report.results["accuracy"]["balanced"] == pytest.approx(balanced)
    calibration = report.results["calibration"]
    assert calibration["log_loss"] == pytest.approx(log_loss(y, proba))
    assert calibration["brier"] == pytest.approx(brier_score_loss(y, proba))
    accuracy, confidence = calibration_curve(y == y_pred, proba.max(axis=1), n_bins=10)
    bins = pd.DataFrame(calibration["bins"])
    np.testing.assert_allclose(bins["accuracy"], accuracy)
    np.testing.assert_allclose(bins["confidence"], confidence, rtol=1e-6)
    assert bins["n"].sum() == len(y)
    ece = (bins["n"] * abs(accuracy - confidence)).sum() / len(y)
    assert calibration["ece"] == pytest.approx(ece, rel=1e-5)


def test_most_confused_pairs_come_first(report):
    pairs = report.results["confused_pairs"]
    counts = [pair["count"] for pair in pairs]
    mistakes = report.confusion.to_numpy().copy()
    np.fill_diagonal(mistakes, 0)
    assert counts == sorted(mistakes.ravel(), reverse=True)[:10]
    for pair in pairs:
        assert report.confusion.loc[pair["true"], pair["predicted"]] == pair["count"]
        support = report.per_class.loc[pair["true"], "support"]
        assert pair["share"] == pytest.approx(pair["count"] / support)


def test_worst_mistakes_are_the_classifiers(mlp, data, report):
    X, y = data[2:]
    mistakes = report.results["mistakes"]
    rows = mistakes["rows"]
    assert mistakes["n"] == (mlp.predict(X) != y).sum() > len(rows) == 12
    proba, n = mlp.predict_proba(X), np.arange(len(X))
    lead = proba.max(axis=1) - proba[n, y]
    assert lead[rows].tolist() == sorted(lead, reverse=True)[:12]
    np.testing.assert_array_equal(mistakes["true"], y[rows])
    np.testing.assert_allclose(mistakes["proba_true"], proba[rows, y[rows]], rtol=1e-5)


def test_what_made_the_numbers_is_told(mlp, report):
    results = report.results
    assert results["n_weights"] == mlp.n_weights_
    assert results["times"]["fit_seconds"] == mlp.fit_time_
    assert results["training"]["train_loss"] == mlp.loss_curve_
    assert results["seed"] == {"random_state": 0}
    assert results["parameters"]["hidden_layer_sizes"] == "(32,)"
    assert {"skmnist", "torch", "scikit-learn", "Python"} <= set(results["versions"])
    assert results["left_out"] == {}


def test_hash_knows_the_data_in_any_form(mlp, data):
    X, y = data[2:]

    def digest(X, y):
        return EvaluationReport.from_estimator(mlp, X, y).results["data"]["sha256"]

    known = digest(X, y)
    for same in (X.reshape(-1, 28, 28), pd.DataFrame(X), scipy.sparse.csr_array(X), X.tolist()):
        if isinstance(same, list):
            same = np.array(same, dtype=np.uint8)
        assert digest(same, y.tolist()) == known
    changed = X.copy()
    changed[-1, -1] += 1
    assert digest(changed, y) != known
    assert digest(X, np.roll(y, 1)) != known


# -- any classifier, any data ------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_any_classifier_has_every_section(name, data):
    clf = CLASSIFIERS[name].fit(*data[:2])
    report = EvaluationReport.from_estimator(clf, *data[2:])
    assert json.loads(report.to_json()) == report.results
    assert report.results["accuracy"]["value"] == clf.score(*data[2:])
    # What is left out is left out with a word.
    markdown = report.to_markdown()
    assert markdown.count("\n## ") == len(SECTIONS)
    for part, column in {"calibration": "calibration", "training": "training"}.items():
        assert (report.results[column] is None) == (part in report.results["left_out"])
    for word in report.results["left_out"].values():
        assert word.replace("_", r"\_") in markdown.replace(r"\_", "_").replace("_", r"\_")


def test_what_scikit_learn_knows_of_training_is_used(data):
    clf = CLASSIFIERS["sklearn's MLP"].fit(*data[:2])
    results = EvaluationReport.from_estimator(clf, *data[2:]).results
    assert results["training"]["train_loss"] == clf[-1].loss_curve_
    assert results["training"]["validation_score"] == clf[-1].validation_scores_
    assert results["n_weights"] == 784 * 8 + 8 * 10
    assert results["name"] == "Pipeline, MLPClassifier"


def test_without_probabilities_calibration_says_why(data):
    report = EvaluationReport.from_estimator(SVC().fit(*data[:2]), *data[2:])
    assert "SVC has no predict" in text_of("Calibration", report)
    assert "Without probabilities none is worse" in text_of("Worst mistakes", report)
    # The first mistakes' pictures are there all the same.
    rows = np.flatnonzero(SVC().fit(*data[:2]).predict(data[2]) != data[3])
    assert report.results["mistakes"]["rows"] == rows[:12].tolist()
    images = [a for a in Page(report.to_html()).of("img") if a["alt"].startswith("Test row")]
    assert len(images) == min(12, len(rows))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", [int, str, bool, object])
def test_tables_with_labels_of_any_kind(n_classes, kind, tmp_path):
    if kind is bool and n_classes > 2:
        return
    X, y = make_classification(
        200,
        7,
        n_informative=5,
        n_classes=n_classes,
        weights=[0.8, 0.1][: n_classes - 1],
        flip_y=0.1,
        random_state=0,
    )
    y = np.array([f"c{i}" for i in y], dtype=object) if kind is object else y.astype(kind)
    clf = LogisticRegression().fit(X, y)
    report = EvaluationReport.from_estimator(clf, pd.DataFrame(X), pd.Series(y))
    assert report.per_class.index.tolist() == np.unique(y).tolist()
    assert report.results["classes"] == np.unique(y).tolist()
    assert "(7,) are taken for a table" in report.to_markdown()
    names = [path.name for path in report.write(tmp_path)]
    assert "worst-mistakes.png" not in names and "calibration.png" in names
    assert clf.score(X, y) == report.results["accuracy"]["value"]


def test_classes_that_are_missing_on_one_side(mlp, data):
    X, y = data[2:]
    report = EvaluationReport.from_estimator(mlp, X[y < 5], y[y < 5])
    assert report.confusion.shape == (10, 10)
    assert report.per_class["recall"].isna().tolist() == [False] * 5 + [True] * 5
    assert 0 < report.results["accuracy"]["balanced"] <= 1
    assert "no row of the classes [5, 6, 7, 8, 9]" in report.to_markdown().replace("\\", "")

    y = np.where(y == 3, 42, y)
    report = EvaluationReport.from_estimator(mlp, X, y)
    assert report.confusion.loc[42].sum() == 50 and report.confusion[42].sum() == 0
    assert report.per_class.loc[42, "recall"] == 0
    assert "fitted without the class 42: the 50 test rows" in report.to_markdown()


def test_a_hundred_classes():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 100
    X = rng.normal(size=(400, 20)) + np.eye(100)[y][:, :20]
    names = [f"class number {i}" for i in range(100)]
    clf = GaussianNB().fit(X, y)
    report = EvaluationReport.from_estimator(clf, X, y, display_labels=names)
    assert report.confusion.shape == (100, 100)
    assert report.per_class.index.tolist() == names
    page = Page(report.to_html())
    # A picture in place of 10,000 counts.
    assert any(a["alt"].startswith("Confusion matrix of 100") for a in page.of("img"))
    assert len(page.of("td")) < 1000


def test_no_mistakes_and_a_single_class():
    clf = DummyClassifier().fit(np.zeros((4, 64)), ["a"] * 4)
    report = EvaluationReport.from_estimator(clf, np.zeros((4, 64)), ["a"] * 4)
    assert report.results["accuracy"]["value"] == 1
    assert "No mistakes" in text_of("Worst mistakes", report)
    assert "single class" in text_of("Calibration", report)
    assert report.results["confused_pairs"] == []
    assert Page(report.to_html()).open == []


def test_rows_of_text():
    texts, y = ["good", "bad", "good good", "bad bad"], [1, 0, 1, 1]
    clf = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, y)
    report = EvaluationReport.from_estimator(clf, texts, y)
    assert report.results["data"]["shape"] == [4]


@pytest.mark.parametrize(
    ("form", "n_channels"),
    [("3-D", 1), ("4-D", 1), ("colour", 3), ("DataFrame", 1), ("sparse", 1), ("list", 1)],
)
def test_pictures_in_any_form(form, n_channels, data):
    X, y = data[2:]
    X = {
        "3-D": lambda: X.reshape(-1, 28, 28),
        "4-D": lambda: X.reshape(-1, 1, 28, 28),
        "colour": lambda: np.repeat(X.reshape(-1, 1, 28, 28), 3, axis=1),
        "DataFrame": lambda: pd.DataFrame(X),
        "sparse": lambda: scipy.sparse.csr_matrix(X),
        "list": lambda: X.tolist(),
    }[form]()
    clf = CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0).fit(X, y)
    images = EvaluationReport.from_estimator(clf, X, y, n_mistakes=3).results["mistakes"]["images"]
    assert images["shape"][-2:] == [28, 28]
    assert np.prod(images["shape"]) == 3 * n_channels * 784


def test_pictures_only_of_what_are_pictures(data):
    X, y = data[2:]
    scaled = StandardScaler().fit_transform(X)
    clf = GaussianNB(var_smoothing=0.1).fit(scaled, y)

    def images(**kwargs):
        report = EvaluationReport.from_estimator(clf, scaled, y, **kwargs)
        return report.results["mistakes"]["images"], text_of("Worst mistakes", report)

    assert images()[0] is None and "aren't numbers from 0 to 255" in images()[1]
    assert images(image_shape=(14, 56))[0]["shape"][1:] == [14, 56]
    assert images(image_shape=None)[0] is None
    with pytest.raises(ValueError, match=r"image_shape='square': pass 'auto', None, or"):
        images(image_shape="square")
    with pytest.raises(ValueError, match="has 100 pixels, but X has 784"):
        images(image_shape=(10, 10))


def test_what_cannot_be_evaluated_is_refused(mlp, data):
    X, y = data[2:]
    make = EvaluationReport.from_estimator
    with pytest.raises(NotFittedError):
        make(MLPClassifier(), X, y)
    with pytest.raises(TypeError, match="LinearRegression is no classifier"):
        make(LinearRegression().fit(X, y), X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make(mlp, X, y[:-1])
    with pytest.raises(ValueError, match="are empty"):
        make(mlp, X[:0], y[:0])
    with pytest.raises(ValueError, match=r"holds \['0', '1', '2', '3', '4', …\], none of which"):
        make(mlp, X, y.astype(str))
    with pytest.raises(ValueError, match="y_test is continuous"):
        make(mlp, X, y + 0.5)
    with pytest.raises(ValueError, match="2 display_labels for the 10 classes"):
        make(mlp, X, y, display_labels=["a", "b"])
    with pytest.raises(ValueError, match="n_mistakes=-1"):
        make(mlp, X, y, n_mistakes=-1)


# -- HTML, Markdown, JSON ----------------------------------------------------------------------


def test_page_is_whole_and_needs_nothing_else(page):
    found = Page(page)
    assert found.open == []
    assert [a["id"] for a in found.of("section")] == SECTIONS
    assert {a["href"] for a in found.of("a")} == {f"#{id}" for id in SECTIONS}
    assert not found.of("script")
    assert all(a["src"].startswith("data:image/png;base64,") for a in found.of("img"))
    assert all(a["srcset"].startswith("data:image/png;base64,") for a in found.of("source"))
    assert "http://" not in page and "https://" not in page and "url(" not in page
    assert "prefers-color-scheme: dark" in page
    assert all(len(a["alt"]) > 10 for a in found.of("img"))


def test_markup_in_names_and_parameters_is_text(data, tmp_path):
    X, y = data[2:]
    names = np.array([rf"$\frac$ {MARKUP}{i} | a*b* & `c` お" for i in range(10)])

    class Odd(GaussianNB):
        def __init__(self, note=MARKUP, priors=None, var_smoothing=0.1):
            super().__init__(priors=priors, var_smoothing=var_smoothing)
            self.note = note

    report = EvaluationReport.from_estimator(Odd().fit(X, names[y]), X, names[y])
    page = Page(report.to_html())
    assert not page.of("script")
    assert MARKUP in page.texts  # the parameter
    assert names[0] in page.texts
    report.write(tmp_path)  # names with mathematics can be drawn
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script>" not in markdown.replace("    Odd(", "")
    for line in markdown.splitlines():
        if line.startswith(r"| \$\\frac\$ &lt;script&gt;"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (5, 6, 12)  # the columns of the tables


def test_report_can_be_made_again_from_its_json(report, page):
    again = EvaluationReport(json.loads(report.to_json()))
    assert again.to_html() == page
    assert again.to_markdown() == report.to_markdown()
    pd.testing.assert_frame_equal(again.per_class, report.per_class)


def test_notebooks_show_the_report_without_touching_their_own_style(report):
    html = report._repr_html_()
    assert "<body" not in html and "<html" not in html
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    selectors = [s.strip() for s in re.findall(r"([^{}]+)\{", style)]
    assert all(s.startswith((".skmnist-report", "@media")) for s in selectors), selectors
    assert repr(report).startswith("<EvaluationReport of MLPClassifier: accuracy ")


def test_sessions_settings_of_pictures_dont_matter(report, page):
    from matplotlib import pyplot as plt

    with plt.rc_context({"font.size": 40, "axes.facecolor": "red"}):
        assert report.to_html() == page
        assert plt.rcParams["font.size"] == 40
    assert plt.get_fignums() == []


# -- files -------------------------------------------------------------------------------------


def test_files_are_written_to_a_new_folder(report, page, tmp_path):
    folder = tmp_path / "a" / "b"
    paths = report.write(folder)
    names = [f"{name}.png" for name in PICTURES] + ["report.json", "report.md", "report.html"]
    assert paths == [folder / name for name in names]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert json.loads((folder / "report.json").read_text(encoding="utf-8")) == report.results
    linked = re.findall(r"!\[.*?\]\((.*?)\)", (folder / "report.md").read_text(encoding="utf-8"))
    assert sorted(linked) == sorted(names[:4])
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in linked)
    assert (folder / "report.html").read_text(encoding="utf-8") == page


@contextlib.contextmanager
def small_disk():
    """Files of this process may have 50,000 bytes, as if the disk were full behind them.

    A fixture would hold the limit while pytest prints, which may be into a file.
    """
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_leaves_what_was_there(report, tmp_path):
    (tmp_path / "report.html").write_text("old")
    words = "was not written to .*: File too large. Make room there"
    with small_disk(), pytest.raises(OSError, match=words):
        report.write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "old"


@pytest.mark.parametrize("function", ["open", "fsync", "replace"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "No space left on device. Make room there"),
        (errno.EACCES, "Permission denied. Write to a folder in which you may"),
        (errno.EROFS, "Read-only file system. Write to a folder in which you may"),
    ],
)
def test_failing_system_calls_leave_nothing(function, number, words, tmp_path, monkeypatch):
    calls = []

    def fail(*args, **kwargs):
        calls.append(args)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("builtins.open" if function == "open" else f"os.{function}", fail)
    with pytest.raises(OSError, match=words) as raised:
        deliver.write({"report.html": b"new", "report.md": b"new"}, tmp_path)
    monkeypatch.undo()
    assert raised.value.errno == number
    assert calls and list(tmp_path.iterdir()) == []


def test_interrupt_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        deliver.write({"report.html": b"new"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="A file .* name another folder"):
            deliver.write({"report.html": b""}, folder)
    (tmp_path / "out" / "report.html").mkdir(parents=True)
    with pytest.raises(OSError, match="report.html is not a file that could be replaced"):
        deliver.write({"report.html": b""}, tmp_path / "out")
    assert not list((tmp_path / "out").glob(".*"))
    assert (tmp_path / "file").read_text() == "mine"


def test_folder_that_nobody_may_write_to():
    folder = Path("/sys/kernel")  # not even root
    if not folder.is_dir():
        pytest.skip("needs /sys, a folder of Linux that even root can't make files in")
    with pytest.raises(OSError, match="was not written to /sys/kernel: .*Write to a folder"):
        deliver.write({"report.html": b""}, folder)


# -- a browser ---------------------------------------------------------------------------------

# What each copy of a page tells the console, which also shows that the console is heard.
MEASURE = """<script>addEventListener("load", () => {
    const root = document.documentElement;
    const hidden = [...document.querySelectorAll("section, img")]
        .filter(one => !one.getBoundingClientRect().height).length;
    console.log(`measured ${innerWidth} ${root.scrollWidth} ${hidden}`);
})</script>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Return a function that opens a file in Chromium and returns its DOM and its console."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"needs Chromium, to open the page in: none of {', '.join(names)} is installed")
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


def test_browser_shows_every_section_without_a_word_on_the_console(page, browse, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    dom, console = browse(path)
    assert console == []
    assert "<title>Evaluation of MLPClassifier</title>" in dom
    assert re.findall(r'<section id="([^"]*)"', dom) == SECTIONS


def test_page_fits_the_desktop_and_the_phone(page, data, browse, tmp_path):
    # Twenty classes with long names that can't be broken, and with markup.
    X, y = data[2:]
    names = np.array([f"Donaudampfschifffahrtsgesellschaft{MARKUP}{i:02}" for i in range(20)])
    y = names[y + 10 * (np.arange(len(y)) % 2)]
    clf = GaussianNB(var_smoothing=0.1).fit(X, y)
    pages = [page, EvaluationReport.from_estimator(clf, X, y).to_html()]

    # In frames, as Chromium makes no window of less than 500 pixels.
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
    found = [re.search(r"measured (\d+) (\d+) (\d+)", line) for line in console]
    assert all(found), console
    measured = sorted(tuple(map(int, one.groups())) for one in found)
    assert [inner for inner, _, _ in measured] == [390, 390, 1280, 1280]
    assert all(needed <= inner for inner, needed, _ in measured), measured
    assert all(hidden == 0 for _, _, hidden in measured), measured
