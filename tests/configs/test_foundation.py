"""The recipe of VFM-UDA: sizes, learning rates and schedule as published (spec and papers), on networks without memory."""

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import ConstantLR, LinearLR, PolyLR

from mmseg.config.config import load_config
from mmseg.config.schedule import resolve_ends
from mmseg.engine.optimizers.grouped import parameter_groups
from mmseg.engine.optimizers.rates import scaled_rate
from mmseg.engine.parts import build_method
from mmseg.models.uda import UDAMethod
from tests import tiny

FOLDER = tiny.ROOT / "configs" / "foundation"
SCHEDULERS = {"LinearLR": LinearLR, "ConstantLR": ConstantLR, "PolyLR": PolyLR}


def config(name: str) -> Config:
    cfg = load_config(FOLDER / f"{name}.py")
    cfg.model.pretrained = None
    return cfg


def method(name: str) -> UDAMethod:
    with torch.device("meta"):
        return build_method(config(name))


@pytest.mark.parametrize("size", ["vitb", "vitl"])
def test_a_crop_is_80x80_tokens_and_320x320_logits(size):
    network = method(f"gta2cs_vfmuda_dinov2_{size}").model
    assert network.backbone.token_grid(1024, 1024) == (80, 80)
    with torch.no_grad():
        assert network.segment(torch.empty(1, 3, 1024, 1024, device="meta")).logits.shape == (1, 19, 320, 320)


def test_learning_rates_are_those_of_eight_crops():
    cfg = config("gta2cs_vfmuda_dinov2_vitl")
    wrapper, batch = cfg.optim_wrapper, cfg.train_dataloader.batch_size
    rate = scaled_rate(wrapper.optimizer, wrapper.scale_lr_by, batch)["lr"]
    made = method("gta2cs_vfmuda_dinov2_vitl")
    groups = parameter_groups(made, rate, 0.01, wrapper.paramwise_cfg.custom_keys)
    encoder, decoder = sorted(groups, key=lambda group: group["lr"])
    assert batch == 8 and cfg.micro_batches == 4 and made.micro_batches == 4
    assert decoder["lr"] == pytest.approx(1.414e-4, rel=1e-3) and encoder["lr"] == pytest.approx(1.414e-5, rel=1e-3)
    assert {group["weight_decay"] for group in groups} == {0.01}, "everything is decayed"
    assert sum(parameter.numel() for parameter in decoder["params"]) == sum(map(torch.Tensor.numel, made.model.decode_head.parameters()))


def test_the_line_begins_at_iteration_0_and_is_joined_at_1500():
    cfg = resolve_ends(config("gta2cs_vfmuda_dinov2_vitl"))
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = []
    for options in cfg.param_scheduler:
        options = dict(options)
        schedule.append(SCHEDULERS[options.pop("type")](optimizer, **{"end": 40001, **options}))
    expected = {0: 0.001, 1499: 0.001 + 0.999 * 1499 / 1500, 1500: 0.9625, 1501: 1 - 1501 / 40000, 20000: 0.5, 40000: 0.0}
    found = {}
    for iteration in range(40001):
        if iteration in expected:
            found[iteration] = optimizer.param_groups[0]["lr"]
        optimizer.step()
        for part in schedule:
            part.step()
    assert found == pytest.approx(expected, abs=1e-9)


def test_the_teacher_looks_twice_and_tokens_are_masked():
    made = method("gta2cs_vfmuda_dinov2_vitb")
    assert made.teachers[0].flip and made.objectives["masked"].mask.mask_ratio == 0.7 and made.imnet_model is None
    assert made.objectives["mixed"].weak_augment is made.objectives["source"].weak_augment is not None
    assert list(made.objectives) == ["source", "mixed", "masked"]


@pytest.mark.parametrize(
    ("name", "millions"), [("gta_rein_dinov2_vitl", 2.531), ("gta_soma_dinov2_vitl", 4.866), ("gta2cs_soma_dinov2_vitl", 4.867)]
)
def test_what_is_trained_in_a_frozen_encoder(name, millions):
    """Rein without the link to queries; SoMA and, for masked tokens, the token that hides them."""
    backbone = method(name).model.backbone
    trained = sum(parameter.numel() for parameter in backbone.parameters() if parameter.requires_grad)
    assert trained / 1e6 == pytest.approx(millions, abs=0.001)


def test_student_and_teacher_share_all_that_is_frozen():
    made = method("gta2cs_soma_dinov2_vitl")
    own = {id(parameter) for parameter in made.model.parameters()}
    apart = sum(parameter.numel() for parameter in made.ema_model.parameters() if id(parameter) not in own)
    assert apart == sum(parameter.numel() for parameter in made.model.parameters() if parameter.requires_grad)
    assert apart / sum(parameter.numel() for parameter in made.model.parameters()) < 0.03
