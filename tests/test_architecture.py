"""Which module may import which, read from the sources: docs page "Architecture"."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import skmnist

PACKAGE = Path(skmnist.__file__).parent

# The rooms, from the top: imports point downward.
ROWS = [
    {"__main__"},
    {"cli"},
    {"reporting", "serving"},
    {"studies"},
    {"displays", "onnx_export", "persistence", "image_prediction"},
    {"mlp", "cnn", "backprop_classifier", "torch_classifier", "reject_classifier"},
    {
        "base",
        "torch_base",
        "checkpoints",
        "net_builder",
        "parameters",
        "fitted",
        "saving",
        "onnx_graph",
        "saved_attributes",
        "from_sklearn",
        "sklearn_callbacks",
    },
    {
        "backprop",
        "modules",
        "training",
        "datasets",
        "preprocessing",
        "files",
        "random_state",
        "shown_once",
        "device",
        "optional",
        "dask",
        "metrics",
    },
]
ROW = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
SHARED_ROWS = {0, len(ROWS) - 2, len(ROWS) - 1}  # whose rooms may import one another

SOURCES = sorted(PACKAGE.rglob("*.py"))
every_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: path.relative_to(PACKAGE).as_posix()
)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path):
    """Yield each imported module as (absolute name, whether the import is inside a function)."""
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
        for child in ast.iter_child_nodes(node):
            yield from visit(child, inside)

    yield from visit(ast.parse(path.read_text(encoding="utf-8")), False)


def imports_of(library, path):
    """Return for each import of the library whether it is inside a function."""
    return [inside for name, inside in imports(path) if name.split(".")[0] == library]


@every_source
def test_module_has_a_room(path):
    assert room_of(path) in {"__init__", *ROW}, "name its row in ROWS above and in the docs"


@every_source
def test_imports_point_downward(path):
    room = room_of(path)
    wanted = {name.split(".")[1] for name, _ in imports(path) if name.startswith("skmnist.")}
    if room == "__init__":
        # The public names are loaded when they are used, not imported.
        assert not wanted
        return
    for other in wanted - {room}:
        assert other in ROW, f"imports {other} through the package's own root"
        lower = ROW[other] > ROW[room]
        beside = ROW[other] == ROW[room] and ROW[room] in SHARED_ROWS
        assert lower or beside, f"{room} imports {other}"


@every_source
def test_nothing_is_imported_through_the_packages_own_root(path):
    assert "skmnist" not in {name for name, _ in imports(path)}


@every_source
def test_skorch_is_imported_only_where_nets_are_built_and_trained(path):
    if room_of(path) not in {"net_builder", "training"}:
        assert not imports_of("skorch", path)


@every_source
def test_torchvision_is_imported_only_by_data_sets_and_when_used(path):
    found = imports_of("torchvision", path)
    assert all(found)
    assert not found or room_of(path) in {"datasets", "optional"}


@every_source
def test_matplotlib_is_imported_only_by_displays_and_when_used(path):
    found = imports_of("matplotlib", path)
    assert all(found)
    assert not found or room_of(path) in {"displays", "reporting", "cli"}


@every_source
def test_file_stays_under_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


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


def test_importing_the_package_imports_none_of_the_heavy_libraries():
    heavy = ["torch", "torchvision", "skorch", "sklearn", "matplotlib", "numpy", "pandas"]
    script = f"import sys, skmnist; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_estimators_import_neither_torchvision_nor_matplotlib():
    script = (
        "import sys, skmnist; skmnist.MLPClassifier, skmnist.CNNClassifier; "
        "print([name for name in ['torchvision', 'matplotlib'] if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_no_optimizer_loads_torchs_compiler_or_sympy():
    script = (
        # Older versions of torch load sympy for a layer without memory.
        "import sys, torch; torch.nn.Linear(1, 1, device='meta'); before = set(sys.modules); "
        "from skmnist import *; from skmnist.parameters import OPTIMIZERS; "
        "from skmnist.saving import get_state; "
        "clfs = [MLPClassifier(optimizer=name, max_epochs=2) for name in OPTIMIZERS]; "
        "clfs += [CNNClassifier(2, max_epochs=2), BackpropClassifier(max_epochs=2)]; "
        "X, y = datasets.load_mnist_sample(return_X_y=True); "
        "[clf.fit(X[::50], y[::50]).partial_fit(X[::50], y[::50]).predict(X) for clf in clfs]; "
        "[get_state(clf) for clf in clfs]; "
        "print({'torch._dynamo', 'sympy'} & (set(sys.modules) - before))"
    )
    command = [sys.executable, "-W", "ignore", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
