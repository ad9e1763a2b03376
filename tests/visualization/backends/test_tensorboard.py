"""The names of TensorBoard's scalars, and what a training writes under them."""

import sys

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mmseg.visualization.backends.tensorboard import NamedTensorboardBackend, board_name, board_scalars
from tests import tiny
from tools import train as train_tool


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("decode.loss_seg", "loss/decode.loss_seg"),
        ("src.loss_imnet_feat_dist", "loss/src.loss_imnet_feat_dist"),
        ("IoU.traffic light", "iou/traffic light"),
        ("IoU.7.flat", "iou/7.flat"),
        ("mIoU", "iou/mean"),
        ("mIoU.16", "iou/mean.16"),
        ("Acc.road", "accuracy/road"),
        ("mAcc", "accuracy/mean"),
        ("aAcc", "accuracy/pixels"),
        ("pseudo_share/road", "pseudo_share/road"),
        ("lr", "lr/lr"),
        ("base_lr", "lr/base_lr"),
        ("data_time", "speed/data_time"),
        ("decode.acc_seg", "train/decode.acc_seg"),
        ("skipped_steps", "train/skipped_steps"),
    ],
)
def test_names(name, shown):
    assert board_name(name) == shown


def test_the_total_is_the_sum_of_the_losses():
    assert board_scalars({"a.loss": 1.5, "mix.loss_seg": 2, "acc_seg": 7, "iter": 3}) == {
        "loss/a.loss": 1.5,
        "loss/mix.loss_seg": 2,
        "train/acc_seg": 7,
        "loss/total": 3.5,
    }
    assert board_scalars({"mIoU": 3.0, "step": 1}) == {"iou/mean": 3.0}


def written(folder) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {name: [(entry.step, entry.value) for entry in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_what_is_written(tmp_path):
    backend = NamedTensorboardBackend(save_dir=str(tmp_path))
    backend.add_scalars({"decode.loss_seg": 1.0, "lr": 0.5, "iter": 4}, step=4)
    backend.add_scalar("mIoU", 2.0, step=5)
    backend.close()
    assert written(tmp_path) == {"loss/decode.loss_seg": [(4, 1.0)], "lr/lr": [(4, 0.5)], "loss/total": [(4, 1.0)], "iou/mean": [(5, 2.0)]}


def test_a_training_has_one_scheme(tiny_data, tmp_path, monkeypatch, capsys):
    folder = tmp_path / f"run_{tmp_path.parent.name}"
    arguments = ["train.py", tiny.CONFIG, "--work-dir", str(folder), *tiny.options(tiny_data, **{"custom_hooks.2.interval": 1})]
    monkeypatch.chdir(tiny.ROOT)
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        train_tool.main()
    assert ended.value.code == 0, capsys.readouterr().err
    (events,) = folder.glob("*/vis_data/events.*")
    scalars = written(events.parent)
    assert {name.partition("/")[0] for name in scalars} == {"loss", "iou", "accuracy", "pseudo_share", "lr", "speed", "train"}
    losses = [dict(values) for name, values in scalars.items() if name.startswith("loss/") and name != "loss/total"]
    assert len(losses) > 1 and [step for step, _ in scalars["loss/total"]] == [1, 2]
    for step, total in scalars["loss/total"]:
        assert total == pytest.approx(sum(values.get(step, 0.0) for values in losses), rel=1e-5)
    assert [step for step, _ in scalars["iou/mean"]] == [2]
