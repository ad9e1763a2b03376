"""Variables of a Python config: names that its files use for other entries, and that are no entries themselves."""

from __future__ import annotations

import ast
from pathlib import Path


def used_names(path: str | Path) -> set[str]:
    """Names that a Python config, or a file it inherits from, reads: ``D`` of ``D = "data"; train = dict(data_root=D)``.

    A JSON file, and a file that is no Python, uses none.
    """
    try:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError):  # Config.fromfile says what is wrong with it
        return set()
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return read.union(*(used_names(Path(path).parent / base) for base in _bases(tree)))


def _bases(tree: ast.Module) -> list[str]:
    """``_base_`` of a config, where it is written out."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(name, ast.Name) and name.id == "_base_" for name in node.targets):
            try:
                given = ast.literal_eval(node.value)
            except ValueError:
                return []
            return [base for base in ([given] if isinstance(given, str) else given) if isinstance(base, str) and "::" not in base]
    return []
