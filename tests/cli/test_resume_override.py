"""Going on with another config: what is refused, what is applied and how, and what the run folder says of it."""

import json
import re
import shutil

import pytest

from mmseg.apis.training.resume import plan_resume
from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.utils.errors import UserError
from mmseg.utils.options.config_text import config_text
from tests import tiny
from tests.engine.test_resume import logged
from tools import train as train_tool

LR = "optim_wrapper.optimizer.lr"
LONGER = {"train_cfg.max_iters": 4, "train_cfg.val_interval": 4}
WARM_UP = 200  # iterations of the demo schedule


def rate(step: int, *, lr: float, length: int) -> float:
    """What an uninterrupted training logs at a step, counted from 1."""
    done = step - 1
    return lr * (1e-6 + (1 - 1e-6) * done / WARM_UP) * (1 - done / length)


@pytest.fixture(scope="module")
def resumed(trained, tiny_data, tmp_path_factory):
    """A finished run of two iterations that goes on for two more, with a lower rate and another alpha; its folder."""
    folder = tmp_path_factory.mktemp("override") / "run_that_goes_on"
    shutil.copytree(trained, folder)
    before = (folder / "config.py").read_text()
    options = tiny.options(tiny_data, **LONGER, **{LR: 1e-3, "uda.alpha": 0.5})
    refused = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), "--resume", *options)
    kept = (folder / "config.py").read_text() == before and (folder / "result.json").exists()
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), "--resume", "--override", *options)
    return folder, refused, kept, done


def test_refused_without_the_word(resumed):
    folder, refused, kept, _ = resumed
    assert refused.returncode == 2 and kept
    assert refused.stderr == (
        f"error: Checkpoint {folder}/latest.pth was trained with another config: {LR} 0.006 -> 0.001 (learning rate), "
        "uda.alpha 0.99 -> 0.5 (the method). Resume with the config it was trained with (config.py beside it), "
        "or apply this one from here on with --resume --override.\n"
    )


def test_applied_with_it(resumed):
    folder, _, _, done = resumed
    assert done.returncode == 0, done.stderr
    rates = {step: entry["lr"] for step, entry in logged(folder).items()}
    expected = {**{step: rate(step, lr=6e-3, length=2) for step in (1, 2)}, **{step: rate(step, lr=1e-3, length=4) for step in (3, 4)}}
    assert rates == pytest.approx(expected, rel=1e-4)
    assert f"The schedule is that of the config from iteration 3 on: lr {rate(3, lr=1e-3, length=4):.4g}" in done.stdout
    assert re.search(r"From iteration 3 on, with another config: .*train_cfg\.max_iters 2 -> 4 \(a longer training, whose", done.stdout)
    groups = read_checkpoint(folder / "latest.pth")["optimizer"]["param_groups"]
    assert {group["initial_lr"] for group in groups} == {1e-3}
    assert json.loads((folder / "result.json").read_text())["iteration"] == 4


def test_the_history(resumed, trained):
    folder = resumed[0]
    assert load_config(folder / "config_0-2.py").to_dict() == load_config(trained / "config.py").to_dict()
    lines = (folder / "config.py").read_text().splitlines()
    assert lines[0] == "# Iterations 1 to 2 were trained with config_0-2.py. What is other from then on:"
    assert [line.split()[1] for line in lines[1:7]] == [LR, "param_scheduler.1.end", *LONGER, "uda.alpha", "="]
    now = load_config(folder / "config.py")
    assert (now.optim_wrapper.optimizer.lr, now.uda.alpha, now.train_cfg.max_iters) == (1e-3, 0.5, 4)
    (stretch,) = read_checkpoint(folder / "latest.pth")["meta"]["history"]
    assert (stretch["first"], stretch["last"], stretch["config"]) == (0, 2, (folder / "config_0-2.py").read_text())


def test_the_next_resume_compares_with_the_config_from_then_on(resumed):
    """And the history goes on where it ended."""
    checkpoint, cfg = str(resumed[0] / "latest.pth"), load_config(resumed[0] / "config.py")
    again = plan_resume(cfg, checkpoint)
    assert not again.changed and not again.notes and [stretch.file_name for stretch in again.history] == ["config_0-2.py"]
    longer = plan_resume(load_config(resumed[0] / "config.py", {"train_cfg.max_iters": 8, "param_scheduler.1.end": 9}), checkpoint)
    assert longer.changed and [stretch.file_name for stretch in longer.history] == ["config_0-2.py", "config_2-4.py"]
    workers = plan_resume(load_config(resumed[0] / "config.py", {"train_dataloader.num_workers": 1}), checkpoint)
    assert not workers.changed and workers.history[-1].changed == ("train_dataloader.num_workers 0 -> 1 (speed of loading)",)


