"""Checks all data that a config reads: every file is opened, everything that is wrong is collected.

Call chain: ``check_data ─ find_splits ─ open_split ─ inspect_pairs ─ split findings ─ duplicates ─ training sample``
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from mmengine.config import Config

from mmseg.apis.checking.duplicates import same_files
from mmseg.apis.checking.known_sizes import known_size
from mmseg.apis.checking.pairs import Problem, inspect_pairs
from mmseg.apis.checking.splits import OpenSplit, Split, find_splits, open_split, split_problems
from mmseg.datasets.classes.check import check_class_lists
from mmseg.datasets.sampling.made_targets import MadeTargets
from mmseg.datasets.sampling.uda_dataset import UDADataset
from mmseg.registry import DATASETS
from mmseg.utils.computing.progress import progress
from mmseg.utils.errors import BadFileError, UserError

BAD_FILE = ("broken image", "image format", "broken label", "label format", "unknown id", "size mismatch", "broken depth", "depth size")
"""Kinds of problems of single files, which a training may skip."""

UNREADABLE = ("cannot be opened", "missing label", "missing depth")
"""Kinds of problems that leave no data set to draw a sample from."""

NOTHING_LABELLED = "no labelled pixel"

FATAL = (
    *BAD_FILE,
    "config",
    *UNREADABLE,
    "small image",
    "statistics",
    NOTHING_LABELLED,
    "training sample",
)
"""Kinds of problems that end a training, in a split that it reads."""

HARMLESS = ("file count", "label without image", "empty class", "damaged image", "stale statistics", "depth 0", "duplicate")
"""Kinds of problems that a training does not notice."""

TRAINING, HELD_OUT = ("source", "target"), ("val", "test")
"""Roles of the splits that a network is trained on, and of those that it is evaluated on."""


@dataclass(frozen=True)
class Finding:
    """A problem of a split.

    Attributes:
        split: name of the split; 'config' for what no single split is to blame for.
        kind: one of :data:`FATAL` or :data:`HARMLESS`.
        fatal: whether a training of the config would end with an error.
        path: file or folder.
        text: one line that ends with the fix.
    """

    split: str
    kind: str
    fatal: bool
    path: str
    text: str


@dataclass(frozen=True, kw_only=True)
class SplitReport:
    """What a split holds.

    Attributes:
        name: 'source', 'target', 'val' or 'test'; with a number where there are several.
        dataset: type of the data set.
        folder: of the images.
        files: number of images.
        known: how many the published split has; None where no total is known.
        read: number of images that were decoded.
        labelled: whether its labels are read.
        image_sizes: number of the images by 'widthxheight'.
        image_formats, label_formats: number of the images and labels by format, depth and bands, in words.
        class_pixels: labelled pixels by class name, all classes.
    """

    name: str
    dataset: str
    folder: str
    files: int
    known: int | None
    read: int
    labelled: bool
    image_sizes: Mapping[str, int]
    image_formats: Mapping[str, int]
    label_formats: Mapping[str, int]
    class_pixels: Mapping[str, int]


@dataclass(frozen=True)
class DataReport:
    """The outcome of a check.

    Attributes:
        splits: those that could be opened.
        findings: of all splits.
    """

    splits: tuple[SplitReport, ...]
    findings: tuple[Finding, ...]

    @property
    def fatal(self) -> tuple[Finding, ...]:
        """What would end a training."""
        return tuple(finding for finding in self.findings if finding.fatal)


def check_data(cfg: Config, *, which: str = "all", nproc: int = 1, limit: int | None = None) -> tuple[DataReport, list[OpenSplit]]:
    """Reads the splits of a config.

    Args:
        cfg: complete config.
        which: 'train' (source and target), 'val' (validation and test) or 'all'.
        nproc: worker processes.
        limit: decodes so many images of each split, evenly spread; None decodes all. Counts, pairs and duplicates are always of all.

    Returns:
        the report, and the splits that could be opened.

    Raises:
        UserError: the config names no source.
    """
    if not cfg.train_dataloader.dataset.get("source"):
        raise UserError("The config has no train_dataloader.dataset.source. Add the labelled data set of the training.")
    roles = {"train": TRAINING, "val": HELD_OUT, "all": TRAINING + HELD_OUT}[which]
    findings = list(config_findings(cfg))
    opened, reports = [], []
    for split in find_splits(cfg, roles):
        try:
            opened.append(open_split(split))
        except UserError as error:
            findings.append(_finding(split, Problem("cannot be opened", place(split), str(error))))
            continue
        report, problems = check_split(opened[-1], nproc=nproc, limit=limit)
        reports.append(report)
        findings += [_finding(split, problem) for problem in problems]
    findings += duplicates(opened)
    if "source" in roles and not any(finding.kind in UNREADABLE for finding in findings):
        known = {finding.text for finding in findings}
        for finding in sample_findings(cfg, limit):
            if finding.text not in known:
                findings.append(finding)
                known.add(finding.text)
    return DataReport(tuple(reports), tuple(findings)), opened


def place(split: Split) -> str:
    """Folder of a split, as far as its config tells."""
    return str(split.dataset.get("data_root") or split.dataset.get("images", ""))


def check_split(split: OpenSplit, *, nproc: int, limit: int | None) -> tuple[SplitReport, list[Problem]]:
    """Decodes the images, labels and depths of one split; see :func:`check_data`."""
    data = split.dataset
    indices = spread(len(data), limit)
    lacking = {"without_label": split.without_label, "without_depth": split.without_depth}
    facts = inspect_pairs(data, indices, **lacking, nproc=nproc, title=f"Reading {split.name}")
    pixels = Counter(dict.fromkeys(range(len(data.classes)), 0))
    for single in facts:
        pixels.update(single.pixels)
    known = known_size(data, split.options.dataset)
    report = SplitReport(
        name=split.name,
        dataset=type(data).__name__,
        folder=str(data.images.folder),
        files=len(data),
        known=known,
        read=len(facts),
        labelled=data.labelled,
        image_sizes=dict(Counter(f"{single.size[1]}x{single.size[0]}" for single in facts if single.size)),
        image_formats=dict(Counter(single.image_format for single in facts if single.image_format)),
        label_formats=dict(Counter(single.label_format for single in facts if single.label_format)),
        class_pixels={name: pixels[train_id] for train_id, name in enumerate(data.classes)} if data.labelled else {},
    )
    problems = [problem for single in facts for problem in single.problems]
    named = {problem.text for problem in problems}  # own data are counted for the statistics, which fails at the same files
    return report, [*problems, *(problem for problem in split_problems(split, facts, known) if problem.text not in named)]


def spread(length: int, limit: int | None) -> list[int]:
    """``limit`` of ``length`` indices, evenly spread from the first to the last; all of them without a limit."""
    return np.linspace(0, length - 1, min(limit or length, length)).round().astype(int).tolist()


def duplicates(splits: Iterable[OpenSplit]) -> Iterator[Finding]:
    """Images of validation or test that are images of the training as well, byte by byte."""
    splits = list(splits)
    trained = [path for split in splits if split.options.role in TRAINING for path in split.image_paths]
    for split in splits:
        if split.options.role in HELD_OUT:
            for path, twin in same_files(split.image_paths, trained):
                text = f"{path} is also a training image, {twin}: scores on it mean nothing. Leave it out of one of the two."
                yield _finding(split.options, Problem("duplicate", str(path), text))


def config_findings(cfg: Config) -> Iterator[Finding]:
    """Class lists of the data and the network that contradict each other."""
    try:
        check_class_lists(cfg)
    except UserError as error:
        yield Finding("config", "config", True, "train_dataloader.dataset", str(error))


def sample_findings(cfg: Config, limit: int | None) -> Iterator[Finding]:
    """Reads the pseudo-labels that the target has from an earlier stage, then makes the first sample of the training.

    That finds options that contradict each other or the data.
    """
    try:
        data = DATASETS.build({"seed": cfg.seed, **cfg.train_dataloader.dataset})
        yield from made_findings(data, limit)
        data[0]
    except UserError as error:
        yield Finding("config", "training sample", True, "train_dataloader.dataset", str(error))


def made_findings(data: UDADataset, limit: int | None) -> Iterator[Finding]:
    """Pseudo-labels of the target that do not belong to their images."""
    readers = ((data.views.labels, MadeTargets.label), (data.views.soft, MadeTargets.levels))
    for made, read in ((made, read) for made, read in readers if made is not None):
        for index in progress(spread(len(data.target), limit), "Reading pseudo-labels"):
            try:
                read(made, index, data.target.encoded(index).upright_size)
            except BadFileError as error:
                yield Finding("target", "broken label", data.on_bad_sample != "skip", str(made.path(index)), str(error))


def _finding(split: Split, problem: Problem) -> Finding:
    harmless = (
        split.role == "test" or (split.skips and problem.kind in BAD_FILE) or (split.role == "val" and problem.kind == NOTHING_LABELLED)
    )
    fatal = problem.kind in FATAL and not harmless
    return Finding(split.name, problem.kind, fatal, problem.path, problem.text)
