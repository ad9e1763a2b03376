"""Which files belong to a module of a user's own: it, its package, and what it imports from beside itself."""

import sys

import pytest

from mmseg.utils.errors import UserError
from mmseg.utils.options.custom_modules import copied_sources, import_modules, module_names, module_sources

FILES = {
    "own_single.py": "import json\nimport own_helper\nfrom own_package import part\n",
    "own_helper.py": "import mmseg\n",
    "own_package/__init__.py": "",
    "own_package/part.py": "from . import other\nfrom .deep.inner import VALUE\n",
    "own_package/other.py": "",
    "own_package/unused.py": "",
    "own_package/deep/__init__.py": "",
    "own_package/deep/inner.py": "from ..other import *\nVALUE = 1\n",
    "own_unused.py": "",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Modules beside a config; what is imported is forgotten afterwards."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("own_")]:
        del sys.modules[name]


def test_sources(folder):
    imports = {"imports": "own_single"}
    import_modules(imports, folder / "config.py")
    assert set(module_sources(imports)) == set(FILES) - {"own_unused.py", "own_package/unused.py"}
    assert copied_sources(imports)["own_package/deep/inner.py"] == FILES["own_package/deep/inner.py"].encode()


def test_a_module_in_a_package_brings_the_package(folder):
    imports = {"imports": ["own_package.other"]}
    import_modules(imports, folder / "config.py")
    assert set(module_sources(imports)) == {"own_package/__init__.py", "own_package/other.py"}


def test_an_installed_package_is_covered_as_far_as_it_is_named_and_not_copied(tmp_path):
    imports = {"imports": ["packaging.version"]}
    import_modules(imports, tmp_path / "config.py")
    assert "packaging/version.py" in module_sources(imports) and not copied_sources(imports)
    assert all(name.startswith("packaging/") for name in module_sources(imports))


@pytest.mark.parametrize("value", ["own", {"imports": [3]}, {"import": ["own"]}, {"imports": ["own"], "more": 1}])
def test_another_form_is_refused(value):
    with pytest.raises(UserError, match="Write custom_imports="):
        module_names(value, "config.py")


def test_a_missing_module_may_be_allowed(tmp_path, caplog):
    import_modules({"imports": ["own_missing"], "allow_failed_imports": True}, tmp_path / "config.py")
    assert "own_missing" in caplog.text
