"""Sphinx: ``sphinx-build -W docs site``, with the extra ``docs`` installed."""

import re

from sphinx.domains.python import PyObject

from darkhorn import __version__

project = "darkhorn"
author = "The darkhorn developers"
copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "performance_table.md"]
html_theme = "furo"
html_title = f"darkhorn {release}"
toc_object_entries = False

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

MARKUP = re.compile(r"(``.*?``|:[a-z:]+:`[^`]*`|`[^`]*`_*)|([*|\\]|(?<=\w)_(?!\w))")
"""Markup that stays as it is, or characters of a formula that reStructuredText would read as markup."""


def escape(line):
    """Return a line that shows the characters that it has: |M|^2, p*, a_."""
    return MARKUP.sub(lambda found: found[1] or "\\" + found[2], line)


def formulas(app, what, name, obj, options, lines):
    """Show formulas as they are written; those that stand alone, indented, in a block of their own."""
    rules = [number for number, line in enumerate(lines) if line.startswith("---")]
    end = rules[0] - 1 if rules else len(lines)
    shown, before, block = [], "", False
    for line in lines[:end]:
        indented = line.startswith("    ")
        if indented and not before.strip() and not block:
            block = True
            shown += ["::", ""]
        elif line.strip() and not indented:
            block = False
        shown.append(line if block else escape(line.lstrip() if before.strip() else line))
        before = line
    shown += map(escape, lines[end:])
    # What a constant is must not be taken for its type, which a first line with a colon would be.
    lines[:] = ["\\ ", *shown] if what in {"attribute", "data", "property"} else shown


def setup(app):
    """Come before the docstring is parsed as numpydoc (priority 500); make names and types of arguments no links."""
    for field in PyObject.doc_field_types:
        field.rolename = field.bodyrolename = field.typerolename = ""
    app.connect("autodoc-process-docstring", formulas, priority=400)