def test_what_cannot_be_applied_says_what_to_do(resumed):
    checkpoint = str(resumed[0] / "latest.pth")
    sgd = load_config(resumed[0] / "config.py", {"optim_wrapper.optimizer.type": "SGD"})
    with pytest.raises(
        UserError, match=r"A resume cannot change .*'AdamW' -> 'SGD' .* Start from its networks in another folder with --load-"
    ):
        plan_resume(sgd, checkpoint, override=True)


@pytest.mark.parametrize(("config", "text"), [(None, "holds no config"), ("import os", r"cannot be read \(line 1 gives no name a value\)")])
def test_a_checkpoint_without_a_config_goes_on(trained, tmp_path, config, text):
    content = read_checkpoint(trained / "latest.pth")
    content["meta"] = {key: value for key, value in content["meta"].items() if key not in ("config", "history")}
    save_checkpoint(tmp_path / "latest.pth", {**content, "meta": {**content["meta"], **({"config": config} if config else {})}})
    plan = plan_resume(load_config(trained / "config.py", {LR: 1.0}), str(tmp_path / "latest.pth"))
    assert not plan.changed and not plan.history and re.search(f"{text}.*nothing was compared", plan.notes[0])


def test_the_word_belongs_to_a_resume(fails, folder):
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--override")
    assert line == "--override says how a training goes on. Add --resume, or leave it out." and not folder.exists()


def test_the_config_of_a_state_is_whole(trained):
    """It is the text of what was used, so that a resume with it finds no difference."""
    meta = read_checkpoint(trained / "latest.pth")["meta"]
    assert meta["config"] == config_text(load_config(trained / "config.py")) and meta["history"] == []
    assert meta["CLASSES"][0] == "road" and meta["PALETTE"][0] == [128, 64, 128]


# Other classes


def test_another_order_of_the_classes(trained, fails, folder, tiny_data):
    """No word applies it: every output of the network would be taken for another class."""
    shutil.copytree(trained, folder)
    classes = [*read_checkpoint(folder / "latest.pth")["meta"]["CLASSES"]]
    classes[:2] = classes[1::-1]
    lists = {f"train_dataloader.dataset.{domain}.classes": classes for domain in ("source", "target")}
    options = tiny.options(tiny_data, **lists, **{"val_dataloader.dataset.classes": classes, "train_cfg.max_iters": 3})
    line = fails(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--resume", "--override", *options)
    assert "trained with the classes in another order than the config: 'sidewalk' is number 1, not 0. Give the data sets" in line
    assert (folder / "config.py").read_bytes() == (trained / "config.py").read_bytes()


SIXTEEN = [
    *["road", "sidewalk", "building", "wall", "fence", "pole"],
    "traffic light",
    "traffic sign",
    *["vegetation", "sky", "person", "rider", "car", "bus"],
]
SIXTEEN += ["motorcycle", "bicycle"]


def test_other_classes(trained, fails, folder, tiny_data, monkeypatch, capsys):
    """What the error says is done, literally."""
    lists = {f"train_dataloader.dataset.{domain}.classes": SIXTEEN for domain in ("source", "target")}
    options = {**lists, "val_dataloader.dataset.classes": SIXTEEN, "model.decode_head.num_classes": 16, "uda.source_class_weight": None}
    command = [tiny.CONFIG, "--work-dir", folder, "--load-from", trained / "latest.pth"]
    line = fails(train_tool.main, *command, *tiny.options(tiny_data, **options))
    assert "was trained with 19 classes, but the config has 16." in line
    (advice,) = re.findall(r"from everything but its classifiers with (--[\w-]+)", line)
    alone = fails(train_tool.main, *command[:3], advice, *tiny.options(tiny_data, **options))
    assert alone.endswith("says how to start from a checkpoint. Give one with --load-from FILE.")
    monkeypatch.setattr("sys.argv", ["train.py", *map(str, command), advice, *tiny.options(tiny_data, **options)])
    with pytest.raises(SystemExit) as ended:
        train_tool.main()
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    assert "without the classifiers (decode_head.head.conv_seg.bias, decode_head.head.conv_seg.weight, …)" in printed.out
    state = read_checkpoint(folder / "latest.pth")["state_dict"]
    assert state["model.decode_head.head.conv_seg.weight"].shape[0] == 16
