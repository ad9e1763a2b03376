"""Shares of the pseudo-labels in closed form, what is logged and saved, and that training does not notice."""

import json
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.engine.hooks import ClassHealthHook, ResultHook
from mmseg.engine.hooks.class_health_hook import count_classes, percentages
from mmseg.models.uda.step import StepLogs
from mmseg.registry import HOOKS
from mmseg.utils.errors import UserError
from tests.engine.test_picture_hook import build_method, optimizer, sample

CLASSES = ("road", "train", "sky")


class Runner(SimpleNamespace):
    """The part of a runner that both hooks use; ``added`` lists what the visualizer got."""

    def __init__(self, work_dir, hook: ClassHealthHook, classes: tuple[str, ...] = CLASSES, absent: tuple[str, ...] = ()):
        self.added = []
        (Path(work_dir) / "config.py").touch()
        visualizer = SimpleNamespace(add_scalars=lambda scalars, step: self.added.append((step, scalars)))
        loader = SimpleNamespace(dataset=SimpleNamespace(metainfo={"classes": classes}))
        source = SimpleNamespace(dataset=SimpleNamespace(source=SimpleNamespace(metainfo={"absent": absent})))
        loaders = {"train_dataloader": source, "val_dataloader": loader}
        evaluates = SimpleNamespace(evaluator=SimpleNamespace(metrics=[]))
        general = {"visualizer": visualizer, "logger": logging.getLogger("class health"), "val_loop": evaluates, **loaders}
        super().__init__(work_dir=str(work_dir), hooks=[ResultHook(), hook], iter=0, max_iters=10, **general)
        hook.before_train(self)

    @property
    def health(self) -> ClassHealthHook:
        return self.hooks[1]

    def step(self, *labels: int) -> None:
        """One iteration with these pseudo-labels; without any if there are none."""
        logs = StepLogs()
        if labels:
            logs.records["pseudo_label"] = torch.tensor(labels).reshape(1, 1, -1)
        self.health.after_train_iter(self, self.iter, None, logs)
        self.iter += 1

    def evaluate(self, **iou: float) -> dict:
        """An evaluation; the entry of the curve."""
        for hook in self.hooks:
            hook.after_val_epoch(self, {f"IoU.{name}": value for name, value in iou.items()})
        with open(f"{self.work_dir}/evaluations.json") as file:
            return json.load(file)[-1]


def test_counts_every_pixel_once():
    labels = torch.tensor([[[0, 2, 2], [2, 0, 2]], [[0, 0, 2], [4, 2, 2]]])
    counts = count_classes(labels, 5)
    assert counts.tolist() == [4, 0, 7, 0, 1] and counts.dtype == torch.int64
    assert torch.equal(counts, torch.bincount(labels.flatten(), minlength=5))


def test_pixels_without_a_label_are_not_counted():
    assert count_classes(torch.tensor([[[0, 255], [255, 1]]]), 2).tolist() == [1, 1]


def test_percentages():
    assert percentages(torch.tensor([3, 0, 1]), CLASSES) == {"road": 75, "train": 0, "sky": 25}
    assert percentages(torch.tensor([0, 0, 0]), CLASSES) == {"road": 0, "train": 0, "sky": 0}


def test_logs_the_share_of_each_interval(tmp_path):
    runner = Runner(tmp_path, HOOKS.build({"type": "ClassHealthHook", "interval": 2}))
    for labels in ((0, 0, 0, 1), (0, 0, 2, 2), (1, 1, 1, 1), (2, 2, 2, 2), (0, 0, 0, 0)):
        runner.step(*labels)
    assert runner.added == [
        (2, {"pseudo_share/road": 62.5, "pseudo_share/train": 12.5, "pseudo_share/sky": 25}),
        (4, {"pseudo_share/road": 0, "pseudo_share/train": 50, "pseudo_share/sky": 50}),
    ]


def test_an_evaluation_holds_the_share_since_the_one_before(tmp_path):
    runner = Runner(tmp_path, ClassHealthHook(interval=2))
    for labels in ((0, 0), (0, 1), (1, 1), (2, 2)):
        runner.step(*labels)
    assert runner.evaluate(road=50.0)["pseudo_share"] == {"road": 37.5, "train": 37.5, "sky": 25}
    runner.step(1, 2)
    entry = runner.evaluate(road=60.0)
    assert entry == {"version": 1, "iteration": 5, "metrics": {"IoU.road": 60.0}, "pseudo_share": {"road": 0, "train": 50, "sky": 50}}


