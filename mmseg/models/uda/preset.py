"""What the methods share: their common options, their named parts, and a list of objectives that a config may change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from torch import nn

from mmseg.models.uda.augmentation.augment import StrongAugment
from mmseg.models.uda.augmentation.image_jitter import ImageJitter
from mmseg.models.uda.augmentation.masking import build_mask_generator
from mmseg.models.uda.base import UDAMethod
from mmseg.models.uda.depth_distribution.options import DepthOptions
from mmseg.models.uda.feature_reference import FeatureReference
from mmseg.models.uda.objectives.consistency.masked import find_mask_mode
from mmseg.models.uda.pseudo_labels.shorthand import labeling_configs, with_threshold
from mmseg.models.uda.shared_weights import share_frozen
from mmseg.models.uda.step import Objective
from mmseg.registry import (
    LABELING_STAGES,
    MIXINGS,
    MODELS,
    OBJECTIVES,
    TEACHERS,
    build_checked,
    build_with_parts,
    component_of,
    required_options,
)
from mmseg.utils.errors import UserError, suggestion
from mmseg.utils.options.ranges import NonNegative, Share

MISSING_PARTS = {
    "teacher": "uda.teacher=dict(type='Teacher')",
    "mask": "uda.mask_generator=dict(type='block', mask_ratio=0.7, mask_block_size=64)",
    "geometry": "uda.depth=dict(mixtures='FILE.npz')",
    "reference": "uda.feature_distillation=dict(name='vit_large_patch14_reg4_dinov2', pretrained='FILE.pth')",
}
"""Parts that a method may lack, and the options that add them."""


class Preset(UDAMethod):
    """A method that a config can name: a list of objectives by name, with defaults.

    A subclass fills :attr:`preset` with the configs of its objectives; those of its base, and masked image consistency
    (MIC) where ``mask_mode`` asks for it, are in there already. An objective whose constructor has an option called
    ``teacher``, ``mixing``, ``mask`` or ``augment`` gets that part of the method.

    Args:
        segmentor: config of the network.
        seed: seed of all draws in the step.
        objectives: changes of the preset by name: options of an objective, None to leave it out, or the config of
            another one, e.g. ``dict(mixed=None, entropy=dict(type='MinimizeEntropy', weights=dict(main=0.001)))``.
        teacher: what follows the student and labels the target, ``dict(type='Teacher')``; methods with
            self-training have one by default. Adds one to any other.
        labeling: stages from the teacher's logits to pseudo-labels, in their order; see
            :mod:`mmseg.models.uda.pseudo_labels.labelers`. None fills the list from ``pseudo_threshold`` and
            ``pseudo_weight_ignore_top`` and ``_bottom``.
        depth: options of :class:`DepthOptions`, for a source with depth and a network with a ``depth_head``; depth and density are learned
            beside the segmentation. None leaves both out.
        annotated: options of :class:`AnnotatedSupervision`, for what a training with an ``AnnotationRounds`` is told of the target;
            ``dict()`` are its defaults. Pseudo-labels give way to it (:class:`AnnotationOverride`). None leaves both out.
        labeled: options of :class:`LabeledSupervision`, for a target with a few labelled images; ``dict()`` are its defaults, with the
            class weights of the source. The term comes first, called 'labeled'. None leaves it out.
        feature_distillation: options of :class:`FeatureReference`, an encoder that the student's imitates; the terms are
            called 'distilled_source' and 'distilled_target' (:class:`FeatureDistillation`). None leaves them out.
        mix: what is pasted into the target: 'class', the only published kind, or the config of another mixing.
        alpha: largest share of the old teacher in an update.
        pseudo_threshold: confidence τ from which a pseudo-label counts as sure; None trusts all of them.
        pseudo_weight_ignore_top, pseudo_weight_ignore_bottom: rows of a target crop without weight.
        source_class_weight: K class weights of the source loss (short schedules only); None as published.
        self_training_start: first iteration with pseudo-labels (short schedules only); 0 as published.
        blur: whether half of the augmented batches are blurred.
        color_jitter_strength: range of the jitter factors.
        color_jitter_probability: p; batches are jittered with probability 1 - p (published quirk).
        augment: options of :class:`ImageJitter` for mixed and masked crops, in the place of the three above; None as published.
        weak_augment: options of another one, for the source crops and for the target of the mixed crops; None for none.
        mask_mode: what masked image consistency masks: 'separatetrg' (the target), 'separatesrc' (the source) or
            'separate' (one crop of each), with 'aug' at the end after jitter and blur; None leaves it out.
        mask_alpha, mask_pseudo_threshold: of the teacher that labels the masked crops; 'same' are those of the
            method. Other values, or a method without a teacher, need a second network. A threshold of None
            trusts every pseudo-label, an alpha of 0 takes those of the student itself.
        mask_lambda: weight λ of the masked loss.
        mask_generator: ``dict(type='block', mask_ratio=0.7, mask_block_size=64)``, see :class:`BlockMask`, or the
            config of another one.
        data_preprocessor: config of the normalisation.
    """

    has_teacher = False

    def __init__(
        self,
        *,
        segmentor: dict,
        seed: NonNegative[int] = 0,
        objectives: Mapping[str, Any] | None = None,
        teacher: Mapping | None = None,
        labeling: Sequence[Mapping] | None = None,
        depth: Mapping | None = None,
        annotated: Mapping | None = None,
        labeled: Mapping | None = None,
        feature_distillation: Mapping | None = None,
        mix: str | Mapping = "class",
        alpha: Share = 0.999,
        pseudo_threshold: Share | None = 0.968,
        pseudo_weight_ignore_top: NonNegative[int] = 0,
        pseudo_weight_ignore_bottom: NonNegative[int] = 0,
        source_class_weight: Sequence[NonNegative[float]] | None = None,
        self_training_start: NonNegative[int] = 0,
        blur: bool = True,
        color_jitter_strength: Share = 0.2,
        color_jitter_probability: Share = 0.2,
        augment: Mapping | None = None,
        weak_augment: Mapping | None = None,
        mask_mode: str | None = None,
        mask_alpha: Share | str = "same",
        mask_pseudo_threshold: Share | str | None = "same",
        mask_lambda: NonNegative[float] = 1.0,
        mask_generator: Mapping | None = None,
        data_preprocessor: dict | None = None,
    ) -> None:
        super().__init__(segmentor=segmentor, seed=seed, data_preprocessor=data_preprocessor)
        self.source_class_weight, self.self_training_start = source_class_weight, self_training_start
        self.preset: dict[str, dict] = {}
        few = {"type": "LabeledSupervision", "class_weight": source_class_weight}
        self.first: dict[str, dict] = {} if labeled is None else {"labeled": {**few, **labeled}}
        self.changes = dict(objectives or {})
        normalization = {"mean": self.data_preprocessor.grey_mean, "std": self.data_preprocessor.grey_std}
        jitter = {"jitter_strength": color_jitter_strength, "jitter_probability": color_jitter_probability}
        self.augment = StrongAugment(**normalization, **jitter, blur=blur)
        if augment is not None:
            if (blur, color_jitter_strength, color_jitter_probability) != (True, 0.2, 0.2):
                names = "uda.blur, color_jitter_strength and color_jitter_probability"
                raise UserError(f"uda.augment replaces {names}, which are given as well. Leave them out.")
            self.augment = build_checked({**augment, **normalization, "type": ImageJitter}, OBJECTIVES)
        mixing = MIXINGS.build({"type": mix} if isinstance(mix, str) else dict(mix))
        self.parts: dict[str, Any] = {"augment": self.augment, "mixing": mixing}
        if weak_augment is not None:
            self.parts["weak_augment"] = build_checked({**weak_augment, **normalization, "type": ImageJitter}, OBJECTIVES)

        rows = {"top": pseudo_weight_ignore_top, "bottom": pseudo_weight_ignore_bottom}
        stages = labeling_configs(labeling, threshold=pseudo_threshold, **rows)
        if annotated is not None:
            self.preset["annotated"] = {"type": "AnnotatedSupervision", **annotated}
            stages.append({"type": "AnnotationOverride"})
        following = {"type": "Teacher", **(teacher or {})}
        if self.has_teacher or teacher is not None:
            self.ema_model = self._add_teacher(segmentor, following, stages, alpha)
            self.parts["teacher"] = self.teachers[0]
        if mask_generator is not None or mask_mode is not None:
            self.parts["mask"] = build_mask_generator(mask_generator)
        if mask_mode is not None:
            own = _own_labeling(mask_alpha=mask_alpha, mask_pseudo_threshold=mask_pseudo_threshold)
            if find_mask_mode(mask_mode).with_target and (own or not self.teachers):  # the method's teacher does not fit, or it has none
                stages = with_threshold(stages, own["threshold"]) if "threshold" in own else stages
                network = self._add_teacher(segmentor, following, stages, own.get("alpha", alpha))
                self.mic = nn.ModuleDict({"teacher": nn.ModuleDict({"ema_model": network})})  # its place in published checkpoints
            labels = self.teachers[-1] if self.teachers else None
            masked = {"type": "MaskedConsistency", "mode": mask_mode, "teacher": labels, "weight": mask_lambda}
            self.preset["masked"] = {**masked, "start": self_training_start}
        if feature_distillation is not None:
            options = {**feature_distillation, **normalization, "student": self.model, "type": FeatureReference}
            self.feature_reference = self.parts["reference"] = build_checked(options, OBJECTIVES)
            for domain in ("source", "target"):
                self.preset[f"distilled_{domain}"] = {"type": "FeatureDistillation", "domain": domain}
        if depth is not None:
            options = build_checked({**depth, "type": DepthOptions}, OBJECTIVES)
            self.depth_units = options.units
            self.mixtures = options.mixtures_for(self.model)
            self.parts["geometry"] = options.supervision(self.mixtures)
            if self.teachers and self.mixtures is not None:
                self.preset["density"] = {"type": "TargetDensity", "start": self_training_start}
        if labeling is not None and not self.teachers:
            text = f"{type(self).__name__} has no teacher, so uda.labeling labels nothing"
            raise UserError(f"{text}. Add {MISSING_PARTS['teacher']}, or leave it out.")

    @cached_property
    def objectives(self) -> dict[str, Objective]:
        """The terms of the step: the preset as the config changes it."""
        return {name: self._build_objective(config) for name, config in changed({**self.first, **self.preset}, self.changes).items()}

    def _build_objective(self, config: dict) -> Objective:
        objective = component_of(config, OBJECTIVES)
        for part, fix in MISSING_PARTS.items():
            if part not in {*self.parts, *config} and part in required_options(objective):
                raise UserError(f"{objective.__name__} needs a {part}, which {type(self).__name__} does not have. Add {fix}.")
        return build_with_parts(config, OBJECTIVES, self.parts)

    def _add_teacher(self, segmentor: dict, following: Mapping, stages: Sequence[Mapping], alpha: float) -> nn.Module:
        """Another network that follows the student; the caller decides under which name it is kept."""
        network = share_frozen(self.model, MODELS.build(segmentor))
        known = {"num_classes": network.num_classes, "channels": network.embedding_channels}
        built = [build_with_parts(dict(stage), LABELING_STAGES, known) for stage in stages]
        teacher = build_with_parts(dict(following), TEACHERS, {"network": network, "stages": built, "alpha": alpha})
        self.teachers = (*self.teachers, teacher)
        modules = [stage for stage in built if isinstance(stage, nn.Module)]
        if modules:  # their buffers are state of the training
            self.add_module(f"labeling_{len(self.teachers)}", nn.ModuleList(modules))
        return network


def changed(preset: Mapping[str, Mapping], changes: Mapping[str, Mapping | None]) -> dict[str, dict]:
    """The objectives of a preset as a config changes them, in their order; new ones come last.

    Args:
        preset: configs by name.
        changes: options by name; None leaves an objective out, another ``type`` replaces it.

    Raises:
        UserError: a change is for nothing.
    """
    for name, change in changes.items():
        if not isinstance(change, Mapping | None):
            raise UserError(f"uda.objectives.{name} is {change!r}. Use None to leave it out, or a dictionary with its options.")
        if name not in preset and "type" not in (change or {}):
            fix = suggestion(name, preset) or f" Give it a type, or change one of {', '.join(preset)}."
            raise UserError(f"uda.objectives.{name} is no objective of this method.{fix}")
    kept = {name: changes.get(name, {}) for name in {**preset, **changes} if changes.get(name, {}) is not None}
    return {name: dict(change) if "type" in change else {**preset[name], **change} for name, change in kept.items()}


def _own_labeling(*, mask_alpha: float | str, mask_pseudo_threshold: float | str | None) -> dict:
    """What the teacher of the masked crops does not share with the method's."""
    for name, value in {"mask_alpha": mask_alpha, "mask_pseudo_threshold": mask_pseudo_threshold}.items():
        if isinstance(value, str) and value != "same":
            raise UserError(f"{name}={value!r} is no number. Use 'same' for the method's own, or a number from 0 to 1.")
    return {key: value for key, value in {"alpha": mask_alpha, "threshold": mask_pseudo_threshold}.items() if value != "same"}
