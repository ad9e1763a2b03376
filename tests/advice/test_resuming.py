"""Advice about trainings that cannot go on: what their state lacks, and from where else they start."""

import copy
import shutil
from types import SimpleNamespace

import pytest
import torch

from mmseg.apis.launching.resume import plan_resume
from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.engine.checkpoints.trained_for import TrainedFor
from mmseg.engine.checkpoints.weights import load_method
from mmseg.engine.hooks import ResultHook
from mmseg.engine.parts import build_model
from mmseg.engine.resume import state
from mmseg.engine.resume.history import from_values
from mmseg.engine.resume.restore import restore_hooks
from mmseg.evaluation.curve import read_curve, read_result
from mmseg.evaluation.target_record import target_metrics
from mmseg.utils.storage.files import write_json
from tests import tiny
from tests.advice.following import advice
from tests.engine.resume.test_restore import DONE, Training
from tools import test as test_tool
from tools import train as train_tool


@pytest.fixture(scope="module")
def method(trained):
    """The method of a finished run, with other weights."""
    return build_model(load_config(trained / "config.py"))


@pytest.fixture
def elsewhere(method):
    """Starts from the networks of a file, as ``--load-from`` does."""

    def start(path) -> None:
        content = read_checkpoint(path)
        assert load_method(method, content, path)[0].startswith("Loaded model (student)")
        info = TrainedFor.of(content)
        info.warnings(info.classes, info.palette, method.data_preprocessor, path)

    return start


@pytest.fixture
def changed(trained, tmp_path):
    """Writes the state of a finished run with changes; None removes an entry."""

    def write(**changes):
        content = read_checkpoint(trained / "latest.pth")
        for key, value in changes.items():
            place, name = (content["meta"], key.removeprefix("meta_")) if key.startswith("meta_") else (content, key)
            place.pop(name, None)
            place.update({} if value is None else {name: value})
        save_checkpoint(tmp_path / "latest.pth", content)
        return tmp_path / "latest.pth"

    return write


def check(path) -> None:
    state.check_state(read_checkpoint(path), path)


