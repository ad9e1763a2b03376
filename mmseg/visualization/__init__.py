"""Pictures as pure functions of arrays; hooks and tools decide when to draw."""

from mmseg.visualization.colorize import colorize_labels, denormalize, heat, overlay, write_palette_png
from mmseg.visualization.panels import draw_panel, legend, stack

__all__ = ["colorize_labels", "denormalize", "draw_panel", "heat", "legend", "overlay", "stack", "write_palette_png"]
