"""Two processes with one crop each against one process with both; the processes of a training against each other."""

import subprocess
import sys

import pytest
import torch

from tests import tiny
from tests.engine import two_processes


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> list[dict]:
    """What each of two processes has found, all of it in one start: that takes longest."""
    folder = tmp_path_factory.mktemp("processes")
    command = [sys.executable, "-m", "tests.engine.two_processes", str(folder)]
    options = {"cwd": tiny.ROOT, "env": tiny.environment(), "stderr": subprocess.PIPE, "text": True}
    started = [subprocess.Popen([*command, str(rank)], **options) for rank in range(2)]
    try:
        for process in started:
            assert process.wait(120) == 0, process.stderr.read()
    finally:
        for process in started:
            process.kill()
            process.communicate()
    return [torch.load(folder / f"{rank}.pth", weights_only=True) for rank in range(2)]


@pytest.mark.parametrize("name", ["source_only", "few_labels", "no_labels", "adversarial", "class_alignment"])
def test_two_processes_learn_what_one_with_the_whole_batch_does(results, name):
    alone = getattr(two_processes, name)()
    for kind in ("values", "gradients"):
        assert results[0][name][kind].keys() == alone[kind].keys()
        for key, value in alone[kind].items():
            torch.testing.assert_close(results[0][name][kind][key], value, rtol=1e-4, atol=1e-6, msg=lambda text, key=key: f"{key}: {text}")


@pytest.mark.parametrize("name", ["source_only", "few_labels", "adversarial", "class_alignment", "self_training"])
def test_parts_of_a_batch_are_as_many_processes(results, name):
    """Each part draws what that process draws; running statistics see the parts one after the other."""
    alone = getattr(two_processes, name)(micro_batches=2)
    kinds = ("before",) if name == "self_training" else ("values", "gradients")
    for kind in kinds:
        assert results[0][name][kind].keys() == alone[kind].keys()
        for key, value in alone[kind].items():
            if key.rpartition(".")[2] not in ("running_mean", "running_var", "num_batches_tracked"):
                torch.testing.assert_close(
                    results[0][name][kind][key], value, rtol=1e-4, atol=1e-6, msg=lambda text, key=key: f"{key}: {text}"
                )


@pytest.mark.parametrize("name", ["source_only", "few_labels", "no_labels", "adversarial", "class_alignment", "self_labelling"])
def test_both_processes_hold_the_same_bits(results, name):
    for kind in ("values", "gradients"):
        assert_equal(*(result[name][kind] for result in results))


def test_what_is_remembered_is_of_both_processes(results):
    """One image each in the two iterations from the start on: 64 samples in a memory of 40."""
    values = results[0]["self_labelling"]["values"]
    assert values["labeling_1.0.labeller.features.pushed"] == 64
    assert (values["labeling_1.0.labeller.features.values"].norm(dim=1) > 0).all()
    assert values["labeling_1.0.labeller.marginal"].sum().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "passes"), [("source_only", 1), ("few_labels", 2), ("adversarial", 4), ("class_alignment", 4), ("self_training", 3)]
)
def test_gradients_are_exchanged_by_the_last_backward_pass_alone(results, name, passes):
    first, second = (result[name]["trail"] for result in results)
    assert [torch.equal(first[index], second[index]) for index in range(passes)] == [False] * (passes - 1) + [True]
    assert len(first) == passes


def test_students_teachers_and_frozen_encoder_are_the_same_bits(results):
    """Their parameters after every step, and the running statistics of BatchNorm once they are averaged."""
    first, second = (result["self_training"] for result in results)
    different = {key for key, value in first["before"].items() if not torch.equal(value, second["before"][key])}
    assert different and all(key.endswith(("running_mean", "running_var")) for key in different)
    assert {key.partition(".")[0] for key in different} == {"model", "ema_model", "mic"}, "each process saw its own crops"
    assert_equal(first["after"], second["after"])
    for key in different:
        torch.testing.assert_close(first["after"][key], (first["before"][key] + second["before"][key]) / 2, rtol=0, atol=0)


def test_an_evaluation_counts_every_image_once(results):
    alone = two_processes.evaluation(padded=False)
    assert {"mIoU", "mIoU.fog", "mIoU.night"} <= alone.keys()
    for result in results:
        assert result["evaluation"] == {"padded": alone, "unpadded": alone}


def test_base_styles_are_those_of_one_process_in_both(results):
    alone = two_processes.base_styles()
    assert alone["std"].min() > 0
    for result in results:
        for name, value in alone.items():
            torch.testing.assert_close(result["base_styles"][name], value, rtol=1e-5, atol=1e-6)
    assert_equal(*(result["base_styles"] for result in results))


def assert_equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    assert [key for key, value in first.items() if not torch.equal(value, second[key])] == []
