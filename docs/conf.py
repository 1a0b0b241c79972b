"""Settings of the documentation; README.md beside this file says how it is built."""

import sys
from pathlib import Path

import skmnist

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generated_pages  # noqa: E402

project = "skmnist"
author = "The skmnist developers"
copyright = "The skmnist developers"
version = release = skmnist.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "README.md", "generated/results", "auto_examples/**.ipynb"]
templates_path = ["_templates"]

# -- pages ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skmnist"
html_static_path = ["_static"]
html_css_files = ["skmnist.css"]
html_show_sourcelink = False
html_sidebars = {"index": [], "install": [], "changelog": []}
html_theme_options = {
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
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
autosummary_generate = True
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
    "show_memory": False,
    "write_computation_times": False,
    "show_signature": False,
    "download_all_examples": False,
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"


def setup(app):
    """Write the pages that are made from the code, and choose the members to show."""
    app.connect("config-inited", lambda app, config: generated_pages.write(Path(app.srcdir)))
    app.connect("autodoc-skip-member", generated_pages.skip_member)
