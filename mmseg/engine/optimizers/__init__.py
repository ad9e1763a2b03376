"""How parameters are grouped for the optimizer, and several optimizers as one."""

from mmseg.engine.optimizers.fused import build_fused
from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor, parameter_groups
from mmseg.engine.optimizers.guarded import GradientHealth, GuardedOptimWrapper
from mmseg.engine.optimizers.joint import JointOptimWrapper

__all__ = [
    "GradientHealth",
    "GroupedOptimWrapperConstructor",
    "GuardedOptimWrapper",
    "JointOptimWrapper",
    "build_fused",
    "parameter_groups",
]
