"""How parameters are grouped for the optimizer."""

from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor, parameter_groups

__all__ = ["GroupedOptimWrapperConstructor", "parameter_groups"]
