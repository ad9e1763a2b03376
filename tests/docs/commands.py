"""Commands in README and docs: where they stand, and what they need."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from tests.docs.pages import PAGES, prose
from tests.tiny import ROOT

START = re.compile(r"""^(?:\w+=(?:"[^"]*"|\S*) )*(?:nice |srun )?(?:python|sh|torchrun|pip|mkdocs|srun) """)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
INLINE = re.compile(r"`((?:python|sh|torchrun) [^`]+)`")
GLUE = re.compile(r"(?:export )?\w+=\S*$|rows=\(|trap |wait |for .* in |do$|done$|ssh |git |apt-get ")
"""What else may stand in a block of commands: variables, loops, traps, and commands of the system."""
NEEDS = "# needs: "
"""Begins a line that says what the commands below it need, up to an empty line or the end of the block."""
KNOWN_NEEDS = re.compile(
    r"GTA|Synthia(?: with depth)?|Cityscapes|Mapillary|BDD100K|CamVid|street scenes|BRAVO|the network|Slurm|"
    r"\d GPUs|a GPU|weights of (?:MiT-B5|MiT-B0|ResNet-101|EfficientNet|DINOv2)|a training by it|labels by hand|"
    r"(?:\d+|several) (?:minutes|hours|days)(?: on (?:a CPU|\d cores))?"
)


@dataclass(frozen=True)
class Command:
    """A command of a page, on one line, and what its block says that it needs."""

    page: str
    text: str
    needs: tuple[str, ...]

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


def shown(page: Path) -> list[Command]:
    """Commands in the blocks of a page, without comments."""
    return [Command(str(page.relative_to(ROOT)), text, needs) for text, needs in in_blocks(page.read_text())]


def in_blocks(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each command in a block, and what it needs."""
    found = []
    for language, block in FENCE.findall(text):
        found += of_block(block, strict=language == "sh") if language in ("sh", "") else []
    for block in INDENTED.findall(prose(text)):
        found += of_block(re.sub("^    ", "", block, flags=re.MULTILINE), strict=False)
    return found


def of_block(block: str, *, strict: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Of a block of commands alone (``strict``), or of one that may be a listing of files as well."""
    found, needs = [], ()
    for line in block.replace("\\\n", " ").splitlines():
        line = line.strip()
        if not line:
            needs = ()
        if line.startswith(NEEDS):
            needs = tuple(line.removeprefix(NEEDS).split(", "))
        for part in parts(line):
            if START.match(part):
                found.append((part, needs))
            elif strict and not GLUE.match(part):
                raise ValueError(f"neither a command nor known beside one: {part}")
    return found


def parts(line: str) -> list[str]:
    """The commands of a line with single spaces, without what a shell takes for a comment."""
    line = " ".join(re.sub(r"(?:^|\s)#.*$", "", line).removesuffix(" &").split())
    split = [line] if line.startswith("trap ") else re.split(r" && |; ", line)
    return [part.removeprefix("do ") for part in split if part]


def in_prose(text: str) -> list[str]:
    """Commands in the midst of a sentence or a table."""
    return [part for inline in INLINE.findall(prose(text)) for part in parts(" ".join(inline.split()))]


SHOWN = [command for page in PAGES for command in shown(page)]
