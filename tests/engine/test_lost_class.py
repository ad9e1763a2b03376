"""Going back to before a class was lost: from which states, with which draws, and the same bits whatever happens in between."""

import json
import logging
import multiprocessing
import signal
import subprocess
import weakref
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from mmseg.apis.training import train as train_module
from mmseg.engine.checkpoints.checkpoint import read_checkpoint, save_checkpoint
from mmseg.engine.hooks import AnnotationRounds, LostClassHook, ResultHook
from mmseg.engine.hooks.lost_class_hook import GoBack, before_loss, newly_lost
from mmseg.utils.errors import UserError
from tests import tiny
from tests.engine.test_resume import assert_equal
from tools import train as train_tool


def curve(*road: float | None, **others: tuple) -> list[dict]:
    """Evaluations after 10, 20, … iterations."""
    named = {"road": road, **others}
    rows = zip(*named.values(), strict=True)
    names = [f"IoU.{name}" for name in named]
    return [{"iteration": 10 * number, "metrics": dict(zip(names, row, strict=True))} for number, row in enumerate(rows, 1)]


def test_what_is_newly_lost():
    assert newly_lost(curve(50.0, 40.0, 0.5)) == ["road"]
    assert newly_lost(curve(50.0, 0.5, 0.5)) == [], "it was dead before"
    assert newly_lost(curve(9.0, 5.0, 0.5)) == [], "it had never been learned"
    assert newly_lost(curve(50.0, 40.0, 1.0)) == [] == newly_lost(curve(50.0)) == newly_lost([])
    assert newly_lost(curve(50.0, 40.0, 0.5), absent=("road",)) == []


def test_the_state_before_the_loss():
    dying = curve(50.0, 12.0, 5.0, 0.5, sky=(9.0, 60.0, 60.0, 60.0))
    assert before_loss(dying, ["road"], {10, 20, 30}) == 20
    assert before_loss(dying, ["road"], {10, 30}) == 10
    assert before_loss(dying, ["road"], {30}) is None
    assert before_loss(dying, ["road", "sky"], {10, 20, 30}) == 20
    assert before_loss(dying, ["road", "sky"], {10, 30}) is None


@pytest.fixture
def training(tmp_path):
    """A runner after 40 iterations whose evaluations are those of a list, with states of 10, 20 and 30, and the best of 30."""

    def make(entries: list[dict], hook: LostClassHook) -> SimpleNamespace:
        (tmp_path / "evaluations.json").write_text(json.dumps(entries))
        for name, iteration in (("iter_10", 10), ("iter_20", 20), ("iter_30", 30), ("best", 30), ("latest", 30)):
            meta = {"iteration": iteration, "best_score": 99.0}
            save_checkpoint(tmp_path / f"{name}.pth", {"meta": meta, "state_dict": {}, "hooks": {"Other": {"count": iteration}}})
        checkpoint_hook = SimpleNamespace(save_best="IoU.road")
        return SimpleNamespace(work_dir=str(tmp_path), iter=40, logger=logging.getLogger("lost class"), checkpoint_hook=checkpoint_hook)

    return make


def test_the_earlier_state_becomes_the_last_one(training, tmp_path, caplog):
    hook = LostClassHook(attempts=2)
    with pytest.raises(GoBack):
        hook.after_val_epoch(training(curve(50.0, 60.0, 5.0, 0.5), hook))
    latest, best, previous = (read_checkpoint(tmp_path / f"{name}.pth") for name in ("latest", "best", "previous"))
    assert latest["meta"] == {"iteration": 20, "best_score": 60.0} and best["meta"]["iteration"] == 20
    assert latest["hooks"] == {"Other": {"count": 20}, "LostClassHook": {"returns": [{"iteration": 40, "lost": ["road"], "back_to": 20}]}}
    assert previous["meta"]["iteration"] == 30
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "Lost road at iteration 40: back to iteration 20, and on with other random draws (return 1 of at most 2)."


