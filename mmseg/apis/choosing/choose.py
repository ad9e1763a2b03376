"""All checkpoints of a run, their scores, and the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from mmengine.config import Config

from mmseg.apis.choosing.rule import RULE, SCORES, chosen, correlations, mean_ranks
from mmseg.apis.choosing.scores import mask_of, score
from mmseg.apis.predicting.inference import init_model
from mmseg.apis.preparing.images import images_of
from mmseg.apis.preparing.temperature import evenly
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.checkpoints.weights import STUDENT, TEACHER, networks
from mmseg.evaluation.choice import VERSION, Choice
from mmseg.utils.errors import UserError
from mmseg.utils.storage.run_folder import BEST, LATEST, kept_states

SAYS = {
    "entropy": "of the probabilities, of its largest value: the less the better",
    "agreement": "pixels of which the teacher says the same",
    "flip": "pixels of which the mirror image says the same",
    "scale": "pixels of which the image at 1.25 of its size says the same",
    "masked": "pixels of which the image says the same while most of it is hidden",
    "change": "of the shares of the classes since the checkpoint before; chooses nothing",
}


def checkpoints(run: Path) -> dict[int, Path]:
    """The checkpoints of a run by their iterations, ascending: those of evaluations that it kept, the last and the best.

    Raises:
        UserError: there are less than two, or a file is no state of a training.
    """
    found: dict[int, Path] = {}
    for path in [*kept_states(run).values(), run / LATEST, run / BEST]:
        if path.is_file():
            iteration = read_checkpoint(path, values=False).get("meta", {}).get("iteration")
            if not isinstance(iteration, int):
                raise UserError(f"Checkpoint {path} does not say after which iteration it was made. Move it out of the run folder.")
            found.setdefault(iteration, path)
    if len(found) < 2:
        fix = "Train with default_hooks.checkpoint.max_keep=N, which keeps the states of N evaluations."
        raise UserError(f"{run} has checkpoints of {len(found)} iterations, so there is nothing to choose from. {fix}")
    return dict(sorted(found.items()))


def scored(cfg: Config, found: Mapping[int, Path], images: int, seed: int, device: str) -> tuple[list[dict[str, float | None]], int]:
    """The scores of checkpoints in their order, and how many images they are of: those that the training reads of its target.

    No label is read.

    Raises:
        UserError: the training has no target, its images are missing, or a checkpoint does not fit the config.
    """
    dataset = images_of(cfg, "target")
    some, mask = evenly(len(dataset), images), mask_of(cfg)
    entries, before = [], None
    for iteration, path in found.items():
        print(f"Checkpoint after iteration {iteration}: {path}")
        student = init_model(cfg, path, device, STUDENT)
        has_teacher = TEACHER in networks(read_checkpoint(path, values=False))
        teacher = init_model(cfg, path, device, TEACHER) if has_teacher else None
        counts = score(student, teacher, dataset, some, mask, seed)
        entries.append({**counts.scores, "change": None if before is None else counts.change(before)})
        before = counts
    return entries, len(some)


def choice_of(
    found: Mapping[int, Path], scores: Sequence[Mapping[str, float | None]], truth: Mapping[int, float | None], images: int, seed: int
) -> Choice:
    """The content of ``choice.json``.

    Args:
        found: checkpoints by iteration, ascending.
        scores: of each, by name.
        truth: mIoU of evaluations by iteration, percent: for the correlations alone.
        images, seed: of the scores.
    """
    ranks = mean_ranks(scores)
    entries = [
        {"file": path.name, "iteration": iteration, "scores": dict(own), "rank": rank, "mIoU": truth.get(iteration)}
        for (iteration, path), own, rank in zip(found.items(), scores, ranks, strict=True)
    ]
    known = [entry["mIoU"] for entry in entries]
    related = {name: correlations([own[name] for own in scores], known) for name in SCORES}
    related["rank"] = correlations(ranks, known)
    head = {"version": VERSION, "rule": RULE, "chosen": entries[chosen(ranks)]["file"], "images": images, "seed": seed}
    return {**head, "checkpoints": entries, "correlation": related}
