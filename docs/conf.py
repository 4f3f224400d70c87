"""Settings of the documentation site: `sphinx-build -W docs site`."""

import pmskills

project = "pmskills"
copyright = "the pmskills authors, MIT licence"
version = release = pmskills.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc"]
html_theme = "furo"
html_title = f"pmskills {version}"
exclude_patterns = ["_build"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
myst_heading_anchors = 3
