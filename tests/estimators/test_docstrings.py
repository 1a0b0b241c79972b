"""The docstrings of the classifiers match their parameters and attributes."""

import ast
import inspect
import re

import pandas as pd
import pytest

import skmnist
from tests.helpers import CLASSIFIERS, digits, every_classifier, tiny


def test_public_names_exist():
    assert {cls.__name__ for cls in CLASSIFIERS} >= {
        "BackpropClassifier",
        "CNNClassifier",
        "MLPClassifier",
        "TorchClassifier",
    }
    assert set(dir(skmnist)) >= set(skmnist.__all__)
    with pytest.raises(AttributeError, match="'skmnist' has no attribute 'MLP'"):
        _ = skmnist.MLP


def _section(cls, title):
    """Return the entries of a section of the docstring as ``{name: (type, text)}``."""
    doc = inspect.getdoc(cls)
    body = re.search(rf"^{title}\n-+\n(.*?)(?=\n\n[A-Z]|\Z)", doc, re.S | re.M).group(1)
    entries = re.findall(r"^(\w+) : (.+)\n((?:    .+\n?)*)", body, re.M)
    assert len(entries) == len(re.findall(r"^\S", body, re.M)), "a line is not an entry"
    return {name: (kind, text) for name, kind, text in entries}


@every_classifier
def test_docstring_describes_every_parameter_with_its_default(cls):
    documented = _section(cls, "Parameters")
    signature = inspect.signature(cls).parameters
    assert list(documented) == list(signature)
    for name, (kind, text) in documented.items():
        default = kind.rpartition(", default=")[2]
        assert ast.literal_eval(default) == signature[name].default, name
        assert text.strip(), name


@every_classifier
def test_docstring_describes_exactly_the_fitted_attributes(cls):
    X, y = digits()
    clf = tiny(cls).fit(pd.DataFrame(X).rename(columns=str), y)
    documented = _section(cls, "Attributes")
    there = {name for name in dir(clf) if name.endswith("_") and not name.startswith("_")}
    assert set(documented) == there
    assert all(text.strip() or kind.strip() for kind, text in documented.values())
