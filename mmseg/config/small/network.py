"""A network made small: the same types, levels, options and losses with fewer channels and layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmseg.models.backbones.tuning.base import TUNINGS
from mmseg.registry import MODELS, component_of, options_of
from mmseg.utils.errors import UserError

MIT_TYPES = ("mit_b0", "mit_b1", "mit_b2", "mit_b3", "mit_b4", "mit_b5", "MixVisionTransformer")
RESNET_TYPES = ("ResNet", "ResNetV1c", "ResNeXt", "ResNeSt")
KEPT = ("with_cp", "style_hallucination_cfg")
"""Options of a MiT that do not depend on its size."""
VGG_WIDTH = 16  # channels of its level over those of its first stage
GROUPS = 2  # of the convolutions of a ResNeXt
SMALL_TIMM = "test_vit"  # timm's plain transformer for tests, 64 channels
INNER_WIDTHS = ("embed_dims", "embed_dim", "isa_channels", "pam_channels", "c1_channels", "attention_embed_dim")
"""What decoders call the widths before their last layer."""
UNNAMED = {"isa": ("isa_channels",)}
"""Those that have a default, by the type of the layer."""


@dataclass(frozen=True, kw_only=True)
class NetworkSize:
    """How small a network becomes.

    Attributes:
        transformer: the MiT that every MiT becomes, as options of ``MixVisionTransformer``.
        depth, base_channels: of every ResNet; its stem has as many channels as its first stage is based on.
        channels: of a decoder's last layer.
        inner_channels: of everything before it, see :data:`INNER_WIDTHS`.
        base_styles: of style hallucination: no more than there are source images.
        dropout: ``dropout_ratio`` of the decoders that have one; None keeps theirs.
    """

    transformer: Mapping[str, object]
    depth: int
    base_channels: int
    channels: int
    inner_channels: int
    base_styles: int
    dropout: float | None = None


def shrink_network(model: dict, size: NetworkSize) -> None:
    """Gives the ``model`` of a config another size, in place; it starts from random weights then.

    Raises:
        UserError: the type of its encoder has no small form.
    """
    model.pop("pretrained", None)
    widths = _shrink_encoder(model["backbone"], size)
    if model["backbone"].get("style_hallucination_cfg") is not None:
        styles = {"concentration_coeff": 1 / size.base_styles, "base_style_num": size.base_styles}
        model["backbone"]["style_hallucination_cfg"] = styles
    for name in ("decode_head", "auxiliary_head"):
        if model.get(name):
            _shrink_head(model[name], widths, size)
    if model.get("depth_head"):
        level = widths[model["depth_head"].get("in_index", -1)]
        model["depth_head"].update(in_channels=level, channels=size.channels, averaged=size.inner_channels)


def _shrink_encoder(backbone: dict, size: NetworkSize) -> Sequence[int]:
    """Returns the channels of its levels."""
    kind = backbone["type"]
    for key in ("pretrained", "init_cfg", "img_size"):
        backbone.pop(key, None)
    if kind in MIT_TYPES:
        kept = {key: backbone[key] for key in KEPT if key in backbone}
        backbone.clear()
        backbone.update(type="MixVisionTransformer", **size.transformer, **kept)
        return backbone["embed_dims"]
    if kind in RESNET_TYPES:
        backbone.update(depth=size.depth, base_channels=size.base_channels, stem_channels=size.base_channels)
        if backbone.get("groups", 1) > 1:
            backbone["groups"] = GROUPS
        return [size.base_channels * 4 * 2**level for level in backbone.get("out_indices", range(4))]  # a bottleneck block quadruples
    if kind == "VGG":
        backbone["base_channels"] = size.base_channels
        return [size.base_channels * VGG_WIDTH]
    if kind == "TimmBackbone":
        backbone["name"] = SMALL_TIMM
        if not isinstance(backbone.get("levels", ""), str):
            backbone["levels"] = list(range(len(backbone["levels"])))  # it has fewer blocks
        if backbone.get("tuning"):
            _shrink_tuning(backbone["tuning"])
        return MODELS.build(backbone).out_channels
    known = ", ".join((*MIT_TYPES, *RESNET_TYPES, "VGG", "TimmBackbone"))
    raise UserError(f"The encoder '{kind}' has no small form for --smoke and --demo. Use one of {known}.")


def _shrink_tuning(tuning: dict) -> None:
    """Begins in the second block where the config, or the default, begins later."""
    first = options_of(component_of(tuning, TUNINGS)).get("first_block")
    if first is not None:
        tuning["first_block"] = min(1, tuning.get("first_block", first.default))


def _shrink_head(head: dict, widths: Sequence[int], size: NetworkSize) -> None:
    several = isinstance(head["in_channels"], (list, tuple))
    index = head.get("in_index", range(len(widths)) if several else -1)
    head["in_channels"] = widths[index] if isinstance(index, int) else [widths[level] for level in index]
    if "c1_in_channels" in head:
        head["c1_in_channels"] = widths[0]
    if head["type"] == "HRDAHead":
        head["attention_embed_dim"] = size.inner_channels
    if size.dropout is not None and "channels" in head:  # of the map before a classifier, which has dropout
        head["dropout_ratio"] = size.dropout
    _narrow(head, {"channels": size.channels} | dict.fromkeys(INNER_WIDTHS, size.inner_channels))


def _narrow(options: dict, widths: Mapping[str, int]) -> None:
    """Sets every width that an option names, at any depth, and those that a part has without naming them."""
    options.update({key: 0 for key in UNNAMED.get(options.get("type"), ()) if key not in options})
    for key, value in options.items():
        if key in widths and isinstance(value, int):
            options[key] = widths[key]
        elif isinstance(value, dict):
            _narrow(value, widths)
