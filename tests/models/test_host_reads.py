"""A training step never waits for the device: no value is read on the host, no shape depends on values."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from mmseg.models.uda.augmentation.mixing import draw_class_masks, draw_classes
from mmseg.structures import class_table, shown_classes
from tests.models.uda import test_methods as steps

READS = ("_local_scalar_dense", "item", "equal", "is_nonzero", "allclose")
VALUE_SHAPES = ("nonzero", "_unique2", "unique_dim", "unique_consecutive", "masked_select", "bincount", "_unique")
HOST_COPIES = ("tolist", "numpy", "cpu", "__bool__", "__float__", "__int__")
"""Methods of tensors that read without an operation of torch when the tensor is on the CPU."""


class NoHostReads(TorchDispatchMode):
    """Fails at an operation for which the host would wait for a device."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        name = operation.overloadpacket.__name__
        assert name not in (*READS, *VALUE_SHAPES), f"aten::{name} waits for the device"
        if name in ("index", "index_put", "index_put_", "_index_put_impl_"):
            masks = [index for index in args[1] if index is not None and index.dtype in (torch.bool, torch.uint8)]
            assert not masks, f"aten::{name} with a mask waits for the device"
        if name == "repeat_interleave":
            assert isinstance(args[1], int), "aten::repeat_interleave waits for the device"
        return operation(*args, **(kwargs or {}))


PRIORS = {"priors": steps.REQUIRED["ClassifierRectification"]["priors"]}
METHODS = {
    "DACS": {
        "imnet_feature_dist_lambda": 0.005,
        "imnet_feature_dist_classes": [6, 7],
        "mask_mode": "separatetrgaug",
        "mask_generator": {"type": "block", "mask_ratio": 0.7, "mask_block_size": 32},
        "source_class_weight": [2.0] * 19,
        "labeling": [
            {"type": "PriorCorrection", **PRIORS, "momentum": 0.9},
            {"type": "PrototypeRectification", "start": 1, "self_labelling": {"samples": 16, "memory": 48}},
            {"type": "ConfidenceShare", "threshold": 0.968},
            {"type": "IgnoreRows", "top": 4},
        ],
        "annotated": {"negative": 1.0},
        "objectives": {"self_labelling": {"type": "SelfLabelling"}},
    },
    "RIPU": {},
    "SourceOnly": {"source_class_weight": [2.0] * 19},
    "AdvSeg": {},
    "FADA": {},
    "ClassifierRectification": {},
    "MinEnt": {},
    "CPSL": {"sampling": "class", "marginal": "moving", "contrast": "aligned"},
    "CPSLDistillation": {},
}


@pytest.mark.parametrize("name", METHODS)
def test_a_step_reads_nothing(name, monkeypatch):
    method, crops = steps.build(name, **METHODS[name]), steps.batch()

    def refuse(tensor: Tensor, *_: object, **__: object) -> None:
        raise AssertionError("a tensor is read on the host")

    for way in HOST_COPIES:
        monkeypatch.setattr(Tensor, way, refuse)
    with NoHostReads():
        for iteration in range(2):  # the first one copies the teacher, the second one averages
            logs = steps.run_step(method, monkeypatch, iteration, crops)
    monkeypatch.undo()
    assert all(torch.isfinite(value) for value in logs.values())


@pytest.mark.parametrize("read", [lambda x: x.sum().item(), lambda x: x.unique(), lambda x: x[x > 0], lambda x: float(x.sum())])
def test_the_guard_notices_a_read(read):
    with pytest.raises(AssertionError, match="waits for the device"), NoHostReads():
        read(torch.ones(3))


def test_classes_on_the_host_are_those_of_the_device():
    """Draws stay what they were when the classes were sought on the device: ascending, 255 among them."""
    label = torch.tensor([[[3, 255], [0, 3]], [[18, 18], [7, 3]]])
    assert shown_classes(label.to(torch.uint8)) == tuple(label.unique().tolist()) == (0, 3, 7, 18, 255)


def test_masks_by_table_equal_a_search():
    generator = torch.Generator().manual_seed(0)
    label = torch.randint(0, 19, (3, 16, 16), generator=generator)
    label[:, :3] = 255
    classes = shown_classes(label)
    mask = draw_class_masks(np.random.default_rng(5), label, classes)
    chosen = draw_classes(np.random.default_rng(5), classes, len(label))
    expected = torch.stack([torch.isin(single, torch.tensor(some)) for single, some in zip(label, chosen, strict=True)])
    assert mask.dtype == torch.bool and torch.equal(mask[:, 0], expected)


def test_class_table_has_a_row_for_each_list():
    table = class_table([[0, 255], []], torch.device("cpu"))
    assert table.shape == (2, 256) and table[0].nonzero().flatten().tolist() == [0, 255] and not table[1].any()
