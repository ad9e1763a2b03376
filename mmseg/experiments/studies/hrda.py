"""The tables of HRDA (Hoyer et al., ECCV 2022)."""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import HRDA, Published, Row, Study, Table
from mmseg.experiments.studies.bases import (
    ADVERSARIAL,
    BOTH_HALF,
    BOTH_HALF_RESULT,
    CONTEXT,
    CONTEXT_RESULT,
    DACS_DEEPLAB_V2,
    DAFORMER,
    DAFORMER_RESULT,
    DAFORMER_TRAINING,
    DEEPLAB_V2,
    DETAIL,
    ENTROPY,
    HALF_DETAIL_RESULT,
    HRDA_ACDC,
    HRDA_DEEPLAB,
    HRDA_GTA,
    HRDA_RESULT,
    ORACLE,
    OVERLAPPING_RESULT,
    SYNTHIA,
)

HRDA_RESULTS = Study(
    title="HRDA",
    source="HRDA, Table 1",
    tables=(
        Table(key="gta", title="GTA to Cityscapes", rows=(Row(title="HRDA", setup=HRDA_GTA, published=HRDA_RESULT),)),
        Table(
            key="synthia",
            title="Synthia to Cityscapes",
            metrics=SYNTHIA,
            rows=(Row(title="HRDA", setup=replace(HRDA_GTA, source="syn"), published=Published(mean=65.8)),),
        ),
    ),
)

