"""Links between pages, and the pages of the site."""

import pytest
import yaml

from tests.docs.pages import DOCS, PAGES, broken
from tests.tiny import ROOT
from tools.site.links import name_files, on_page_content


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    assert broken(page, page.read_text()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[x](no_such_page.md)", ["no_such_page.md"]),
        ("[`x`](data.md#no-such-heading) ![x](demo.png)", ["data.md#no-such-heading"]),
        ("# A `b` c\n[x](#a-b-c) [y](#a-b)", ["#a-b"]),
        ("```\n[x](no_such_page.md)\n```\n[x](../configs) [y](https://example.org/z)", []),
        ("![a [b](c.md)](no_such.png)", ["no_such.png"]),
    ],
)
def test_a_broken_link_is_seen(text, found):
    assert broken(DOCS / "index.md", text) == found


def test_the_site_has_every_page_once():
    def files(entries):
        for entry in entries:
            (value,) = entry.values()
            yield from files(value) if isinstance(value, list) else [value]

    listed = list(files(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    assert sorted(listed) == sorted(str(page.relative_to(DOCS)) for page in PAGES if page.is_relative_to(DOCS))


@pytest.mark.parametrize(
    ("page", "text", "shown"),
    [
        ("a.md", "[the config](../configs/x.py)", "the config (`configs/x.py`)"),
        ("a.md", "[`x.py`](../configs/x.py), [NOTICE](../NOTICE)", "`x.py`, `NOTICE`"),
        ("a.md", "[b](b.md#c) [d](#e) [f](https://g.h/i)", "[b](b.md#c) [d](#e) [f](https://g.h/i)"),
        ("t/a.md", "[b](../b.md) [c](../../c.py)", "[b](../b.md) c (`c.py`)"),
        ("a.md", "```\n[x](../y.py)\n```\n[x](../y.py)", "```\n[x](../y.py)\n```\nx (`y.py`)"),
    ],
)
def test_files_outside_are_named(page, text, shown):
    assert name_files(text, page) == shown


def test_what_is_meant_for_sphinx_is_left_out():
    html = "<p>See :func:<code>~mmseg.a.b</code> and :class:<code>C</code>::</p>"
    assert on_page_content(html) == "<p>See <code>b</code> and <code>C</code>:</p>"
