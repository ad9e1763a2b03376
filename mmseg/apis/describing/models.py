"""docs/models.md: every training that a config describes, with what was published and measured, from the docstrings of the configs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch
from mmengine.config import Config

from mmseg.apis.describing.cost import cost_of
from mmseg.config import load_config
from mmseg.models.weights.facts import published_licence
from mmseg.models.weights.licences import UNKNOWN, licence_of
from mmseg.models.weights.networks import NETWORKS
from mmseg.models.weights.packages import PACKAGES
from mmseg.models.weights.pretrained import pretrained_path
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError
from mmseg.utils.repository import CONFIGS, ROOT

COMMAND = "python tools/write_models.py"
NO_ZOO = ("_base_", "generated")
"""Folders of configs that are no trainings of their own."""
TITLES = {
    "hrda": "HRDA",
    "daformer": "DAFormer",
    "mic": "MIC",
    "dg": "Domain generalisation",
    "label_shift": "Label shift",
    "cpsl": "CPSL",
    "ripu": "Active learning",
    "few_labels": "Few labels",
    "foundation": "Foundation encoders",
    "depth_distribution": "Depth distribution",
    "streets": "Real photographs",
    "demo": "Demo streets",
    "own_data": "Own data",
}
"""Sections by folder of configs."""
HEAD = f"""# Models

Every training that has a config of its own. Written from the docstrings of the configs by `{COMMAND}`.

