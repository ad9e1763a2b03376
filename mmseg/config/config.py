"""Reading configs: files with options over them become complete, checked configs."""

from __future__ import annotations

import copy
import difflib
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg.config.checks import HELPERS, OPTIONAL, REQUIRED, check_keys
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.demo_data import move_demo_data
from mmseg.config.legacy import OLD_KEYS, is_legacy, upgrade
from mmseg.config.reading.code import run_config
from mmseg.config.reading.safe import may_be_of_others, plain_values
from mmseg.config.reading.variables import used_names
from mmseg.config.schedule import resolve_ends
from mmseg.config.sections import check_sections
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.custom_modules import import_modules
from mmseg.utils.products.json_file import read_product
from mmseg.utils.storage.run_folder import CURVE, RESULT

NO_CONFIGS = (RESULT, CURVE, ".log.json")
"""Ends of names of other JSON files beside a checkpoint."""


def read_config(path: str | Path, *, trust: bool | None = None) -> Config:
    """Reads a config, and runs one that is more than values, see :func:`run_config`, unless others may have made it.

    Args:
        path: the file.
        trust: whether code in it, in what it inherits from and in the modules that it names may run; None: unless a checkpoint lies
            beside it, see :mod:`mmseg.config.reading.safe`.

    Raises:
        UserError: the file is missing, does not run or ends the program.
        KeyboardInterrupt: of a user who waits for it; names the file and the line that it was at.
    """
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "does not exist"
        raise UserError(f"Config {path} {what}.{near_config(path) or ' The configs are below configs/.'}")
    if trust is None:
        trust = not may_be_of_others(path)
    values = None if trust else plain_values(path)
    if Path(path).suffix == ".json":
        check_json(path)
    cfg = run_config(path) if trust else Config(values, filename=str(path))
    import_modules(cfg.get("custom_imports"), path)
    for key in variables(cfg, path):
        cfg.pop(key)
    return cfg


def near_config(path: str | Path) -> str:
    """Suggests the only config of that folder, else one that is called like a missing one; folders that all share make no name alike."""
    if Path(path).is_dir() or Path(path).suffix == ".json":  # of a run, of a released checkpoint or of an exported model
        folder = Path(path) if Path(path).is_dir() else Path(path).parent
        there = [file for file in folder.glob("*") if file.suffix in (".json", ".py") and not file.name.endswith(NO_CONFIGS)]
        if len(found := [file for file in there if file.stem == "config"] or there) == 1:
            return f" Did you mean '{found[0]}'?"
    names = {file.name: file for file in sorted(Path("configs").rglob("*.py")) if "_base_" not in file.parts}
    close = difflib.get_close_matches(Path(path).name, names, n=1, cutoff=0.7)
    return f" Did you mean '{names[close[0]]}'?" if close else ""


def variables(cfg: Config, path: str | Path) -> list[str]:
    """Keys that the file uses itself: those with an underscore, and names that it reads and that resemble no entry of a config."""
    entries = (*REQUIRED, *OPTIONAL, *HELPERS, *OLD_KEYS)
    used = used_names(path)
    return [key for key in cfg if key.startswith("_") or (key in used and key not in entries and not suggestion(key, entries))]


def check_json(path: str | Path) -> None:
    """Refuses a JSON file that is no config, such as the result of a run."""
    fix = "Give the JSON beside a released checkpoint, or a file below configs/."
    content = read_product(path, Any, fix)
    if not isinstance(content, dict) or not {"model", "_base_"} & content.keys():
        raise UserError(f"{path} is JSON, but no config: it has no entry 'model'. {fix}")


def native_form(cfg: Config, path: str | Path, *, training: bool = True) -> Config:
    """The config itself, or its upgrade where it is a published one, see :func:`mmseg.config.legacy.upgrade`.

    Raises:
        UserError: of the upgrade, after the name of the file.
    """
    try:
        return upgrade(cfg, training=training) if is_legacy(cfg) else cfg
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def apply_options(cfg: Config, options: dict[str, Any], path: str | Path) -> None:
    """Overwrites entries by ``key.path=value`` options of the command line; the first part of the key must exist."""
    for key in options:
        if key == "demo_data" and key not in cfg and options[key] is not None:
            fix = "Leave it out, or give --demo with a study"
            raise UserError(f"--cfg-options {key}: {path} does not train on the demo domains. {fix}.")
        first = key.split(".")[0]
        if first not in cfg and first not in OPTIONAL:
            raise UserError(f"--cfg-options {key}: {path} has no key '{first}'.{suggestion(first, cfg)}")
        try:
            cfg.merge_from_dict({key: copy.deepcopy(options[key])})  # mmengine takes _delete_ out of what it is given
        except (KeyError, TypeError, AssertionError, IndexError, ValueError) as error:
            raise UserError(f"--cfg-options {key}: {path} has no such entry. Give the full path of an existing entry.") from error


def load_config(
    path: str | Path,
    options: dict[str, Any] | None = None,
    seed: int | None = None,
    *,
    training: bool = True,
    trust: bool | None = None,
) -> Config:
    """A complete, checked config in the native form.

    Args:
        path: Python or JSON file in the native form or in the 0.x form of published configs.
        options: overrides by dotted key of the native form.
        seed: replaces the seed of the config; 0 if neither gives one.
        training: False asks only for what an evaluation needs, see :data:`EVALUATED`.
        trust: see :func:`read_config`; None trusts what is to be trained.
    """
    cfg = native_form(read_config(path, trust=training or None if trust is None else trust), path, training=training)
    demo_data = cfg.get("demo_data")
    apply_options(cfg, options or {}, path)
    if None not in (demo_data, (options or {}).get("demo_data")):
        move_demo_data(cfg, demo_data)
    check_sections(cfg, path, training=training)
    resolve_sizes(cfg)
    resolve_ends(cfg)
    cfg.seed = checked_seed(seed if seed is not None else cfg.get("seed", 0))
    check_keys(cfg, path, training=training)
    return cfg


MAX_SEED = 2**32 - 1
"""Of NumPy's generators."""


def checked_seed(seed: object) -> int:
    """The seed itself if it is one.

    Raises:
        UserError: it is not.
    """
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise UserError(f"The seed {seed!r} is none. Use a whole number from 0 to {MAX_SEED}.")
    return seed
