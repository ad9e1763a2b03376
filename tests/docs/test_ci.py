"""What ``.ci/run`` checks."""

import re
import shlex

from tests.docs.test_site import REQUIRED
from tests.tiny import ROOT

LINES = (ROOT / ".ci" / "run").read_text().splitlines()


def position(start: str) -> int:
    """Of the only line that begins so."""
    (found,) = (number for number, line in enumerate(LINES) if line.startswith(start))
    return found


def test_what_it_runs():
    """Both commands of the README begin with this installation; the second is the tests."""
    installed = position("pip install --quiet -r requirements.txt")
    assert installed < position("python -m pytest")


def test_the_site_is_built_there():
    """The packages of the extra are there before the tests, which are told not to leave the site out."""
    (extra,) = re.findall(r"^docs = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    installed = position('pip install --quiet "mkdocs')
    assert shlex.split(LINES[installed], comments=True)[3:] == shlex.split(extra.replace(",", " "))
    assert installed < position(f"export {REQUIRED}=") < position("python -m pytest")
