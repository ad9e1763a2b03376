"""A network of a method that starts as the student of another training: read once, part of the state from then on."""

import shutil
import signal

import numpy as np
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from tests import tiny
from tests.cli.failures import one_line
from tests.datasets.sampling.test_target_views import image_names, write_header
from tests.datasets.toy import write_png
from tests.engine.test_resume import KILLED

DISTILLATION = f"""
_base_ = ["{tiny.ROOT / tiny.CONFIG}"]
uda = dict(_delete_=True, type="CPSLDistillation", distilled_from="STAGE")
train_dataloader = dict(dataset=dict(target_labels="LABELS", strong_view=dict()))
"""


def make_labels(root, folder) -> None:
    for name in image_names(root):
        write_png(folder / name, np.arange(128, dtype=np.uint8)[None].repeat(64, axis=0) % 19)
    write_header(folder, image_names(root))


def test_a_distilled_network(trained, tiny_data, tmp_path):
    config, folder, stage = tmp_path / "own.py", tmp_path / "run", tmp_path / "stage.pth"
    shutil.copy(trained / "latest.pth", stage)
    make_labels(tiny_data / "cityscapes", tmp_path / "labels")
    config.write_text(DISTILLATION.replace("STAGE", str(stage)).replace("LABELS", str(tmp_path / "labels")))
    changes = {"train_cfg.max_iters": 2, "default_hooks.checkpoint.interval": 1, "train_dataloader.dataset.crop_pseudo_margins": None}
    options = [option for option in tiny.options(tiny_data, **changes) if not option.startswith("uda.")]
    arguments = [str(config), "--work-dir", str(folder), *options]
    killed = tiny.run("-c", KILLED, *arguments)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    stage.unlink()
    resumed = tiny.run("tools/train.py", *arguments, "--resume")
    assert resumed.returncode == 0, resumed.stderr

    given, state = (read_checkpoint(path)["state_dict"] for path in (trained / "latest.pth", folder / "latest.pth"))
    own = {name.removeprefix("distilled."): value for name, value in state.items() if name.startswith("distilled.")}
    assert own and all(torch.equal(value, given[f"model.{name}"]) for name, value in own.items())
    assert not all(torch.equal(value, state[f"model.{name}"]) for name, value in own.items())

    missing = tiny.run("tools/train.py", str(config), "--work-dir", str(tmp_path / "new"), *options)
    assert f"Checkpoint {stage} does not exist" in one_line(missing.returncode, missing.stderr)
