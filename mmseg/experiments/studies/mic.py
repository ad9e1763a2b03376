"""The tables of MIC (Hoyer et al., CVPR 2023)."""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import Experiment, Published, Row, Study, Table
from mmseg.experiments.studies.bases import (
    ADVERSARIAL,
    DEEPLAB_V2,
    ENTROPY,
    MASKED,
    MASKED_HALF,
    MIC_ACDC,
    MIC_DAFORMER,
    MIC_HRDA,
    SYNTHIA,
    UNAUGMENTED,
    masked,
)

MIC_RESULTS = Study(
    title="MIC with HRDA",
    source="MIC, comparison with the state of the art",
    tables=(
        Table(key="gta", title="GTA to Cityscapes", rows=(Row(title="MIC(HRDA)", setup=MIC_HRDA, published=Published(mean=75.9)),)),
        Table(
            key="synthia",
            title="Synthia to Cityscapes",
            metrics=SYNTHIA,
            rows=(Row(title="MIC(HRDA)", setup=replace(MIC_HRDA, source="syn"), published=Published(mean=67.3)),),
        ),
        Table(
            key="acdc",
            title="Cityscapes to ACDC",
            rows=(Row(title="MIC(HRDA)", setup=MIC_ACDC, published=Published(mean=70.4, note="test split")),),
        ),
        Table(
            key="dzur",
            title="Cityscapes to Dark Zurich",
            rows=(Row(title="MIC(HRDA)", setup=replace(MIC_ACDC, target="dzur"), published=Published(mean=60.2, note="test split")),),
        ),
    ),
)

OTHER_METHODS = Study(
    title="MIC with other adaptation methods",
    source="MIC",
    tables=(
        Table(
            key="methods",
            title="GTA to Cityscapes",
            rows=(
                Row(title="adversarial, DeepLabV2", setup=replace(ADVERSARIAL, masking=MASKED_HALF)),
                Row(title="entropy minimisation, DeepLabV2", setup=replace(ENTROPY, masking=MASKED_HALF)),
                Row(title="DACS, DeepLabV2", setup=replace(DEEPLAB_V2, masking=MASKED_HALF)),
                Row(
                    title="DAFormer's training, DeepLabV2",
                    setup=replace(MIC_DAFORMER, decoder="dlv2red", encoder="r101v1c"),
                ),
                Row(
                    title="HRDA's training, DeepLabV2",
                    setup=replace(MIC_HRDA, decoder="dlv2red", encoder="r101v1c"),
                ),
                Row(title="DAFormer", setup=MIC_DAFORMER),
                Row(title="HRDA", setup=MIC_HRDA, published=Published(mean=75.9), shared_with=80),
            ),
        ),
    ),
)

MASKED_DOMAINS = Study(
    title="Which domain is masked",
    source="MIC",
    tables=(
        Table(
            key="gta",
            title="GTA to Cityscapes, MIC(HRDA)",
            rows=(
                Row(title="source", setup=replace(MIC_HRDA, masking=replace(MASKED, domains="source"))),
                Row(title="target", setup=MIC_HRDA, published=Published(mean=75.9), shared_with=80),
                Row(title="both", setup=replace(MIC_HRDA, masking=replace(MASKED, domains="both"))),
            ),
        ),
        Table(
            key="acdc",
            title="Cityscapes to ACDC, MIC(HRDA)",
            rows=(
                Row(title="source", setup=replace(MIC_ACDC, masking=replace(UNAUGMENTED, domains="source"))),
                Row(title="target", setup=replace(MIC_ACDC, masking=UNAUGMENTED)),
                Row(title="both", setup=MIC_ACDC, shared_with=80),
            ),
        ),
    ),
)

COMPONENTS = Study(
    title="Components of MIC",
    source="MIC",
    tables=(
        Table(
            key="components",
            title="GTA to Cityscapes, MIC(DAFormer)",
            rows=(
                Row(title="complete", setup=MIC_DAFORMER, shared_with=81),
                Row(title="without colour augmentation", setup=masked(color_augmentation=False)),
                Row(title="without masks", setup=masked(ratio=0)),
                Row(title="without EMA teacher", setup=masked(alpha=0)),
                Row(title="without confidence weight", setup=masked(threshold=None)),
            ),
        ),
    ),
)

MASKS = Study(
    title="Block size and mask ratio",
    source="MIC",
    tables=(
        Table(
            key="masks",
            title="GTA to Cityscapes, MIC(DAFormer)",
            rows=tuple(
                Row(
                    title=f"blocks of {block}, ratio {ratio}",
                    setup=masked(block=block, ratio=ratio),
                    shared_with=81 if (block, ratio) == (32, 0.7) else None,
                )
                for block in (16, 32, 64, 128)
                for ratio in (0.3, 0.5, 0.7, 0.9)
            ),
        ),
    ),
)

SUPERVISED = Study(
    title="MIC for supervised training",
    source="MIC",
    tables=(
        Table(
            key="supervised",
            title="Cityscapes, DAFormer network",
            rows=(
                Row(
                    title="supervised, masked",
                    setup=Experiment(
                        source="cs",
                        method="source-only",
                        decoder="daformer_sepaspp",
                        masking=replace(MASKED_HALF, domains="source", color_augmentation=False),
                    ),
                ),
            ),
        ),
    ),
)
