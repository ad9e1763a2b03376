"""Domain-adaptive semantic segmentation around HRDA (Hoyer et al., ECCV 2022)."""

from mmseg.utils.computing.allocation import keep_freed_memory
from mmseg.utils.computing.threads import prepare_threads

__version__ = "0.1.0"

prepare_threads()  # before torch, which every other module of the package imports
keep_freed_memory()
