"""What the methods share: their common options, the teacher, and masked image consistency on top of any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.masking import build_mask_generator
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.objectives.masked import MaskedConsistency, find_mask_mode
from mmseg.models.uda.pseudo_labels.teacher import Teacher
from mmseg.models.uda.step import Objective
from mmseg.registry import MODELS
from mmseg.utils.errors import UserError


class Preset(UDAMethod):
    """A method that a config can name; its own objectives come from a subclass.

    Args:
        segmentor: config of the network.
        seed: seed of all draws in the step.
        alpha: largest share of the old teacher in an update.
        pseudo_threshold: confidence τ from which a pseudo-label counts as sure.
        pseudo_weight_ignore_top, pseudo_weight_ignore_bottom: rows of a target crop without weight.
        source_class_weight: K class weights of the source loss (short schedules only); None as published.
        self_training_start: first iteration with pseudo-labels (short schedules only); 0 as published.
        blur: whether half of the augmented batches are blurred.
        color_jitter_strength: range of the jitter factors.
        color_jitter_probability: p; batches are jittered with probability 1 - p (published quirk).
        mask_mode: what masked image consistency masks: 'separatetrg' (the target), 'separatesrc' (the source) or
            'separate' (one crop of each), with 'aug' at the end after jitter and blur; None leaves it out.
        mask_alpha, mask_pseudo_threshold: of the teacher that labels the masked crops; 'same' are those of the
            method. Other values, or a method without a teacher, need a second network. A threshold of None
            trusts every pseudo-label, an alpha of 0 takes those of the student itself.
        mask_lambda: weight λ of the masked loss.
        mask_generator: ``dict(type='block', mask_ratio=0.7, mask_block_size=64)``, see :class:`BlockMask`.
        data_preprocessor: config of the normalisation.
    """

    has_teacher = False

    def __init__(
        self,
        *,
        segmentor: dict,
        seed: int = 0,
        alpha: float = 0.999,
        pseudo_threshold: float = 0.968,
        pseudo_weight_ignore_top: int = 0,
        pseudo_weight_ignore_bottom: int = 0,
        source_class_weight: Sequence[float] | None = None,
        self_training_start: int = 0,
        blur: bool = True,
        color_jitter_strength: float = 0.2,
        color_jitter_probability: float = 0.2,
        mask_mode: str | None = None,
        mask_alpha: float | str = "same",
        mask_pseudo_threshold: float | str | None = "same",
        mask_lambda: float = 1.0,
        mask_generator: Mapping | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(segmentor=segmentor, seed=seed, data_preprocessor=data_preprocessor)
        self.source_class_weight, self.self_training_start = source_class_weight, self_training_start
        normalization = {"mean": self.data_preprocessor.grey_mean, "std": self.data_preprocessor.grey_std}
        jitter = {"jitter_strength": color_jitter_strength, "jitter_probability": color_jitter_probability}
        self.augment = StrongAugment(**normalization, **jitter, blur=blur)
        rows = {"ignore_top": pseudo_weight_ignore_top, "ignore_bottom": pseudo_weight_ignore_bottom}
        labeling = {"alpha": alpha, "threshold": pseudo_threshold, **rows}
        if self.has_teacher:
            self.ema_model = self._add_teacher(segmentor, labeling)
        self.masking: tuple[Objective, ...] = ()
        if mask_mode is not None:
            mode, mask = find_mask_mode(mask_mode), build_mask_generator(mask_generator)
            own = _own_labeling(mask_alpha=mask_alpha, mask_pseudo_threshold=mask_pseudo_threshold)
            teacher = self._mask_teacher(segmentor, labeling, own) if mode.with_target else None
            options = {"augment": self.augment, "teacher": teacher, "weight": mask_lambda, "start": self_training_start}
            self.masking = (MaskedConsistency(mode=mode, mask=mask, **options),)

    def _add_teacher(self, segmentor: dict, labeling: dict) -> nn.Module:
        """Another network that follows the student; the caller decides under which name it is kept."""
        network = MODELS.build(segmentor)
        self.teachers = (*self.teachers, Teacher(network=network, **labeling))
        return network

    def _mask_teacher(self, segmentor: dict, labeling: dict, own: dict) -> Teacher:
        """The method's teacher, or a new one where the method has none or the masked crops ask for another."""
        if own or not self.teachers:
            network = self._add_teacher(segmentor, {**labeling, **own})
            self.mic = nn.ModuleDict({"teacher": nn.ModuleDict({"ema_model": network})})  # its place in published checkpoints
        return self.teachers[-1]


def _own_labeling(*, mask_alpha: float | str, mask_pseudo_threshold: float | str | None) -> dict:
    """What the teacher of the masked crops does not share with the method's."""
    for name, value in {"mask_alpha": mask_alpha, "mask_pseudo_threshold": mask_pseudo_threshold}.items():
        if isinstance(value, str) and value != "same":
            raise UserError(f"{name}={value!r} is no number. Use 'same' for the method's own, or a number from 0 to 1.")
    return {key: value for key, value in {"alpha": mask_alpha, "threshold": mask_pseudo_threshold}.items() if value != "same"}
