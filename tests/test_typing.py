"""Editors and type checkers see the public names, their parameters and their types."""

import ast
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skmnist
from skmnist import _PUBLIC as PUBLIC
from tests.helpers import ROOT

STUB = Path(skmnist.__file__).with_suffix(".pyi")


def test_stub_lists_exactly_the_public_names():
    imported = {}
    for node in ast.parse(STUB.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            module = ".".join(filter(None, ["skmnist", node.module]))
            for name in node.names:
                # Without "as" a name in a stub is private.
                assert name.asname == name.name
                is_module = node.module is None
                imported[name.name] = f"{module}.{name.name}" if is_module else module
    assert imported == PUBLIC


@pytest.fixture(scope="module")
def cache(request):
    """A folder that pytest keeps from run to run: reading the libraries takes most of the time."""
    return request.config.cache.mkdir("typing")


# -- Jedi, which completes code in editors and in IPython --------------------------------------


@pytest.fixture(scope="module")
def script_of(cache):
    """Return a function that opens code in Jedi."""
    jedi = pytest.importorskip("jedi")
    environment = pytest.importorskip("jedi.api.environment").InterpreterEnvironment()
    project = jedi.Project(ROOT)
    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(jedi.settings, "cache_directory", str(cache / "jedi"))
        yield lambda code: jedi.Script(code, project=project, environment=environment)


@pytest.mark.parametrize("name", [name for name in PUBLIC if callable(getattr(skmnist, name))])
def test_jedi_shows_every_parameter_with_its_type(script_of, name):
    signatures = script_of(f"from skmnist import {name}\n{name}(").get_signatures()
    assert signatures
    for signature in signatures:
        parameters = {param.name: param.to_string() for param in signature.params}
        assert list(parameters) == list(inspect.signature(getattr(skmnist, name)).parameters)
        assert all(": " in text for text in parameters.values()), parameters


def test_jedi_completes_the_public_names_and_no_others(script_of):
    names = {completion.name for completion in script_of("import skmnist\nskmnist.").complete()}
    assert {name for name in names if not name.startswith("_")} == set(PUBLIC)
    assert "__version__" in names


# -- mypy --------------------------------------------------------------------------------------

CODE = {
    "method": "reveal_type(MLPClassifier(max_epochs=3).fit)",
    "fitted": "reveal_type(MLPClassifier().fit([[0.0]], [0]))",
    "misspelled name": "MLPClassifier(max_epoch=3)",
    "wrong choice": "MLPClassifier(activation='rulu')",
    "sound": "MLPClassifier((64, 32), activation='tanh', max_epochs=3)",
}


@pytest.fixture(scope="module")
def messages(cache, tmp_path_factory):
    """The messages of mypy on each line of `CODE`."""
    pytest.importorskip("mypy")
    folder = tmp_path_factory.mktemp("mypy")
    lines = ["from skmnist import MLPClassifier", *CODE.values()]
    (folder / "code.py").write_text("\n".join(lines))
    # The types of torch decide nothing here, and reading them takes most of mypy's time.
    (folder / "mypy.ini").write_text(
        "[mypy]\nignore_missing_imports = true\n[mypy-torch.*]\nfollow_imports = skip\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--config-file",
        "mypy.ini",
        "--cache-dir",
        cache / "mypy",
    ]
    done = subprocess.run(
        [*command, "--follow-imports", "silent", "--no-error-summary", "code.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert not done.stderr
    messages = dict.fromkeys(CODE, "")
    for line in done.stdout.splitlines():
        number = int(re.match(r"code\.py:(\d+): ", line)[1])
        messages[list(CODE)[number - 2]] += line + "\n"
    return messages


def test_mypy_knows_the_type_of_fit(messages):
    assert re.search(
        r'note: Revealed type is "def \(X: .* -> .*\.MLPClassifier"', messages["method"]
    )
    assert re.search(r'note: Revealed type is "skmnist.*\.MLPClassifier"', messages["fitted"])


def test_mypy_finds_a_misspelled_parameter(messages):
    assert 'error: Unexpected keyword argument "max_epoch"' in messages["misspelled name"]


def test_mypy_finds_a_value_that_is_not_one_of_the_choices(messages):
    assert 'error: Argument "activation" to "MLPClassifier"' in messages["wrong choice"]


def test_mypy_accepts_what_is_right(messages):
    assert messages["sound"] == ""
