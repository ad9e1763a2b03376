"""Domain-adaptive semantic segmentation around HRDA (Hoyer et al., ECCV 2022)."""

__version__ = "0.1.0"
