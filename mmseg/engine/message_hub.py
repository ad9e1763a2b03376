"""Logged values that stay on the device until somebody reads them.

mmengine's hub reads every scalar of every iteration: a dozen times per step, the host would wait for the device.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence

import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch import Tensor

LOG_WINDOW = 10
"""Iterations that a logged value is the mean of; a state holds them, so that a resumed run logs the same."""
NUMBERS = 1000
"""Numbers of a name, such as times and learning rates, that are kept: mmengine keeps a million, and copies them in every iteration."""


def read_together(tensors: Mapping[str, Sequence[Tensor]]) -> dict[str, list[float | int]]:
    """The values of scalar tensors by name, in one copy per device and type."""
    groups: dict[tuple[torch.device, torch.dtype], list[tuple[str, Tensor]]] = {}
    for name, scalars in tensors.items():
        for scalar in scalars:
            groups.setdefault((scalar.device, scalar.dtype), []).append((name, scalar))
    values: dict[str, list[float | int]] = {}
    for group in groups.values():
        read = torch.stack([scalar for _, scalar in group]).tolist()
        for (name, _), value in zip(group, read, strict=True):
            values.setdefault(name, []).append(value)
    return values


class DeferredMessageHub(MessageHub):
    """A hub that keeps tensors as they are, the last :data:`LOG_WINDOW` of a name, and reads all of them when one is asked for.

    The logger asks at its interval, a checkpoint when it is written. Of what is no tensor, the last :data:`NUMBERS` are kept.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.unread: dict[str, deque[Tensor]] = {}

    def update_scalar(self, key: str, value: float | Tensor, count: int = 1, resumed: bool = True) -> None:
        """Adds a number, or a tensor with one element, to the history of ``key``."""
        if not isinstance(value, Tensor):
            self._log_scalars.setdefault(key, HistoryBuffer(max_length=NUMBERS))
            super().update_scalar(key, value, count, resumed)
            return
        self._set_resumed_keys(key, resumed)
        self._log_scalars.setdefault(key, HistoryBuffer())  # its place in the log is where it came first
        self.unread.setdefault(key, deque(maxlen=LOG_WINDOW)).append(value.detach().reshape(()))

    @property
    def log_scalars(self) -> OrderedDict[str, HistoryBuffer]:
        """The histories, of tensors their last :data:`LOG_WINDOW` values; reads what is unread."""
        for key, values in read_together(self.unread).items():
            history = [*self._log_scalars[key].data[0].tolist(), *values][-LOG_WINDOW:]
            self._log_scalars[key] = HistoryBuffer(history, [1] * len(history))
        self.unread.clear()
        return self._log_scalars

    def get_scalar(self, key: str) -> HistoryBuffer:
        """One history. The timer asks for its own numbers in every iteration, for which no tensor has to be read."""
        if key in self._log_scalars and key not in self.unread:
            return self._log_scalars[key]
        return super().get_scalar(key)
