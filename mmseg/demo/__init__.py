"""Procedural street scenes in two styles, a game ('gta') and a camera in a car ('cityscapes')."""

from mmseg.utils.exports import exported

HOMES = {
    "CITYSCAPES": "styles",
    "GTA": "styles",
    "STYLES": "styles",
    "Scene": "scene",
    "Style": "styles",
    "render": "scene",
}

__all__ = list(HOMES)
__getattr__ = exported(__name__, HOMES)
