"""The package never runs code from a file or a string: a check of its sources."""

import ast
import json
from pathlib import Path

import pytest

import skmnist

PACKAGE = Path(skmnist.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))

# Names that run what they are given, by the module that they belong to.
FORBIDDEN = {
    "builtins": {"eval", "exec", "compile", "__import__"},
    "os": {"system", "popen"},
    "pickle": {"load", "loads", "Unpickler"},
    "cPickle": {"load", "loads"},
    "dill": {"load", "loads"},
    "cloudpickle": {"load", "loads"},
    "joblib": {"load"},
    "marshal": {"load", "loads"},
    "shelve": {"open"},
    "yaml": {"load", "load_all", "full_load", "unsafe_load"},
    "numpy": {"load"},  # allowed with allow_pickle=False, which is its default; see below
    "pandas": {"read_pickle"},
    "torch": {"load"},  # allowed with weights_only=True
    "subprocess": set(),  # allowed without a shell
}
ALLOWED_WITH = {
    ("torch", "load"): ("weights_only", True),
    ("numpy", "load"): ("allow_pickle", False),
}


def find_unsafe_calls(source):
    """Yield (line, function) for each call that may run code."""
    tree = ast.parse(source)
    names = {name: ("builtins", name) for name in FORBIDDEN["builtins"]}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (alias.name, None)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = (node.module, alias.name)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        keywords = {k.arg: getattr(k.value, "value", ...) for k in node.keywords}
        if keywords.get("shell", False) is not False:
            yield node.lineno, "shell=True"
        function = node.func
        if isinstance(function, ast.Name):
            module, name = names.get(function.id, (None, None))
        elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            module, inner = names.get(function.value.id, (None, None))
            module, name = f"{module}.{inner}" if inner else module, function.attr
        else:
            continue
        if name in FORBIDDEN.get(module, ()):
            keyword, value = ALLOWED_WITH.get((module, name), (None, None))
            if keyword is None or keywords.get(keyword) is not value:
                yield node.lineno, f"{module}.{name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_nothing_in_the_package_runs_code_from_a_file_or_a_string(path):
    assert list(find_unsafe_calls(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec(text)",
        "compile(text, '', 'exec')",
        "import pickle; pickle.load(file)",
        "import pickle as p; p.loads(text)",
        "from pickle import loads; loads(text)",
        "from pickle import load as read; read(file)",
        "import torch; torch.load(path)",
        "import torch; torch.load(path, weights_only=False)",
        "import numpy as np; np.load(path, allow_pickle=True)",
        "import joblib; joblib.load(path)",
        "import yaml; yaml.load(text)",
        "import os; os.system('ls')",
        "import subprocess; subprocess.run('ls', shell=True)",
        "import subprocess; subprocess.run('ls', shell=flag)",
    ],
)
def test_dangerous_code_is_found(source):
    assert len(list(find_unsafe_calls(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import torch; torch.load(path, weights_only=True)",
        "import re; re.compile('x')",
        "module.eval()",
        "import json; json.loads(text)",
        "import subprocess; subprocess.run(['ls'], shell=False)",
    ],
)
def test_harmless_code_is_accepted(source):
    assert list(find_unsafe_calls(source)) == []


def test_audit_fails_for_vulnerabilities_only_and_reports_what_was_not_checked(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).resolve().parents[1])
    from fuzz.audit import summarize

    safe = {"name": "numpy", "version": "2.0", "vulns": []}
    unknown = {"name": "torch", "skip_reason": "not found"}
    vulnerability = {"id": "PYSEC-1", "fix_versions": ["9.1"]}
    vulnerable = {"name": "pillow", "version": "9.0", "vulns": [vulnerability]}

    def summary(*packages):
        return summarize(json.dumps({"dependencies": packages, "fixes": []}))

    assert summary(safe, unknown) == (["1 of 2 packages audited, 0 known vulnerabilities."], 0)
    lines, status = summary(safe, vulnerable)
    assert (lines[0], status) == ("pillow 9.0: PYSEC-1, fixed in 9.1", 1)
    for skipped in (summary(unknown), summarize(""), summarize("[]")):
        assert skipped[0][0].startswith("SKIPPED") and skipped[1] == 0
