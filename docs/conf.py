"""Sphinx configuration. README.md in this folder describes how to build the documentation."""

import os
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # Sphinx depends on it

import skmnist

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import figure_style  # noqa: E402
import generated_pages  # noqa: E402

# For the pages of the guide, whose kernels inherit the environment.
os.environ["MATPLOTLIBRC"] = str(figure_style.PATH)

project = "skmnist"
author = "The skmnist developers"
copyright = "The skmnist developers"
version = release = skmnist.__version__

PYPROJECT = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
URLS = PYPROJECT["project"]["urls"]

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "README.md", "generated/results", "auto_examples/**.ipynb"]
templates_path = ["_templates"]
smartquotes = False  # quotes in code are copied
default_role = "literal"  # `name` is code, as in scikit-learn
toc_object_entries_show_parents = "hide"

# -- pages ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = f"skmnist {version}"
html_static_path = ["_static"]
html_css_files = ["skmnist.css", ("gallery.css", {"priority": 900})]
html_js_files = [("console.js", {"priority": 100})]
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_sidebars = {
    page: []  # pages without subpages
    for page in (
        "index",
        "install",
        "benchmarks",
        "changelog",
        "contributing",
        "architecture",
        "_modules/**",
    )
}
html_theme_options = {
    "header_links_before_dropdown": 5,
    "icon_links": [
        {"name": "Repository", "url": URLS["Repository"], "icon": "fa-solid fa-code-branch"},
    ],
    "navigation_with_keys": False,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_end": [],
}
myst_enable_extensions = ["colon_fence", "substitution"]
myst_substitutions = {"version": version}
myst_url_schemes = {
    "http": None,
    "https": None,
    "repository": URLS["Repository"],  # [text](repository:)
    "issues": URLS["Issues"],
}
myst_heading_anchors = 3

# -- guide ---------------------------------------------------------------------------------------

nb_execution_mode = "cache"  # a page is executed again when its code has changed
nb_execution_in_temp = True  # pages write files
nb_execution_timeout = 180
nb_execution_raise_on_error = True
nb_merge_streams = True

# -- reference -----------------------------------------------------------------------------------

autodoc_default_options = {"members": True, "inherited-members": True}
autodoc_typehints = "none"  # the lists of parameters name the types
autosummary_generate = True
viewcode_line_numbers = True
numpydoc_show_class_members = False  # the template lists them
numpydoc_attributes_as_param_list = True

# -- examples ------------------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": ["../examples"],
    "gallery_dirs": ["auto_examples"],
    "filename_pattern": r"/plot_",
    "within_subsection_order": "FileNameSortKey",
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("skmnist",),
    "capture_repr": ("_repr_html_",),
    "reset_modules": ("matplotlib", "figure_style.apply"),
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"


def setup(app):
    """Generate pages from the code, and choose the members to document."""
    app.connect("config-inited", lambda app, config: generated_pages.write(Path(app.srcdir)))
    app.connect("autodoc-skip-member", generated_pages.skip_member)
    # Before numpydoc, which converts the sections (priority 500).
    app.connect("autodoc-process-docstring", generated_pages.link_to_guide, priority=400)
