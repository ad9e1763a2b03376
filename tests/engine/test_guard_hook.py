"""Naming and counting the steps that are left out, in the log and over a resume; stopping after several in a row."""

import logging
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MessageHub
from mmengine.runner import IterBasedTrainLoop

from mmseg.apis.training.train import train
from mmseg.config.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks import GuardHook
from mmseg.engine.loops import AdaptationTrainLoop
from mmseg.engine.optimizers import GradientHealth
from mmseg.engine.resume.restore import restore_hooks
from mmseg.models.uda.objectives import SourceSupervision
from mmseg.registry import HOOKS
from mmseg.utils.errors import NotFiniteError, UserError
from tests import tiny
from tests.cli.failures import one_line
from tests.engine.test_resume import logged

NAN = float("nan")
FINE = [1.0, 2.0, 3.0]


@pytest.fixture
def runner(tmp_path, request):
    hub = MessageHub.get_instance(request.node.name)
    return SimpleNamespace(iter=0, work_dir=tmp_path, logger=logging.getLogger(request.node.name), message_hub=hub)


@pytest.fixture
def watch(runner):
    """Runs one step with these norms of gradients under a hook."""

    def step(hook, norms, scale=1.0, **logs):
        names, norms = ("first", "second", "third"), torch.tensor(norms)
        overflow = (~norms.isfinite()).any().float()
        runner.optim_wrapper = SimpleNamespace(health=GradientHealth(names, norms, overflow, torch.tensor(scale)))
        hook.before_train(runner)
        outputs = {name.replace("__", "."): torch.tensor(value) for name, value in logs.items()}
        hook.after_train_iter(runner, 0, {"image": torch.ones(2), "iteration": runner.iter}, outputs)
        runner.iter += 1

    return step


@pytest.mark.parametrize(
    ("norms", "logs", "reason"),
    [
        ([NAN, NAN, 3.0], {"loss": 1.0}, "the gradient of second"),
        ([1.0, float("inf"), NAN], {}, "the gradient of third"),
        ([NAN] * 3, {"decode__loss": NAN, "mix__loss": 1.0, "acc": NAN}, "decode.loss = nan"),
        ([NAN] * 3, {"decode__loss": float("inf"), "mix__loss": NAN}, "decode.loss = inf, mix.loss = nan"),
    ],
)
def test_what_was_not_finite_is_named(norms, logs, reason, watch, caplog):
    """The loss; or the gradient that the backward pass met first, which passes through the parameters from the last to the first."""
    caplog.set_level("INFO")
    hook = GuardHook()
    watch(hook, FINE, loss=1.0)
    assert not caplog.messages
    watch(hook, norms, **logs)
    assert caplog.messages == [f"Step 2 is left out, not finite: {reason}. 1 left out so far, 1 in a row."]


def test_a_step_that_teaches_nothing_is_told_once(watch, caplog):
    caplog.set_level("INFO")
    hook = GuardHook()
    for norms in (FINE, [0.0, 0.0, 1e-30], [0.0] * 3, [0.0] * 3):
        watch(hook, norms)
    (said,) = caplog.messages
    assert said.startswith("Step 3 teaches nothing, every gradient is 0:") and hook.in_a_row == 0


@pytest.mark.parametrize("name", ["skipped", "in_a_row"])
def test_a_state_that_is_no_count(name):
    with pytest.raises(UserError, match=r"^Checkpoint latest\.pth: hooks\.GuardHook is no state of this hook .* with --load-from\.$"):
        restore_hooks({"GuardHook": GuardHook()}, {"GuardHook": {name: "x"}}, "latest.pth")
    hook = GuardHook()
    restore_hooks({"GuardHook": hook}, {"GuardHook": {name: 3}, "Gone": {}}, "latest.pth")
    assert getattr(hook, name) == 3


def test_the_count_is_logged_from_the_first_on(watch, runner):
    hook = GuardHook()
    watch(hook, FINE)
    assert "train/skipped_steps" not in runner.message_hub.log_scalars
    counts = []
    for norms in ([NAN] * 3, FINE, [NAN] * 3):
        watch(hook, norms)
        counts.append(runner.message_hub.get_scalar("train/skipped_steps").current())
    assert counts == [1, 1, 2]
    resumed = GuardHook()
    resumed.load_state_dict(hook.state_dict())
    assert (resumed.skipped, resumed.in_a_row) == (2, 1)
    resumed.load_state_dict({})  # of a training from before this hook
    assert (resumed.skipped, resumed.in_a_row) == (0, 0)


