"""Published configs in the 0.x form: recognised, complete, and equal to our own where both exist."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import OPTIMIZERS, PARAM_SCHEDULERS
from torch import nn

from mmseg.config import load_config
from mmseg.config.checks import OPTIONAL, REQUIRED
from mmseg.config.data_sizes import resolve_sizes
from mmseg.config.identity import digest, run_name
from mmseg.config.schedule import resolve_ends
from mmseg.datasets.sampling.rare_class_sampling import RareClassOptions
from mmseg.datasets.sampling.uda_dataset import CropOptions, UDADataset
from mmseg.engine.optimizers.grouped import GroupedOptimWrapperConstructor
from mmseg.registry import DATASETS, MODELS, build_checked, check_component
from mmseg.utils.computing.precision import Precision
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.config.legacy.published_form import changed, decisive, flattened, published, write_json, write_python

PUBLISHED = published()
EXPERIMENTS = sorted({name.partition("-")[0] for name, _ in PUBLISHED}, key=int)
needs_experiments = pytest.mark.skipif(not PUBLISHED, reason="no folder experiments (set MMSEG_REFERENCE to the reference records)")
SCHEDULE_KEYS = {"type", "by_epoch", "begin", "end", "start_factor", "power", "eta_min"}


def find(name: str) -> dict:
    return next(cfg for full, cfg in PUBLISHED if full.partition("-")[2] == name)


def hrda_run(tmp_path):
    return load_config(write_python(tmp_path))


def test_python_and_json_give_one_config(tmp_path):
    python, released = hrda_run(tmp_path), load_config(write_json(tmp_path, flattened(tmp_path)))
    assert python.to_dict() == released.to_dict()
    assert set(python) <= {*REQUIRED, *OPTIONAL}


def test_hrda_equals_our_config(tmp_path):
    assert decisive(hrda_run(tmp_path)) == decisive(load_config(tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py"))


@needs_experiments
@pytest.mark.parametrize(
    ("ours", "name"),
    [
        (
            "configs/hrda/gtaHR2csHR_hrda.py",
            "gtaHR2csHR_1024x1024_dacs_a999_fdthings_rcs001-20_cpl2_hrda1-512-01_daformer_sepaspp_sl_mitb5_poly10warm_s0",
        ),
        ("configs/daformer/gta2cs_daformer.py", "gta2cs_dacs_a999_fdthings_rcs001_cpl_daformer_sepaspp_mitb5_poly10warm_s0"),
    ],
    ids=["hrda", "daformer"],
)
def test_published_equals_our_config(tmp_path, ours, name):
    upgraded = load_config(write_json(tmp_path, find(name)))
    assert decisive(upgraded) == decisive(load_config(tiny.ROOT / ours))


def build_options(cfg) -> None:
    """Builds what needs neither files nor networks."""
    data = cfg.train_dataloader.dataset
    check_component({**data, "type": UDADataset}, DATASETS)
    for key, kind in {"source_crop": CropOptions, "target_crop": CropOptions, "rare_class_sampling": RareClassOptions}.items():
        if data.get(key):
            build_checked({"type": kind, **data[key]}, DATASETS)
    for dataset in filter(None, (data.source, data.get("target"), cfg.val_dataloader.dataset)):
        check_component(dataset, DATASETS)
    check_component(cfg.uda, MODELS)
    wrapper = dict(cfg.optim_wrapper)
    assert wrapper.pop("constructor") == GroupedOptimWrapperConstructor.__name__
    paramwise = wrapper.pop("paramwise_cfg", None)
    network = nn.ModuleDict({"head": nn.Linear(1, 1)})
    network.precision = Precision()  # which a method has
    network.own_optimizers = {}
    optimizer = GroupedOptimWrapperConstructor(wrapper, paramwise)(network).optimizer
    for scheduler in cfg.param_scheduler:
        assert set(scheduler) <= SCHEDULE_KEYS
        PARAM_SCHEDULERS.build({**scheduler, "optimizer": optimizer})


@needs_experiments
@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_published_config_upgrades(tmp_path, experiment):
    """check_keys is part of load_config; networks and trainings are tested elsewhere."""
    runs = [cfg for name, cfg in PUBLISHED if name.partition("-")[0] == experiment]
    for old in runs:
        cfg = load_config(write_json(tmp_path, old))
        assert set(cfg) <= {*REQUIRED, *OPTIONAL} and cfg.seed == old["seed"] and "test_dataloader" not in cfg
        build_options(cfg)


@needs_experiments
def test_all_of_them_are_there():
    assert len(PUBLISHED) == 326


def test_bookkeeping_is_no_part_of_the_identity(tmp_path):
    old = flattened(tmp_path)
    notes = {"name": "other", "exp": 7, "gpu_model": "A", "n_gpus": 1, "work_dir": "w", "git_rev": "0", "log_level": 40, "name_uda": "x"}
    first, second = load_config(write_json(tmp_path, old)), load_config(write_json(tmp_path, {**old, **notes}, "other.json"))
    assert run_name("a", first) == run_name("a", second)
    assert digest(load_config(write_json(tmp_path, changed(old, "uda.alpha", 0.99)))) != digest(first)


def test_options_apply_to_the_native_form(tmp_path):
    path = write_python(tmp_path)
    cfg = load_config(path, {"train_dataloader.num_workers": 0, "param_scheduler.1.power": 0.9}, seed=5)
    assert (cfg.train_dataloader.num_workers, cfg.param_scheduler[1].power, cfg.seed) == (0, 0.9, 5)


def test_the_text_of_a_config_reads_again_with_infinite_values(tmp_path):
    old = changed(flattened(tmp_path), "data.train.rare_class_sampling.class_temp", float("inf"))
    cfg = load_config(write_json(tmp_path, old))
    text = tmp_path / "native.py"
    text.write_text(config_text(cfg))
    assert load_config(text).to_dict() == cfg.to_dict() and digest(load_config(text)) == digest(cfg)
    assert RareClassOptions(**cfg.train_dataloader.dataset.rare_class_sampling).class_temp == float("inf")


@pytest.mark.parametrize("path", ["configs/demo/demoHR2demoHR_hrda.py", "configs/hrda/gtaHR2csHR_hrda.py"])
def test_native_configs_pass_unchanged(path):
    content = resolve_ends(resolve_sizes(Config.fromfile(tiny.ROOT / path))).to_dict()
    del content["_decoder"]  # which model has taken over
    assert load_config(tiny.ROOT / path).to_dict() == content


def test_the_optimizer_and_runtime_are_those_of_the_run(tmp_path):
    changes = {"log_config.interval": 7, "checkpoint_config.interval": 11, "uda.debug_img_interval": 13, "evaluation.interval": 17}
    old = flattened(tmp_path)
    for path, value in {**changes, "cudnn_benchmark": False, "seed": 3}.items():
        old = changed(old, path, value)
    cfg = load_config(write_json(tmp_path, old))
    hooks = cfg.default_hooks
    assert (hooks.logger.interval, hooks.checkpoint.interval, cfg.custom_hooks[1].interval, cfg.train_cfg.val_interval) == (7, 11, 13, 17)
    assert cfg.env_cfg.cudnn_benchmark is False and cfg.seed == 3
    assert OPTIMIZERS.get(cfg.optim_wrapper.optimizer.type) is torch.optim.AdamW
