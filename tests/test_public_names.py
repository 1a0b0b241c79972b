"""The public names, when a dependency cannot be imported."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import skmnist

SCRIPT = """
import random, sys
class Broken:
    def find_spec(self, name, path, target=None):
        if name == {dependency!r}:
            random.seed(1)
            raise {error}
sys.meta_path.insert(0, Broken())
random.seed(0)
before = random.getstate()
try:
    {statement}
except Exception as error:
    print(type(error).__name__, type(error.__cause__).__name__, random.getstate() == before)
    print(error)
"""


def import_problem(dependency, error, statement):
    """Return what a statement raises in a process in which an import fails."""
    script = SCRIPT.format(dependency=dependency, error=error, statement=statement)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    types, message = done.stdout.split("\n", 1)
    return types, message


@pytest.mark.parametrize(
    ("dependency", "statement", "name"),
    [
        ("numpy", "import skmnist; hasattr(skmnist, 'CNNClassifier')", "CNNClassifier"),
        ("pandas", "from skmnist import datasets", "datasets"),
        ("torch", "exec('from skmnist import *')", "BackpropClassifier"),
    ],
)
def test_attribute_error_of_a_dependency_is_not_hidden(dependency, statement, name):
    error = "AttributeError(\"module 'numpy' has no attribute 'product'\")"
    types, message = import_problem(dependency, error, statement)
    assert types == "ImportError AttributeError True"
    assert f"Cannot import skmnist.{name} (AttributeError: module 'numpy' has no" in message
    assert "pip install --force-reinstall" in message


def test_other_errors_of_a_dependency_are_raised_unchanged():
    types, message = import_problem("torch", "OSError('libc10.so')", "from skmnist import load")
    assert types == "OSError NoneType True"
    assert message == "libc10.so\n"


def test_missing_docstrings_are_explained(monkeypatch):
    monkeypatch.setattr(sys, "flags", SimpleNamespace(optimize=2))
    error = AttributeError("'NoneType' object has no attribute 'split'")
    message = skmnist._import_problem("MLPClassifier", error)
    assert message.startswith(f"Cannot import skmnist.MLPClassifier (AttributeError: {error}).")
    assert message.endswith("Use -O instead.")


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'skmnist' has no attribute 'MLPRegressor'"):
        _ = skmnist.MLPRegressor
