"""Types of the dictionaries that name a normalisation or an activation; mmcv builds the layers and does not check them."""

from __future__ import annotations

from typing import Literal

from typing_extensions import Required, TypedDict

from mmseg.utils.options.ranges import CLOSED, Positive, ShareBelowOne


class NormConfig(TypedDict, total=False):
    """Such as ``dict(type='BN', requires_grad=True)``."""

    __pydantic_config__ = CLOSED

    type: Required[Literal["BN", "BN2d", "SyncBN", "GN", "IN", "IN2d"]]
    requires_grad: bool
    eps: Positive[float]
    momentum: ShareBelowOne | None
    affine: bool
    track_running_stats: bool
    num_groups: Positive[int]


class FrozenNormConfig(TypedDict):
    """``dict(type='FrozenBN')``: BatchNorm whose weights and statistics stay those of the file; for encoders."""

    __pydantic_config__ = CLOSED

    type: Literal["FrozenBN"]


class ActivationConfig(TypedDict, total=False):
    """Such as ``dict(type='ReLU')``."""

    __pydantic_config__ = CLOSED

    type: Required[Literal["ReLU", "LeakyReLU", "PReLU", "ReLU6", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh"]]
    inplace: bool
    negative_slope: Positive[float]
