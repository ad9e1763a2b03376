"""Making networks of timm, and what kind of network one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import timm
from torch import nn

from mmseg.utils.errors import UserError, suggestion

ANY_SIZE = {"dynamic_img_size": True, "strict_img_size": False}
"""The two names that timm has for images of any size."""


def create(name: str, **options) -> nn.Module:
    """``timm.create_model`` without weights, for images of any size where the network has an option for that.

    Raises:
        UserError: the installed timm has no such network, or the network no such option.
    """
    _check_name(name)
    wanted = {key for key, value in options.items() if value}
    options |= ANY_SIZE
    while True:
        try:
            return timm.create_model(name, **options)
        except TypeError as error:  # each family of networks has other options
            refused = [key for key in options if f"'{key}'" in str(error)]
            if not refused:
                raise
            if refused[0] in wanted:
                raise UserError(f"TimmBackbone: {name} of timm has no option '{refused[0]}'. Leave it out.") from None
            del options[refused[0]]


def _check_name(name: str) -> None:
    if not timm.is_model(name) or ("." in name and name not in timm.list_pretrained()):
        known = timm.list_pretrained() if "." in name and timm.is_model(name) else timm.list_models()
        fix = f"{suggestion(name, known)} Use a name of timm.list_models(), or a newer timm."
        raise UserError(f"TimmBackbone: timm {timm.__version__} has no network '{name}'.{fix}")


def is_plain(whole: nn.Module) -> bool:
    """Whether all blocks work at one resolution."""
    return len({info["reduction"] for info in stage_infos(whole)}) == 1 and hasattr(whole, "forward_intermediates")


def stage_infos(whole: nn.Module) -> Sequence[dict]:
    """What timm says of each stage, or of each block of a plain transformer: channels and reduction."""
    infos = getattr(whole, "feature_info", [])
    return getattr(infos, "info", infos)


def stage_indices(name: str, whole: nn.Module, strides: Sequence[int]) -> list[int]:
    """timm's index of the last stage at each stride.

    Raises:
        UserError: it has no stage at one of them.
    """
    found = [info["reduction"] for info in stage_infos(whole)]
    if not set(strides) <= set(found):
        text = f"{name} of timm has levels at strides {found}, not at {list(strides)}"
        raise UserError(f"TimmBackbone: {text}. Use a network with strides 4, 8, 16, 32, or out_indices of those that it has.")
    return [max(index for index, stride in enumerate(found) if stride == wanted) for wanted in strides]


def check_blocks(name: str, levels: Sequence[int], count: int, depth: int) -> None:
    """Refuses blocks that a plain transformer does not have as its levels.

    Args:
        name: of the network, for the error.
        levels: indices of blocks.
        count: of the levels.
        depth: blocks that it has.
    """
    if len(levels) != count or list(levels) != sorted(set(levels)) or levels[-1] >= depth:
        text = f"TimmBackbone got levels={levels!r} for {count} levels (out_indices), and {name} of timm has {depth} blocks"
        raise UserError(f"{text}. Give {count} of the blocks 0 to {depth - 1}, in ascending order.")


def refuse_tokens(name: str, asked: Mapping[str, bool]) -> None:
    """Refuses options that are about tokens for a network with stages, which has no grid of tokens.

    Args:
        name: of the network, for the error.
        asked: by option, whether it is given.
    """
    given = [option for option, is_given in asked.items() if is_given]
    if given:
        text = f"{name} of timm has stages and no grid of tokens, so no {' and '.join(given)}"
        raise UserError(f"TimmBackbone: {text}. Leave it out, or use a plain transformer such as vit_base_patch14_dinov2.")


def part_of_first_level(network: nn.Module) -> nn.Module:
    """The part of one of timm's extractors of features that gives its first level; extractors differ in how they name their parts.

    Raises:
        UserError: none of them is there.
    """
    parts = dict(network.named_modules())
    name = network.feature_info.get_dicts()[0]["module"]
    found = [parts[key] for key in (name, name.replace(".", "_"), f"model.{name}", f"body.{name}") if key in parts]
    if not found:
        text = f"{type(network).__name__} of timm does not say which part of it gives the first level"
        raise UserError(f"TimmBackbone: {text}. Leave style_hallucination_cfg out, or use another network.")
    return found[0]
