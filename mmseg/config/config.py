"""Reading, checking and naming configs."""

from __future__ import annotations

import copy
import difflib
import hashlib
import json
import reprlib
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmseg.config.code import run_config
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.demo_data import move_demo_data
from mmseg.config.legacy import OLD_KEYS, is_legacy, upgrade
from mmseg.config.safe import may_be_of_others, plain_values
from mmseg.config.schedule import resolve_ends
from mmseg.config.sections import check_sections
from mmseg.config.variables import used_names
from mmseg.utils.computing.precision import Precision
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.config_text import WRITABLE, unwritable
from mmseg.utils.options.custom_modules import import_modules, module_sources
from mmseg.utils.products.json_file import read_product
from mmseg.utils.storage.run_folder import CURVE, RESULT

REQUIRED = (
    "model",
    "uda",
    "train_dataloader",
    "val_dataloader",
    "val_evaluator",
    "train_cfg",
    "optim_wrapper",
    "param_scheduler",
    "default_hooks",
    "visualizer",
    "env_cfg",
)
EVALUATED = ("model", "uda", "val_dataloader", "val_evaluator", "env_cfg")
"""What an evaluation reads. The training data, where they are there, say which classes the source lacks."""
NO_CONFIGS = (RESULT, CURVE, ".log.json")
"""Ends of names of other JSON files beside a checkpoint."""
OPTIONAL = (
    *("seed", "work_dir", "custom_hooks", "launcher", "demo_data", "load_from", "test_dataloader"),
    *("sync_batchnorm", "precision", "micro_batches", "compile", "custom_imports", "skip_classifier", "command"),
)
TRAIN_OPTIONS = ("type", "max_iters", "val_begin", "val_interval")
DEFAULT_HOOKS = ("runtime_info", "timer", "logger", "param_scheduler", "checkpoint", "sampler_seed", "guard")
NOT_IDENTITY = ("work_dir", "default_hooks", "visualizer", "env_cfg", "launcher")
OF_EVALUATIONS = ("val_dataloader", "val_evaluator", "test_dataloader")
"""What changes nothing of what a training learns, and much of what a command makes of a checkpoint."""
REPORTING_HOOKS = ("ResultHook", "PictureHook", "ClassHealthHook", "ReferenceBandHook")
"""Hooks that change nothing of what is learned; of others that is not known."""
DEFAULTS = {"precision": "fp32", "micro_batches": 1, "compile": False, "sync_batchnorm": False, "skip_classifier": False}
"""What a config says by leaving a key out; with the key it is the same training."""
SWITCHES = ("compile", "sync_batchnorm", "skip_classifier")
LOADING = ("num_workers", "pin_memory", "persistent_workers", "prefetch_factor")
"""Options of a loader that change its speed alone: samples are functions of seed and index."""


