"""The site is built, without a single warning."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.docs.pages import DOCS
from tests.tiny import ROOT

MISSING = [name for name in ("mkdocs", "material", "mkdocstrings_handlers") if importlib.util.find_spec(name) is None]
REQUIRED = "MMSEG_SITE"
"""Environment variable that ``.ci/run`` sets: the site is built there in any case."""


def left_out(missing: list[str], environment: Mapping[str, str]) -> bool:
    """Whether the site is not built, for want of packages that are no requirement."""
    return bool(missing) and REQUIRED not in environment


@pytest.mark.parametrize(
    ("missing", "environment", "expected"), [([], {}, False), (["mkdocs"], {}, True), (["mkdocs"], {REQUIRED: "required"}, False)]
)
def test_where_it_is_required_it_is_not_skipped(missing, environment, expected):
    assert left_out(missing, environment) is expected


@pytest.mark.skipif(left_out(MISSING, os.environ), reason=f"not installed: {', '.join(MISSING)} (pip install -e .[docs])")
def test_the_site_is_built(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for page in DOCS.rglob("*.md"):
        folder = page.relative_to(DOCS).with_suffix("")
        assert (tmp_path / "site" / folder.parent / ("" if page.stem == "index" else page.stem) / "index.html").is_file()
    methods = (tmp_path / "site" / "api" / "methods" / "index.html").read_text()
    assert 'id="mmseg.models.uda.base.UDAMethod.train_step"' in methods
    assert not re.search(r":(?:func|class|meth|mod):<code>", methods)
