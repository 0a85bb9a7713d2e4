"""How sphinx shows the documents. It runs in `.venv-docs`, started by `build.py`."""

import html
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]

project = "Tradepost"
author = copyright = "The Tradepost contributors"  # noqa: A001 - the name that sphinx reads
extensions = ["myst_parser", "sphinx_external_toc", "sphinx.ext.napoleon", "autoapi.extension"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# The navigation.
external_toc_path = str(ROOT / "tools" / "site" / "toc.yml")
external_toc_exclude_missing = False

# Pages are CommonMark with tables, as everybody else shows them; headings have the usual names.
myst_heading_anchors = 4
smartquotes = False
myst_fence_as_directive = ["mermaid"]
suppress_warnings = [
    "autoapi.python_import_resolution",  # of `_async`, see below
    "etoc.toctree",  # those of autoapi's own pages, which the navigation replaces
    "ref.python",  # a name that two modules have: errors and streams tell of other things
]

# The client, read and not imported: none of what it needs is installed beside sphinx. `_sync` is
# made from `_async`, and says the same.
autoapi_ignore = ["*/_async/*"]
autoapi_dirs = [str(ROOT / "src" / "tradepost_client")]
autoapi_root = "docs/reference/client"
autoapi_add_toctree_entry = False
autoapi_options = ["members", "inherited-members", "show-signature", "imported-members"]
autoapi_member_order = "groupwise"
# Types of the standard library and of others have no page here; names of ours that do lead there.
nitpick_ignore_regex = [("py:.*", ".*")]
toc_object_entries = False
default_role = "code"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

# Fonts are those of the reader's machine, the search runs in his browser.
html_theme = "furo"
html_title = "Tradepost"
html_permalinks_icon = "#"
html_show_sphinx = False
html_copy_source = False
html_static_path = [
    str(ROOT / "tools" / "node" / "node_modules" / "@mermaid-js" / "tiny" / "dist"),
    str(ROOT / "tools" / "site" / "static"),
]


class Drawing(Directive):
    """A block ```mermaid: its text, which the page draws where scripts run."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Makes the block."""
        text = html.escape("\n".join(self.content))
        return [nodes.raw("", f'<pre class="mermaid">{text}</pre>', format="html")]


def draw_where_needed(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.Node
) -> None:
    """Gives pages with drawings the script that draws them."""
    if 'class="mermaid"' in context.get("body", ""):
        app.add_js_file("mermaid.tiny.js")
        app.add_js_file("draw.js")


def shorten_menu(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: nodes.Node
) -> None:
    """Has the menu made of the pages' titles alone.

    The theme asks for no more, but sphinx copies every heading of every page for each page before
    it throws them away: most of the time of a build.
    """
    whole_menu, env = context["toctree"], app.env

    def menu(**options: Any) -> str:
        whole = env.tocs
        env.tocs = TITLES or _titles(whole)
        try:
            made: str = whole_menu(**options)
            return made
        finally:
            env.tocs = whole

    context["toctree"] = menu


TITLES: dict[str, nodes.bullet_list] = {}


def _titles(tocs: dict[str, nodes.bullet_list]) -> dict[str, nodes.bullet_list]:
    for name, toc in tocs.items():
        titles = toc.deepcopy()
        for item in titles.children[:1]:
            below = [menu.deepcopy() for menu in item.findall(addnodes.toctree)]
            for inner in item.children[1:]:
                item.remove(inner)
            if below:
                item.append(nodes.bullet_list("", *below))
        TITLES[name] = titles
    return TITLES


def setup(app: Sphinx) -> None:
    """Tells sphinx of what is above."""
    app.add_directive("mermaid", Drawing)
    app.connect("html-page-context", draw_where_needed)
    app.connect("html-page-context", shorten_menu, priority=100)  # before the theme's own
