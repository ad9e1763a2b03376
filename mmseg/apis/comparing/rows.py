"""What is compared: rows of studies, run folders and groups of them, as numbers by seed."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmseg.evaluation.curve import read_result
from mmseg.evaluation.image_counts import ImageCounts, read_image_counts
from mmseg.evaluation.names import class_names
from mmseg.experiments import Study
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import IMAGES

EVALUATED = Path("eval", "latest.npz")
"""Counts that ``tools/test.py`` has written for a run that has none of its own."""
CLOSE = 0.01
"""Percentage points: counts whose mIoU differs by more from that of the result are those of another state."""
FORMS = "Give a row such as 44.7.4, the folder of a run, several with commas between them, or a pattern in quotes"


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two that are compared.

    Attributes:
        name: as a reader knows it.
        folders: of the finished runs, by seed.
    """

    name: str
    folders: Mapping[int, Path]

    def values(self, metric: str = "mIoU") -> dict[int, float]:
        """A metric of the results by seed, percent.

        Raises:
            UserError: a result is broken, or lacks it.
        """
        values = {}
        for seed, folder in sorted(self.folders.items()):
            value = read_result(folder)["metrics"].get(metric)
            if value is None:
                raise UserError(f"The result of {folder} has no {metric}. Compare runs that were evaluated with labels.")
            values[seed] = value
        return values

    @property
    def classes(self) -> list[str]:
        """Names of the classes that the first run was evaluated on."""
        return class_names(read_result(next(iter(self.folders.values())))["metrics"])


def read_side(
    text: str, studies: Mapping[int, Study], *, demo: bool = False, seeds: Sequence[int] = (), options: dict | None = None
) -> Side:
    """What an argument of ``tools/compare.py`` names.

    Args:
        text: address of a row behind the id of its study, or folders: paths and patterns with commas between them.
        studies: by id.
        demo, seeds, options: of rows, see :func:`mmseg.apis.launching.rows.study_runs`.

    Raises:
        UserError: it names nothing, or nothing that is finished.
    """
    number, _, address = text.partition(".")
    if number.isdecimal() and address and not Path(text).exists():
        return _of_row(text, int(number), address, studies, demo=demo, seeds=seeds, options=options)
    return Side(name=text, folders=_by_seed(text, [Path(text)] if Path(text).is_dir() else _folders(text)))


def _of_row(text: str, number: int, address: str, studies: Mapping[int, Study], **how: object) -> Side:
    from mmseg.apis.launching.rows import study_runs
    from mmseg.experiments.study import known_study

    study = known_study(studies, number, text)
    if address not in study.rows:
        raise UserError(f"{text}: study {number} has no row {address}. Its rows: {', '.join(study.rows)}.")
    runs = study_runs(study, only=[address], **how)[address]
    finished = {run.cfg.seed: run.folder for run in runs if run.finished}
    if not finished:
        demo = " --demo" if how["demo"] else ""
        raise UserError(f"{text} has no finished run. Run it: python run_experiments.py --exp {number} --only {address}{demo}")
    return Side(name=f"{text} {study.rows[address].title}", folders=finished)


def _folders(text: str) -> list[Path]:
    found = []
    for part in [part for part in text.split(",") if part] or [text]:
        matches = [Path(part)] if Path(part).is_dir() else sorted(path for path in map(Path, glob.glob(part)) if path.is_dir())
        if not matches:
            raise UserError(f"{part} is no folder, and no folder is called so. {FORMS}.")
        found += matches
    return found


def _by_seed(text: str, folders: Sequence[Path]) -> dict[int, Path]:
    by_seed: dict[int, Path] = {}
    for folder in folders:
        seed = read_result(folder).get("seed")
        if seed is None:
            raise UserError(f"The result of {folder} does not say its seed. Compare runs of tools/train.py or run_experiments.py.")
        if seed in by_seed:
            raise UserError(f"{text}: {by_seed[seed]} and {folder} have the same seed {seed}. Name the runs of one row.")
        by_seed[seed] = folder
    return by_seed


def image_counts_of(folder: Path, mean: float) -> ImageCounts | None:
    """The counts of the images behind a result; None where there are none, or only those of another state.

    Args:
        folder: of the run.
        mean: mIoU of its result, percent.

    Raises:
        UserError: a file is broken.
    """
    for path in (folder / IMAGES, folder / EVALUATED):
        if path.is_file() and abs((counts := read_image_counts(path)).all - mean) <= CLOSE:
            return counts
    return None


def counted_pairs(first: Side, second: Side, seeds: Sequence[int]) -> tuple[list[tuple[ImageCounts, ImageCounts]] | None, list[Path]]:
    """The counts of each pair of runs, or None; and the folders that lack them.

    Raises:
        UserError: a file is broken, or two of the runs were evaluated on other data.
    """
    sides = [(side.folders, side.values()) for side in (first, second)]
    pairs, lacking, before = [], [], None
    for seed in seeds:
        pair = []
        for folders, values in sides:
            folder = folders[seed]
            counts = image_counts_of(folder, values[seed])
            if counts is None:
                lacking.append(folder)
                continue
            if before is not None and not counts.same_data(before[1]):
                given = f"{before[0]} and {folder} were evaluated on different images or labels"
                raise UserError(f"{given}. Evaluate both on the same data with tools/test.py, or compare other runs.")
            before = folder, counts
            pair.append(counts)
        pairs.append(tuple(pair))
    return (None if lacking else pairs), lacking
