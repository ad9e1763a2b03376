"""What errors and notes name exists: options of commands, commands, files, keys of configs and options of their parts.

All texts in the source are looked at, not only those of errors that a test provokes.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.optim import OptimWrapper

from mmseg import registry
from mmseg.config.checks import HELPERS, OPTIONAL, REQUIRED
from mmseg.config.legacy import OLD_KEYS
from mmseg.config.sections import Paramwise, Wrapper
from mmseg.datasets import ClassAwareOptions, CropOptions, RareClassOptions
from mmseg.registry import annotations_of, options_of
from mmseg.utils.options import engine_options
from tests.tiny import ROOT

SOURCES = [*sorted((ROOT / "mmseg").rglob("*.py")), *sorted((ROOT / "tools").rglob("*.py")), ROOT / "run_experiments.py"]
REGISTRIES = [value for value in vars(registry).values() if isinstance(value, registry.Registry)]
OF_OTHERS = {"--help", "--standalone", "--nproc_per_node", "--ntasks", "--mem", "--shm-size", "--force-reinstall", "--no-deps"}
"""Options of argparse, torchrun, srun, docker and pip."""
SECTIONS = "model|uda|train_dataloader|val_dataloader|test_dataloader|optim_wrapper|train_cfg|default_hooks|val_evaluator|env_cfg"
IN_DICTIONARIES = {"pixels_per_pass", "min_lr", "source_only"}
"""Keys of ``test_cfg``, and of ``lr_config`` and ``uda`` in the old vocabulary, which no signature has."""
GAP = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for what is filled in."""


def text_of(node: ast.AST) -> str | None:
    """The text of a literal, with gaps."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) or GAP for part in node.values)
    return None


def sentences(file: Path) -> Iterator[tuple[str, str]]:
    """(place, text) of all texts of several words in a file; neither docstrings nor the pieces of a text."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in ast.walk(node) if piece is not node}
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) not in pieces | documentation and " " in (text := text_of(node) or ""):
            yield f"{file.relative_to(ROOT)}:{node.lineno}", text


TEXTS = {place: text for file in SOURCES for place, text in sentences(file)}


@pytest.fixture(scope="module")
def options() -> dict[str, set[str]]:
    """Options by the file of the command that has them."""
    found: dict[str, set[str]] = {}
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument":
                found.setdefault(file.relative_to(ROOT).as_posix(), set()).update(map(text_of, node.args))
    return found


@pytest.fixture(scope="module")
def keys() -> set[str]:
    """All names that a config may use as a key, wherever it stands."""
    known = {*REQUIRED, *OPTIONAL, *HELPERS, *OLD_KEYS, *IN_DICTIONARIES, *Wrapper.__annotations__, *Paramwise.__annotations__}
    for entry in REGISTRIES:
        entry.import_from_location()
        for component in entry.module_dict.values():
            known |= {*(options_of(component) or ()), *annotations_of(component)}
    signatures = (*engine_options.SIGNATURES.values(), engine_options.scheduler, engine_options.env_cfg)
    for part in (ClassAwareOptions, CropOptions, RareClassOptions, OptimWrapper, *signatures):
        known |= set(options_of(part))
    for file in (ROOT / "configs").rglob("*.py"):
        if "generated" not in file.parts:
            known |= {node.arg for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.keyword) and node.arg}
    return known


def test_there_are_texts():
    assert len(TEXTS) > 1000 and any("--dry-run" in text for text in TEXTS.values())


def test_options_exist(options):
    known = set.union(*options.values()) | OF_OTHERS
    named = [(place, name) for place, text in TEXTS.items() for name in re.findall(r"(?<![\w-])--[a-z][a-z_-]*", text)]
    assert len(named) > 80 and not [(place, name) for place, name in named if name not in known]


def test_options_belong_to_the_command_that_is_named_before_them(options):
    """``Start it with tools/test.py … --archive FILE``."""
    wrong, seen = [], 0
    for place, text in TEXTS.items():
        for command, rest in re.findall(rf"((?:tools/[\w/]+|run_experiments)\.py)([^.;{GAP}]*(?:{GAP} )?[^.;{GAP}]*)", text):
            for name in re.findall(r"(?<![\w-])--[a-z][a-z-]*", rest):
                seen += 1
                wrong += [] if name in options.get(command, set()) | OF_OTHERS else [(place, command, name)]
    assert seen > 3 and not wrong


def test_files_exist():
    named = [
        (place, name)
        for place, text in TEXTS.items()
        for name in re.findall(rf"(?<![\w/{GAP}.])(?:(?:docs|configs|tools)/[\w/]+\.\w+|README\.md|test\.sh|run_experiments\.py)", text)
    ]
    assert len(named) > 10 and not [(place, name) for place, name in named if not (ROOT / name).exists()]


def test_sections_of_documents_exist():
    for text in TEXTS.values():
        for section, file in re.findall(r"section '([^']+)' of ([\w/.]+\.md)", text):
            assert f"## {section}\n" in (ROOT / file).read_text()


def test_keys_of_configs_exist(keys):
    named = [
        (place, name)
        for place, text in TEXTS.items()
        for name in re.findall(rf"(?<![\w.{GAP}])((?:{SECTIONS})(?:\.[a-zA-Z_]+)+)(?![\w{GAP}])", text)
    ]
    files = {"py", "md", "json"}
    wrong = [(place, name) for place, name in named if not {*name.split(".")} - files <= keys]
    assert len(named) > 30 and not wrong


def test_options_of_parts_exist(keys, options):
    """``Use style='pytorch'``, ``Add classes=[…]``."""
    given = {name.strip("-").replace("-", "_") for names in options.values() for name in names}
    written = re.compile(rf"(?:Use|Set|Add|Write|Give|or|and|with|of|have|has|got|needs) ([a-z_]+)=(?!=)(?:[\w\['\"({GAP}])")
    named = [(place, name) for place, text in TEXTS.items() for name in written.findall(text)]
    assert len(named) > 40 and not [(place, name) for place, name in named if name not in keys | given]


def test_a_name_that_does_not_exist_would_be_seen(options, keys):
    assert "--no-such-option" not in set.union(*options.values()) and "pseudo_treshold" not in keys and "pseudo_threshold" in keys
    assert {"--archive", "--format-only"} <= options["tools/test.py"]


DESTRUCTIVE = re.compile(r"\b(?:[Dd]elete|[Ee]rase|rm -r?)\b[^.]*")


def test_no_advice_destroys_what_a_user_may_need():
    """What this project has counted itself may go; everything else is moved."""
    found = {place.partition(":")[0]: text for place, text in TEXTS.items() if DESTRUCTIVE.search(text)}
    assert set(found) <= {"mmseg/datasets/folder.py"}, found
