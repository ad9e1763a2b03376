"""The published options of the labeling, which fill its list of stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mmseg.utils.errors import UserError

PUBLISHED_THRESHOLD = 0.968


def labeling_configs(labeling: Sequence[Mapping] | None, *, threshold: float | None, top: int, bottom: int) -> list[dict]:
    """The stages of a config.

    Args:
        labeling: the list itself; None fills it from the others.
        threshold: of :class:`ConfidenceShare`; None leaves the stage out.
        top, bottom: of :class:`IgnoreRows`; 0 and 0 leave it out.

    Raises:
        UserError: both forms are given, and one of them would be ignored.
    """
    stages = [] if threshold is None else [{"type": "ConfidenceShare", "threshold": threshold}]
    stages += [{"type": "IgnoreRows", "top": top, "bottom": bottom}] if top or bottom else []
    if labeling is None:
        return stages
    if threshold not in (None, PUBLISHED_THRESHOLD) or top or bottom:
        off = "pseudo_threshold=None, pseudo_weight_ignore_top=0, pseudo_weight_ignore_bottom=0"
        raise UserError(f"uda.labeling and the options that it replaces are both given. Write {stages} into the list, and {off} beside it.")
    if not isinstance(labeling, Sequence) or not all(isinstance(stage, Mapping) for stage in labeling):
        raise UserError(f"uda.labeling is {labeling!r}. Use a list such as [dict(type='ConfidenceShare', threshold=0.968)].")
    return [dict(stage) for stage in labeling]


def with_threshold(stages: Sequence[Mapping], threshold: float | None) -> list[dict]:
    """The same stages with another threshold of confidence, as ``mask_pseudo_threshold`` asks for; None leaves that stage out."""
    others = [dict(stage) for stage in stages if stage.get("type") != "ConfidenceShare"]
    return others if threshold is None else [{"type": "ConfidenceShare", "threshold": threshold}, *others]
