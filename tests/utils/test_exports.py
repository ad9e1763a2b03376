"""Packages that export on demand: every name is there, and nothing else."""

import importlib

import pytest

from mmseg.apis.exporting import window
from mmseg.apis.predicting import choices
from mmseg.demo.choices import DEMO_FOLDERS, STREETS, UNSEEN_FOLDERS
from mmseg.demo.files import LAYOUTS
from mmseg.utils.repository import ROOT

PACKAGES = ("mmseg.apis", "mmseg.config", "mmseg.datasets", "mmseg.demo", "mmseg.evaluation", "mmseg.models")


@pytest.mark.parametrize("package", PACKAGES)
def test_names_are_found(package):
    module = importlib.import_module(package)
    assert all(getattr(module, name).__name__ == name for name in module.__all__ if hasattr(getattr(module, name), "__name__"))
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'absent'"):
        module.absent  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_no_name_is_that_of_a_file(package):
    """Importing a file sets an attribute of its package, which would hide what is exported."""
    files = {file.stem for file in (ROOT / package.replace(".", "/")).iterdir()}
    assert not files & set(importlib.import_module(package).__all__)


def test_choices_are_those_of_what_computes():
    assert {*DEMO_FOLDERS.values(), *UNSEEN_FOLDERS, STREETS} == set(LAYOUTS)
    assert set(choices.SUFFIXES) == set(window.FORMATS)
