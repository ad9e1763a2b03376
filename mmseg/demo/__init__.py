"""Procedural street scenes in two styles, a game ('gta') and a camera in a car ('cityscapes')."""

from mmseg.demo.scene import Scene, render
from mmseg.demo.styles import CITYSCAPES, GTA, STYLES, Style

__all__ = ["CITYSCAPES", "GTA", "STYLES", "Scene", "Style", "render"]