OTHER_METHODS = Study(
    title="HRDA with other adaptation methods",
    source="HRDA, Table 2",
    tables=(
        Table(
            key="2",
            title="GTA to Cityscapes, without and with HRDA",
            rows=(
                Row(
                    title="adversarial, DeepLabV2",
                    setup=replace(ADVERSARIAL, distorted=True),
                    published=Published(mean=44.2, deviation=0.1),
                ),
                Row(
                    title="adversarial, DeepLabV2 + HRDA",
                    setup=replace(HRDA_DEEPLAB, method="advseg", optimizer="sgd", distorted=True),
                    published=Published(mean=47.1, deviation=1.0),
                ),
                Row(
                    title="entropy minimisation, DeepLabV2",
                    setup=replace(ENTROPY, distorted=True),
                    published=Published(mean=44.3, deviation=0.4),
                ),
                Row(
                    title="entropy minimisation, DeepLabV2 + HRDA",
                    setup=replace(HRDA_DEEPLAB, method="minent", optimizer="sgd", distorted=True),
                    published=Published(mean=46.7, deviation=1.2),
                ),
                Row(title="DACS, DeepLabV2", setup=DEEPLAB_V2, published=DACS_DEEPLAB_V2),
                Row(title="DACS, DeepLabV2 + HRDA", setup=HRDA_DEEPLAB, published=Published(mean=59.4, deviation=1.2)),
                Row(title="DAFormer's training, DeepLabV2", setup=replace(DEEPLAB_V2, **DAFORMER_TRAINING)),
                Row(title="DAFormer's training, DeepLabV2 + HRDA", setup=replace(HRDA_DEEPLAB, **DAFORMER_TRAINING)),
                Row(title="DAFormer", setup=DAFORMER, published=DAFORMER_RESULT, shared_with=6),
                Row(title="DAFormer + HRDA", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
    ),
)

CROP_SIZES = Study(
    title="Crop size for adaptation",
    source="HRDA, Figure 4 left",
    tables=(
        Table(
            key="lr",
            title="GTA to Cityscapes, half resolution",
            rows=(
                Row(title="LR0.25", setup=replace(CONTEXT, second_crop=128)),
                Row(title="LR0.5", setup=replace(CONTEXT, second_crop=256), published=Published(mean=62.1, deviation=2.1)),
                Row(title="LR0.75", setup=replace(CONTEXT, second_crop=384)),
                Row(title="LR1.0", setup=CONTEXT, published=CONTEXT_RESULT),
            ),
        ),
        Table(
            key="hr",
            title="GTA to Cityscapes, full resolution",
            rows=(
                # 105 windows per image do not fit into one pass.
                Row(
                    title="HR0.25",
                    setup=replace(DETAIL, second_crop=256, sliding_batch=False),
                    published=Published(mean=47.7, deviation=2.4),
                ),
                Row(title="HR0.5", setup=replace(DETAIL, second_crop=512), published=HALF_DETAIL_RESULT),
                Row(title="HR0.75", setup=replace(DETAIL, second_crop=768), published=Published(mean=70.0, deviation=1.2)),
            ),
        ),
    ),
)

ORACLE_CROP_SIZES = Study(
    title="Crop size for the oracle",
    source="HRDA, Figure 4 right",
    tables=(
        Table(
            key="lr",
            title="Cityscapes, supervised, half resolution",
            rows=(
                Row(title="LR0.25", setup=replace(ORACLE, crop=128)),
                Row(title="LR0.5", setup=replace(ORACLE, crop=256)),
                Row(title="LR0.75", setup=replace(ORACLE, crop=384)),
                Row(title="LR1.0", setup=ORACLE),
            ),
        ),
        Table(
            key="hr",
            title="Cityscapes, supervised, full resolution",
            rows=(
                Row(title="HR0.25", setup=replace(ORACLE, full_resolution=True, crop=256)),
                Row(title="HR0.5", setup=replace(ORACLE, full_resolution=True)),
                Row(title="HR0.75", setup=replace(ORACLE, full_resolution=True, crop=768)),
            ),
        ),
    ),
)

COMPONENTS = Study(
    title="Crops and components of HRDA",
    source="HRDA, Tables 3-7 and supplement",
    tables=(
        Table(
            key="3",
            title="Context crop size, GTA to Cityscapes",
            rows=(
                Row(
                    title="LR0.5",
                    setup=replace(CONTEXT, second_crop=256),
                    published=Published(mean=62.1, deviation=2.1),
                    shared_with=42,
                ),
                Row(title="HR0.5", setup=replace(DETAIL, second_crop=512), published=HALF_DETAIL_RESULT, shared_with=42),
                Row(title="LR0.5 + HR0.5", setup=BOTH_HALF, published=BOTH_HALF_RESULT),
                Row(
                    title="LR0.75 + HR0.5",
                    setup=replace(HRDA_GTA, second_crop=768),
                    published=Published(mean=71.1, deviation=1.7),
                ),
                Row(title="LR1.0 + HR0.5", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
        Table(
            key="4",
            title="Detail crop size",
            rows=(
                Row(title="LR1.0", setup=CONTEXT, published=CONTEXT_RESULT, shared_with=42),
                Row(
                    title="HR0.25",
                    setup=replace(DETAIL, second_crop=256, sliding_batch=False),
                    published=Published(mean=47.7, deviation=2.4),
                    shared_with=42,
                ),
                Row(
                    title="LR1.0 + HR0.25",
                    setup=replace(HRDA_GTA, hrda=HRDA(detail_crop=256)),
                    published=Published(mean=70.6, deviation=0.7),
                ),
                Row(
                    title="LR1.0 + HR0.375",
                    setup=replace(HRDA_GTA, hrda=HRDA(detail_crop=384)),
                    published=Published(mean=71.7, deviation=0.4),
                ),
                Row(title="LR1.0 + HR0.5", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
        Table(
            key="5",
            title="Against one large full-resolution crop",
            rows=(
                Row(
                    title="HR0.75 (22.0 GB)",
                    setup=replace(DETAIL, second_crop=768),
                    published=Published(mean=70.0, deviation=1.2),
                    shared_with=42,
                ),
                Row(
                    title="LR0.75 + HR0.375 (13.5 GB)",
                    setup=replace(HRDA_GTA, second_crop=768, hrda=HRDA(detail_crop=384)),
                    published=Published(mean=71.3, deviation=0.3),
                ),
                Row(title="LR1.0 + HR0.5 (22.5 GB)", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
        Table(
            key="6",
            title="Variants of the detail crop",
            rows=(
                Row(title="LR1.0", setup=CONTEXT, published=CONTEXT_RESULT, shared_with=42),
                Row(
                    title="LR1.0 + LR0.5",
                    setup=replace(CONTEXT, hrda=HRDA(detail_crop=256, scale=1)),
                    published=Published(mean=69.1, deviation=0.4),
                ),
                Row(
                    title="LR1.0 + upsampled LR0.5",
                    setup=replace(HRDA_GTA, hrda=HRDA(blurred_detail=True)),
                    published=Published(mean=71.9, deviation=1.5),
                ),
                Row(title="LR1.0 + HR0.5", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
        Table(
            key="7",
            title="Components",
            rows=(
                Row(title="detail only", setup=replace(DETAIL, second_crop=512), published=HALF_DETAIL_RESULT, shared_with=42),
                Row(title="context only", setup=CONTEXT, published=CONTEXT_RESULT, shared_with=42),
                Row(
                    title="both, averaged",
                    setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0, learned_attention=False, overlapping=False)),
                    published=Published(mean=67.5, deviation=0.8),
                ),
                Row(
                    title="both, learned attention",
                    setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0, overlapping=False)),
                    published=Published(mean=71.5, deviation=0.5),
                ),
                Row(title="+ overlapping detail", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0)), published=OVERLAPPING_RESULT),
                Row(title="+ detail loss", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
            ),
        ),
        Table(
            key="weight",
            title="Weight of the detail loss (supplement)",
            rows=(
                Row(title="0", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0)), published=OVERLAPPING_RESULT, shared_with=44),
                Row(title="0.1", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
                Row(title="0.2", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.2))),
                Row(title="0.3", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.3))),
                Row(title="0.4", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.4))),
                Row(title="0.5", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.5))),
                Row(title="0.6", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.6))),
                Row(title="0.7", setup=replace(HRDA_GTA, hrda=HRDA(detail_loss=0.7))),
            ),
        ),
        Table(
            key="scale",
            title="Scale of the context crop, LR0.5 + HR0.5 (supplement)",
            rows=(
                Row(title="0.25", setup=replace(BOTH_HALF, hrda=HRDA(scale=0.25))),
                Row(title="0.5", setup=BOTH_HALF, published=BOTH_HALF_RESULT, shared_with=44),
                Row(title="0.75", setup=replace(BOTH_HALF, hrda=HRDA(scale=0.75))),
            ),
        ),
    ),
)

ADVERSE_CONDITIONS = Study(
    title="HRDA from day to adverse conditions",
    source="HRDA's follow-up",
    tables=(
        Table(
            key="acdc",
            title="Cityscapes to ACDC",
            rows=(Row(title="HRDA", setup=HRDA_ACDC, published=Published(mean=68.0, note="test split")),),
        ),
        Table(
            key="dzur",
            title="Cityscapes to Dark Zurich",
            rows=(Row(title="HRDA", setup=replace(HRDA_ACDC, target="dzur"), published=Published(mean=55.9, note="test split")),),
        ),
    ),
)
