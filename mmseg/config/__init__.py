"""Reading, composing and naming configs."""

from mmseg.config.config import load_config

__all__ = ["load_config"]
