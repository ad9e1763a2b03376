"""How parameters are grouped for the optimizer, and several optimizers as one."""

from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor, parameter_groups
from mmseg.engine.optimizers.joint import JointOptimWrapper

__all__ = ["GroupedOptimWrapperConstructor", "JointOptimWrapper", "parameter_groups"]
