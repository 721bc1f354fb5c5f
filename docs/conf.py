"""Sphinx: pip install -e '.[docs]'; sphinx-build docs docs/_build."""

project = 'trimodal'
extensions = ['myst_parser']
html_theme = 'furo'
myst_heading_anchors = 3
exclude_patterns = ['_build']
