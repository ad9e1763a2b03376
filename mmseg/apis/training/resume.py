"""Whether a training may go on with a config, and what changes when it does."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

from mmseg.config.differences import Difference, Kind, differences
from mmseg.config.schedule import resolve_ends
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.resume.history import Resumption, Stretch, from_values
from mmseg.engine.resume.state import ELSEWHERE, check_same_run, check_state
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text, read_config_text
from mmseg.utils.storage.run_folder import CONFIG

LISTED = 12  # differences in one message


def plan_resume(cfg: Config, checkpoint: str, *, override: bool = False) -> Resumption:
    """Compares a config with the one that made a checkpoint, before anything is built.

    Args:
        cfg: complete config.
        checkpoint: the file.
        override: apply every difference that can be applied.

    Returns:
        what the runner needs to know.

    Raises:
        UserError: there is no state of a training, or it is another one; lists what differs and what each difference means.
    """
    content = read_checkpoint(checkpoint, values=False)
    check_state(content, checkpoint)
    meta = content["meta"]
    check_same_run(meta, cfg.seed, checkpoint)
    history = from_values(meta.get("history", ()), checkpoint)
    if "config" not in meta:
        return Resumption(checkpoint, history, notes=(f"{checkpoint} holds no config: nothing was compared with this one.",))
    try:
        old = resolve_ends(Config(read_config_text(meta["config"]))).to_dict()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        note = f"The config in {checkpoint} cannot be read ({error}): nothing was compared with this one."
        return Resumption(checkpoint, history, notes=(note,))
    found = differences(old, read_config_text(config_text(cfg)))
    refuse(found, checkpoint, override)
    if not found:
        return Resumption(checkpoint, history)
    first = history[-1].last if history else 0
    if first < meta["iteration"]:
        history = (*history, Stretch(first, meta["iteration"], meta["config"], tuple(map(str, found))))
    changed = any(difference.changes_training for difference in found)
    note = f"From iteration {meta['iteration'] + 1} on, with another config: {listed(found)}"
    return Resumption(checkpoint, history, changed, (note,))


def refuse(found: Sequence[Difference], checkpoint: str, override: bool) -> None:
    """Refuses differences that cannot be applied, and without ``override`` those that need this word.

    Raises:
        UserError: lists them.
    """
    excluded = [difference for difference in found if difference.kind is Kind.EXCLUDED]
    if excluded:
        raise UserError(f"A resume cannot change what {checkpoint} was trained with: {listed(excluded)}. {ELSEWHERE}")
    others = [difference for difference in found if difference.kind is Kind.NEEDS_WORD]
    if others and not override:
        fix = f"Resume with the config it was trained with ({CONFIG} beside it), or apply this one from here on with --resume --override."
        raise UserError(f"Checkpoint {checkpoint} was trained with another config: {listed(others)}. {fix}")


def listed(found: Sequence[Difference]) -> str:
    """Differences in one line."""
    more = f", and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return ", ".join(map(str, found[:LISTED])) + more
