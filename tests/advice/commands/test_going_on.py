"""Advice about trainings that are to go on otherwise, and about the files beside their states."""

import shutil
from types import SimpleNamespace

from torch import nn

from mmseg.apis.training.resume import plan_resume
from mmseg.config import load_config
from mmseg.engine.checkpoints.checkpoint import read_checkpoint
from mmseg.engine.hooks import ResultHook
from mmseg.engine.resume import state
from mmseg.evaluation.curve import read_curve, read_result
from mmseg.evaluation.target_record import target_metrics
from mmseg.utils.products.json_file import read_product
from mmseg.utils.storage.files import write_json
from tests import tiny
from tests.advice.following import advice
from tools import test as test_tool
from tools import train as train_tool

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
    evaluates = SimpleNamespace(evaluator=SimpleNamespace(metrics=[]))
    runner = SimpleNamespace(work_dir=str(run), seed=0, digest="1a2b3c4d", network=nn.Linear(1, 1), val_loop=evaluates, hooks=[])
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


def test_files_that_are_broken(tmp_path):
    """However: what makes them anew is told by who reads them."""
    path, form, fix = tmp_path / "a.json", dict[str, int], "Write it again."

    def read() -> dict:
        return read_product(path, form, fix)

    def written() -> None:
        if path.is_dir():
            path.rmdir()
        write_json(path, {"a": 1})
        assert read() == {"a": 1}

    advice("{} does not exist. {}", read, file="json_file.py:_content")
    written()
    path.write_text(" ")
    advice("{} is empty. {}", read)
    written()
    path.write_bytes(b"\xff\xfe\xff")
    advice("{} is not a text file. {}", read)
    written()
    path.write_text("{")
    advice("{} is not valid JSON ({}). {}", read)
    written()
    path.write_text("[1]")
    assert advice("{} {} {}", read, file="json_file.py:checked_product")[-1].endswith(fix)
    written()
    path.unlink()
    path.mkdir()
    advice("{} cannot be read: {}. {}", read, file="json_file.py:_content")
    written()


def test_a_broken_record_of_targets(run, call, tmp_path):
    write_json(run / "eval/latest_1.json", {"targets": 3})
    advice(
        "Move it elsewhere and evaluate the run again: python tools/test.py CONFIG CHECKPOINT --targets FILES", lambda: target_metrics(run)
    )
    (run / "eval/latest_1.json").rename(tmp_path / "elsewhere.json")
    call(test_tool.main, run / "config.py", run / "latest.pth", "--targets", f"city={run}/config.py")
    assert target_metrics(run)["mIoU@city"] >= 0