def test_stops_after_several_in_a_row(watch, runner, tmp_path):
    hook = GuardHook(patience=3)
    for norms in ([NAN] * 3, [NAN] * 3, FINE, [NAN] * 3, [NAN] * 3):
        watch(hook, norms)
    path = tmp_path / "nonfinite_batch.pth"
    assert not path.exists()
    with pytest.raises(UserError) as stopped:
        watch(hook, [NAN] * 3, loss=NAN)
    text = str(stopped.value)
    assert text.startswith(
        "Training stopped after iteration 6: 3 steps in a row were not finite, in the last one loss = nan. Its batch is in"
    )
    assert str(path) in text and text.endswith("precision='fp32' if it is another.") and "\n" not in text
    content = torch.load(path, weights_only=True)
    assert content["iteration"] == 6 and content["batch"]["iteration"] == 5 and torch.equal(content["batch"]["image"], torch.ones(2))


def test_the_search_for_a_scale_does_not_stop_a_training(watch, caplog):
    caplog.set_level("INFO")
    hook = GuardHook(patience=2)
    for power in range(16, 0, -1):
        watch(hook, [NAN] * 3, scale=2.0**power)
    assert hook.skipped == 16 and caplog.messages[0].endswith("The scale 65536 of the losses is halved; 1 left out so far.")
    watch(hook, [NAN] * 3, scale=1.0)
    with pytest.raises(UserError, match="2 steps in a row"):
        watch(hook, [NAN] * 3, scale=0.5)


def test_no_patience_is_refused():
    with pytest.raises(UserError, match=r"patience is 0\. It should be greater than 0"):
        HOOKS.build({"type": "GuardHook", "patience": 0})


def test_a_training_goes_on_after_a_nan(tiny_data, tmp_path, monkeypatch):
    def harmed(self, step, original=SourceSupervision.__call__):
        return original(self, step) * (NAN if step.iteration == 1 else 1)

    monkeypatch.setattr(SourceSupervision, "__call__", harmed)
    monkeypatch.chdir(tiny.ROOT)
    folder = tmp_path / f"run_{tmp_path.name}"
    train(load_config(tiny.CONFIG, tiny.values(tiny_data, **{"train_cfg.max_iters": 4, "train_cfg.val_interval": 4})), folder)
    counts = [entry.get("skipped_steps") for entry in logged(folder).values()]
    assert counts == [None, 1, 1, 1]
    assert "Step 2 is left out, not finite: the gradient of model." in next(folder.glob("*/*.log")).read_text()
    state = read_checkpoint(folder / "latest.pth")
    assert state["hooks"]["GuardHook"] == {"skipped": 1, "in_a_row": 0}
    assert all(value.isfinite().all() for value in state["state_dict"].values())
    assert {int(entry["step"]) for entry in state["optimizer"]["state"].values()} == {3}


def test_a_training_that_cannot_go_on_stops_with_one_line(tiny_data, tmp_path):
    folder, hooks = tmp_path / "run", {"custom_hooks": [{"type": "ResultHook"}]}
    changes = {"optim_wrapper.optimizer.lr": 1e30, "default_hooks.guard.patience": 2, "train_cfg.max_iters": 6, "train_cfg.val_interval": 6}
    values = {key: value for key, value in {**tiny.values(tiny_data), **changes}.items() if not key.startswith("custom_hooks")}
    options = ["--cfg-options", *(f"{key}={value!r}" for key, value in {**values, **hooks}.items())]
    done = tiny.run("tools/train.py", tiny.CONFIG, "--work-dir", str(folder), *options)
    line = one_line(done.returncode, done.stderr)
    assert line.startswith("Training stopped after iteration 3: 2 steps in a row were not finite, in the last one decode.loss_seg = nan")
    batch = torch.load(folder / "nonfinite_batch.pth", weights_only=True)["batch"]
    assert batch["source"]["image"].shape == (2, 3, 64, 64) and batch["iteration"] == 2
    assert not (folder / "result.json").exists()


def test_an_evaluation_of_a_network_that_gives_nan_stops_the_training(monkeypatch):
    """With the advice for a training, not that for an evaluation: there is no better state."""

    def evaluate(_):
        raise NotFiniteError("a.png")

    monkeypatch.setattr(IterBasedTrainLoop, "run", evaluate)
    loop = object.__new__(AdaptationTrainLoop)
    loop.dataloader, loop._iter = SimpleNamespace(dataset=None), 10
    with pytest.raises(UserError, match=r"after iteration 10: the output of the network for a\.png is not finite\. Train again in another"):
        loop.run()
