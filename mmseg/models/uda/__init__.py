"""Domain adaptation: one shared training step, small parts, methods as short lists of objectives."""

from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.methods import DACS, SourceOnly, TargetOnly

__all__ = ["DACS", "SourceOnly", "TargetOnly", "UDAMethod"]
