"""How the entries of a file differ from those that a network has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class StateDifference:
    """How a state dict differs from what a network expects: names of entries."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    shapes: tuple[str, ...]

    @classmethod
    def between(cls, expected: State, state: State) -> StateDifference:
        """The difference of two state dicts by names and shapes."""
        return cls(
            missing=tuple(key for key in expected if key not in state),
            unexpected=tuple(key for key in state if key not in expected),
            shapes=tuple(key for key in expected if key in state and expected[key].shape != state[key].shape),
        )

    def only(self, prefix: str) -> StateDifference:
        """The part of it whose names start with ``prefix``."""
        kinds = (self.missing, self.unexpected, self.shapes)
        return StateDifference(*(tuple(key for key in keys if key.startswith(prefix)) for keys in kinds))

    @property
    def serious(self) -> StateDifference:
        """Without what no prediction depends on: BatchNorm's counters (absent in old files) and an auxiliary head that is not used."""
        missing = tuple(key for key in self.missing if not key.endswith(".num_batches_tracked"))
        return StateDifference(missing, tuple(key for key in self.unexpected if not key.startswith("auxiliary_head.")), self.shapes)

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.shapes)

    def __str__(self) -> str:
        kinds = {"missing": self.missing, "unexpected": self.unexpected, "of another shape": self.shapes}
        return ", ".join(f"{len(keys)} {kind}{first_names(keys)}" for kind, keys in kinds.items() if keys)


def first_names(keys: Sequence[str], count: int = 2) -> str:
    """The first of several names in brackets, after a space; empty for none."""
    return f" ({', '.join(keys[:count])}{', …' if len(keys) > count else ''})" if keys else ""
