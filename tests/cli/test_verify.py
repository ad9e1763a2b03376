"""python tools/verify.py: whether the numbers of a run hold."""

import json
import sys

import pytest

from tests import tiny
from tools import export, verify
from tools import test as test_tool


@pytest.fixture
def verifies(monkeypatch, capsys):
    """Runs the command; returns its exit code and what it prints."""

    def run(*arguments):
        monkeypatch.chdir(tiny.ROOT)
        monkeypatch.setattr(sys, "argv", ["verify", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            verify.main()
        return ended.value.code, capsys.readouterr().out

    return run


@pytest.fixture
def one_thread():
    """As the training had."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def change(file, edit):
    content = json.loads(file.read_text())
    edit(content)
    file.write_text(json.dumps(content))


def test_a_run_holds_to_the_last_digit(run, verifies, one_thread):
    result = json.loads((run / "result.json").read_text())
    whence = result["provenance"]
    assert len(whence["weights"]["initial"]) == 64 == len(whence["weights"]["checkpoint"])
    assert len(whence["data"]["labels"]) == 64 and len(whence["data"]["statistics"]) == 64
    assert whence["config"] and whence["hardware"]["device"] == "cpu" and set(whence["code"]) == {"commit", "clean"}
    code, printed = verifies(run)
    assert code == 0 and "to the last digit" in printed and f"All {len(result['metrics'])} numbers hold." in printed
    assert "DIFFERS" not in printed


def test_a_number_that_does_not_hold(run, verifies, one_thread):
    change(run / "result.json", lambda content: content["metrics"].update(mIoU=content["metrics"]["mIoU"] + 1e-6))
    code, printed = verifies(run)
    assert code == 1 and printed.count("DIFFERS") == 1 and "numbers hold." in printed


def test_other_versions_have_a_tolerance(run, verifies, one_thread):
    def older(content):
        content["provenance"]["versions"]["torch"] = "2.0.0"
        content["provenance"]["code"]["commit"] = "0" * 40
        content["metrics"]["mIoU"] += 0.05

    change(run / "result.json", older)
    code, printed = verifies(run)
    assert code == 0 and "within 0.1 of means" in printed
    assert "versions torch: 2.0.0 -> " in printed and "code commit: 000000000000… -> " in printed
    change(run / "result.json", lambda content: content["metrics"].update(mIoU=content["metrics"]["mIoU"] + 0.2))
    assert verifies(run)[0] == 1


def test_a_result_of_before(run, verifies):
    change(run / "result.json", lambda content: content.pop("provenance"))
    code, printed = verifies(run)
    assert code == 0 and "provenance: not recorded" in printed


def test_another_state_and_an_interrupted_run(run, verifies, one_thread):
    (run / "result.json").unlink()
    code, printed = verifies(run)
    assert code == 0 and f"Recorded in {run / 'evaluations.json'}" in printed
    assert verifies(run, "--checkpoint", "best.pth")[0] == verifies(run, "--checkpoint", run / "best.pth")[0] == 0


def test_an_exported_model_carries_the_numbers(run, verifies, works, tmp_path, one_thread):
    works(export.main, run / "config.py", run / "latest.pth", "--format", "folder", "--out", tmp_path / "model")
    code, printed = verifies(tmp_path / "model")
    assert code == 0 and "model.json; compared within" in printed


def test_a_released_checkpoint_carries_an_evaluation(run, verifies, works, fails):
    for name in ("result.json", "evaluations.json"):
        (run / name).unlink()
    line = fails(verify.main, run)
    assert line.startswith(f"{run} carries no numbers of latest.pth. Give --checkpoint another file of the training")
    works(test_tool.main, run, "--device", "cpu")
    record = json.loads((run / "eval" / "latest.json").read_text())
    assert record["provenance"]["trained_by"].keys() == {"commit", "clean"} and len(record["provenance"]["weights"]["initial"]) == 64
    code, printed = verifies(run)
    assert code == 0 and "Nothing is other than when it was measured." in printed


def test_mistakes(run, fails, tmp_path):
    assert "is not a folder. Give the folder of a run" in fails(verify.main, tmp_path / "nowhere")
    assert "does not exist. Check the path" in fails(verify.main, run, "--checkpoint", "other.pth")
    line = fails(verify.main, run, "--cfg-options", "val_dataloader.dataset.ann_dir=None")
    assert line == f"The validation data of {run} have no labels. Set val_dataloader.dataset.ann_dir to them with --cfg-options."
