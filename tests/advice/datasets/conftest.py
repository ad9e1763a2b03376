"""Data that a test may break."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def layouts(tiny_layouts, tmp_path) -> Path:
    """All demo domains with raw labels, to be broken."""
    return Path(shutil.copytree(tiny_layouts, tmp_path / "layouts"))