def test_it_goes_back_so_often_at_most(training, tmp_path):
    hook = LostClassHook(attempts=1)
    hook.load_state_dict({"returns": [{"iteration": 40, "lost": ["road"], "back_to": 20}]})
    hook.after_val_epoch(training(curve(50.0, 60.0, 5.0, 0.5), hook))
    assert read_checkpoint(tmp_path / "latest.pth")["meta"]["iteration"] == 30
    assert hook.result_entry() == hook.state_dict() and LostClassHook().result_entry() == {}


def test_without_a_state_of_before_it_goes_on(training, tmp_path, caplog):
    hook = LostClassHook()
    runner = training(curve(50.0, 5.0, 5.0, 0.5), hook)
    (tmp_path / "iter_10.pth").unlink()
    hook.after_val_epoch(runner)
    assert "no state is kept in which road was learned" in caplog.text


def test_other_draws_after_each_return():
    seeds = []
    for returns in range(3):
        hook = LostClassHook()
        hook.load_state_dict({"returns": [{"iteration": 1, "lost": [], "back_to": 0}] * returns})
        dataset = SimpleNamespace(seed=7, source=SimpleNamespace(metainfo={"absent": ()}))
        loader = SimpleNamespace(dataset=dataset)
        runner = SimpleNamespace(seed=7, network=SimpleNamespace(seed=7), train_dataloader=loader)
        hook.before_train(runner)
        assert runner.network.seed == loader.dataset.seed
        seeds.append(runner.network.seed)
    assert seeds[0] == 7 and len(set(seeds)) == 3


def test_refusals():
    with pytest.raises(UserError, match=r"Set default_hooks\.checkpoint\.max_keep"):
        LostClassHook().check(0, [])
    rounds = AnnotationRounds(rounds=[1], budget={"ratio": 0.1}, acquisition={"type": "RegionImpurity"})
    with pytest.raises(UserError, match="Remove one of the two"):
        LostClassHook().check(1, [rounds])
    with pytest.raises(TypeError):
        LostClassHook().load_state_dict({"returns": 3})


ALARM = """
import os, signal, sys
from mmseg.engine.hooks import lost_class_hook
from mmseg.engine.hooks.result_hook import ResultHook

ROAD, DIES = {{1: 50.0, 2: 40.0, 3: 0.0}}, {dies!r}

def with_road(self, runner, metrics=None, write=ResultHook.after_val_epoch):
    metrics["IoU.road"] = ROAD.get(runner.iter, 50.0)
    write(self, runner, metrics)

def save_and_die(path, *content, save=lost_class_hook.save_checkpoint):
    if DIES == "after":
        save(path, *content)
    os.kill(os.getpid(), signal.SIGKILL)

ResultHook.after_val_epoch = with_road
if DIES:
    lost_class_hook.save_checkpoint = save_and_die
from tools.train import main
main()
"""
"""tools/train.py, where road is lost at the third evaluation, and which may be killed before or after the earlier state is the last one."""

CHANGES = {
    "train_cfg.max_iters": 4,
    "train_cfg.val_interval": 1,
    "train_dataloader.num_workers": 1,
    "default_hooks.checkpoint.interval": 2,
    "default_hooks.checkpoint.max_keep": 3,
    "model.decode_head.dropout_ratio": 0.2,
}
REPORTS = [{"type": "ResultHook"}, {"type": "ClassHealthHook", "interval": 100}]
BACK = {"custom_hooks": [*REPORTS, {"type": "LostClassHook", "attempts": 1}]}


def train(folder: Path, data: Path, *flags: str, dies: str = "", alarm: bool = True, **changes: object) -> subprocess.CompletedProcess:
    # Without its defaults of entries of custom_hooks, which are another list here.
    values = {key: value for key, value in tiny.values(data, **{**CHANGES, **changes}).items() if not key.startswith("custom_hooks.")}
    options = ["--cfg-options", *(f"{key}={value!r}" for key, value in values.items())]
    start = ["-c", ALARM.format(dies=dies)] if alarm else ["tools/train.py"]
    return tiny.run(*start, tiny.CONFIG, "--work-dir", str(folder), *flags, *options)


