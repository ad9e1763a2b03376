"""Reading, composing and naming configs."""

from mmseg.utils.exports import exported

HOMES = {
    "load_config": "config",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
