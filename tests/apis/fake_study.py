"""A study whose runs are made up: their numbers are given, nothing is trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from mmseg.apis.launching.rows import study_runs
from mmseg.apis.launching.runs import Run
from mmseg.experiments import ConfigFile, Published, Row, Study, Table
from tests import tiny

METRICS = (("mIoU", "mIoU"), ("mIoU.thin", "thin classes"))


def config_file(folder: Path, number: int, base: str) -> ConfigFile:
    """A config that differs from others in its length of 1000 + number iterations."""
    path = folder / f"row_{number}.py"
    evaluator = 'val_evaluator = dict(subsets=dict(thin=["pole", "train"]))'
    path.write_text(f"_base_ = [{str(tiny.ROOT / base)!r}]\ntrain_cfg = dict(max_iters={1000 + number})\n{evaluator}\n")
    return ConfigFile(path=str(path))


def make_study(
    folder: Path,
    titles: Sequence[str],
    *,
    published: Sequence[Published | None] = (),
    seeds: Sequence[int] = (0, 1),
    base: str = "configs/daformer/gta2cs_daformer.py",
) -> tuple[Study, dict[str, list[Run]]]:
    """A study of one table '7' with these rows, and its runs below ``folder``."""
    numbers = [*published, *[None] * (len(titles) - len(published))]
    setups = [config_file(folder, number, base) for number in range(len(titles))]
    rows = [Row(title=title, setup=setup, published=number) for title, setup, number in zip(titles, setups, numbers, strict=True)]
    table = Table(key="7", title="Components", rows=tuple(rows), metrics=METRICS)
    study = Study(title="Made up", source="Paper, Table 7", tables=(table,), seeds=tuple(seeds))
    return study, study_runs(study, options={"work_dir": str(folder / "runs")})


def evaluation(iteration: int, mean: float, classes: Mapping[str, float | None] | None = None, **more: object) -> dict:
    """An entry of ``evaluations.json``."""
    named = {f"IoU.{name}": value for name, value in (classes or {}).items()}
    return {"iteration": iteration, "metrics": {"mIoU": mean, **named}, **more}


def write_run(run: Run, curve: Sequence[dict], *, finished: bool = True) -> None:
    """The files of a run that was evaluated so often."""
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / "latest.pth").touch()
    (run.folder / "evaluations.json").write_text(json.dumps(list(curve)))
    if finished:
        (run.folder / "result.json").write_text(json.dumps({**curve[-1], "seed": run.cfg.seed}))


def write_choice(run, iteration: int, last: int) -> None:
    """Scores that speak for the checkpoint of an iteration, and were taken up to another."""
    numbers = {"scores": {}, "rank": 1.0, "mIoU": None}
    entries = [{"file": f"iter_{number}.pth", "iteration": number, **numbers} for number in sorted({iteration, last})]
    content = {"version": 1, "rule": "", "chosen": f"iter_{iteration}.pth", "images": 1, "seed": 0, "checkpoints": entries}
    (run.folder / "choice.json").write_text(json.dumps(content))


def write_picture(run: Run, iteration: int = 1000, width: int = 800) -> None:
    """Noise, which JPEG cannot make small."""
    folder = run.folder / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    picture = np.random.default_rng(0).integers(0, 256, (width // 2, width, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / f"iter_{iteration:06d}.png"), picture)