- **Published**: mIoU in percent as the paper gives it, with the published code. What it means stands in the config.
- **Measured**: what *this* code reached, with the page that says on which hardware. Most of these trainings need a GPU and data that were
  not at hand: they are not measured. Other methods were measured on [demo streets](experiments.md#the-demo-study), on their own pages.
- **Weights**: the file that the encoder starts from. `sh tools/download_checkpoints.sh NAME` fetches `mit_b5`, `resnet101` and
  `efficientnet_lite0`. What is trained from weights may fall under their licence, too; [NOTICE](../NOTICE) says more.
- **Command**: with an ellipsis (…), the docstring of the config says what to add to it, such as the checkpoint of an earlier stage.
- One small network of ours is in the repository: [`work_dirs/streets`](../work_dirs/streets/README.md), for photographs of streets.
  The authors of HRDA, DAFormer and MIC publish theirs:
  [the released checkpoints](tutorials/released_checkpoints.md).
"""
COST = """## What fits

No GPU was at hand, so **nothing in this table was measured on one by us**. Peaks of the published code are from the papers. The presets are
our configs with levers of memory, and whether they fit is an estimate from what the levers do: bfloat16 keeps most of what the backward
pass needs in half the bytes (16 GB), and checkpointing the input of each block alone (12 GB); of MiT-B5 on 256x256 pixels that was 127 MiB
in place of 295, on a CPU ([benchmark_figures.md](benchmark_figures.md)). `python tools/benchmark.py fit CONFIG --memory 12` finds out on
your GPU, without data or weights.

| memory | training | grounds |
|---|---|---|
| no GPU | `configs/demo` | measured: 0.4 GiB on a CPU ([benchmark_figures.md](benchmark_figures.md)) |
| no GPU | `configs/streets` | measured: 1.5 to 1.9 GB on a CPU ([real_photographs.md](real_photographs.md)) |
| 8 GB | not known | neither published nor measured; try `fit` with `--memory 8` |
| 12 GB | DAFormer, `configs/daformer` | published: 16 hours on an 11 GB card |
| 12 GB | HRDA, MIC: `…_12g.py` | estimated, not tried |
| 16 GB | HRDA with context crops of 768, detail crops of 384 (`--exp 44 --only 5.2`) | published: 13.5 GB, 71.3 mIoU |
| 16 GB | HRDA, MIC: `…_16g.py` | estimated, not tried |
| 24 GB | HRDA as it is, `configs/hrda` | published: 22.5 GB, 32 hours |
| 24 GB | MIC as it is, `configs/mic`; HRDA, MIC: `…_24g.py` | estimated, not tried: MIC's masked pass comes after the others |
| not known | the other sections | neither published nor measured; try `fit` |

What a training keeps before it has seen an image is arithmetic: 4 bytes for each number of every network (student, teacher, and that of the
feature distance; what they share is there once), and of what is trained as many again for gradients and for each of AdamW's two moments.
Activations come on top, and are the larger part; so does the teacher of a distillation. Operations are those of the student's prediction of
one crop (products and sums; 10¹² are a TFLOP), as torch counts them. `benchmark.py fit CONFIG` prints this of any config.

| training | numbers of the student | of them trained | kept without an image | TFLOP | crop |
|---|---|---|---|---|---|"""
COUNTED = (
    "daformer/gta2cs_daformer.py",
    "hrda/gtaHR2csHR_hrda.py",
    *(f"foundation/{file.name}" for file in sorted((CONFIGS / "foundation").glob("*.py"))),
    "demo/demoHR2demoHR_hrda.py",
)
"""Configs whose networks :data:`COST` counts; all of them train with AdamW."""
COLUMNS = "| training | encoder, licence of its weights | published | measured | command |"
FIELD = re.compile(r"^([A-Z]\w+): +(.*(?:\n +.*)*)", re.MULTILINE)
LAUNCH = re.compile(r"(python \S+ --config \S+)(.*)")
BRACKETS = re.compile(r" ?\([^()]*\)")
OUTSIDE = re.compile(r"(?:[;:.] |\.$)(?![^(]*\))")
"""Ends of clauses that no bracket encloses."""
NOTHING = ("nothing", "not yet")


def config_files() -> list[Path]:
    """The configs of trainings, section by section; in each by name. Raises UserError: see :func:`check_described`."""
    files = [file for file in CONFIGS.rglob("*.py") if file.relative_to(CONFIGS).parts[0] not in NO_ZOO]
    for file in files:
        check_described(file)
    order = {folder: place for place, folder in enumerate(TITLES)}
    return sorted(files, key=lambda file: (order[file.relative_to(CONFIGS).parts[0]], file.name))


def check_described(file: Path) -> None:
    """Refuses a config that the page cannot show.

    Raises:
        UserError: its folder has no section, or its docstring no command.
    """
    folder = file.relative_to(CONFIGS).parts[0]
    if folder not in TITLES:
        raise UserError(f"{file.relative_to(ROOT)} is in no section of docs/models.md. Put it into one of {', '.join(TITLES)}.")
    if not LAUNCH.fullmatch(docstring_fields(file).get("Command", "")):
        command = f"Command: python run_experiments.py --config {file.relative_to(ROOT)}"
        raise UserError(f"The docstring of {file.relative_to(ROOT)} does not say how to train it. Add a line '{command}'.")


def models_page() -> str:
    """The whole page."""
    sections: dict[str, list[str]] = {title: [] for title in TITLES.values()}
    weights: dict[str, str] = {}
    for file in config_files():
        cfg = load_config(file)
        name = pretrained_path(cfg.model.get("pretrained"), cfg.model.backbone.get("init_cfg"))
        if name is not None:
            weights[name] = licence_of_file(name, cfg)
        sections[TITLES[file.relative_to(CONFIGS).parts[0]]].append(_row(file, cfg, name))
    return "\n".join([HEAD, *_weights(weights), *_sections(sections), COST, *_states()])


def docstring_fields(file: Path) -> dict[str, str]:
    """The fields of the docstring of a config (``Command``, ``Published``, …) in one line each, and its first paragraph as ``title``."""
    text = ast.get_docstring(ast.parse(file.read_text())) or ""
    fields = {name: " ".join(value.split()) for name, value in FIELD.findall(text)}
    title = BRACKETS.sub("", " ".join(text.split("\n\n")[0].split())).rstrip(".")
    return {"title": title, **fields}


def result_and_cost(text: str) -> tuple[str, str]:
    """A field ``Published`` or ``Measured`` in two cells: the number with its first words, without brackets, and what it took.

    Both are empty where the field says that there is nothing.

    >>> result_and_cost("73.8 ± 0.3 mIoU over 3 seeds (Table 1); 32 hours on a 24 GB card. Not trained by us yet.")
    ('73.8 ± 0.3 over 3 seeds', '32 hours on a 24 GB card')
    """
    first, *others = (part.strip() for part in OUTSIDE.split(text))
    took = [part for part in others if re.search(r"\d (hour|minute)s", part)]
    return ("", "") if first.startswith(NOTHING) else (BRACKETS.sub("", first).replace(" mIoU", ""), took[0] if took else "")


def licence_of_file(name: str, cfg: Config) -> str:
    """The licence of the weights that a config starts from, in words: of the file, not of any file that fits.

    Args:
        name: the file, as the config has it.
        cfg: the config.
    """
    stem = Path(name).stem
    if stem in PACKAGES:
        return PACKAGES[stem].licence
    if stem in NETWORKS:
        return _licence_of_network(stem)
    return published_licence(cfg.model.backbone.name) if cfg.model.backbone.type == "TimmBackbone" else UNKNOWN


@cache
def _licence_of_network(name: str) -> str:
    with torch.device("meta"):
        return licence_of(MODELS.build(NETWORKS[name]))


def _row(file: Path, cfg: Config, weights: str | None) -> str:
    """A line of the table of a section."""
    fields = docstring_fields(file)
    published, stated = result_and_cost(fields.get("Published", ""))
    measured, took = result_and_cost(BRACKETS.sub("", fields.get("Measured", "")))
    page = re.search(r"docs/(\w+\.md)", fields.get("Measured", "")) if measured else None
    command, more = LAUNCH.fullmatch(fields["Command"]).groups()
    cells = (
        f"[{fields['title'].split(': ')[0].replace('->', '→')}](../{file.relative_to(ROOT)})",
        _encoder(cfg, weights),
        f"{published or 'none'}{stated and f'; {stated}'}",
        f"{measured or 'not measured'}{took and f'; {took}'}{f' ([{page[1]}]({page[1]}))' if page else ''}",
        f"`{command}{more and ' …'}`",
    )
    return "| " + " | ".join(cells) + " |"


def _encoder(cfg: Config, weights: str | None) -> str:
    """What an encoder is, and from what it starts."""
    if weights is not None:
        return f"`{Path(weights).stem}`, {re.split(', as', licence_of_file(weights, cfg))[0]}"
    backbone = cfg.model.backbone
    name = f"{backbone.type}-{backbone.depth}" if "depth" in backbone else backbone.type
    return f"{name}, {'that of the checkpoint it starts from' if cfg.get('load_from') else 'from scratch'}"


def _weights(licences: dict[str, str]) -> Iterator[str]:
    yield from ("## Weights", "", "| file | licence |", "|---|---|")
    yield from (f"| `{name}` | {licence} |" for name, licence in sorted(licences.items()))
    yield ""


def _sections(rows: dict[str, list[str]]) -> Iterator[str]:
    for title, lines in rows.items():
        yield from (f"## {title}", "", COLUMNS, "|---|---|---|---|---|", *lines, "")


def _states() -> Iterator[str]:
    """Rows of what a training costs before its first image."""
    for file in COUNTED:
        cost = cost_of(load_config(CONFIGS / file))
        numbers = f"{cost.parameters / 1e6:.1f} million | {cost.trained / 1e6:.1f} million | {cost.kept / 2**30:.2f} GiB"
        height, width = cost.crop
        yield f"| [`configs/{file}`](../configs/{file}) | {numbers} | {cost.flops / 1e12:.3g} | {height}x{width} |"
    yield ""
