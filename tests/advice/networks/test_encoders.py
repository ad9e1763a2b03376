"""Advice about encoders."""

from collections.abc import Callable

import timm
import torch

from mmseg.models.backbones.style_hallucination import StyleHallucination
from mmseg.models.backbones.timm_backbone import TimmBackbone
from mmseg.models.backbones.timm_networks import creation, sizes
from mmseg.models.uda import UDAMethod
from mmseg.models.weights.facts import check_gate, timm_facts
from mmseg.registry import MODELS
from tests.advice.following import Followed, advice, table
from tests.advice.networks.parts import IMAGE, build, passed
from tests.models.encoders.families import make_tiny
from tests.models.networks import plain, tiny_encoder


def transformer(**options: object) -> Callable:
    return build("MixVisionTransformer", **{**tiny_encoder(), **options})


def resnet(kind: str = "ResNetV1c", **options: object) -> Callable:
    return build(kind, **{"depth": 18, **options})


def numbers(text: str) -> list[int]:
    return [int(word) for word in text.replace(",", " ").split() if word.isdecimal()]


@table(
    [
        Followed(
            "four stages, but {}={}. Give four values.", transformer(depths=(1, 1)), lambda name, _: transformer(**{name: (1, 1, 1, 1)})()
        ),
        Followed(
            "Use num_heads that divide embed_dims.", transformer(num_heads=(3, 1, 1, 1)), lambda: transformer(num_heads=(4, 4, 4, 4))()
        ),
        Followed(
            "Use images and crops of at least {} pixels per side.",
            passed(plain(), IMAGE[..., :24]),
            lambda side: passed(plain(), IMAGE[..., : int(side), : int(side)])(),
        ),
        Followed(
            "ResNeSt has no depth={}. Use a depth of 50, 101, 152 or 200.",
            build("ResNeSt", depth=18),
            lambda _: [meta("ResNeSt", depth=depth) for depth in (50, 101, 152, 200)],
        ),
        Followed(
            "{} has no depth={}. Use one of {}.",
            resnet(depth=19),
            lambda *said: [meta("ResNetV1c", depth=depth) for depth in numbers(said[2])],
        ),
        Followed("Use style='pytorch', the stride in the 3x3 convolution.", resnet(style="tensorflow"), lambda: resnet(style="pytorch")()),
        Followed(
            "Use groups=1, or a depth of at least 50.",
            resnet("ResNeXt", groups=2),
            lambda: [resnet("ResNeXt", groups=1)(), meta("ResNeXt", depth=50, groups=2)],
        ),
        Followed(
            "{} got num_stages={}. Use 1 to 4.",
            resnet(num_stages=5),
            lambda *_: resnet(num_stages=1, strides=(1,), dilations=(1,), out_indices=(0,))(),
        ),
        Followed("Use indices from 0 to {}.", resnet(out_indices=(4,)), lambda last: resnet(out_indices=(0, int(last)))()),
        Followed(
            "{} has {} stages, but {}={}. Give one value per stage.",
            resnet(strides=(1, 2)),
            lambda _, count, name, __: resnet(**{name: (1,) * int(count)})(),
        ),
        Followed(
            "but the first stage has {} channels. Set it to {}.",
            transformer(style_hallucination_cfg={"style_dim": 64}),
            lambda _, width: transformer(style_hallucination_cfg={"style_dim": int(width)})(),
        ),
    ]
)
def test_encoders(row):
    row.follow()


def meta(kind: str, **options: object) -> None:
    """Builds a large network without its memory."""
    with torch.device("meta"):
        MODELS.build({"type": kind, **options})


def test_styles_that_were_not_measured():
    """The hook measures them; without the option there are none."""
    module = StyleHallucination(style_dim=2, base_style_num=2).train()
    advice(
        "Add dict(type='BaseStylesHook') to custom_hooks, or leave model.backbone.style_hallucination_cfg out",
        lambda: module(torch.ones(1, 2, 3, 3)),
    )
    module.mix_from(torch.zeros(2, 2), torch.ones(2, 2))
    assert module(torch.ones(1, 2, 3, 3)).shape == (2, 2, 3, 3)
    assert transformer()().train()(IMAGE)


def test_a_transformer_of_too_few_blocks_for_an_adapter(monkeypatch):
    make_tiny(monkeypatch, depth=3)
    name = "vit_small_patch14_dinov2"
    advice("TimmBackbone: {}. Use a deeper network, or levels='pyramid'.", backbone(name, levels="adapter"))
    assert backbone(name, levels="pyramid")()
    monkeypatch.undo()
    make_tiny(monkeypatch, depth=4)
    assert backbone(name, levels="adapter")()


LARGE = torch.zeros(1, 3, 320, 320)


def on_meta(name: str, **options: object) -> TimmBackbone:
    """A large network without its memory."""
    with torch.device("meta"):
        return TimmBackbone(name=name, **options)


def backbone(name: str, **options: object) -> Callable:
    return lambda: TimmBackbone(name=name, **options)


