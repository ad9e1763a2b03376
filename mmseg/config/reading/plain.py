"""What the assignments of a Python config stand for, without running them.

Literals, ``dict(…)``, ``set(…)``, ``float("inf")``, names that stand above, their entries, ``*`` and ``**`` of them, ``{{_base_.name}}``,
and values for entries of what stands above (``model["decode_head"]["num_classes"] = 5``).
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

BASE = "_base_"
MAX_VALUES = 1_000_000
"""Of all entries, each counted wherever a name repeats it; 16 letters of a text count as one more."""
MAX_NUMBER = 2**60
"""Whole numbers below it have different hashes: a dictionary of others can take a time that grows with the square of their number."""
MAX_COMPOUND = 1000
"""Tuples and sets among the keys of a dictionary, whose hashes can be made equal as well."""


class NotPlainError(ValueError):
    """A config that is more than values, or larger than one is; the text says what."""


class Assignments:
    """The assignments of one file.

    Args:
        path: the file, for errors.
        base: what it inherits.
        spend: counts values; raises NotPlainError where there are too many.
    """

    def __init__(self, path: Path, base: Mapping[str, Any], spend: Callable[[int], None]) -> None:
        self.path, self.base, self.spend = path, base, spend
        self.names: dict[str, Any] = {}

    def read(self, lines: list[ast.Assign]) -> dict[str, Any]:
        """The values by their names.

        Raises:
            NotPlainError: one is more than a value.
        """
        for line in lines:
            target = line.targets[0]
            if is_base(target):
                continue
            try:
                if isinstance(target, ast.Name):
                    self.names[target.id] = self.value(line.value)
                else:
                    self._set_entry(target, self.value(line.value))
            except (ValueError, TypeError, LookupError) as error:  # of keys that nothing has, or that no dictionary takes
                if isinstance(error, NotPlainError):
                    raise
                raise NotPlainError(f"line {line.lineno} of {self.path} cannot be read ({error})") from None
            except RecursionError:
                raise NotPlainError(f"line {line.lineno} of {self.path} is too deeply nested") from None
        return self.names

    def value(self, node: ast.expr) -> Any:
        """What an expression stands for."""
        self.spend(1)
        if isinstance(node, ast.Name):
            return self._repeated(self.names, node.id, node)
        if (names := _inherited(node)) is not None:
            return self._from_base(names, node)
        if isinstance(node, (ast.List, ast.Tuple)):
            return {ast.List: list, ast.Tuple: tuple}[type(node)](self._entries(node))
        if isinstance(node, ast.Set):
            return _few_compound(set, list(self._entries(node)))
        if isinstance(node, ast.Dict):
            return self._dictionary(node.keys, node.values)
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            return self.value(node.value)[self.value(node.slice)]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node)
        return self._literal(node)

    def _set_entry(self, target: ast.Subscript, value: Any) -> None:
        owner = self.value(target.value)
        if not isinstance(owner, (dict, list)):
            raise TypeError(f"{ast.unparse(target.value)[:60]} has no entries")
        owner[self.value(target.slice)] = value
        self.spend(size(owner))  # too many where it holds itself

    def _literal(self, node: ast.expr) -> Any:
        """A number, a text, a constant."""
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError):
            raise NotPlainError(f"line {node.lineno} of {self.path} holds code ({ast.unparse(node)[:60]})") from None
        if isinstance(value, complex) or (isinstance(value, int) and abs(value) > MAX_NUMBER):
            raise NotPlainError(f"line {node.lineno} of {self.path} holds a number that no option takes")
        self.spend(size(value))
        return value

    def _call(self, node: ast.Call) -> Any:
        name = node.func.id
        if name == "dict" and len(node.args) < 2:
            keys = [None if entry.arg is None else ast.Constant(entry.arg) for entry in node.keywords]
            spread = [*node.args, *(entry.value for entry in node.keywords)]
            return self._dictionary([None] * len(node.args) + keys, spread)
        if name in ("set", "frozenset") and not node.keywords and len(node.args) < 2:
            entries = [entry for argument in node.args for entry in self.value(argument)]
            return _few_compound({"set": set, "frozenset": frozenset}[name], entries)
        if name == "float" and not node.keywords and len(node.args) == 1:
            return float(ast.literal_eval(node.args[0]))
        return self._literal(node)

    def _dictionary(self, keys: list[ast.expr | None], values: list[ast.expr]) -> dict:
        found: list[tuple] = []
        for key, entry in zip(keys, values, strict=True):
            value = self.value(entry)
            if key is None and not isinstance(value, dict):
                raise NotPlainError(f"line {entry.lineno} of {self.path} spreads what is no dictionary")
            found += value.items() if key is None else [(self.value(key), value)]
        return _few_compound(lambda keys: dict(found), [key for key, _ in found])

    def _entries(self, node: ast.List | ast.Tuple | ast.Set) -> Iterator[Any]:
        """The entries of a list, those that ``*`` spreads among them."""
        for part in node.elts:
            if isinstance(part, ast.Starred):
                yield from self.value(part.value)
            else:
                yield self.value(part)

    def _from_base(self, names: list[str], node: ast.expr) -> Any:
        found: Any = self.base
        for name in names[:-1]:
            found = found.get(name) if isinstance(found, Mapping) else None
        return copy.deepcopy(self._repeated(found if isinstance(found, Mapping) else {}, names[-1], node))

    def _repeated(self, owner: Mapping[str, Any], name: str, node: ast.expr) -> Any:
        if name not in owner:
            raise NotPlainError(f"line {node.lineno} of {self.path} uses {name}, which no line above gives a value")
        self.spend(size(owner[name]))
        return owner[name]


def _few_compound(make: Callable[[list], Any], keys: list) -> Any:
    """What ``make`` makes of keys, unless too many of them are compound."""
    if sum(isinstance(key, (tuple, frozenset)) for key in keys) > MAX_COMPOUND:
        raise NotPlainError(f"a dictionary or a set has more than {MAX_COMPOUND} tuples as keys")
    return make(keys)


def is_base(target: ast.expr) -> bool:
    """Whether an assignment says what a config inherits."""
    return isinstance(target, ast.Name) and target.id == BASE


def _inherited(node: ast.expr) -> list[str] | None:
    """The names behind ``_base_`` in ``{{_base_.model.type}}``, which Python takes for a set in a set; None for anything else."""
    for _ in range(2):
        if not (isinstance(node, ast.Set) and len(node.elts) == 1):
            return None
        node = node.elts[0]
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return names[::-1] if names and isinstance(node, ast.Name) and node.id == BASE else None


def parts(value: Any) -> list:
    """What a value consists of, keys included."""
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else []


def size(value: Any) -> int:
    """How many values a value holds, itself included, see :data:`MAX_VALUES`; stops soon above the limit."""
    count, waiting = 0, [value]
    while waiting and count <= MAX_VALUES:
        value = waiting.pop()
        count += 1 + (len(value) // 16 if isinstance(value, (str, bytes)) else 0)
        waiting += parts(value)
    return count
