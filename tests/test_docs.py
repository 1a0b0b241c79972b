"""The documentation: public names, code, links and layout."""

import importlib.util
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from urllib.parse import unquote, urlsplit

import matplotlib.pyplot as plt
import pytest

import skmnist

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if path.parent.name != "_build")
# Code that runs: ``{code-cell}`` is executed when the docs are built, ``python`` only here.
CODE = re.compile(r"^```(?:python|\{code-cell\} python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ANY_CODE = re.compile(r"^```\S.*?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SLOW = [
    "compare_models",
    "diagnose",
    "evaluate",
    "explain",
    "fit",
    "getting_started",
    "learning_curves",
    "learning_rate",
    "own_photos",
    "search",
]


def guide_pages():
    """Return the paths of the pages that the contents of the user guide name."""
    text = (DOCS / "guide" / "index.md").read_text(encoding="utf-8")
    names = re.search(r"```\{toctree\}\n(.*?)```", text, re.DOTALL).group(1).split("\n")
    names = [name for name in names if name and not name.startswith(":")]
    return [
        DOCS / f"{name[1:]}.md" if name[0] == "/" else DOCS / "guide" / f"{name}.md"
        for name in names
    ]


GUIDE = guide_pages()
PAGES_WITH_CODE = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.slow] * (path.stem in SLOW))
    for path in PAGES
    if CODE.search(path.read_text(encoding="utf-8"))
]

needs_sphinx = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("sphinx", "sphinx_gallery", "myst_nb")),
    reason="needs the docs extra",
)


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("generated_pages", DOCS / "generated_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference()


def public_modules():
    """Return the modules of the package that have an ``__all__``."""
    names = [f"skmnist.{module.name}" for module in iter_modules(skmnist.__path__)]
    return [name for name in names if hasattr(import_module(name), "__all__")]


def test_every_public_name_is_in_the_reference(reference):
    listed = set(reference["skmnist"]) | {name.removeprefix("skmnist.") for name in reference}
    assert set(skmnist.__all__) - {"__version__"} <= listed


def test_every_name_is_in_one_group_of_the_reference(reference):
    for module, names in reference.items():
        assert len(names) == len(set(names)), module


@pytest.mark.parametrize("module", public_modules())
def test_every_name_of_a_module_is_in_the_reference(module, reference):
    assert set(import_module(module).__all__) == set(reference[module])


def test_every_name_in_the_reference_exists_and_is_described(reference):
    for module, names in reference.items():
        for name in names:
            assert getattr(import_module(module), name).__doc__, f"{module}.{name}"


@pytest.mark.parametrize("page", PAGES_WITH_CODE)
def test_code_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": page.stem}
    for block in CODE.findall(page.read_text(encoding="utf-8")):
        exec(compile(block, str(page), "exec"), namespace)
    plt.close("all")


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_page_of_the_guide_is_executed_when_the_docs_are_built(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith("---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n")
    assert "```{code-cell} python\n" in text


@pytest.mark.parametrize("page", GUIDE, ids=lambda page: page.stem)
def test_code_of_the_guide_is_at_most_79_columns_wide(page):
    code = "\n".join(ANY_CODE.findall(page.read_text(encoding="utf-8")))
    assert code
    assert not [line for line in code.splitlines() if len(line) > 79]


class Links(HTMLParser):
    """The links, images and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors, self.loaded = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[name] for name in ("id", "name") if name in attributes}
        if tag == "a" and "href" in attributes:
            self.targets.append(attributes["href"])
        if tag in ("img", "script", "iframe") and attributes.get("src"):
            self.loaded.append(attributes["src"])
        if tag == "link" and attributes.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(attributes["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built pages: {path: Links}. The guide is executed, the examples are not."""
    copy = tmp_path_factory.mktemp("copy")
    for name in ("docs", "examples", "benchmarks"):
        made = shutil.ignore_patterns("_build", "generated", "auto_examples", "__pycache__")
        shutil.copytree(ROOT / name, copy / name, ignore=made)
    for name in ("README.md", "CHANGES.md", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    command += ["-D", "sphinx_gallery_conf.filename_pattern=/none", "docs", "site"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # What the theme keeps beside its styles are templates, not pages.
    pages = [path for path in (copy / "site").rglob("*.html") if "_static" not in path.parts]
    return {path: Links(path.read_text(encoding="utf-8")) for path in pages}


@needs_sphinx
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_page_of_the_guide_shows_an_output(site):
    shown = {path.stem for path in site if 'class="output ' in path.read_text(encoding="utf-8")}
    assert {page.stem for page in GUIDE} <= shown


@needs_sphinx
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_docs_build_without_a_warning_and_every_link_inside_resolves(site):
    broken = []
    for page, links in site.items():
        for target in [*links.targets, *links.loaded]:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            path = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            known = site.get(path)
            lost = parts.fragment and known and unquote(parts.fragment) not in known.anchors
            if not path.exists() or lost:
                broken.append(f"{page.name}: {target}")
    assert not broken


@needs_sphinx
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pages_load_nothing_from_elsewhere(site):
    elsewhere = {url for links in site.values() for url in links.loaded if "//" in url}
    assert not elsewhere