@pytest.fixture(scope="module")
def returned(tiny_data, tmp_path_factory) -> Path:
    """The folder of a training that lost a class and went back, in one process."""
    folder = tmp_path_factory.mktemp("returned") / "returned"
    done = train(folder, tiny_data, **BACK)
    assert done.returncode == 0, done.stderr
    return folder


def states(*folders: Path) -> list[dict]:
    """Their last states, without what they logged of the time."""
    found = [read_checkpoint(folder / "latest.pth") for folder in folders]
    return [{**state, "logged": {name: values for name, values in state["logged"].items() if "time" not in name}} for state in found]


def test_the_result_says_so(returned):
    result = json.loads((returned / "result.json").read_text())
    assert result["iteration"] == 4 and result["returns"] == [{"iteration": 3, "lost": ["road"], "back_to": 2}]
    entries = json.loads((returned / "evaluations.json").read_text())
    assert [entry["iteration"] for entry in entries] == [1, 2, 3, 4] and [entry["metrics"]["IoU.road"] for entry in entries] == [
        50,
        40,
        0,
        50,
    ]
    assert read_checkpoint(returned / "latest.pth")["meta"]["history"] == [] and not list(returned.glob("config_*.py"))
    assert len(list(returned.glob("*/vis_data/scalars.json"))) == 2, "each stretch logs into a folder of its own"
    logs = [file.read_text() for file in sorted(returned.glob("*/*.log"))]
    assert len(logs) == 2 and logs[0].count("Lost road at iteration 3: back to iteration 2") == 1 and "Resumed iteration 2" in logs[1]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_at_the_return_and_resumed_it_has_the_same_bits(returned, tiny_data, tmp_path, moment: str):
    folder = tmp_path / "killed"
    assert train(folder, tiny_data, dies=moment, **BACK).returncode == -signal.SIGKILL
    done = train(folder, tiny_data, "--resume", **BACK)
    assert done.returncode == 0, done.stderr
    first, second = states(returned, folder)
    for part in ("state_dict", "optimizer", "param_schedulers", "hooks", "logged"):
        assert_equal(first[part], second[part], part)
    assert first["meta"]["best_score"] == second["meta"]["best_score"]
    assert (returned / "evaluations.json").read_bytes() == (folder / "evaluations.json").read_bytes()
    assert tiny.result_of(returned) == tiny.result_of(folder)


def test_without_a_loss_the_hook_changes_no_bit_and_a_return_does(returned, tiny_data, tmp_path):
    for name, hooks in (("with", BACK), ("without", {"custom_hooks": REPORTS})):
        done = train(tmp_path / name, tiny_data, alarm=False, **hooks)
        assert done.returncode == 0, done.stderr
    first, second, other = states(tmp_path / "with", tmp_path / "without", returned)
    for part in ("state_dict", "optimizer", "param_schedulers", "logged"):
        assert_equal(first[part], second[part], part)
    assert "returns" not in json.loads((tmp_path / "with" / "result.json").read_text())
    assert not all(torch.equal(value, other["state_dict"][key]) for key, value in first["state_dict"].items())


def test_nothing_of_a_training_stays_in_memory_behind_the_next(folder, tiny_data, works, monkeypatch):
    """Its networks, also out of the sight of the collector, and its loader workers."""
    write, build, built = ResultHook.after_val_epoch, train_module.build_runner, []

    def with_road(self, runner, metrics=None):
        metrics["IoU.road"] = {1: 50.0, 2: 0.0}[runner.iter]
        write(self, runner, metrics)

    def noted(*arguments, **options):
        assert all(network() is None for network in built)
        assert not multiprocessing.active_children()
        runner = build(*arguments, **options)
        built.append(weakref.ref(runner.network))
        return runner

    monkeypatch.setattr(ResultHook, "after_val_epoch", with_road)
    monkeypatch.setattr(train_module, "build_runner", noted)
    short = {**CHANGES, "train_cfg.max_iters": 2, **BACK}
    values = {key: value for key, value in tiny.values(tiny_data, **short).items() if not key.startswith("custom_hooks.")}
    works(train_tool.main, tiny.CONFIG, "--work-dir", folder, "--cfg-options", *(f"{key}={value!r}" for key, value in values.items()))
    assert len(built) == 2
