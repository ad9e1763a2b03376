"""Advice about images that are made worse."""

import json

import pytest

from mmseg.apis.evaluating.evaluate import evaluation_loader
from mmseg.apis.evaluating.robustness import chosen_corruptions, corrupted_loaders, read_reference
from tests.advice.following import advice
from tests.apis.data_config import data_config


def test_kinds_and_severities():
    (near,) = advice("no corruption is called '{}'. Did you mean '{}'?", lambda: chosen_corruptions(["foggy"]))[1:]
    assert chosen_corruptions([f"{near}:1"]) == [("fog", 1)]
    (_, listed) = advice("no corruption is called '{}'. Use {}.", lambda: chosen_corruptions(["x"]))
    for kind in listed.split(", "):
        assert chosen_corruptions([kind])
    first, whole = advice("from 1 to 5. Use {}:3, or {} for all of them.", lambda: chosen_corruptions(["fog:6"]))
    assert chosen_corruptions([f"{first}:3"]) == [("fog", 3)] and len(chosen_corruptions([whole])) == 5


def test_a_reference(tmp_path):
    file = tmp_path / "eval.json"
    file.write_text("{}")
    chosen = [("fog", 1), ("fog", 2)]
    advice("Give the JSON file that tools/test.py --corruptions has written for the reference.", lambda: read_reference(file, chosen))
    file.write_text(json.dumps({"corruptions": {"metrics": {"fog": {"1": {"mIoU": 50.0}}}}}))
    kind, severity = advice("Evaluate it with the same --corruptions, or leave {}:{} out.", lambda: read_reference(file, chosen))
    assert read_reference(file, [each for each in chosen if each != (kind, int(severity))])


@pytest.mark.parametrize("several", [True, False])
def test_several_data_sets(tiny_data, several):
    cfg = data_config(tiny_data)
    if several:
        cfg.val_dataloader.dataset = {"type": "SeveralDatasets", "datasets": [cfg.val_dataloader.dataset] * 2}
    loaders = corrupted_loaders(lambda: evaluation_loader(cfg), [("fog", 1)], 0)
    if several:
        advice("val_dataloader has several. Evaluate them one by one.", lambda: next(loaders))
    else:
        assert next(loaders)[:2] == ("fog", 1)
