"""Pages that are generated from the code: the API reference and the tables of the full runs."""

import csv
import inspect
import io
import json
from importlib import import_module
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[1] / "examples" / "reports" / "results"

# The groups of the API reference: title -> (file name, introduction, entries). An entry is a name
# in `skmnist`, or a module, which stands for all of its public names.
GROUPS = {
    "Estimators": (
        "estimators",
        "Classifiers with scikit-learn's API: `fit`, `predict`, `predict_proba`, `score`.",
        [
            "MLPClassifier",
            "CNNClassifier",
            "TorchClassifier",
            "BackpropClassifier",
            "RejectClassifier",
            "HiddenActivations",
        ],
    ),
    "Preprocessing": (
        "preprocessing",
        "Convert photos of digits to MNIST's format and transform pixels.",
        ["predict_image", "load_pretrained", "skmnist.preprocessing"],
    ),
    "Data sets": (
        "datasets",
        "The bundled MNIST sample, data sets to download, and your own images.",
        ["skmnist.datasets"],
    ),
    "Studies": (
        "studies",
        "Curves of scores, comparisons, searches, learning rates, and the diagnosis of a training.",
        ["skmnist.studies"],
    ),
    "Displays": (
        "displays",
        "Figures that follow scikit-learn's Display convention.",
        ["skmnist.displays"],
    ),
    "Metrics": ("metrics", "Metrics that scikit-learn does not have.", ["skmnist.metrics"]),
    "Reports": (
        "reports",
        "Evaluate a classifier and write the results as HTML, Markdown and JSON.",
        ["skmnist.reporting"],
    ),
    "Persistence": (
        "persistence",
        "Save a fitted classifier, load it, and export it to ONNX or to a web page.",
        ["save", "load", "export_onnx", "export_page"],
    ),
    "Deployment": (
        "deployment",
        "The draw-a-digit web app, Dask clusters and the command line.",
        ["skmnist.serving", "skmnist.dask", "skmnist.cli"],
    ),
    "Backpropagation": (
        "backpropagation",
        "A network whose gradients are written by hand, to read and to teach.",
        ["skmnist.backprop"],
    ),
    "Exceptions and warnings": (
        "exceptions",
        "Errors and warnings that skmnist raises.",
        ["skmnist.exceptions"],
    ),
}

# Where the guide explains a parameter of the estimators.
GUIDE = {
    "early_stopping": ":ref:`early-stopping`",
    "max_epochs": ":ref:`epochs-batches-learning-rate`",
    "batch_size": ":ref:`epochs-batches-learning-rate`",
    "lr": ":ref:`which-learning-rate`",
    "average": ":ref:`average-the-weights`",
    "checkpoint_dir": ":ref:`resume-an-interrupted-fit`",
    "device": ":doc:`/guide/gpu`",
    "n_threads": ":ref:`threads`",
    "threshold": ":ref:`reject`",
}

# Methods that are inherited from scikit-learn and documented here, too.
_SKLEARN_METHODS = {"get_params", "score", "set_params"}


def reference():
    """Return what the API reference documents, as ``{module: names}``."""
    found = {}
    for _, _, entries in GROUPS.values():
        for module, names in _by_module(entries).items():
            found.setdefault(module, []).extend(names)
    return found


def _by_module(entries):
    """Return ``{module: names}`` of the entries of a group."""
    modules = {}
    for entry in entries:
        if entry.startswith("skmnist."):
            modules[entry] = _public_names(import_module(entry))
        else:
            modules.setdefault("skmnist", []).append(entry)
    return modules


def _public_names(module):
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
    ]


def write(folder):
    """Write the pages into the folder ``generated`` of `folder`, if they have changed."""
    pages = {"reference.rst": _reference_page()}
    for title, (slug, introduction, entries) in GROUPS.items():
        pages[f"reference/{slug}.rst"] = _group_page(title, introduction, entries)
    for path in sorted(RESULTS.glob("*.json")):
        pages[f"results/{path.stem}.rst"] = results_table(json.loads(path.read_text("utf-8")))
    for name, text in pages.items():
        page = folder / "generated" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


def _reference_page():
    lines = [
        *_heading("API reference", "="),
        ".. module:: skmnist",
        "",
        "All public names, by topic. Modules whose names begin with an underscore are private and "
        "may change from one version to the next. `skmnist.__version__` is the version.",
        "",
        ".. toctree::",
        "   :hidden:",
        "",
        *(f"   reference/{slug}" for slug, _, _ in GROUPS.values()),
        "",
    ]
    for title, (slug, introduction, entries) in GROUPS.items():
        lines += _heading(title, "-")
        lines += [f":doc:`All details <reference/{slug}>`. {introduction}", ""]
        lines += _tables(entries)
    return "\n".join(lines)


def _group_page(title, introduction, entries):
    lines = [*_heading(title, "="), introduction, ""]
    for module in _by_module(entries):
        if module != "skmnist":
            first_line = inspect.getdoc(import_module(module)).splitlines()[0]
            # A table directly after the directive would lose its anchor.
            lines += [f".. module:: {module}", "", f"`{module}`: {first_line}", ""]
    lines += _tables(entries, toctree="../api")
    return "\n".join(lines)


def _heading(title, underline):
    return [title, underline * len(title), ""]


def _tables(entries, toctree=None):
    """Return tables of names and first lines, with a page for each name if `toctree` is given."""
    lines = [".. currentmodule:: skmnist", "", ".. autosummary::", "   :nosignatures:"]
    lines += [f"   :toctree: {toctree}"] if toctree else []
    names = [
        f"{module}.{name}".removeprefix("skmnist.")
        for module, names in _by_module(entries).items()
        for name in names
    ]
    return [*lines, "", *(f"   {name}" for name in names), ""]


def results_table(results):
    """Return the results of a report on the full MNIST as a table in reStructuredText."""
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows([results["columns"], *results["table"]])
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    run = f"Measured on {results['date']} with {versions}, on {results['hardware']}."
    lines = [
        ".. csv-table::",
        "   :header-rows: 1",
        "",
        *(f"   {line}" for line in file.getvalue().splitlines()),
        "",
        " ".join([run, *([results["note"]] if "note" in results else [])]),
    ]
    return "\n".join(lines) + "\n"


def link_to_guide(app, what, name, obj, options, lines):
    """Add links to the user guide to the parameters of an estimator."""
    if what != "class" or "." in name.removeprefix("skmnist."):
        return
    for i in reversed(range(len(lines))):
        parameter = lines[i].split(" : ")[0]
        if parameter in GUIDE and " : " in lines[i]:
            end = i + 1
            while end < len(lines) and lines[end].startswith(" "):
                end += 1
            lines.insert(end, f"    See {GUIDE[parameter]}.")


def skip_member(app, what, name, obj, skip, options):
    """Skip inherited methods of torch and scikit-learn, and attributes, which are in a table."""
    if what != "class":
        return None
    if isinstance(obj, property):
        return name.endswith("_") or None
    owner = getattr(obj, "__module__", None) or ""
    if owner.split(".")[0] == "skmnist":
        return None
    return not (owner == "sklearn.base" and name in _SKLEARN_METHODS) or None
