"""The pages that are made from the code: the API reference, and the tables of the full runs."""

import csv
import inspect
import io
import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import skmnist

RESULTS = Path(__file__).resolve().parents[1] / "examples" / "reports" / "results"

# What scikit-learn's base classes have is described there; these are what everybody calls.
_OF_SCIKIT_LEARN = {"get_params", "score", "set_params"}


def reference():
    """Return the one list of what is public: ``{module: names}``, from the lists in the code."""
    names = [name for name in skmnist.__all__ if name != "__version__"]
    public = {name for name in names if inspect.ismodule(getattr(skmnist, name))}
    sections = {"skmnist": [name for name in names if name not in public]}
    for found in iter_modules(skmnist.__path__):
        module = import_module(f"skmnist.{found.name}")
        if found.name in public or hasattr(module, "__all__"):
            sections[module.__name__] = list(getattr(module, "__all__", _defined_in(module)))
    return sections


def _defined_in(module):
    for name, value in vars(module).items():
        own = getattr(value, "__module__", None) == module.__name__
        if own and not name.startswith("_"):
            yield name


def write(folder):
    """Write the pages into the folder ``generated`` of `folder`; those that are the same stay."""
    pages = {"reference.rst": _reference_page()}
    for path in sorted(RESULTS.glob("*.json")):
        pages[f"results/{path.stem}.rst"] = results_table(json.loads(path.read_text("utf-8")))
    for name, text in pages.items():
        page = folder / "generated" / name
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, "utf-8")


def _reference_page():
    lines = [
        "API reference",
        "=============",
        "",
        "All that is public. ``skmnist.__version__`` is the version. Everything else whose module "
        "is not named here may change from one version to the next.",
    ]
    for module, names in reference().items():
        first_line = inspect.getdoc(import_module(module)).splitlines()[0]
        # The text comes after the directive: it takes up the anchor, which a table would lose.
        lines += ["", module, "-" * len(module), "", f".. module:: {module}", "", first_line, ""]
        lines += [".. autosummary::", "   :toctree: api", ""]
        lines += [f"   {name}" for name in names]
    return "\n".join(lines) + "\n"


def results_table(results):
    """Return a table in reStructuredText of what a report's run on the full MNIST gave."""
    file = io.StringIO()
    rows = [["", "Theirs", "Ours", "How ours was measured"], *results["table"]]
    csv.writer(file, lineterminator="\n").writerows(rows)
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    lines = [
        f".. csv-table:: On the full MNIST, {results['date']}: {versions}; {results['hardware']}",
        "   :header-rows: 1",
        "",
        *(f"   {line}" for line in file.getvalue().splitlines()),
    ]
    return "\n".join(lines) + "\n"


def skip_member(app, what, name, obj, skip, options):
    """Leave out what torch and scikit-learn inherit, and the attributes, which are listed."""
    if what != "class":
        return None
    if isinstance(obj, property):
        return name.endswith("_") or None
    owner = getattr(obj, "__module__", None) or ""
    if owner.split(".")[0] == "skmnist":
        return None
    return not (owner == "sklearn.base" and name in _OF_SCIKIT_LEARN) or None
