"""What the rows of several papers vary: whole experiments by name, and the functions that make rows of them.

A variant is ``replace(base, field=...)``; the fields are those of mmseg/experiments/fields.py.
"""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import HRDA, Experiment, Masking, Published, Row

# DAFormer: half resolution, crops of 512 x 512.

DEEPLAB_V2 = Experiment(decoder="dlv2red", encoder="r101v1c")
DA_NET = replace(DEEPLAB_V2, decoder="da_nodbn")
ISA_NET = replace(DEEPLAB_V2, decoder="isa_nodbn")
DEEPLAB_V3_PLUS = replace(DEEPLAB_V2, decoder="dlv3p_nodbn")
SEGFORMER = Experiment(decoder="segformer", encoder="mitb5")
MIT_WITH_DEEPLAB = Experiment(decoder="sfa_dlv3p_nodbn", encoder="mitb5-del")
RESNET_WITH_SEGFORMER = replace(SEGFORMER, encoder="r101v1c")

ADAPTED_SEGFORMER = replace(
    SEGFORMER, alpha=0.999, feature_distance="things", rare_class_temperature=0.01, ignored_margins="rows"
)  # all of DAFormer but its decoder
DAFORMER = replace(ADAPTED_SEGFORMER, decoder="daformer_sepaspp")


def source_only(experiment: Experiment) -> Experiment:
    """The lower bound with the same network."""
    return Experiment(method="source-only", distorted=True, decoder=experiment.decoder, encoder=experiment.encoder)


def target_only(experiment: Experiment) -> Experiment:
    """The oracle with the same network."""
    return replace(source_only(experiment), method="target-only")


def bounds(title: str, adapted: Experiment, published: Published | None = None, shared_with: int | None = None) -> tuple[Row, Row, Row]:
    """Lower bound, adaptation and oracle of one network."""
    return (
        Row(title=f"{title}, source-only", setup=source_only(adapted), shared_with=shared_with),
        Row(title=f"{title}, adapted", setup=adapted, published=published, shared_with=shared_with),
        Row(title=f"{title}, oracle", setup=target_only(adapted), shared_with=shared_with),
    )


def with_oracle(title: str, adapted: Experiment, published: Published | None = None, shared_with: int | None = None) -> tuple[Row, Row]:
    """Adaptation and oracle of one network."""
    return bounds(title, adapted, published, shared_with)[1:]


DACS_DEEPLAB_V2 = Published(mean=53.9, deviation=0.6)
DAFORMER_RESULT = Published(mean=68.3, deviation=0.5)

# HRDA: full resolution, crops of 1024 x 1024, sliding windows at test time.

CONTEXT = replace(DAFORMER, ignored_margins="image", sliding_test=True)  # LR1.0
DETAIL = replace(CONTEXT, full_resolution=True, crop=1024)  # HR, with second_crop
HRDA_GTA = replace(DETAIL, hrda=HRDA())  # LR1.0 + HR0.5
HRDA_ACDC = replace(HRDA_GTA, source="cs", target="acdc", ignored_margins=None)
ORACLE = replace(target_only(CONTEXT), source=None, sliding_test=True)

ADVERSARIAL = replace(DEEPLAB_V2, method="advseg", optimizer="sgd")
ENTROPY = replace(ADVERSARIAL, method="minent")
HRDA_DEEPLAB = replace(DEEPLAB_V2, full_resolution=True, crop=1024, hrda=HRDA())
DAFORMER_TRAINING = {"alpha": 0.999, "feature_distance": "things", "rare_class_temperature": 0.01, "ignored_margins": "image"}

HRDA_RESULT = Published(mean=73.8, deviation=0.3)
CONTEXT_RESULT = Published(mean=68.5, deviation=0.9)
HALF_DETAIL_RESULT = Published(mean=65.1, deviation=1.9)
OVERLAPPING_RESULT = Published(mean=72.4, deviation=0.1)
BOTH_HALF = replace(DETAIL, second_crop=512, hrda=HRDA())  # LR0.5 + HR0.5
BOTH_HALF_RESULT = Published(mean=68.5, deviation=0.6)
SYNTHIA = (("mIoU.16", "mIoU of 16 classes"), ("mIoU.13", "mIoU of 13 classes"), ("mIoU", "mIoU of 19 classes"))

# MIC: masked image consistency on top of each.

MASKED = Masking()  # at full resolution
MASKED_HALF = Masking(block=32)
UNAUGMENTED = replace(MASKED, color_augmentation=False)
MIC_DAFORMER = replace(DAFORMER, masking=MASKED_HALF)
MIC_HRDA = replace(HRDA_GTA, masking=MASKED)
MIC_ACDC = replace(HRDA_ACDC, masking=replace(UNAUGMENTED, domains="both"))


def masked(**changes) -> Experiment:
    """MIC on DAFormer with other masks."""
    return replace(MIC_DAFORMER, masking=replace(MASKED_HALF, **changes))