@table(
    [
        Followed(
            "Use a network with strides 4, 8, 16, 32, or out_indices of those that it has.",
            backbone("levit_128s"),
            lambda: [backbone("resnet18")(), backbone("levit_128s", out_indices=(2, 3))()],
        ),
        Followed(
            "Did you mean '{}'? Use a name of timm.list_models(), or a newer timm.",
            backbone("resnet8"),
            lambda near: [backbone(near)(), backbone(timm.list_models("resnet1*")[0])()],
        ),
        Followed(
            "Give some of 0, 1, 2, 3, in ascending order.",
            backbone("resnet18", out_indices=(1, 0)),
            lambda: backbone("resnet18", out_indices=(0, 1, 2, 3))(),
        ),
        Followed(
            "Leave style_hallucination_cfg out, or use a network with stages.",
            backbone("vit_tiny_patch16_224", style_hallucination_cfg={}),
            lambda: [backbone("vit_tiny_patch16_224")(), backbone("resnet18", style_hallucination_cfg={})()],
        ),
        Followed("of timm has no option '{}'. Leave it out.", backbone("resnet18", img_size=(64, 64)), lambda _: backbone("resnet18")()),
        Followed(
            "Set img_size to the size of the crops, or use a network that takes any size.",
            lambda: backbone("test_vit", img_size=(160, 160))()(IMAGE) and backbone("mixer_s32_224")()(IMAGE),
            lambda: [backbone("mixer_s32_224", img_size=(128, 128))()(IMAGE), backbone("resnet18")()(IMAGE)],
        ),
        Followed(
            "Leave it out, or use a plain transformer such as vit_base_patch14_dinov2.",
            backbone("resnet18", levels="last"),
            lambda: [backbone("resnet18")(), on_meta("vit_base_patch14_dinov2", levels="last")],
        ),
        Followed(
            "Give {} of the blocks 0 to {}, in ascending order.",
            backbone("test_vit", levels=(5, 6, 7, 8)),
            lambda count, last: backbone("test_vit", levels=range(int(last) + 1)[-int(count) :])(),
        ),
        Followed(
            "TimmBackbone: levels='adapter' gives all four levels. Leave out_indices out.",
            backbone("test_vit", levels="adapter", out_indices=(1, 2)),
            lambda: backbone("test_vit", levels="adapter")(),
        ),
        Followed(
            "Use larger images, or a larger input_scale.",
            lambda: backbone("test_vit", input_scale=0.1)()(IMAGE),
            lambda: [backbone("test_vit", input_scale=1.0)()(IMAGE), backbone("test_vit", input_scale=0.1)()(LARGE)],
        ),
        Followed(
            "TimmBackbone: {} was built without a mask token. Set model.backbone.mask_token=True.",
            lambda: backbone("test_vit")()(IMAGE, torch.ones(2, 1, 4, 4)),
            lambda name: backbone(name, mask_token=True)()(IMAGE, torch.ones(2, 1, 4, 4)),
        ),
    ]
)
def test_networks_of_timm(row):
    row.follow()


def test_a_network_of_timm_that_does_not_pad():
    def cut(side: int):
        return sizes.cut(torch.zeros(1, 8, side, side), 4, (64, 64), "resnet18")

    advice("Use a network that pads its convolutions.", lambda: cut(15))
    assert cut(16).shape == (1, 8, 16, 16) and backbone("resnet18")()(IMAGE)


def test_a_network_of_timm_that_names_no_part(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(creation, "dict", lambda _: {}, raising=False)
        advice(
            "Leave style_hallucination_cfg out, or use another network.",
            lambda: creation.part_of_first_level(backbone("resnet18")().network),
        )
    assert backbone("resnet18")() and backbone("convnext_atto", style_hallucination_cfg={})()


def test_files_of_timm(tmp_path):
    path, right = tmp_path / "a.pth", tmp_path / "right.pth"
    torch.save(timm.create_model("resnet18").state_dict(), right)
    torch.save({**timm.create_model("resnet18").state_dict(), "layer3.0.conv1.weight": torch.zeros(1)}, path)
    advice(
        "Use the file of this network, or pretrained=None ({} entries differ).", backbone("resnet18", pretrained=str(path))().init_weights
    )
    for pretrained in (str(right), None):
        backbone("resnet18", pretrained=pretrained)().init_weights()
    torch.save({"blocks.0.w": torch.zeros(2, 2)}, path)
    advice(
        "and timm cannot convert it. Use the file of this network, or pretrained=None.",
        backbone("convnext_atto", pretrained=str(path))().init_weights,
    )
    torch.save(timm.create_model("convnext_atto").state_dict(), right)
    for pretrained in (str(right), None):
        backbone("convnext_atto", pretrained=pretrained)().init_weights()


def test_weights_behind_an_agreement(tmp_path):
    """The file is put where it was looked for; a free encoder is another name."""
    name, path = "vit_small_patch16_dinov3", tmp_path / "a.pth"
    small = on_meta(name, pretrained=str(path))
    page, free = advice("Accept it at {} and put the file there, or use a free encoder: {}.", small.init_weights)
    assert page.startswith("https://")
    path.touch()
    check_gate(small.facts, str(path))
    for other in free.split(" or "):
        check_gate(timm_facts(other), str(tmp_path / "b.pth"))
        assert on_meta(other)


def test_statistics_of_other_weights():
    def method(pretrained: str | None = "a.pth", **options: object):
        segmentor = {**plain(), "backbone": {"type": "TimmBackbone", "name": "test_vit", "pretrained": pretrained}}
        segmentor["decode_head"] = {**segmentor["decode_head"], "in_channels": [16, 32, 64, 64]}
        return lambda: UDAMethod(segmentor=segmentor, data_preprocessor={"type": "SegDataPreprocessor", **options})

    advice(
        "Leave it out, or set uda.data_preprocessor.overrides_encoder=True if the file is of other weights.",
        method(mean=[123.675, 116.28, 103.53]),
    )
    assert method()().data_preprocessor.grey_mean == (127.5,) * 3
    assert method(mean=[123.675, 116.28, 103.53], overrides_encoder=True)().data_preprocessor.grey_mean == (123.675, 116.28, 103.53)
