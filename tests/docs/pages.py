"""The pages of the documentation, and what a link in them leads to."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from tests.tiny import ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[(?:[^\[\]`]|`[^`]*`|\[[^\]]*\])*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return FENCED.sub("", text)


def blocks(page: Path, language: str = "") -> list[str]:
    """The blocks of code of a language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    """Targets of links and pictures, but for those of the web."""
    return [target for target in LINK.findall(prose(text)) if "://" not in target]


def anchors(text: str) -> set[str]:
    """Of the headings of a page, where GitHub and mkdocs call them alike."""
    titles = [re.sub(r"[`*]|\]\([^)]*\)|\[", "", title) for title in HEADING.findall(prose(text))]
    return {github(title) for title in titles} & {mkdocs(title) for title in titles}


def github(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def mkdocs(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def broken(page: Path, text: str) -> list[str]:
    """Links of a page that lead nowhere."""
    found = []
    for link in links(text):
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        known = file.is_file() and (not anchor or anchor in anchors(text if file == page else file.read_text()))
        if not (known or (file.is_dir() and not anchor)):
            found.append(link)
    return found