def test_weights_without_a_state(changed, elsewhere):
    path = changed(optimizer=None)
    advice("Start from it in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


def test_a_state_that_lacks_a_part(changed, elsewhere):
    path = changed(param_schedulers=None)
    advice(
        "Checkpoint {} lacks {}{}, a part of the state of a training. Start from its networks in another folder with --load-from.",
        lambda: check(path),
    )
    elsewhere(path)


def test_a_part_of_another_kind(changed, elsewhere):
    path = changed(optimizer=[1])
    advice("Checkpoint {}: {}{} is no part of the state of a training, but {}. Start from its networks", lambda: check(path))
    elsewhere(path)
    path = changed(meta_processes="x")
    advice("Checkpoint {}: meta.{} is no part of the state of a training, but {}. Start from its networks", lambda: check(path))
    elsewhere(path)


def test_a_number_of_iterations(changed, elsewhere):
    path = changed(meta_iteration=-1)
    advice("says that it was made after {} iterations. Start from its networks in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


@pytest.mark.parametrize("change", [{"logged": {"train/loss": ["x"]}}, {"hooks": {"GuardHook": 1}}])
def test_entries_of_another_kind(changed, elsewhere, change):
    path = changed(**change)
    advice("Checkpoint {}: {} is not {}. Start from its networks in another folder with --load-from.", lambda: check(path))
    elsewhere(path)


def test_networks_that_are_no_tensors(changed, elsewhere, trained):
    """Nothing can start from them."""
    networks = read_checkpoint(trained / "latest.pth")["state_dict"]
    path = changed(state_dict={**networks, next(iter(networks)): 3})
    advice("Checkpoint {}: state_dict.{} is not a tensor. Start from another file in another folder with --load-from.", lambda: check(path))
    elsewhere(trained / "best.pth")


def test_a_history_of_another_kind(changed, elsewhere):
    path = changed(meta_history=[1])
    advice(
        "meta.history is no history of a training. Start from its networks",
        lambda: from_values(read_checkpoint(path)["meta"]["history"], path),
    )
    elsewhere(path)


def test_a_hook_of_another_kind(changed, elsewhere, trained):
    class Hook:
        def load_state_dict(self, values) -> None:
            self.count = int(values["count"])

    path = changed(hooks={"Hook": {"count": "many"}})
    advice(
        "hooks.{} is no state of this hook ({}). Start from its networks",
        lambda: restore_hooks({"Hook": Hook()}, read_checkpoint(path)["hooks"], path),
    )
    elsewhere(path)


# Optimizers


@pytest.fixture
def optimized():
    training = Training()
    training.run(DONE)
    return training.content()


def test_states_of_optimizers(optimized, elsewhere, changed):
    """Whatever is wrong with them: a start from the networks reads none of it."""

    def spoilt(change) -> object:
        content = copy.deepcopy(optimized)
        change(content["optimizer"])
        return lambda: Training().resumed(content)

    def pop_group(optimizer):
        optimizer["param_groups"].pop()

    advice("the optimizer's {} is no such option. Start from its networks", spoilt(lambda its: its["param_groups"][0].update(lr="x")))
    advice("of a parameter {}, which is in no group. Start from its networks", spoilt(lambda its: its["state"].update({7: {}})))
    advice("Checkpoint {}: the optimizer's state {}. Start from its networks", spoilt(lambda its: its["state"].clear()))
    advice("the optimizer's state lacks {} of parameter {}. Start from its networks", spoilt(lambda its: its["state"][0].pop("exp_avg")))
    advice(
        "the optimizer's {} of parameter {} {}. Start from its networks", spoilt(lambda its: its["state"][0].update(exp_avg=torch.ones(3)))
    )
    advice("Resume with the config it was trained with, config.py beside it, or s{}", spoilt(pop_group))
    Training().resumed(optimized)  # the config it was trained with
    elsewhere(changed(optimizer=optimized["optimizer"]))


# The same training


def test_another_seed(run, call, tiny_data, capsys):
    command = (train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume")
    trained, seed = advice(
        "was trained with seed {}. Resume with --seed {}.", lambda: call(*command, "--seed", 3, *tiny.options(tiny_data))
    )
    assert trained == seed
    call(*command, "--seed", seed, *tiny.options(tiny_data))
    assert "Resumed iteration 2" in capsys.readouterr().out


def test_another_number_of_processes(monkeypatch, changed, elsewhere):
    path = changed(meta_processes=4)
    meta = read_checkpoint(path)["meta"]
    *_, count = advice(
        "Resume with torchrun --nproc_per_node {}, or start from its networks", lambda: state.check_same_run(meta, meta["seed"], path)
    )
    elsewhere(path)
    monkeypatch.setattr(state, "get_world_size", lambda: int(count))  # as many as torchrun starts then
    state.check_same_run(meta, meta["seed"], path)


def test_another_config(trained, elsewhere):
    path = str(trained / "latest.pth")
    other = load_config(trained / "config.py", {"uda.alpha": 0.5})
    *_, file = advice(
        "Resume with the config it was trained with ({} beside it), or apply this one from here on with --resume --override.",
        lambda: plan_resume(other, path),
    )
    assert not plan_resume(load_config(trained / file), path).changed
    assert plan_resume(other, path, override=True).changed
    sgd = load_config(trained / "config.py", {"optim_wrapper.optimizer.type": "SGD"})
    advice(
        "A resume cannot change what {} was trained with: {}. Start from its networks in another folder with --load-from.",
        lambda: plan_resume(sgd, path, override=True),
    )
    elsewhere(path)


def test_fewer_iterations_than_behind_it(run, call, tiny_data, capsys):
    command = (train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume", "--override")
    fewer = tiny.options(tiny_data, **{"train_cfg.max_iters": 1, "train_cfg.val_interval": 1})
    advice("Set train_cfg.max_iters to more, or train in another folder with --work-dir.", lambda: call(*command, *fewer))
    call(*command, *tiny.options(tiny_data, **{"train_cfg.max_iters": 3, "train_cfg.val_interval": 3}))
    assert read_result(run)["iteration"] == 3


# Files of a run


def test_a_result_that_is_gone(run, call, tmp_path):
    runner = SimpleNamespace(work_dir=str(run), seed=0)
    (run / "evaluations.json").rename(tmp_path / "evaluations.json")
    advice(
        "Evaluate the last checkpoint with tools/test.py, or put the file back and resume again.", lambda: ResultHook().after_train(runner)
    )
    shutil.copy(tmp_path / "evaluations.json", run)
    ResultHook().after_train(runner)
    call(test_tool.main, run / "config.py", run / "latest.pth")
    assert (run / "eval/latest.json").is_file()


def test_a_broken_result_and_a_broken_curve(run, call, tmp_path, tiny_data):
    """Moved elsewhere, both are written anew, as far as they can be."""
    options = tiny.options(tiny_data)
    resume = (train_tool.main, tiny.CONFIG, "--work-dir", run, "--resume")
    (run / "result.json").write_text("null")
    advice("Move it elsewhere and run the training again: it resumes from its last state and writes it anew.", lambda: read_result(run))
    (run / "result.json").rename(tmp_path / "result.json")
    call(*resume, *options)
    assert read_result(run)["iteration"] == 2
    (run / "evaluations.json").write_text("[3]")
    longer = [*options, "train_cfg.max_iters=3", "train_cfg.val_interval=3"]
    advice(
        "Move it elsewhere: result.json holds the result, evaluations from now on start a new curve, and the old part is not shown.",
        lambda: call(*resume, *longer),
    )
    (run / "evaluations.json").rename(tmp_path / "evaluations.json")
    call(*resume, *longer)
    assert [entry["iteration"] for entry in read_curve(run)] == [3]


def test_a_broken_record_of_targets(run, call, tmp_path):
    write_json(run / "eval/latest_1.json", {"targets": 3})
    advice(
        "Move it elsewhere and evaluate the run again: python tools/test.py CONFIG CHECKPOINT --targets FILES", lambda: target_metrics(run)
    )
    (run / "eval/latest_1.json").rename(tmp_path / "elsewhere.json")
    call(test_tool.main, run / "config.py", run / "latest.pth", "--targets", f"city={run}/config.py")
    assert target_metrics(run)["mIoU@city"] >= 0
