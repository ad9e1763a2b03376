"""Every command that README and docs show is run here, or by a test that is named, or the line above it says what it needs."""

import importlib
import inspect
import itertools
import re
import shutil

import pytest

from tests.cli.released import NAME, make_released
from tests.datasets.toy import position_image, write_png
from tests.docs.commands import KNOWN_NEEDS, NEEDS, SHOWN, Command, in_blocks
from tests.docs.walked import COVERED, RUN
from tests.docs.walking import Walker, make_clone

RELEASED = "work_dirs/gtaHR2csHR_hrda_246ef"
STANDS_FOR = {
    "CONFIG": "RUN/config.py",
    "configs/hrda/gtaHR2csHR_hrda.py": "RUN/config.py",
    "CHECKPOINT": "RUN/latest.pth",
    "FILE": "RUN/latest.pth",
    "latest.pth": "RUN/latest.pth",
    "PHOTO": "photo.png",
    "photo.jpg": "photo.png",
    "ride.mp4": "photo.png",
    f"{RELEASED}/CONFIG.json": f"{RELEASED}/{NAME}.json",
}
"""Words that mean what a reader has."""
WRITES = ("--out", "--export", "--picture", "--work-dir")
"""Options that name what is there afterwards."""


def ways(command: Command) -> list[str]:
    """How a command is taken care of: it says what it needs, or by these patterns of the tables."""
    return ["needs"] if command.needs else [pattern for pattern in (*RUN, *COVERED) if re.fullmatch(pattern, command.text)]


@pytest.mark.parametrize("page", sorted({command.page for command in SHOWN}))
def test_every_command_is_taken_care_of_in_one_way(page):
    """A new command is run by a line of ``tests/docs/walked.py``, or has a line ``# needs: …`` above it."""
    assert [(command.text, found) for command in SHOWN if command.page == page and len(found := ways(command)) != 1] == []


def test_needs_are_said_in_known_words():
    """So that a reader finds the same thing under the same name; a command that needs nothing special is run instead."""
    assert {need for command in SHOWN for need in command.needs if not KNOWN_NEEDS.fullmatch(need)} == set()


def test_no_line_of_the_tables_is_idle():
    assert {pattern for command in SHOWN for pattern in ways(command)} == {"needs", *RUN, *COVERED}


@pytest.mark.parametrize("name", sorted(set(COVERED.values())))
def test_a_test_that_the_table_names_is_there(name):
    """As pytest collects it, and nothing skips it."""
    file, _, function = name.partition("::")
    module = importlib.import_module(file.removesuffix(".py").replace("/", "."))
    assert re.fullmatch(r"test_\w+\.py", file.rpartition("/")[2]) and function.startswith("test_")
    assert inspect.isfunction(getattr(module, function))
    assert not [mark for mark in getattr(getattr(module, function), "pytestmark", []) if mark.name.startswith("skip")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("```sh\npython a.py x \\\n  --y  # z; z\n```", [("python a.py x --y", ())]),
        (
            "```python\nx = 1\n```\n\n```sh\n# needs: GTA, a GPU\nsh a.sh && python b.py\n\npython c.py\n```",
            [("sh a.sh", ("GTA", "a GPU")), ("python b.py", ("GTA", "a GPU")), ("python c.py", ())],
        ),
        ("```\na/b.png   x\npython a.py\n```\n\n    python d.py e\n", [("python a.py", ()), ("python d.py e", ())]),
        ('```sh\nfor n in 1 2; do\n  A="b c" python a.py $n &\ndone\n```', [('A="b c" python a.py $n', ())]),
    ],
)
def test_commands_of_a_block(text, found):
    assert in_blocks(text) == found


def test_an_unknown_line_between_commands_is_seen():
    with pytest.raises(ValueError, match="neither a command nor known beside one: rm -r data"):
        in_blocks("```sh\npython a.py\nrm -r data\n```")


def test_a_new_command_has_to_be_taken_care_of():
    assert ways(Command("a.md", "python tools/new.py", ())) == [] and ways(Command("a.md", "python tools/new.py", ("a GPU",))) == ["needs"]
    assert NEEDS.startswith("#")


# Commands that are run


@pytest.fixture(scope="module")
def walker(tiny_data, trained, tmp_path_factory):
    """A clone in which a run, a released folder, demo data and photographs lie."""
    folder = make_clone(tmp_path_factory.mktemp("clone"))
    shutil.copytree(trained, folder / "work_dirs" / "RUN")
    (folder / "RUN").symlink_to("work_dirs/RUN")
    made_by = make_released(tmp_path_factory.mktemp("released"), tiny_data)
    shutil.copytree(made_by, folder / RELEASED)
    for name in ("demo", "smoke"):
        shutil.copytree(tiny_data, folder / "data" / name)
    for name in ("photo.png", "photos/a.png"):
        write_png(folder / name, position_image(1))
    walker = Walker(folder)
    yield walker
    walker.close()


CASES = [(command, added) for pattern, added in RUN.items() for command in SHOWN if ways(command) == [pattern]]
"""In the order of the table: what a command reads, an earlier one has made."""


def test_commands_run(walker):
    """In one test, so that those which read what others write find it."""
    failures, seen = [], set()
    for number, (command, added) in enumerate(CASES):
        if command.text in seen:
            continue
        seen.add(command.text)
        fresh = {"DIR": f"dir_{number}", "NEW": f"work_dirs/new_{number}"}
        words = [{**STANDS_FOR, **fresh}.get(word, word) for word in [*command.words, *added.split()]]
        code, printed = walker.run(words)
        missing = [path for option, path in itertools.pairwise(words) if option in WRITES and not (walker.folder / path).exists()]
        if code or missing or not printed.strip():
            failures.append(f"{command.page}: {' '.join(words)} ended with {code}, without {missing}\n{printed[-800:]}")
    assert not failures, "\n".join(failures)
