"""Foundation encoders: what is trained of them, with and without adaptation, and small students of them.

Published numbers are of other decoders and protocols, as their notes say (docs/foundation.md). Rows without one are ours.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmseg.experiments import ConfigFile, Published, Row, Stage, Study, Table, from_stage
from mmseg.experiments.studies.generalization import MEAN, TARGETS
from mmseg.experiments.studies.ours.real_photographs import METRICS, streets, tenth

TEACHER = "teacher"
TUNING = "model.backbone.tuning"
RATES = "optim_wrapper.paramwise_cfg.custom_keys"
LORA = {"_delete_": True, "type": "LoRA", "rank": 16}
REIN = {"_delete_": True, "type": "Rein", "tokens": 100, "rank": 16}
FROZEN = {"_delete_": True, "type": "frozen"}
UNDECAYED_NORMS = {"norm": {"decay_mult": 0.0}}
NOTHING_ADDED = {TUNING: FROZEN, RATES: {"_delete_": True, **UNDECAYED_NORMS}}
ALL_OF_IT = {TUNING: {"_delete_": True, "type": "full"}, RATES: {"_delete_": True, "backbone": {"lr_mult": 0.1}, **UNDECAYED_NORMS}}


def config(name: str) -> ConfigFile:
    """A config of foundation encoders."""
    return ConfigFile(path=f"configs/foundation/{name}.py")


def changed(setup: ConfigFile, changes: Mapping[str, object]) -> tuple[Stage, ...]:
    """A config with other entries."""
    return (Stage(name="train", setup=setup, changes=changes),)


def distilled(student: str, teacher: ConfigFile) -> tuple[Stage, ...]:
    """A student of the last state of a teacher, which is the run of another row."""
    taught = {"uda.distilled_from": from_stage(TEACHER, "checkpoint")}
    return (Stage(name=TEACHER, setup=teacher), Stage(name="student", setup=ConfigFile(path=f"configs/{student}.py"), changes=taught))


VFM_UDA, ADAPTED_SOMA = config("gta2cs_vfmuda_dinov2_vitl"), config("gta2cs_soma_dinov2_vitl")
REIN_ALONE, SOMA_ALONE = config("gta_rein_dinov2_vitl"), config("gta_soma_dinov2_vitl")
DEMO_TEACHER = ConfigFile(path="configs/demo/demoHR2demoHR_hrda.py")
OF_REIN = "with Mask2Former's decoder, images of 1024x512, best of ten evaluations"

FOUNDATION = Study(
    title="Foundation encoders: full training, few parameters, none; distillation",
    source="VFM-UDA (arXiv 2406.09896), Rein (CVPR 2024), SoMA (CVPR 2025), and ours",
    tables=(
        Table(
            key="uda",
            title="GTA to Cityscapes, VFM-UDA's self-training of DINOv2",
            rows=(
                Row(title="ViT-B, full", setup=config("gta2cs_vfmuda_dinov2_vitb"), published=Published(mean=77.1)),
                Row(
                    title="ViT-L, full",
                    setup=VFM_UDA,
                    published=Published(mean=79.0, note="78.4 when its authors trained it again"),
                ),
                Row(title="ViT-L, SoMA", setup=ADAPTED_SOMA),
                Row(title="ViT-L, LoRA", setup=changed(ADAPTED_SOMA, {TUNING: LORA})),
                Row(
                    title="ViT-L, Rein",
                    setup=changed(ADAPTED_SOMA, {TUNING: REIN, RATES: {"_delete_": True, "tuned": {"decay_mult": 0.0}}}),
                ),
                Row(title="ViT-L, frozen", setup=changed(ADAPTED_SOMA, NOTHING_ADDED)),
                Row(
                    title="ViT-L with VFM-UDA++, full",
                    setup=config("gta2cs_vfmuda_plus_dinov2_vitl"),
                    published=Published(mean=79.8),
                ),
                Row(title="DINOv3 ViT-L, full", setup=config("gta2cs_vfmuda_dinov3_vitl")),
            ),
        ),
        Table(
            key="alone",
            title="GTA alone, for three targets, DINOv2 ViT-L",
            metrics=TARGETS,
            rows=(
                Row(title="full", setup=changed(REIN_ALONE, ALL_OF_IT)),
                Row(
                    title="frozen",
                    setup=changed(REIN_ALONE, NOTHING_ADDED),
                    published=Published(mean=63.3, note=f"in the table of Rein, {OF_REIN}"),
                ),
                Row(title="LoRA", setup=changed(SOMA_ALONE, {TUNING: LORA})),
                Row(
                    title="Rein",
                    setup=REIN_ALONE,
                    published=Published(mean=66.7, note=OF_REIN),
                    also_published={"mIoU@BDD100K": 60.0},
                ),
                Row(title="SoMA", setup=SOMA_ALONE, also_published={MEAN: 68.27}),
                Row(title="EVA-02 ViT-L, SoMA", setup=config("gta_soma_eva02_vitl")),
            ),
        ),
        Table(
            key="acdc",
            title="Cityscapes to ACDC, adapters with self-training",
            rows=(Row(title="ViT-L, SoMA", setup=config("cs2acdc_soma_dinov2_vitl")),),
        ),
        Table(
            key="distilled",
            title="GTA to Cityscapes, small students of VFM-UDA's ViT-L",
            metrics=(("mIoU", "mIoU"), (f"{TEACHER}:mIoU", "teacher")),
            rows=(
                Row(title="EfficientNet-Lite0", setup=distilled("foundation/gta2cs_distilled_lite0", VFM_UDA)),
                Row(title="MiT-B0, SegFormer", setup=distilled("foundation/gta2cs_distilled_mitb0", VFM_UDA)),
                Row(title="ConvNeXt-T", setup=distilled("foundation/gta2cs_distilled_convnext_tiny", VFM_UDA)),
            ),
        ),
        Table(
            key="demo",
            title="demo domains: a student of a quarter of the size of HRDA's network",
            metrics=(("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes"), (f"{TEACHER}:mIoU", "teacher")),
            rows=(
                Row(title="taught by HRDA's network", setup=distilled("demo/demo2demo_distilled", DEMO_TEACHER)),
                Row(title="the same network, source-only", setup=ConfigFile(path="configs/demo/demo_small_source_only.py")),
                Row(title="the same network, DAFormer", setup=ConfigFile(path="configs/demo/demo2demo_small_daformer.py")),
            ),
        ),
        Table(
            key="camvid",
            title="rendered streets to CamVid, 11 classes, HRDA with EfficientNet-Lite0 of ImageNet",
            metrics=METRICS,
            rows=(
                Row(title="full, no labelled photograph", setup=streets("streets2camvid_hrda"), shared_with=110),
                Row(title="full, 5 % labelled photographs", setup=streets("streets2camvid_hrda_few"), shared_with=110),
                Row(title="full, 10 % labelled photographs", setup=tenth("streets2camvid_hrda_few", "target"), shared_with=110),
                Row(
                    title="frozen, no labelled photograph",
                    setup=changed(
                        streets("streets2camvid_hrda"),
                        # Features that do not move have no distance from those of ImageNet.
                        {TUNING: {"type": "frozen"}, "uda.imnet_feature_dist_lambda": 0.0},
                    ),
                ),
            ),
        ),
    ),
)
