"""The rooms of the package: imports go downwards, and no two files need each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmseg.utils.repository import ROOT

ROOMS = (
    *("apis", "experiments", "config", "engine", "models"),
    # Evaluation, pictures and demo scenes need the class lists and layouts of the data sets, and no data set needs them.
    *("demo", "visualization", "evaluation", "datasets"),
    *("structures", "registry", "utils"),
)
"""Top to bottom."""
PACKAGE_FILES = sorted((ROOT / "mmseg").rglob("*.py"))


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(file): file for file in PACKAGE_FILES}


def imported(file: Path) -> Iterator[str]:
    """Modules of the package that a file imports, wherever in the file it does."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


IMPORTS = {name: sorted(set(imported(file)) - {name}) for name, file in MODULES.items()}


def room(module: str) -> int | None:
    """Its place from the top; None for the package itself."""
    parts = module.split(".")
    return ROOMS.index(parts[1]) if len(parts) > 1 else None


def circles(imports: dict[str, list[str]]) -> list[list[str]]:
    """Chains of imports that come back to their first module."""
    done: set[str] = set()
    found: list[list[str]] = []

    def walk(module: str, path: list[str]) -> None:
        if module in path:
            found.append([*path[path.index(module) :], module])
        elif module not in done:
            for other in imports.get(module, ()):
                walk(other, [*path, module])
            done.add(module)

    for module in imports:
        walk(module, [])
    return found


def test_every_file_is_in_a_room():
    assert {name.split(".")[1] for name in MODULES if "." in name} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_downwards(module):
    upwards = [other for other in IMPORTS[module] if None not in (room(module), room(other)) and room(other) < room(module)]
    assert not upwards, f"{module} imports {upwards}, which lie above it"


def test_no_circles():
    assert not circles(IMPORTS)


def test_a_circle_would_be_seen():
    assert circles({"a": ["b"], "b": ["c"], "c": ["a"]}) == [["a", "b", "c", "a"]]
    assert circles({"a": ["b", "c"], "b": ["c"], "c": []}) == []


@pytest.mark.parametrize("folder", sorted({file.parent for file in PACKAGE_FILES}), ids=lambda folder: str(folder.relative_to(ROOT)))
def test_no_prefix_hides_a_room(folder):
    names = [file.stem for file in folder.glob("*.py")]
    prefixes = {name.split("_")[0] for name in names if "_" in name}
    crowded = {prefix for prefix in prefixes if sum(name.startswith(f"{prefix}_") for name in names) > 3}
    assert not crowded, f"{folder.name}: several files begin with {crowded}: a room is missing"
