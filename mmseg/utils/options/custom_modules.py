"""A user's own modules: what ``custom_imports`` of a config names, beside the config, on the Python path or installed.

A run folder gets copies of them beside its ``config.py``, so that it can be resumed and evaluated wherever it lies, with the code
that it was trained with; the digest of a config covers their source. Installed packages are not copied.
"""

from __future__ import annotations

import ast
import importlib
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mmseg.utils.errors import UserError

INSTALLED = ("site-packages", "dist-packages")
FORM = "Write custom_imports=dict(imports=['my_module'])."


def module_names(custom_imports: object, path: str | Path) -> list[str]:
    """The names in ``custom_imports`` of the config at ``path``, in the form of mmengine.

    Raises:
        UserError: it has another form.
    """
    if custom_imports is None:
        return []
    known = {"imports", "allow_failed_imports"}
    if not isinstance(custom_imports, Mapping) or not custom_imports.keys() <= known or "imports" not in custom_imports:
        raise UserError(f"{path}: custom_imports is {custom_imports!r}. {FORM}")
    names = [custom_imports["imports"]] if isinstance(custom_imports["imports"], str) else custom_imports["imports"]
    if not isinstance(names, Sequence) or not all(isinstance(name, str) and name for name in names):
        raise UserError(f"{path}: custom_imports names {names!r}. {FORM}")
    return list(names)


def import_modules(custom_imports: Mapping | None, path: str | Path) -> None:
    """Imports what the config at ``path`` names; modules beside it go before others of the same name.

    Raises:
        UserError: a module is not found, fails, or another one of its name is imported already.
    """
    folder = Path(path).resolve().parent
    for name in module_names(custom_imports, path):
        beside = module_file(folder, name)
        if beside is not None and str(folder) not in sys.path:
            sys.path.insert(0, str(folder))  # and it stays: workers and later imports of the module need it
            importlib.invalidate_caches()
        try:
            module = importlib.import_module(name)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"{path}: the module '{name}' of custom_imports was still being imported.") from None
        except BaseException as error:  # whatever a user's file may raise, SystemExit included
            if custom_imports.get("allow_failed_imports"):
                logging.getLogger(__name__).warning("custom_imports: %s cannot be imported: %s", name, error)
                continue
            raise UserError(f"{path}: {_reason(name, folder, error)}") from error
        file = getattr(module, "__file__", None)
        if beside is not None and file is not None and Path(file).read_bytes() != beside.read_bytes():
            text = f"{path}: the module '{name}' beside it is not the one of this name that is already imported from {file}"
            raise UserError(f"{text}. Give one of them another name.")


def _reason(name: str, folder: Path, error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name is not None and f"{name}.".startswith(f"{error.name}."):
        fix = f"Put {name.replace('.', '/')}.py beside the config."
        return f"custom_imports names '{name}', which is neither in {folder} nor installed. {fix}"
    if isinstance(error, SystemExit):
        return f"the module '{name}' of custom_imports ends the program. Correct it."
    reason = (str(error).strip().splitlines() or [""])[-1]
    return f"the module '{name}' of custom_imports fails: {type(error).__name__}: {reason}. Correct it."


def module_file(folder: Path, name: str) -> Path | None:
    """The file of a module below a folder, or None."""
    place = folder.joinpath(*name.split("."))
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def module_sources(custom_imports: Mapping | None, path: str | Path = "the config") -> dict[str, Path]:
    """The files of the imported modules, and of what they import from beside themselves: by their paths from there."""
    sources: dict[str, Path] = {}
    for name in module_names(custom_imports, path):
        file = getattr(sys.modules.get(name), "__file__", None)
        if file is not None:
            folder = Path(file).resolve().parents[len(name.split(".")) - (Path(file).name != "__init__.py")]
            sources |= _closure(folder, name)
    return sources


def _closure(folder: Path, name: str) -> dict[str, Path]:
    """A module and what it imports from the same folder; of an installed one, from its own package."""
    own_package = name.split(".")[0] if set(INSTALLED) & set(folder.parts) else None
    found: dict[str, Path] = {}
    waiting = [name]
    while waiting:
        module = waiting.pop()
        first = module.split(".")[0]
        file = module_file(folder, module)
        if file is None or first == "mmseg" or own_package not in (None, first) or file in found.values():
            continue
        found[file.relative_to(folder).as_posix()] = file
        waiting += _imported(file, module if file.name == "__init__.py" else module.rpartition(".")[0])
        waiting += [module.rpartition(".")[0]] if "." in module else []
    return dict(sorted(found.items()))


def _imported(file: Path, package: str) -> Iterator[str]:
    """Names of what may be modules among the imports of a file in a package."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def copied_sources(custom_imports: Mapping | None) -> dict[str, bytes]:
    """What a run folder keeps of the modules: contents by relative path; nothing of installed packages."""
    files = module_sources(custom_imports)
    return {name: file.read_bytes() for name, file in files.items() if not set(INSTALLED) & set(file.parts)}
