"""Files that are, or are not, configs: JSON of other kinds, broken JSON, 0.x Python files, forms that are mixed."""

import json

import pytest

from mmseg.config import load_config
from mmseg.utils.errors import UserError
from tests import tiny
from tests.config.legacy.published_form import flattened, write_json, write_python

FIX = "Give the JSON beside a released checkpoint, or a file below configs/."


def refused(path) -> str:
    with pytest.raises(UserError) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "content", [[], ["a"], 3, None, {}, {"iteration": 3, "metrics": {"mIoU": 1.0}, "seed": 0}, [{"iteration": 1, "metrics": {}}]], ids=repr
)
def test_json_of_another_kind(tmp_path, content):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(content))
    assert refused(path) == f"{path} is JSON, but no config: it has no entry 'model'. {FIX}"


@pytest.mark.parametrize("content", [b"{", b'{"model": {}', b"model = 3", b"{'model': 1}", b"PK\x03\x04"])
def test_broken_json(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    line = refused(path)
    assert line.startswith(f"{path} is not valid JSON (") and line.endswith(FIX)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "broken.json"
    path.write_bytes(b"\x80\x02}q\x00")
    assert refused(path) == f"{path} is not a text file. {FIX}"


def test_an_empty_file(tmp_path):
    path = tmp_path / "broken.json"
    path.touch()
    assert refused(path) == f"{path} is empty. {FIX}"


def test_a_config_cut_off_after_the_model(tmp_path):
    old = flattened(tmp_path)
    path = write_json(tmp_path, {key: old[key] for key in ("norm_cfg", "model", "lr_config")})
    assert refused(path) == f"{path}: data is missing. Add it."


def test_two_forms_in_one_file(tmp_path):
    path = write_json(tmp_path, {**flattened(tmp_path), "train_dataloader": {}})
    line = refused(path)
    assert line.startswith(f"{path}: 'data' belongs to the 0.x form of configs and 'train_dataloader' to the present one.")


def test_a_name_says_nothing(tmp_path):
    old = flattened(tmp_path)
    names = ("a.json", "2023_gtaHR2csHR_0f1e.json")
    assert len({json.dumps(load_config(write_json(tmp_path, old, name)).to_dict()) for name in names}) == 1


def test_an_experiment_inherits_and_overrides(tmp_path):
    write_python(tmp_path)
    child = tmp_path / "child.py"
    lines = ["_base_ = ['experiment.py']", "seed = 2", "uda = dict(alpha=0.9)", "lr_config = dict(_delete_=True, policy='poly')"]
    child.write_text("\n".join([*lines, "data = dict(samples_per_gpu=1, train=dict(sync_crop_size={{_base_.model.hr_crop_size}}))"]))
    cfg = load_config(child)
    assert (cfg.seed, cfg.uda.alpha, len(cfg.param_scheduler), cfg.train_dataloader.batch_size) == (2, 0.9, 1, 1)
    assert cfg.train_dataloader.dataset.sync_crop_size == [512, 512]


def test_a_helper_of_a_python_file_is_named(tmp_path):
    child = tmp_path / "child.py"
    write_python(tmp_path)
    child.write_text("_base_ = ['experiment.py']\nmy_scale = 3")
    assert refused(child).startswith(f"{child}: my_scale is not understood. ")


def test_the_runtime_is_that_of_our_configs(tmp_path):
    ours = load_config(tiny.ROOT / "configs/hrda/gtaHR2csHR_hrda.py")
    upgraded = load_config(write_python(tmp_path))
    assert upgraded.visualizer == ours.visualizer and upgraded.env_cfg == ours.env_cfg and upgraded.custom_hooks == ours.custom_hooks
