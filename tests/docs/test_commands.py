"""Every command in README and docs: the file that it starts is there and knows its options; the configs that it names are there."""

import ast
import re
import shlex
from functools import cache

import pytest

from experiments import STUDIES
from tests.docs.commands import in_blocks, in_prose
from tests.docs.pages import PAGES
from tests.tiny import ROOT

OPTION = re.compile(r"--[\w-]*\w")
PASSED_ON = {"test.sh": "tools/test.py"}
"""Scripts that give their options to another command."""
OTHERS = ("-m", "-c")
"""Modules of Python, such as pytest, and lines of code."""


def commands(text: str) -> list[list[str]]:
    """The words of every command on a page, as a shell would split them, but for those of other programs."""
    found = [shlex.split(command) for command in (*(command for command, _ in in_blocks(text)), *in_prose(text))]
    return [words for words in found if set(words) & {"python", "sh", "torchrun"}]


def problem(words: list[str]) -> str | None:
    """What is wrong with a command, or None."""
    words = words[next(place for place, word in enumerate(words) if word in ("python", "sh", "torchrun")) :]
    file = next((word for word in words[1:] if word.endswith((".py", ".sh"))), None)
    if words[1] in OTHERS or file is None:
        return None
    if not (ROOT / file).is_file():
        return f"{file} does not exist"
    known = options(PASSED_ON.get(file, file)) | options(file)
    unknown = [word for word in words[words.index(file) + 1 :] if OPTION.fullmatch(word) and word not in known]
    absent = [word for word in words if re.fullmatch(r"configs/[\w/]+\.py", word) and not (ROOT / word).is_file()]
    return f"{file} has no {unknown}" if unknown else f"{absent} do not exist" if absent else None


@cache
def options(file: str) -> frozenset[str]:
    """The options that the text of a command names, and those of the modules of ours that it imports."""
    if not file.endswith(".py"):
        return frozenset()
    tree = ast.parse((ROOT / file).read_text())
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    paths = [ROOT / f"{name.replace('.', '/')}.py" for name in imported if name.startswith(("tools", "mmseg"))]
    texts = [tree, *(ast.parse(path.read_text()) for path in paths if path.is_file())]
    found = [node.value for text in texts for node in ast.walk(text) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset({"--help", *(name for name in found if OPTION.fullmatch(name))})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_are_those_of_the_repository(page):
    assert [found for words in commands(page.read_text()) if (found := problem(words))] == []


def test_commands_are_found():
    assert sum(len(commands(page.read_text())) for page in PAGES) > 150


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\npython tools/no_such.py x\n```", "tools/no_such.py does not exist"),
        ("`python tools/train.py CONFIG --wrok-dir DIR`", "tools/train.py has no ['--wrok-dir']"),
        ("`sh test.sh RUN --presett fast`", "test.sh has no ['--presett']"),
        ("    python run_experiments.py --config configs/hrda/no.py\n", "['configs/hrda/no.py'] do not exist"),
        ("```\npip install x && python tools/train.py CONFIG \\\n  --resume  # --not-this\n```", None),
    ],
)
def test_a_wrong_command_is_seen(text, said):
    (words,) = commands(text)
    assert problem(words) == said


def test_rows_of_studies_are_there():
    """``--only`` of commands that name their study by a number."""
    for words in (words for page in PAGES for words in commands(page.read_text())):
        study = re.search(r"(?:--exp|summarize\.py) (\d+)\b", " ".join(words))
        if study and "--only" in words:
            rows = [word for word in words[words.index("--only") + 1 :] if re.match(r"[\w.@]+$", word)]
            assert STUDIES[int(study[1])].select(rows[:1])
