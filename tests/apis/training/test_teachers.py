"""Teachers are found and read in every form that a network is kept in."""

import pytest
import torch

from mmseg.apis import init_model
from mmseg.apis.training.teachers import attach_teacher, teacher_files
from mmseg.datasets.kinds.camvid import CAMVID_CLASSES
from mmseg.registry import MODELS
from tests import tiny
from tests.models import networks

EXPORTED = tiny.ROOT / "work_dirs" / "streets"


def student(teacher: str):
    """A small network of 11 classes, with ImageNet's normalisation."""
    model = networks.plain()
    model["decode_head"]["num_classes"] = 11
    return MODELS.build({"type": "Distillation", "segmentor": model, "distilled_from": teacher})


@pytest.mark.parametrize("teacher", [EXPORTED, EXPORTED / "model.safetensors"], ids=["folder", "file"])
def test_an_exported_model_teaches_in_its_own_normalisation(teacher):
    method = student(str(teacher))
    lines = attach_teacher(method, CAMVID_CLASSES, "cpu")
    assert any("Loaded model (student)" in line for line in lines)
    assert not method.distilled.same and bytes(method.distilled_hash.tolist()) != bytes(32)
    photograph = torch.randint(0, 256, (1, 3, 96, 128), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    alone = init_model(EXPORTED)
    with torch.no_grad():
        (expected,) = alone.looks(photograph)
    given = method.distilled.logits(method.data_preprocessor.image(photograph))
    assert given.shape == (1, 11, 96, 128) and not given.requires_grad
    assert torch.allclose(given, alone.model.enlarge(expected, (96, 128)), atol=1e-3)


def test_files_of_a_teacher():
    assert [path.name for path in teacher_files(str(EXPORTED))] == ["config.json", "model.safetensors"]


def test_methods_without_a_teacher_get_none():
    assert attach_teacher(MODELS.build({"type": "SourceOnly", "segmentor": networks.plain()}), [], "cpu") == []
