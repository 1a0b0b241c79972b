"""Classifiers for reports, and parsers of their pages."""

import re
from html.parser import HTMLParser

from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier as SklearnMLP
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skmnist import BackpropClassifier, CNNClassifier, MLPClassifier

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


FIGURES = ["training-curves", "confusion-matrix", "calibration", "worst-mistakes"]


MARKUP = '<script>document.title="broken"</script>'


CLASSIFIERS = {
    "MLP": MLPClassifier((16,), max_epochs=2, early_stopping=True, random_state=0),
    "CNN": CNNClassifier(channels=2, hidden_layer_sizes=(), max_epochs=1, random_state=0),
    "backprop": BackpropClassifier((8,), max_epochs=1, random_state=0),
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


class Page(HTMLParser):
    """Collect the elements (tag, attributes), the texts and the open tags of a page."""

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

    def attributes_of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def section_text(section, report):
    """Return the Markdown of the section with this title."""
    return re.search(rf"## {section}\n(.*?)(\n## |\Z)", report.to_markdown(), re.DOTALL)[1]
