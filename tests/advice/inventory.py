"""All advice that errors give, read from the source.

A *piece* of advice is a text that may become the line of an error, with ``{}`` for what is filled in. Texts are put together from
the parts that the function of the error names: local variables, constants, ``a or b`` and ``a if b else c`` each stand for what they
may be, as far as it holds advice. Advice that is handed to an error as an argument (``fix=``) is a piece of its own.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.tiny import ROOT

SOURCES = [*sorted((ROOT / "mmseg").rglob("*.py")), *sorted((ROOT / "tools").rglob("*.py")), ROOT / "run_experiments.py"]
GAP = "{}"
NEAREST = " Did you mean '{}'?"
VERBS = (
    "Add Call Change Check Choose Close Compare Continue Convert Copy Correct Create Cut Decide Delete Describe Did Divide Download Draw "
    "Evaluate Export Find Free Give Go Join Keep Leave Let List Look Lower Make Map Mark Mend Move Name Open Pass Pick Predict Put "
    "Raise Remove Rename Repeat Replace Report Restore Resume Run Save Say See Select Set Shorten Start Stop Store Take Train Try Turn "
    "Unpack Use Wait Write"
)
MORE_VERBS = "add convert give leave lower name put run set start use"
"""Those that go on after a comma, a colon or a semicolon."""
ADVICE = re.compile(
    rf"(?:^\W*|[.:;,}}]\s+(?:or\s+|and\s+)?)(?:{VERBS.replace(' ', '|')})(?![\w-]| should)"
    rf"|[,:;]\s+(?:or\s+|and\s+)?(?:{MORE_VERBS.replace(' ', '|')})(?![\w-])"
)
ENDS_WITH_ADVICE = re.compile(r"(?:\. |\w, |\{\} \{\} |\w|\})\{\}\.?$")
"""An error that ends with a fix which it was given, or with what is wrong with a value."""
SILENT = {"print", "help", "description", "epilog", "usage", "warn", "warning", "info", "note"}
"""What shows a text that is no error: arguments and functions of these names."""


@dataclass(frozen=True)
class Piece:
    """A text with advice, and where it stands; ``raised`` there, or handed on."""

    file: str
    line: int
    function: str
    text: str
    raised: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.function}) {self.text}"


def advises(text: str) -> bool:
    """Whether a text holds advice."""
    return bool(ADVICE.search(text))


class Source:
    """A file, as far as its texts are concerned."""

    def __init__(self, path: Path) -> None:
        self.name = path.relative_to(ROOT).as_posix()
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.constants = assignments([node for node in self.tree.body if isinstance(node, (ast.Assign, ast.AnnAssign))])
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def texts(self) -> Iterator[ast.expr]:
        """All texts, but for the pieces of one."""
        for node in ast.walk(self.tree):
            text = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
            if text and not isinstance(self.parents.get(node), (ast.JoinedStr, ast.FormattedValue)):
                yield node

    def around(self, node: ast.AST) -> ast.FunctionDef | None:
        """The innermost function around a node."""
        while node in self.parents and not isinstance(node := self.parents[node], ast.FunctionDef):
            pass
        return node if isinstance(node, ast.FunctionDef) else None

    def assigned(self, name: str, place: ast.AST) -> list[ast.expr]:
        """What a local variable may be at a place: what the innermost statement around it that assigns it says."""
        while place in self.parents and not isinstance(place, ast.FunctionDef):
            place = self.parents[place]
            if found := assignments([place]).get(name) if not isinstance(place, ast.Module) else None:
                return found
        return []

    def silent(self, node: ast.AST) -> bool:
        """Whether a text is documentation, or is printed or logged."""
        while node in self.parents:
            inner, node = node, self.parents[node]
            if isinstance(node, ast.Expr) and isinstance(inner, ast.Constant):
                return True
            if isinstance(node, ast.FunctionDef) and node.name == "suggestion":  # stands for itself where it is called
                return True
            if isinstance(node, ast.keyword) and node.arg in SILENT:
                return True
            if isinstance(node, ast.Call) and called(node) in SILENT:
                return True
        return False


def called(call: ast.Call) -> str:
    """The name of what is called."""
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def assignments(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """What every name may stand for; ``a, b = x, y`` are two."""
    found: dict[str, list[ast.expr]] = {}
    for node in itertools.chain.from_iterable(map(ast.walk, body)):
        if isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        else:
            continue
        for target, value in pairs:
            many = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
            for one, its in zip(target.elts, value.elts, strict=True) if many else [(target, value)]:
                if isinstance(one, ast.Name):
                    found.setdefault(one.id, []).append(its)
    return found


class Texts:
    """What the texts of all files may be."""

    def __init__(self, sources: list[Source]) -> None:
        self.sources = sources
        self.constants: dict[str, list[ast.expr]] = {}
        for source in sources:
            self.constants.update({name: values for name, values in source.constants.items() if name.strip("_").isupper()})
        self.used: set[ast.AST] = set()

    @cached_property
    def errors(self) -> set[str]:
        """Names of UserError and of all that derive from it."""
        bases = {
            node.name: {getattr(base, "id", "") for base in node.bases}
            for source in self.sources
            for node in ast.walk(source.tree)
            if isinstance(node, ast.ClassDef)
        }
        found = {"UserError"}
        while new := {name for name, its in bases.items() if its & found} - found:
            found |= new
        return found

    def pieces(self) -> Iterator[Piece]:
        """All pieces of advice: first those of errors, then what is left."""
        for source in self.sources:
            for call in ast.walk(source.tree):
                if isinstance(call, ast.Call) and called(call) in self.errors and call.args:
                    self.used.add(call.args[0])
                    yield from self._of(source, call.args[0], call)
        left = [(source, node, list(self._of(source, node, node))) for source in self.sources for node in source.texts()]
        for source, node, pieces in left:
            if node not in self.used and not source.silent(node):
                yield from pieces

    def _of(self, source: Source, node: ast.expr, place: ast.AST) -> Iterator[Piece]:
        function = source.around(place)
        for text in dict.fromkeys(self.expand(source, node, place, 0)):
            if advises(text) or (isinstance(place, ast.Call) and ENDS_WITH_ADVICE.search(text)):
                raised = isinstance(source.parents[place], ast.Raise)
                yield Piece(source.name, place.lineno, function.name if function else "", text, raised)

    def expand(self, source: Source, node: ast.expr | None, place: ast.AST, depth: int) -> list[str]:
        """The texts that an expression may be; a gap if it holds no advice."""
        if depth:  # a part of another text
            self.used.add(node)
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else [GAP]
        if isinstance(node, ast.JoinedStr):
            parts = [self.expand(source, part, place, depth) for part in node.values]
            return ["".join(chosen) for chosen in itertools.product(*parts)]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = self.expand(source, node.left, place, depth), self.expand(source, node.right, place, depth)
            return ["".join(chosen) for chosen in itertools.product(*sides)]
        found = (
            [text for option in self._options(source, node, place) for text in self.expand(source, option, place, depth + 1)]
            if depth < 6
            else []
        )
        if isinstance(node, ast.Call) and called(node) == "suggestion":
            return [NEAREST]
        return [text for text in found if advises(text) or (not text and any(map(advises, found)))] or [GAP]

    def _options(self, source: Source, node: ast.expr | None, place: ast.AST) -> list[ast.expr]:
        """What an expression may stand for."""
        if isinstance(node, ast.FormattedValue):
            return [node.value]
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, ast.BoolOp):
            return node.values
        if isinstance(node, ast.Name):
            return source.assigned(node.id, place) or source.constants.get(node.id) or (self.constants.get(node.id) or [])
        return []


def inventory() -> list[Piece]:
    """All pieces of advice."""
    return list(dict.fromkeys(Texts([Source(path) for path in SOURCES]).pieces()))
