"""The learning rate's schedule follows the length of a training."""

from __future__ import annotations

from mmengine.config import Config


def resolve_ends(cfg: Config) -> Config:
    """Gives every schedule of a config that names no ``end`` that of the training, in place.

    mmengine counts end - begin - 1 steps, hence ``max_iters + 1``: the last iteration has the last value.

    Args:
        cfg: with ``train_cfg.max_iters``; a config without one, or without schedules, stays as it is.
    """
    length = cfg.get("train_cfg", {}).get("max_iters")
    if type(length) is int:
        for schedule in _schedules(cfg):
            schedule.setdefault("end", length + 1)
    return cfg


def stretch(cfg: Config, length: int) -> Config:
    """Gives a complete config another length, in place: schedules and evaluations at the same shares of the training.

    Args:
        cfg: with ``train_cfg.max_iters`` and the end of every schedule.
        length: iterations, at least 1.
    """
    before = cfg.train_cfg.max_iters
    cfg.train_cfg.update(max_iters=length, val_interval=max(1, cfg.train_cfg.val_interval * length // before))
    for schedule in _schedules(cfg):
        schedule.update(begin=schedule["begin"] * length // before, end=(schedule["end"] - 1) * length // before + 1)
    return cfg


def other_ends(cfg: Config) -> list[str]:
    """One sentence for each schedule that goes on after the training, or for the last one if all end before it."""
    length = cfg.train_cfg.max_iters
    ends = [(schedule["type"], schedule["end"]) for schedule in _schedules(cfg) if type(schedule.get("end")) is int]
    last = max((end for _, end in ends), default=length)
    others = [(name, end) for name, end in ends if end > length + 1 or end == last < length]
    return [
        f"{name} ends at iteration {end - 1}, the training at {length}: the learning rate {_what_happens(end, length)}. "
        f"{'Shorten it, or train longer' if end > length else f'Set its end to {length + 1}, or leave it out'}, where that is not meant."
        for name, end in others
    ]


def _what_happens(end: int, length: int) -> str:
    return "does not reach its last value" if end > length else "stays at its last value from there on"


def _schedules(cfg: Config) -> list[dict]:
    given = cfg.get("param_scheduler")
    return [schedule for schedule in given if isinstance(schedule, dict)] if isinstance(given, (list, tuple)) else []
