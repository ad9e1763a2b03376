"""A run with a second optimizer that is killed and resumed equals an uninterrupted one, bit by bit."""

import signal

import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.engine.test_resume import HALF, KILLED, assert_equal, logged

NETWORK = f"""
_base_ = ["{tiny.ROOT / tiny.CONFIG}"]
model = dict(backbone=dict(drop_path_rate=0.2), decode_head=dict(dropout_ratio=0.2))
"""
ADVSEG = """
uda = dict(
    _delete_=True, type="AdvSeg", discriminator_type="LS", lr_D=1e-4, lr_D_power=0.9, lr_D_min=0.0,
    lambda_adv_target=dict(main=0.001, aux=0.0002),
    mask_mode="separatetrgaug", mask_generator=dict(type="block", mask_ratio=0.7, mask_block_size=16),
)
"""
"""With a teacher of masked image consistency as well: everything that a method may keep but the ImageNet network."""
FADA = """
uda = dict(
    _delete_=True, type="FADA", mask_mode="separatetrgaug", mask_generator=dict(type="block", mask_ratio=0.7, mask_block_size=16),
)
train_dataloader = dict(dataset=dict(
    class_aware_sampling=dict(draws=100),
    source_crop=dict(color_jitter=(0.5, 0.5, 0.5, 0.2), interpolation="bicubic"),
))
"""
"""With its way to draw and to read the source."""


@pytest.mark.parametrize(
    ("method", "others"), [(ADVSEG, {}), (FADA, {"train_dataloader.dataset.rare_class_sampling": None})], ids=["advseg", "fada"]
)
def test_killed_and_resumed_equals_uninterrupted(method, others, tiny_data, tmp_path):
    config, whole, broken = tmp_path / "own.py", tmp_path / "whole", tmp_path / "broken"
    config.write_text(NETWORK + method)
    changes = {"train_cfg.max_iters": 2 * HALF, "train_cfg.val_interval": HALF, "default_hooks.checkpoint.interval": HALF}
    options = tiny.options(tiny_data, **changes, **others)
    done = tiny.run("tools/train.py", str(config), "--work-dir", str(whole), *options)
    assert done.returncode == 0, done.stderr

    arguments = [str(config), "--work-dir", str(broken), *options]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole, broken))
    assert first["meta"]["iteration"] == second["meta"]["iteration"] == 2 * HALF
    assert first["optimizer"].keys() == {"main", "discriminator"}
    assert any(key.startswith("mic.teacher.ema_model.") for key in first["state_dict"])
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(first[part], second[part], part)

    whole_log, broken_log = logged(whole), logged(broken)
    for step in range(1, 2 * HALF + 1):
        share = 1 - (step - 1) / (2 * HALF)  # the rate is logged with the step that used it
        assert whole_log[step]["discriminator.lr"] == pytest.approx(1e-4 * share**0.9)
        assert step <= HALF or whole_log[step] == broken_log[step]
