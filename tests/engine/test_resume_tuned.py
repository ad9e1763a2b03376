"""A training of SoMA with all that belongs to it: checkpoints without frozen weights, the average that is evaluated, annealed decay."""

import json
import shutil
import signal
from pathlib import Path

import pytest
import torch

from mmseg.apis import init_model
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.models.backbones.timm_backbone import TimmBackbone
from tests import tiny
from tests.engine.test_resume import HALF, KILLED, assert_equal, logged

CONFIG = f"""
_base_ = ["{tiny.ROOT / "configs/demo/demo2demo_daformer.py"}"]
model = dict(
    _delete_=True,
    type="EncoderDecoder",
    pretrained="FILE",
    backbone=dict(type="TimmBackbone", name="test_vit", levels="last", mask_token=True, tuning=dict(type="SoMA", rank=4, first_block=1)),
    decode_head=dict(type="LightHead", in_channels=64, num_classes=19),
    test_cfg=dict(mode="whole"),
)
uda = dict(self_training_start=1)
param_scheduler = [
    dict(type="PolyLR", power=0.9, eta_min=0.0, begin=0, by_epoch=False),
    dict(type="CosineAnnealingParamScheduler", param_name="weight_decay", eta_min_ratio=0.0002, begin=0, by_epoch=False),
]
optim_wrapper = dict(_delete_=True, type="OptimWrapper", optimizer=dict(type="AdamW", lr=1e-3, weight_decay=0.05))
default_hooks = dict(checkpoint=dict(weights="WEIGHTS"))
custom_hooks = [dict(type="ResultHook"), dict(type="WeightAverageHook", begin=2, momentum=0.5)]
"""
UNUSED = ("model.hr_crop_size", "model.test_cfg.crop_size", "model.test_cfg.stride", "custom_hooks", "uda.")
CHANGES = {"train_cfg.max_iters": 2 * HALF, "train_cfg.val_interval": HALF, "default_hooks.checkpoint.interval": HALF}


def options(data: Path) -> list[str]:
    return [option for option in tiny.options(data, **CHANGES) if not option.startswith(UNUSED)]


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    """Starting weights, of random numbers."""
    torch.manual_seed(1)
    plain = TimmBackbone(name="test_vit", levels="last")
    plain.init_weights()
    path = tmp_path_factory.mktemp("pretrained") / "weights.pth"
    torch.save(plain.network.state_dict(), path)
    return path


def config(folder: Path, file: Path, weights: str) -> Path:
    path = folder / f"{weights}.py"
    path.write_text(CONFIG.replace("FILE", str(file)).replace("WEIGHTS", weights))
    return path


@pytest.fixture(scope="module")
def whole(file, tiny_data, tmp_path_factory):
    """Folders of uninterrupted trainings, with complete checkpoints and without what is frozen."""
    folder = tmp_path_factory.mktemp("whole")
    for weights in ("all", "trainable"):
        made = config(folder, file, weights)
        done = tiny.run("tools/train.py", str(made), "--work-dir", str(folder / weights), *options(tiny_data))
        assert done.returncode == 0, done.stderr
    return folder


def test_what_is_left_out_changes_nothing_that_is_learned(whole, file):
    complete, left = (read_checkpoint(whole / weights / "latest.pth") for weights in ("all", "trainable"))
    frozen = left["meta"]["frozen"]
    assert frozen["pretrained"] == str(file) and frozen["networks"][:2] == ["model", "ema_model"] and "frozen" not in complete["meta"]
    gone = {f"{network}.{name}" for network in frozen["networks"] for name in frozen["names"]}
    assert complete["state_dict"].keys() - left["state_dict"].keys() == gone
    assert_equal({key: value for key, value in complete["state_dict"].items() if key not in gone}, left["state_dict"])
    assert_equal(complete["optimizer"], left["optimizer"])
    results = [json.loads((whole / weights / "result.json").read_text())["metrics"] for weights in ("all", "trainable")]
    assert results[0] == results[1]


def test_killed_and_resumed_equals_uninterrupted(whole, file, tiny_data, tmp_path):
    broken = tmp_path / "broken"
    arguments = [str(config(tmp_path, file, "trainable")), "--work-dir", str(broken), *options(tiny_data)]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    half = read_checkpoint(broken / "latest.pth")
    trained = half["hooks"]["WeightAverageHook"]["trained"]
    assert not all(torch.equal(value, half["state_dict"][name]) for name, value in trained.items()), "evaluated is the average"
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole / "trainable", broken))
    for part in ("state_dict", "optimizer", "param_schedulers", "hooks"):
        assert_equal(first[part], second[part], part)
    assert first["meta"]["best_score"] == second["meta"]["best_score"]
    lines = {key: value for key, value in logged(whole / "trainable").items() if key > HALF}
    assert lines and all(logged(broken)[key] == value for key, value in lines.items())


def test_whoever_loads_it_gets_the_network_that_was_evaluated(whole, tiny_data, tmp_path):
    networks = [init_model(whole / f"{weights}.py", whole / weights / "latest.pth") for weights in ("all", "trainable")]
    assert_equal(*(dict(network.model.state_dict()) for network in networks))
    made, latest = whole / "trainable" / "config.py", whole / "trainable" / "latest.pth"
    tested = tiny.run("tools/test.py", str(made), str(latest), "--out", str(tmp_path / "tested.json"))
    assert tested.returncode == 0, tested.stderr
    result = json.loads((whole / "trainable" / "result.json").read_text())["metrics"]
    assert json.loads((tmp_path / "tested.json").read_text())["metrics"]["mIoU"] == pytest.approx(result["mIoU"], abs=0.01)


def test_an_exported_folder_is_complete(whole, tmp_path):
    done = tiny.run(
        "tools/export.py",
        str(whole / "trainable.py"),
        str(whole / "trainable" / "latest.pth"),
        "--format",
        "folder",
        "--out",
        str(tmp_path / "x"),
    )
    assert done.returncode == 0, done.stderr
    exported, trained = init_model(tmp_path / "x"), init_model(whole / "trainable.py", whole / "trainable" / "latest.pth")
    assert_equal(dict(exported.model.state_dict()), dict(trained.model.state_dict()))


@pytest.mark.parametrize("how", ["test", "start", "resume"])
def test_without_the_file_one_line_names_it(how, whole, file, tiny_data, tmp_path):
    """Every door asks for it: evaluation, --load-from and --resume."""
    folder = tmp_path / "run"
    shutil.copytree(whole / "trainable", folder)
    (folder / "result.json").unlink()
    made = config(tmp_path, tmp_path / "gone.pth", "trainable")
    latest = str(folder / "latest.pth")
    commands = {
        "test": ["tools/test.py", str(made), latest, *options(tiny_data)],
        "start": ["tools/train.py", str(made), "--work-dir", str(tmp_path / "other"), "--load-from", latest, *options(tiny_data)],
        "resume": ["tools/train.py", str(made), "--work-dir", str(folder), "--resume", *options(tiny_data)],
    }
    done = tiny.run(*commands[how])
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2 and "Traceback" not in done.stderr, done.stderr
    assert (
        f"and {tmp_path / 'gone.pth'} does not exist. Put it there, or set model.pretrained to where it is." in last and str(file) in last
    )
