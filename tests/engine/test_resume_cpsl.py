"""Trainings with prototypes and memories that are killed and resumed equal uninterrupted ones, bit by bit."""

import signal

import pytest

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.datasets.sampling.test_target_views import make_soft
from tests.engine.test_resume import HALF, KILLED, assert_equal, logged
from tests.models.uda.prototypes_file import prototypes

NETWORK = f"""
_base_ = ["{tiny.ROOT / tiny.CONFIG}"]
model = dict(backbone=dict(drop_path_rate=0.2), decode_head=dict(dropout_ratio=0.2))
"""
CPSL = """
uda = dict(
    _delete_=True, type="CPSL", prototypes="PROTOTYPES", samples=16, memory=80, sampling="class", marginal="moving", contrast="aligned",
)
train_dataloader = dict(dataset=dict(
    target_soft_labels="SOFT", target_whole=(128, 64), strong_view=dict(), crop_pseudo_margins=None,
))
optim_wrapper = dict(
    _delete_=True, type="OptimWrapper", optimizer=dict(type="SGD", lr=0.01, momentum=0.9, weight_decay=2e-4),
    paramwise_cfg=dict(custom_keys=dict(prototypes=dict(lr_mult=5.0)), published_quirks=True),
)
"""
"""The memory is full after three iterations of two images, and its oldest place is somewhere in the middle when the training is killed."""
DACS = """
uda = dict(
    pseudo_threshold=None,
    labeling=[
        dict(type="PrototypeRectification", start=2, self_labelling=dict(samples=16, memory=80)),
        dict(type="ConfidenceShare", threshold=0.968),
    ],
    objectives=dict(self_labelling=dict(type="SelfLabelling")),
)
"""
STATE = {
    "cpsl": {"prototypes.vectors", "prototypes.average", "self_labelling.features.values", "self_labelling.marginal"},
    "dacs": {"labeling_1.0.prototypes.vectors", "labeling_1.0.means", "labeling_1.0.labeller.predictions.values"},
}


@pytest.mark.parametrize(("kind", "method"), [("cpsl", CPSL), ("dacs", DACS)], ids=["cpsl", "dacs"])
def test_killed_and_resumed_equals_uninterrupted(kind, method, tiny_data, tmp_path):
    config, whole, broken = tmp_path / "own.py", tmp_path / "whole", tmp_path / "broken"
    soft = make_soft(tiny_data / "cityscapes", tmp_path / "soft", size=(8, 16))
    config.write_text(NETWORK + method.replace("PROTOTYPES", prototypes()).replace("SOFT", str(soft)))
    changes = {"train_cfg.max_iters": 2 * HALF, "train_cfg.val_interval": HALF, "default_hooks.checkpoint.interval": HALF}
    others = {"train_dataloader.dataset.crop_pseudo_margins": None} if kind == "cpsl" else {}
    given = tiny.options(tiny_data, **changes, **others)
    options = [option for option in given if kind == "dacs" or not option.startswith("uda.self_training_start")]
    done = tiny.run("tools/train.py", str(config), "--work-dir", str(whole), *options)
    assert done.returncode == 0, done.stderr

    arguments = [str(config), "--work-dir", str(broken), *options]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    half = read_checkpoint(broken / "latest.pth")["state_dict"]
    pushed = next(value for name, value in half.items() if name.endswith("features.pushed"))
    assert pushed % 80 and pushed > 0
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    first, second = (read_checkpoint(folder / "latest.pth") for folder in (whole, broken))
    assert first["meta"]["iteration"] == second["meta"]["iteration"] == 2 * HALF
    assert STATE[kind] <= first["state_dict"].keys()
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert_equal(first[part], second[part], part)
    name = next(iter(STATE[kind] & {"prototypes.vectors", "labeling_1.0.prototypes.vectors"}))
    assert not half[name].equal(first["state_dict"][name])
    whole_log, broken_log = logged(whole), logged(broken)
    assert all(whole_log[step] == broken_log[step] for step in range(HALF + 1, 2 * HALF + 1))
    assert "self_labelling.loss_features" in whole_log[2 * HALF]
