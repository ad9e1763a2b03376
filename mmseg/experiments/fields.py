"""What decides a training of the three papers, as values: a row of a table is one :class:`Experiment`.

A variant is ``replace(base, field=...)``. What cannot be trained is refused here, when it is defined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.repository import CONFIGS

Source = Literal["gta", "syn", "cs"]
Target = Literal["cs", "acdc", "dzur"]
Method = Literal["source-only", "target-only", "generalization", "dacs", "minent", "advseg"]
TRAINED_ON_TARGET = ("dacs", "minent", "advseg")
WITH_FEATURE_DISTANCE = ("dacs", "generalization")
NETWORKS = CONFIGS / "_base_" / "models"


@dataclass(frozen=True, kw_only=True)
class HRDA:
    """The two resolutions of HRDA (ECCV 2022).

    Attributes:
        detail_crop: pixels per side of the detail crop (section 3.2).
        detail_loss: its loss weight λ_d (equation 11).
        scale: of the context crop; 1 gives two views of one resolution.
        learned_attention: the scale attention of section 3.3; otherwise both views count half.
        overlapping: the detail windows of pseudo-labels and predictions overlap by half (section 3.4).
        blurred_detail: the detail crop shows no more than half resolution (table 6).
    """

    detail_crop: int = 512
    detail_loss: float = 0.1
    scale: float = 0.5
    learned_attention: bool = True
    overlapping: bool = True
    blurred_detail: bool = False


@dataclass(frozen=True, kw_only=True)
class Masking:
    """Masked image consistency (MIC, CVPR 2023).

    Attributes:
        block: pixels per side of a masked block.
        ratio: share of masked blocks.
        domains: which crops are masked; 'both' takes one of each.
        color_augmentation: jitter and blur before masking.
        alpha: of a teacher of its own; None shares that of the method.
        threshold: confidence τ of its pseudo-labels; None trusts every one, 'same' shares that of the method.
    """

    block: int = 64
    ratio: float = 0.7
    domains: Literal["target", "source", "both"] = "target"
    color_augmentation: bool = True
    alpha: float | None = None
    threshold: float | Literal["same"] | None = "same"


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One training, up to its seed.

    Attributes:
        source, target: the domains; a supervised training has no source beside its target if ``source`` is None.
        full_resolution: images as recorded; otherwise half as many pixels per side.
        crop: pixels per side of a training crop.
        second_crop: pixels per side that are cut at random from that crop for both domains (published as 'sf'):
            rare-class sampling then still sees the large one.
        distorted: photometric distortion of the source images.
        method: what trains on the domains.
        alpha: of the EMA teacher.
        feature_distance: classes of the distance to ImageNet features (DAFormer, section 3.4).
        rare_class_temperature: T of rare-class sampling (DAFormer, section 3.3); None draws files uniformly.
        ignored_margins: where pseudo-labels get no weight: 'rows' at top and bottom of the crop, or the 'image' margins.
        decoder, encoder: the network, see configs/_base_/models.
        style_hallucination: the encoder shows every image in a second style, and predictions must agree (domain generalisation).
        hrda: the two resolutions, or None for one.
        masking: masked image consistency, or None.
        sliding_test: predictions from sliding windows of the size of the training crop.
        sliding_batch: all of these windows in one pass.
        warm_up: linear warm-up of the learning rate over 1,500 iterations.
        optimizer: AdamW, or the SGD of adversarial training.
        iterations: of the training.
    """

    source: Source | None = "gta"
    target: Target = "cs"
    full_resolution: bool = False
    crop: int = 512
    second_crop: int | None = None
    distorted: bool = False
    method: Method = "dacs"
    alpha: float = 0.99
    feature_distance: Literal["all", "things"] | None = None
    rare_class_temperature: float | None = None
    ignored_margins: Literal["rows", "image"] | None = None
    decoder: str = "segformer"
    encoder: str = "mitb5"
    style_hallucination: bool = False
    hrda: HRDA | None = None
    masking: Masking | None = None
    sliding_test: bool = False
    sliding_batch: bool = True
    warm_up: bool = True
    optimizer: Literal["adamw", "sgd"] = "adamw"
    iterations: int = 40000

    @property
    def seen_crop(self) -> int:
        """Pixels per side that the network is trained on."""
        return self.second_crop or self.crop

    def __post_init__(self) -> None:
        network = f"{self.decoder}_{self.encoder}"
        if not (NETWORKS / f"{network}.py").is_file():
            known = [file.stem for file in NETWORKS.glob("*.py")]
            unknown = f"there is no network {network} in configs/_base_/models.{suggestion(network, known)}"
            raise UserError(f"This experiment cannot be trained: {unknown}")
        for refused, reason in self._contradictions():
            if refused:
                raise UserError(f"This experiment cannot be trained: {reason}")

    def _contradictions(self) -> list[tuple[bool, str]]:
        """(whether it applies, reason and fix)."""
        adapts, trains_itself = self.method in TRAINED_ON_TARGET, self.method == "dacs"
        no_distance = bool(self.feature_distance) and self.method not in WITH_FEATURE_DISTANCE
        no_styles = self.style_hallucination and self.method != "generalization"
        crop = self.second_crop
        return [
            (adapts and self.source is None, f"{self.method} needs labelled images. Give a source."),
            (no_distance, f"{self.method} has no feature distance. Use the method dacs, or generalization."),
            (no_styles, f"{self.method} does not compare styles. Use the method generalization."),
            (bool(self.ignored_margins) and not trains_itself, f"{self.method} has no pseudo-labels to ignore. Leave ignored_margins out."),
            (crop is not None and crop >= self.crop, f"second_crop={crop} is cut from a crop of {self.crop} pixels. Use a smaller one."),
            (crop is not None and not adapts, f"second_crop is cut from both domains, and {self.method} sees one. Use crop."),
            (self.iterations < 1, f"iterations={self.iterations} trains nothing. Use 1 or more."),
            *(self._hrda_contradictions(self.hrda) if self.hrda else ()),
            *(self._masking_contradictions(self.masking) if self.masking else ()),
        ]

    def _hrda_contradictions(self, hrda: HRDA) -> list[tuple[bool, str]]:
        too_large = f"a detail crop of {hrda.detail_crop} pixels does not fit into the crop of {self.seen_crop}. Use a smaller one."
        return [
            (hrda.detail_crop > self.seen_crop, too_large),
            (not 0 <= hrda.detail_loss < 1, f"detail_loss={hrda.detail_loss} leaves nothing for the fused loss. Use 0 to below 1."),
            (not 0 < hrda.scale <= 1, f"scale={hrda.scale} is no downsampling of the context. Use above 0 to 1."),
        ]

    def _masking_contradictions(self, masking: Masking) -> list[tuple[bool, str]]:
        no_target = masking.domains != "source" and self.method not in TRAINED_ON_TARGET
        too_large = f"mask blocks of {masking.block} pixels exceed the crop of {self.seen_crop}. Use smaller ones."
        return [
            (no_target, f"{self.method} sees no target to mask. Use Masking(domains='source')."),
            (not 0 <= masking.ratio <= 1, f"a mask ratio of {masking.ratio} is no share. Use 0 to 1."),
            (masking.block > self.seen_crop, too_large),
        ]
