"""What the published weights of an encoder imply: normalisation, size of images, licence; as timm states it (``pretrained_cfg``)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmseg.models.weights.licences import UNKNOWN
from mmseg.utils.errors import UserError
from mmseg.utils.storage.checksums import file_hash

GREY_LEVELS = 255
GATED = "dinov3-license"
"""The licence, in timm's spelling, that has to be accepted before Meta hands out the weights."""
ACCEPT = "https://ai.meta.com/resources/models-and-libraries/dinov3-downloads/"
FREE = ("vit_pe_spatial_large_patch14_448", "vit_large_patch14_dinov2")
"""Encoders under Apache-2.0 whose weights anyone may fetch: Perception Encoder (spatial) and DINOv2."""


@dataclass(frozen=True)
class EncoderFacts:
    """What the weights that timm has under a name want, and under which terms they stand.

    Attributes:
        name: with the tag of the weights, e.g. 'vit_large_patch14_dinov2.lvd142m'.
        mean, std: RGB, in grey levels from 0 to 255.
        size: (height, width) of the images that they were trained with, pixels.
        licence: as timm states it, None where it does not.
    """

    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    size: tuple[int, int]
    licence: str | None

    @property
    def gated(self) -> bool:
        """Whether somebody has to agree before the weights can be had."""
        return self.licence == GATED


@functools.cache
def timm_facts(name: str) -> EncoderFacts | None:
    """The facts of a network of timm, with or without a tag; without one, of the weights that timm takes by default.

    None where timm does not know the name.
    """
    import timm  # takes seconds, which commands without such an encoder need not wait

    published = timm.get_pretrained_cfg(name)
    if published is None:
        return None
    full = f"{published.architecture}.{published.tag}" if published.tag else name
    mean, std = (tuple(round(GREY_LEVELS * share, 6) for share in shares) for shares in (published.mean, published.std))
    return EncoderFacts(full, mean, std, tuple(published.input_size[1:]), published.license)


def encoder_facts(backbone: Mapping) -> EncoderFacts | None:
    """The facts of the encoder that a config names; None for those whose name does not say which weights they start from."""
    return timm_facts(backbone["name"]) if backbone.get("type") == "TimmBackbone" else None


def published_licence(name: str) -> str:
    """The licence of the weights that timm has of a network, in words; of those it takes by default where the name has no tag."""
    facts = timm_facts(name)
    return f"{facts.licence}, as timm states it for {facts.name}" if facts and facts.licence else UNKNOWN


def check_gate(facts: EncoderFacts | None, path: str) -> None:
    """Says where weights can be had that need an agreement.

    Raises:
        UserError: the file is missing, and it is one of those.
    """
    if facts is not None and facts.gated and not Path(path).is_file():
        free = " or ".join(FREE)
        terms = f"The pretrained weights {path} do not exist, and {facts.name} stands under the DINOv3 License"
        raise UserError(f"{terms}. Accept it at {ACCEPT} and put the file there, or use a free encoder: {free}.")


def loaded_line(path: str, name: str) -> str:
    """What the log says of a file of weights that a network of timm has loaded."""
    facts, weights = timm_facts(name), f"{path}: weights of timm's {name} loaded"
    if facts is not None:
        weights = f"{path}: weights of timm's {facts.name} loaded, trained with {facts.size[0]}x{facts.size[1]} pixels"
    return f"{weights}; licence: {published_licence(name)}; SHA-256 {file_hash(path)}"
