"""Advice about the teacher of a distillation."""

import shutil

import pytest

from mmseg.apis.launching.needs import check_teacher
from mmseg.apis.training.teachers import attach_teacher
from mmseg.config import load_config
from mmseg.datasets.classes.names import CLASSES
from mmseg.models.uda import UDAMethod
from tests import tiny
from tests.advice.following import advice
from tests.models import networks
from tests.models.uda.test_methods import build, taught


@pytest.fixture
def teacher(trained, tmp_path) -> str:
    shutil.copytree(trained, tmp_path / "teacher")
    return str(tmp_path / "teacher")


def test_a_teacher_that_is_missing(teacher):
    def attached(path: str) -> list[str]:
        return attach_teacher(build("Distillation", distilled_from=path), CLASSES, "cpu")

    (path,) = advice(
        "The teacher {} does not exist. Train it first, or name its folder with uda.distilled_from.", lambda: attached("nowhere")
    )
    assert path == "nowhere"
    for known in (teacher, f"{teacher}/latest.pth"):
        assert attached(known)[-1].startswith("Teacher: Loaded model (student)")
    cfg = load_config(tiny.ROOT / tiny.CONFIG)
    cfg["uda"] = {"type": "Distillation", "distilled_from": "nowhere"}
    advice("Train it first, or name its folder with uda.distilled_from.", lambda: check_teacher(cfg))
    for known in (teacher, "stage:teacher/checkpoint"):
        cfg.uda.distilled_from = known
        check_teacher(cfg)


def test_a_teacher_of_other_classes():
    method = build("Distillation")
    (said,) = advice(
        "{}. Give the student those of the teacher with num_classes.",
        lambda: method.learn_from(UDAMethod(segmentor=networks.plain()), "00" * 32),
    )
    assert said == "The teacher in never_read has 5 classes, and the model 19"
    method.learn_from(taught(), "00" * 32)


def test_a_teacher_of_classes_in_another_order(teacher):
    method = build("Distillation", distilled_from=teacher)
    swapped = [CLASSES[1], CLASSES[0], *CLASSES[2:]]
    advice("Give these data sets that order with classes=[…].", lambda: attach_teacher(method, swapped, "cpu"))
    assert attach_teacher(method, CLASSES, "cpu")


def test_another_teacher_than_before():
    method, other = build("Distillation"), build("Distillation")
    other.learn_from(taught(), "ab" * 32)
    (said,) = advice(
        "{}. Put that file back, or train in another folder with --work-dir.", lambda: method.load_state_dict(other.state_dict())
    )
    assert said == "The teacher in never_read is another one than that of the state that is loaded"
    method.learn_from(taught(), "ab" * 32)
    method.load_state_dict(other.state_dict())
