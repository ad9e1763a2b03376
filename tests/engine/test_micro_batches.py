"""Gradients that are summed over the parts of a batch, before one step; tests/engine/test_two_processes.py compares with processes."""

import pytest
import torch

from mmseg.datasets.collate import part_of_batch
from mmseg.models.uda.step import StepLogs
from tests.engine import two_processes


def test_parts_are_dealt_out_as_to_processes():
    batch = {"iteration": 7, "source": {"image": torch.arange(12).view(6, 2), "path": list("abcdef")}, "skipped": torch.tensor(3)}
    parts = [part_of_batch(batch, number, 3) for number in range(3)]
    assert [part["source"]["path"] for part in parts] == [["a", "d"], ["b", "e"], ["c", "f"]]
    assert [part["source"]["image"][:, 0].tolist() for part in parts] == [[0, 6], [2, 8], [4, 10]]
    assert all(part["iteration"] == 7 and part["skipped"] == 3 for part in parts)


@pytest.mark.parametrize("name", ["source_only", "adversarial", "class_alignment"])
def test_parts_learn_what_the_whole_batch_does(name):
    """Where nothing is counted over a batch: no BatchNorm, and losses that are means over pixels."""
    whole, parts = (getattr(two_processes, name)(number) for number in (1, 2))
    for kind in ("values", "gradients"):
        assert parts[kind].keys() == whole[kind].keys()
        for key, value in whole[kind].items():
            torch.testing.assert_close(parts[kind][key], value, rtol=1e-4, atol=1e-6, msg=lambda text, key=key: f"{key}: {text}")


def test_a_step_updates_the_teacher_once():
    method = two_processes.trained("DACS", two_processes.without_batch_norm(), 2, self_training_start=1)
    updates = []
    method.teachers[0].update = lambda student, iteration: updates.append(iteration)
    method.train_step(
        {"iteration": 5, "rows": torch.arange(2)}, two_processes.build_optimizer({"optimizer": {"type": "SGD", "lr": 0.0}}, method)
    )
    assert updates == [5]


def test_logs_are_means_and_pictures_show_all_images():
    method = two_processes.trained("DACS", two_processes.without_batch_norm(), 2, self_training_start=1)
    assert method.logs.records["mixed_image"].shape == (2, 3, 64, 64) and method.logs.records["pseudo_label"].shape == (2, 64, 64)
    logs = [StepLogs(), StepLogs()]
    for log, value in zip(logs, (1, 4), strict=True):
        log["cells"] = torch.tensor(value)
        log.records["label"] = torch.full((1, 2), value)
    joined = StepLogs.of_parts(logs)
    assert joined == {"cells": torch.tensor(2.5)} and joined.records["label"].tolist() == [[1, 1], [4, 4]]
