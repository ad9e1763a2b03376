"""What mkdocs does to our pages: files outside of docs/ are named, not linked, and what docstrings have for Sphinx is left out.

A page on the site has no neighbours but the other pages. Links such as ``[a config](../configs/x.py)`` work where the repository is read,
so pages keep them, and the site shows their text with the path of the file.
"""

import posixpath
import re
from typing import Any

LINK = re.compile(r"(?<!!)\[((?:[^\[\]`]|`[^`]*`)+)\]\(([^()\s:#]+)(?:#[^()\s]*)?\)")
ROLE = re.compile(r":(?:py:)?(?:attr|class|data|func|meth|mod):<code>~?(?:[\w.]*\.)?(\w+)</code>")
FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Called by mkdocs with the text of every page."""
    return name_files(markdown, page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """Called by mkdocs with every page as HTML, docstrings included."""
    return ROLE.sub(r"<code>\1</code>", html).replace("::</p>", ":</p>")


def name_files(markdown: str, page: str) -> str:
    """A page whose links to files outside of docs/ are text: ``[x](../y.py)`` becomes ``x (`y.py`)``; code stays alone.

    Args:
        markdown: the page.
        page: its path below docs/, with slashes.
    """
    parts = FENCED.split(markdown)
    parts[::2] = [LINK.sub(lambda match: _named(match, page), part) for part in parts[::2]]
    return "".join(parts)


def _named(link: re.Match, page: str) -> str:
    text, target = link.groups()
    path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
    if path.startswith("docs/"):
        return link.group()
    return text if text.startswith("`") else f"`{path}`" if text == path else f"{text} (`{path}`)"
