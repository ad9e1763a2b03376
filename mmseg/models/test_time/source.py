"""No adaptation: what the other methods are compared with."""

from __future__ import annotations

from torch import Tensor

from mmseg.models.test_time.base import OnlineAdaptation
from mmseg.registry import TEST_TIME_METHODS


@TEST_TIME_METHODS.register_module(name="source")
class Source(OnlineAdaptation):
    """The network stays as it is."""

    def learn(self, image: Tensor, index: int) -> None:
        """Nothing."""

    def describe(self) -> str:
        return "no weight moves"
