"""The numeric records of the published implementation: where they are, how weights are made, how close is equal."""

from __future__ import annotations

import fnmatch
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

_ROOT = Path(__file__).parents[2]


def reference_folder() -> Path | None:
    """$MMSEG_REFERENCE, else ../shared/reference beside the repository, else the copies in tests/reference."""
    named = os.environ.get("MMSEG_REFERENCE")
    candidates = [Path(named)] if named else [_ROOT.parent / "shared" / "reference", _ROOT / "tests" / "reference"]
    return next((folder for folder in candidates if folder.is_dir()), None)


@dataclass(frozen=True)
class Record:
    """One recorded fixture: ``<kind>/<name>.json`` and, unless it holds scalars only, the tensors beside it."""

    path: Path
    info: dict = field(repr=False)

    @property
    def name(self) -> str:
        """E.g. 'models/hrda_infer_main'."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        return load_file(self.path.with_suffix(".safetensors"))

    def fill(self, module: nn.Module) -> nn.Module:
        """Gives a module the weights of the record's recipe."""
        recipe = self.info["recipe"]
        return fill_by_recipe(module, seed=recipe["seed"], mult=recipe["mult"], prefix=recipe["prefix"])


def load(pattern: str) -> list[Record]:
    """All records whose name matches a glob like 'models/mit_*'; empty without a reference folder."""
    folder = reference_folder()
    if folder is None:
        return []
    return [Record(path, json.loads(path.read_text())) for path in sorted(folder.glob(f"{pattern}.json"))]


def parametrize(pattern: str, *, exclude: str = ""):
    """One test per record that matches; a single skipped one with the reason where there is none."""
    found = [record for record in load(pattern) if not (exclude and fnmatch.fnmatch(record.name, exclude))]
    reason = f"no record {pattern} (set MMSEG_REFERENCE to the folder of reference records)"
    missing = [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="no-records")]
    return pytest.mark.parametrize("record", [pytest.param(r, id=r.path.stem) for r in found] or missing)


def one(name: str) -> Record:
    """The record of that name; skips the test where it is absent."""
    found = load(name)
    if not found:
        pytest.skip(f"no record {name} (set MMSEG_REFERENCE to the folder of reference records)")
    return found[0]


def recipe_value(key: str, shape: Sequence[int], seed: int, mult: Sequence[tuple[str, float]] = ()) -> Tensor:
    """The value of one floating state-dict entry by the weight recipe; depends on nothing but its key."""
    rng = np.random.RandomState((zlib.crc32(key.encode()) + seed) % 2**32)
    normal = np.asarray(rng.standard_normal(tuple(shape)))
    leaf = key.rsplit(".", 1)[-1]
    if leaf == "running_var":
        value = 0.75 + 0.5 * np.abs(normal)
    elif leaf == "running_mean":
        value = 0.2 * normal
    elif leaf == "bias":
        value = 0.1 * normal
    elif normal.ndim <= 1:
        value = 1 + 0.2 * normal
    else:
        value = normal / np.sqrt(np.prod(shape[1:]))
    for suffix, factor in mult:
        if key.endswith(suffix):
            value = value * factor
    return torch.from_numpy(np.asarray(value).astype(np.float32))


def fill_by_recipe(module: nn.Module, *, seed: int, mult: Sequence[tuple[str, float]] = (), prefix: str = "") -> nn.Module:
    """Sets every entry of a module's state dict by the recipe, integers to 0; returns the module."""
    state = module.state_dict()
    made = {k: recipe_value(prefix + k, v.shape, seed, mult) if v.is_floating_point() else torch.zeros_like(v) for k, v in state.items()}
    module.load_state_dict(made)
    return module


@cache
def _floors() -> Mapping[str, Mapping[str, Sequence[float]]]:
    """Of all files of tolerances; those of methods hold nothing else."""
    found: dict = {}
    for path in sorted(reference_folder().rglob("tolerance*.json")) if reference_folder() else ():
        content = json.loads(path.read_text())
        found |= content.get("entries", content)
    return found


def rounding_floor(record: Record, key: str) -> float:
    """How far a recorded value moves when the original runs with other kernels; of labels, how many flip. 0 if unknown.

    Args:
        record: names its floors in tolerance.json.
        key: name of a tensor, or of a logged scalar as 'log_vars.NAME (rel)', whose floor is relative.
    """
    entry = _floors().get(record.name, {}).get(key, 0.0)
    if not isinstance(entry, list):
        return float(entry)
    return float(entry[1] if entry[0] == "n_diff" else entry[0])


def assert_close(
    record: Record,
    key: str,
    actual: Tensor,
    *,
    expected: Tensor | None = None,
    rtol: float = 1e-4,
    atol: float | Tensor = 1e-5,
    floors: float = 10,
) -> None:
    """Compares with a recorded tensor: within some rounding floors of the record, or rtol and atol.

    Args:
        record: holds the tensor and names its floor in tolerance.json.
        key: name of the tensor.
        actual: what our code computed.
        expected: instead of the recorded tensor.
        rtol, atol: relative to the recorded entry, and absolute, of all entries or of each.
        floors: so many rounding floors; ten where both sides have rounded, fewer where ours is float64.
    """
    expected = record.tensors[key] if expected is None else expected
    assert actual.shape == expected.shape, f"{record.name} {key}: shape {tuple(actual.shape)} instead of {tuple(expected.shape)}"
    difference = (actual.detach().double() - expected.double()).abs()
    allowed = torch.clamp(atol + rtol * expected.double().abs(), min=floors * rounding_floor(record, key))
    worst = (difference - allowed).max().item()
    assert worst <= 0, f"{record.name} {key}: largest difference {difference.max().item():.3g}, {worst:.3g} beyond what is allowed"
