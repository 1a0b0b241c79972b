"""Which module may import which, read from the sources: docs page "Architecture"."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import skmnist

PACKAGE = Path(skmnist.__file__).parent
PAGE = PACKAGE.parent / "docs" / "architecture.md"
TESTS = Path(__file__).parent


def levels():
    """Return ``{unit: level}`` from the table "Levels" of the docs page; imports point downward.

    A unit is a folder or a module of the package's root.
    """
    table = PAGE.read_text(encoding="utf-8").split("## Levels")[1].split("\n## ")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines() if line.startswith("| ")][1:]
    return {
        unit.rstrip("/").removesuffix(".py"): int(level)
        for level, units in rows
        for unit in re.findall(r"`([\w./]+)`", units)
    }


LEVEL = levels()

SOURCES = sorted(PACKAGE.rglob("*.py"))
every_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)


def unit_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path, *, for_types=False):
    """Yield each imported module as (absolute name, whether the import is inside a function).

    Imports under ``if TYPE_CHECKING:`` never run; `for_types` yields them as well.
    """
    package = ["skmnist", *path.relative_to(PACKAGE).parent.parts]

    def visit(node, inside):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, inside
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            # `from package import name` may import the module package.name.
            for alias in node.names:
                yield f"{module}.{alias.name}", inside
        inside = inside or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        children = ast.iter_child_nodes(node)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not for_types:
            children = node.orelse
        for child in children:
            yield from visit(child, inside)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), False)


def imports_of(library, path):
    """Return for each import of the library whether it is inside a function."""
    return [inside for name, inside in imports(path) if name.split(".")[0] == library]


@every_source
def test_imports_point_downward(path):
    unit = unit_of(path)
    # The package's own __init__ imports the public names when they are used.
    found = imports(path, for_types=unit != "__init__")
    imported = {name.split(".")[1] for name, _ in found if name.startswith("skmnist.")}
    if unit == "__init__":
        assert not imported
        return
    assert unit in LEVEL, "add it to the table of docs/architecture.md"
    for other in imported - {unit}:
        assert LEVEL[other] < LEVEL[unit], f"{unit} imports {other}"


def test_table_lists_every_unit_once():
    assert set(LEVEL) == {unit_of(path) for path in SOURCES} - {"__init__"}


def test_package_root_has_at_most_five_modules():
    assert len(list(PACKAGE.glob("*.py"))) <= 5


@every_source
def test_nothing_is_imported_through_the_packages_own_root(path):
    assert "skmnist" not in {name for name, _ in imports(path)}


@every_source
def test_skorch_is_imported_only_where_nets_are_built_and_trained(path):
    if unit_of(path) not in {"_estimators", "_training"}:
        assert not imports_of("skorch", path)


@every_source
def test_torchvision_is_imported_only_by_data_sets_and_when_used(path):
    found = imports_of("torchvision", path)
    assert all(found)
    assert not found or unit_of(path) in {"datasets", "_utils"}


@every_source
def test_matplotlib_is_imported_only_by_displays_and_when_used(path):
    found = imports_of("matplotlib", path)
    assert all(found)
    assert not found or unit_of(path) in {"displays", "reporting", "cli"}


def count_lines(node, n_lines):
    """Return how many of the lines of a module or a function are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = [
        child.body[0]
        for child in ast.walk(node)
        if isinstance(child, documented) and ast.get_docstring(child) is not None
    ]
    return n_lines - sum(doc.end_lineno - doc.lineno + 1 for doc in docstrings)


@every_source
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    module = ast.parse(text)
    assert count_lines(module, len(text.splitlines())) <= 400
    for node in ast.walk(module):
        # The estimators' __init__ only stores their parameters.
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name != "__init__":
            assert count_lines(node, node.end_lineno - node.lineno + 1) <= 60, node.name


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.stem)
def test_test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500


@every_source
def test_nothing_runs_code_from_a_file_or_a_string(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in {
                "eval",
                "exec",
                "pickle.load",
                "pickle.loads",
                "pickle.Unpickler",
                "joblib.load",
                "torch.load",
                "os.system",
            }, f"line {node.lineno}"
            shell = [word for word in node.keywords if word.arg == "shell"]
            assert not shell, f"line {node.lineno}"


# What is imported: by `import skmnist`, with two estimators, and by fits with every optimizer.
STEPS = """
import sys
import skmnist
print(*sys.modules)
skmnist.MLPClassifier, skmnist.CNNClassifier
print(*sys.modules)
import torch
torch.nn.Linear(1, 1, device="meta")  # for which older versions of torch load sympy
print(*sys.modules)
from skmnist import *
from skmnist._estimators.parameters import OPTIMIZERS
from skmnist._estimators.state import get_state
clfs = [MLPClassifier(optimizer=name, max_epochs=2) for name in OPTIMIZERS]
clfs += [CNNClassifier(2, max_epochs=2), BackpropClassifier(max_epochs=2)]
X, y = datasets.load_mnist_sample(return_X_y=True)
for clf in clfs:
    clf.fit(X[::50], y[::50]).partial_fit(X[::50], y[::50]).predict(X)
    get_state(clf)
print(*sys.modules)
"""


@pytest.fixture(scope="module")
def imported():
    """The modules that a process of its own has imported after each of the steps."""
    command = [sys.executable, "-W", "ignore", "-c", STEPS]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_importing_the_package_imports_none_of_the_heavy_libraries(imported):
    heavy = {"torch", "torchvision", "skorch", "sklearn", "matplotlib", "numpy", "pandas"}
    assert not heavy & imported[0]


def test_estimators_import_only_what_training_needs(imported):
    assert not {"torchvision", "matplotlib", "PIL", "safetensors"} & imported[1]


def test_no_optimizer_loads_torchs_compiler_or_sympy(imported):
    assert not {"torch._dynamo", "sympy"} & (imported[3] - imported[2])
