"""Reports of different classifiers and data."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skmnist import CNNClassifier, MLPClassifier
from skmnist.reporting import EvaluationReport
from tests.reporting.helpers import CLASSIFIERS, SECTIONS, Page, section_text


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_any_classifier_has_every_section(name, data):
    clf = CLASSIFIERS[name].fit(*data[:2])
    report = EvaluationReport.from_estimator(clf, *data[2:])
    assert json.loads(report.to_json()) == report.results
    assert report.results["accuracy"]["value"] == clf.score(*data[2:])
    # Missing parts have a reason.
    markdown = report.to_markdown()
    assert markdown.count("\n## ") == len(SECTIONS)
    for part, column in {"calibration": "calibration", "training": "training"}.items():
        assert (report.results[column] is None) == (part in report.results["unavailable"])
    for reason in report.results["unavailable"].values():
        assert reason.replace("_", r"\_") in markdown.replace(r"\_", "_").replace("_", r"\_")


def test_loss_curve_of_scikit_learn_is_used(data):
    clf = CLASSIFIERS["sklearn's MLP"].fit(*data[:2])
    results = EvaluationReport.from_estimator(clf, *data[2:]).results
    assert results["training"]["train_loss"] == clf[-1].loss_curve_
    assert results["training"]["validation_score"] == clf[-1].validation_scores_
    assert results["n_weights"] == 784 * 8 + 8 * 10
    assert results["name"] == "Pipeline, MLPClassifier"


def test_reports_without_probabilities(data):
    report = EvaluationReport.from_estimator(SVC().fit(*data[:2]), *data[2:])
    assert "SVC has no predict" in section_text("Calibration", report)
    assert "because there are no probabilities" in section_text("Worst mistakes", report)
    # The images of the first mistakes are shown.
    indices = np.flatnonzero(SVC().fit(*data[:2]).predict(data[2]) != data[3])
    assert report.results["mistakes"]["indices"] == indices[:12].tolist()
    images = [
        a for a in Page(report.to_html()).attributes_of("img") if a["alt"].startswith("Test sample")
    ]
    assert len(images) == min(12, len(indices))


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
    assert "Samples of shape (7,) are treated as tabular data" in report.to_markdown()
    names = [path.name for path in report.save(tmp_path)]
    assert "worst-mistakes.png" not in names and "calibration.png" in names
    assert clf.score(X, y) == report.results["accuracy"]["value"]


def test_classes_missing_in_the_training_or_test_set(mlp, data):
    X, y = data[2:]
    report = EvaluationReport.from_estimator(mlp, X[y < 5], y[y < 5])
    assert report.confusion_matrix.shape == (10, 10)
    assert report.per_class["recall"].isna().tolist() == [False] * 5 + [True] * 5
    assert 0 < report.results["accuracy"]["balanced"] <= 1
    assert "no samples of the classes [5, 6, 7, 8, 9]" in report.to_markdown().replace("\\", "")

    y = np.where(y == 3, 42, y)
    report = EvaluationReport.from_estimator(mlp, X, y)
    assert report.confusion_matrix.loc[42].sum() == 50 and report.confusion_matrix[42].sum() == 0
    assert report.per_class.loc[42, "recall"] == 0
    assert (
        "not fitted on the class 42, so the predictions for these 50 test samples"
        in report.to_markdown()
    )


def test_many_classes():
    rng = np.random.default_rng(0)
    y = np.arange(400) % 40
    X = rng.normal(size=(400, 20)) + np.eye(40)[y][:, :20]
    names = [f"class number {i}" for i in range(40)]
    clf = GaussianNB().fit(X, y)
    report = EvaluationReport.from_estimator(clf, X, y, display_labels=names)
    assert report.confusion_matrix.shape == (40, 40)
    assert report.per_class.index.tolist() == names
    page = Page(report.to_html())
    # A figure instead of 1,600 counts.
    assert any(a["alt"].startswith("Confusion matrix of 40") for a in page.attributes_of("img"))
    assert len(page.attributes_of("td")) < 1000


def test_no_mistakes_and_a_single_class():
    clf = DummyClassifier().fit(np.zeros((4, 64)), ["a"] * 4)
    report = EvaluationReport.from_estimator(clf, np.zeros((4, 64)), ["a"] * 4)
    assert report.results["accuracy"]["value"] == 1
    assert "No mistakes" in section_text("Worst mistakes", report)
    assert "only one class" in section_text("Calibration", report)
    assert report.results["confused_pairs"] == []
    assert Page(report.to_html()).open == []


def test_samples_of_text():
    texts, y = ["good", "bad", "good good", "bad bad"], [1, 0, 1, 1]
    clf = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, y)
    report = EvaluationReport.from_estimator(clf, texts, y)
    assert report.results["data"]["shape"] == [4]


@pytest.mark.parametrize(
    ("form", "n_channels"),
    [("3-D", 1), ("4-D", 1), ("color", 3), ("DataFrame", 1), ("sparse", 1), ("list", 1)],
)
def test_images_in_any_form(form, n_channels, data):
    X, y = data[2:]
    X = {
        "3-D": lambda: X.reshape(-1, 28, 28),
        "4-D": lambda: X.reshape(-1, 1, 28, 28),
        "color": lambda: np.repeat(X.reshape(-1, 1, 28, 28), 3, axis=1),
        "DataFrame": lambda: pd.DataFrame(X),
        "sparse": lambda: scipy.sparse.csr_matrix(X),
        "list": lambda: X.tolist(),
    }[form]()
    clf = CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0).fit(X, y)
    images = EvaluationReport.from_estimator(clf, X, y, n_mistakes=3).results["mistakes"]["images"]
    assert images["shape"][-2:] == [28, 28]
    assert np.prod(images["shape"]) == 3 * n_channels * 784


def test_image_shape(data):
    X, y = data[2:]
    scaled = StandardScaler().fit_transform(X)
    clf = GaussianNB(var_smoothing=0.1).fit(scaled, y)

    def images(**kwargs):
        report = EvaluationReport.from_estimator(clf, scaled, y, **kwargs)
        text = section_text("Worst mistakes", report).replace("\\", "")
        return report.results["mistakes"]["images"], text

    assert images()[0] is None and "not in the range [0, 255]" in images()[1]
    assert images(image_shape=(14, 56))[0]["shape"][1:] == [14, 56]
    assert images(image_shape=None)[0] is None
    with pytest.raises(
        ValueError, match=r"must be 'auto', None or a tuple .* Got 'square' instead"
    ):
        images(image_shape="square")
    with pytest.raises(
        ValueError, match=r"must be the shape of an image with 784 pixels, .*, not 100\."
    ):
        images(image_shape=(10, 10))


def test_invalid_arguments_are_rejected(mlp, data):
    X, y = data[2:]
    make = EvaluationReport.from_estimator
    with pytest.raises(NotFittedError):
        make(MLPClassifier(), X, y)
    with pytest.raises(
        TypeError, match="must be a fitted classifier. Got LinearRegression instead"
    ):
        make(LinearRegression().fit(X, y), X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make(mlp, X, y[:-1])
    with pytest.raises(ValueError, match="are empty"):
        make(mlp, X[:0], y[:0])
    with pytest.raises(ValueError, match=r"labels \['0', '1', '2', '3', '4', …\], but MLPC"):
        make(mlp, X, y.astype(str))
    with pytest.raises(
        ValueError, match="'y_test' parameter .* Got labels of the type 'continuous'"
    ):
        make(mlp, X, y + 0.5)
    with pytest.raises(
        ValueError, match="'display_labels' .* each of the 10 classes .* Got 2 names"
    ):
        make(mlp, X, y, display_labels=["a", "b"])
    with pytest.raises(
        ValueError, match=r"'n_mistakes' parameter .* range \[0, inf\). Got -1 instead"
    ):
        make(mlp, X, y, n_mistakes=-1)
