"""A config as a file that reads back as the same config."""

from __future__ import annotations

import ast
import os
from pathlib import Path

from mmengine.config import Config

from mmseg.utils.custom_modules import copied_sources
from mmseg.utils.files import write_text


def config_text(cfg: Config) -> str:
    """The config as a Python file that :func:`mmseg.config.load_config` reads again; infinite values are written as ``float("inf")``."""
    text = cfg.pretty_text
    infinite = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and node.id == "inf"]
    lines = text.splitlines(keepends=True)
    for node in sorted(infinite, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line = lines[node.lineno - 1].encode()  # columns are counted in bytes
        lines[node.lineno - 1] = (line[: node.col_offset] + b'float("inf")' + line[node.end_col_offset :]).decode()
    return "".join(lines)


def write_config(path: str | os.PathLike, cfg: Config) -> None:
    """Writes a config, and beside it the user's own modules that it names, so that the folder can be used wherever it lies."""
    for name, content in copied_sources(cfg.get("custom_imports")).items():
        write_text(Path(path).parent / name, content.decode())
    write_text(path, config_text(cfg))
