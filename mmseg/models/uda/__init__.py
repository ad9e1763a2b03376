"""Domain adaptation: one shared training step, small parts, methods as short lists of objectives."""

from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.methods import DACS, AdvSeg, MinEnt, SourceOnly, TargetOnly

__all__ = ["DACS", "AdvSeg", "MinEnt", "SourceOnly", "TargetOnly", "UDAMethod"]