def test_a_class_that_dies_is_a_warning(tmp_path, caplog):
    runner = Runner(tmp_path, ClassHealthHook(interval=100))
    runner.step(0, 0, 0, 1)
    runner.evaluate(road=80.0, train=43.21, sky=0.0)
    assert not caplog.records, "sky may still be learned"
    runner.step(0, 0, 0, 0)
    runner.evaluate(road=80.0, train=0.0, sky=50.0)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "Class 'train' has died: IoU 0.0 % (best 43.2 % at iteration 1), 0.00 % of the pseudo-label pixels.")
    ]


def test_classes_that_the_source_lacks_are_not_warned_of(tmp_path, caplog):
    runner = Runner(tmp_path, ClassHealthHook(interval=100), absent=("train",))
    runner.max_iters = 1
    runner.step(0)
    runner.evaluate(road=80.0, train=0.0, sky=0.0)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 1 and "'sky'" in messages[0] and "'train'" not in messages[0]


def test_without_pseudo_labels_there_are_no_shares_but_warnings(tmp_path, caplog):
    runner = Runner(tmp_path, ClassHealthHook(interval=1))
    runner.step()
    runner.evaluate(train=20.0)
    runner.step()
    assert runner.evaluate(train=0.0) == {"version": 1, "iteration": 2, "metrics": {"IoU.train": 0.0}}
    assert runner.added == [] and runner.health.state_dict() == {}
    assert [record.getMessage() for record in caplog.records] == ["Class 'train' has died: IoU 0.0 % (best 20.0 % at iteration 1)."]


@pytest.mark.parametrize("cut", range(7))
def test_a_state_holds_what_was_counted(tmp_path, cut):
    """Wherever a run is cut, its shares are those of the uninterrupted one."""
    batches = [(0, 1), (1, 1), (2, 2), (2, 0), (0, 0), (1, 2), (2, 2)]

    def train(runner: Runner, labels: list) -> list:
        for values in labels:
            runner.step(*values)
        return runner.added

    whole = Runner(tmp_path, ClassHealthHook(interval=3))
    train(whole, batches)
    broken = Runner(tmp_path, ClassHealthHook(interval=3))
    logged = train(broken, batches[:cut])
    save_checkpoint(tmp_path / "state.pth", {"state_dict": {}, "hooks": broken.health.state_dict()})
    resumed = Runner(tmp_path, ClassHealthHook(interval=3))
    resumed.iter = broken.iter
    resumed.health.load_state_dict(read_checkpoint(tmp_path / "state.pth")["hooks"])
    assert logged + train(resumed, batches[cut:]) == whole.added
    assert resumed.evaluate() == whole.evaluate()


def test_refuses_an_interval_below_one():
    with pytest.raises(UserError, match=r"interval is 0\. It should be greater than 0"):
        HOOKS.build({"type": "ClassHealthHook", "interval": 0})


def test_training_is_bit_identical_with_and_without_counting(tmp_path):
    states, added = [], []
    for counting in (False, True):
        network = build_method("DACS", "hrda")
        optim, runner = optimizer(network), Runner(tmp_path, ClassHealthHook(interval=1), tuple(map(str, range(19))))
        for iteration in range(3):
            logs = network.train_step(sample(iteration), optim)
            if counting:
                runner.health.after_train_iter(runner, iteration, None, logs)
        states.append(network.state_dict())
        added.append(runner.added)
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])
    assert added[0] == [] and [sum(scalars.values()) for _, scalars in added[1]] == pytest.approx([100] * 3)


def count_in_two_processes(rank: int, folder: Path) -> None:
    """A share over both processes, a state of both, and a share after a resume; the results go to ``<rank>.json``."""
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    runner = Runner(folder, ClassHealthHook(interval=2))
    runner.step(*((0, 0) if rank == 0 else (1, 2)))
    state = runner.health.state_dict()
    resumed = Runner(folder, ClassHealthHook(interval=2))
    resumed.iter = runner.iter
    resumed.health.load_state_dict(state)
    for each in (runner, resumed):
        each.step(*((0, 0) if rank == 0 else (2, 2)))
    torch.distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps([state["log"].tolist(), runner.added, resumed.added]))


def test_the_counts_of_all_processes_are_summed(tmp_path):
    torch.multiprocessing.spawn(count_in_two_processes, (tmp_path,), nprocs=2)
    logged = [[2, {"pseudo_share/road": 50, "pseudo_share/train": 12.5, "pseudo_share/sky": 37.5}]]
    for rank in range(2):
        assert json.loads((tmp_path / f"{rank}.json").read_text()) == [[2, 1, 1], logged, logged]


def test_a_result_needs_its_curve(tmp_path):
    runner = Runner(tmp_path, ClassHealthHook())
    with pytest.raises(UserError, match=r"evaluations.json is gone.*Evaluate the last checkpoint"):
        runner.hooks[0].after_train(runner)