def read_config(path: str | Path, *, trust: bool | None = None) -> Config:
    """Executes a Python config, or reads a JSON one; one that others may have made is read as plain values.

    Args:
        path: the file.
        trust: whether code in it, in what it inherits from and in the modules that it names may run; None: unless a checkpoint lies
            beside it, see :mod:`mmseg.config.safe`.

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


def check_keys(cfg: Config, path: str | Path, *, training: bool = True) -> None:
    """Refuses a config that lacks a part of a training or of an evaluation, or has one that nothing reads."""
    for key in cfg:
        if key not in (*REQUIRED, *OPTIONAL, *HELPERS):
            fix = suggestion(key, (*REQUIRED, *OPTIONAL)) or f" Remove it; if the file only uses it for other entries, call it _{key}."
            raise UserError(f"{path}: unknown key '{key}'.{fix}")
    for key in REQUIRED if training else EVALUATED:
        if key not in cfg:
            raise UserError(f"{path}: the key '{key}' is missing. Add it, or inherit it from a file in configs/_base_/.")
    for key in cfg.get("train_cfg", ()):
        if key not in TRAIN_OPTIONS:
            fix = suggestion(key, TRAIN_OPTIONS) or f" Use {', '.join(TRAIN_OPTIONS)}."
            raise UserError(f"{path}: train_cfg has no option '{key}'.{fix}")
    for key in cfg.get("default_hooks", ()):
        if key not in DEFAULT_HOOKS and (close := suggestion(key, DEFAULT_HOOKS)):
            raise UserError(f"{path}: default_hooks has no entry '{key}'.{close}")
    check_counts(cfg, path, training=training)
    check_precision(cfg, path)
    check_switches(cfg, path)
    check_values(cfg, path)


def check_values(cfg: Config, path: str | Path) -> None:
    """Refuses a value that ``config.py`` of a run could not hold, so that the run could not be resumed."""
    if found := unwritable(cfg.to_dict()):
        key, value = found
        raise UserError(f"{path}: {key} is {reprlib.repr(value)}, which no config file can hold. Use {WRITABLE}.")


def check_precision(cfg: Config, path: str | Path) -> None:
    """Refuses a precision that is not known."""
    try:
        Precision(cfg.get("precision", "fp32"))
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def check_switches(cfg: Config, path: str | Path) -> None:
    """Refuses a switch that is neither on nor off: the text 'false' of a command line would be on."""
    for key in SWITCHES:
        if not isinstance(cfg.get(key, False), bool):
            raise UserError(f"{path}: {key} is {cfg[key]!r}. Use True or False.")


def check_counts(cfg: Config, path: str | Path, *, training: bool) -> None:
    """Refuses iterations, batch sizes and worker counts that are no whole numbers, or too small."""
    least = {f"train_cfg.{key}": 1 for key in ("max_iters", "val_interval", "val_begin")}
    for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
        least |= {f"{loader}.batch_size": 1, f"{loader}.num_workers": 0}
    for name, minimum in least.items():
        section, key = name.split(".")
        if section not in cfg or (section == "train_dataloader" and not training):
            continue
        if key not in cfg[section] and key in ("val_interval", "val_begin"):
            continue  # the engine has defaults
        value = cfg[section].get(key)
        if type(value) is not int or value < minimum:
            raise UserError(f"{path}: {name} is {value!r}. Use a whole number of at least {minimum}.")
    if training:
        check_micro_batches(cfg, path)
    if training and cfg.train_cfg.get("val_begin", 1) > cfg.train_cfg.max_iters:
        given = f"val_begin is {cfg.train_cfg.val_begin} of {cfg.train_cfg.max_iters} iterations"
        raise UserError(f"{path}: {given}, so the training would end without an evaluation. Use {cfg.train_cfg.max_iters} or less.")


def check_micro_batches(cfg: Config, path: str | Path) -> None:
    """Refuses a number of parts that a batch of the training cannot be divided into."""
    parts, size = cfg.get("micro_batches", 1), cfg.get("train_dataloader", {}).get("batch_size", 0)
    if type(parts) is not int or parts < 1 or size % parts:
        text = f"micro_batches is {parts!r}, but has to divide train_dataloader.batch_size={size}, the batch of a process"
        raise UserError(f"{path}: {text}. Use a multiple of micro_batches as batch_size.")


HELPERS = ("scale", "crop_size", "norm_cfg", "img_scale", "data_root", "source_root", "target_root")
"""Names that our configs use for values which other entries repeat."""


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


def digest(cfg: Config) -> str:
    """Eight hexadecimal digits of everything that decides what a run learns (not where and how it is logged or evaluated).

    What it takes from earlier stages is in it by their digests, see :mod:`mmseg.config.references`.
    """
    left_out = (*NOT_IDENTITY, *HELPERS, *(() if "command" in cfg else OF_EVALUATIONS))
    entries = cfg.to_dict().items()
    identity = {key: value for key, value in entries if key not in left_out and (key, value) not in DEFAULTS.items()}
    hooks = [hook for hook in identity.pop("custom_hooks", None) or () if hook.get("type") not in REPORTING_HOOKS]
    if hooks:
        identity["custom_hooks"] = [{key: value for key, value in hook.items() if key != "workers_per_gpu"} for hook in hooks]
    if "custom_imports" in identity:
        files = module_sources(identity["custom_imports"])
        identity["custom_imports"] = {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
    for name in ("train_dataloader", "val_dataloader", "test_dataloader"):
        if name in identity:  # what can be evaluated alone may have none
            identity[name] = {key: value for key, value in identity[name].items() if key not in LOADING}
    return hashlib.sha256(json.dumps(canonical(identity), sort_keys=True, default=str).encode()).hexdigest()[:8]


def row_digest(cfg: Config) -> str:
    """:func:`digest` of the config without its seed: equal for the runs of a row."""
    return digest(Config({**cfg.to_dict(), "seed": 0}))


def canonical(value: Any) -> Any:
    """Equal values in one spelling: 1 for 1.0, lists for tuples and, sorted, for sets; keys that JSON cannot sort as texts."""
    if isinstance(value, dict):
        kinds = {type(key) for key in value}
        sortable = len(kinds) < 2 and kinds <= {str, int, float, bool, type(None)}
        return {key if sortable else repr(key): canonical(entry) for key, entry in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(canonical, value), key=repr)
    if isinstance(value, (list, tuple)):
        return [canonical(entry) for entry in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run_name(name: str, cfg: Config) -> str:
    """Name of a run's folder: config or row, seed, digest."""
    return f"{name}_s{cfg.seed}_{digest(cfg)}"
