"""What ``.ci/run`` checks."""

from tests.tiny import ROOT

LINES = (ROOT / ".ci" / "run").read_text().splitlines()


def test_what_it_runs():
    """Both commands of the README begin with this installation; the second is the tests."""
    assert any(line.startswith("pip install") and line.endswith(" -r requirements.txt") for line in LINES)
    assert "python -m pytest" in LINES
