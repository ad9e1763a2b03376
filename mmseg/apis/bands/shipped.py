"""Which trainings are compared with a reference band: those whose config has one that ships."""

from __future__ import annotations

from mmengine.config import Config

from mmseg.evaluation.bands.file import shipped_band

HOOK = "ReferenceBandHook"


def with_reference_band(cfg: Config, digest: str) -> Config:
    """The config with the hook that compares, where a band of this digest ships and no other is named; else the config itself.

    Args:
        cfg: complete config.
        digest: of :func:`mmseg.config.identity.row_digest`.
    """
    hooks = list(cfg.get("custom_hooks") or ())
    file = shipped_band(digest)
    if file is None or any(hook.get("type") == HOOK for hook in hooks):
        return cfg
    return Config({**cfg.to_dict(), "custom_hooks": [*hooks, {"type": HOOK, "file": str(file)}]})
