"""The tables of DAFormer (Hoyer et al., CVPR 2022)."""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import Published, Row, Study, Table
from mmseg.experiments.studies.bases import (
    ADAPTED_SEGFORMER,
    DA_NET,
    DACS_DEEPLAB_V2,
    DAFORMER,
    DAFORMER_RESULT,
    DEEPLAB_V2,
    DEEPLAB_V3_PLUS,
    ISA_NET,
    MIT_WITH_DEEPLAB,
    RESNET_WITH_SEGFORMER,
    SEGFORMER,
    SYNTHIA,
    bounds,
    target_only,
    with_oracle,
)

ARCHITECTURES = Study(
    title="Network architectures for adaptation",
    source="DAFormer, Table 1",
    tables=(
        Table(
            key="1",
            title="GTA to Cityscapes, DACS without DAFormer's additions",
            rows=(
                *bounds("DeepLabV2, ResNet-101", DEEPLAB_V2, DACS_DEEPLAB_V2),
                *bounds("DA-Net, ResNet-101", DA_NET),
                *bounds("ISA-Net, ResNet-101", ISA_NET),
                *bounds("DeepLabV3+, ResNet-101", DEEPLAB_V3_PLUS),
                *bounds("SegFormer, MiT-B5", SEGFORMER),
            ),
        ),
    ),
)

SEGFORMER_PARTS = Study(
    title="Encoder and decoder of SegFormer",
    source="DAFormer, Table 2",
    tables=(
        Table(
            key="2",
            title="GTA to Cityscapes, encoder with decoder",
            rows=(
                *with_oracle("MiT-B5 with SegFormer", SEGFORMER, shared_with=1),
                *with_oracle("MiT-B5 with DeepLabV3+", MIT_WITH_DEEPLAB),
                *with_oracle("ResNet-101 with SegFormer", RESNET_WITH_SEGFORMER),
                *with_oracle("ResNet-101 with DeepLabV3+", DEEPLAB_V3_PLUS, shared_with=1),
            ),
        ),
    ),
)

ENCODERS = Study(
    title="Encoders",
    source="DAFormer, Table 3",
    seeds=(0,),
    tables=(
        Table(
            key="3",
            title="GTA to Cityscapes, DeepLabV2 or SegFormer decoder",
            rows=(
                *bounds("ResNet-50", replace(DEEPLAB_V2, encoder="r50v1c")),
                *bounds("ResNet-101", DEEPLAB_V2, DACS_DEEPLAB_V2, shared_with=1),
                *bounds("ResNeSt-50", replace(DEEPLAB_V2, encoder="s50")),
                *bounds("ResNeSt-101", replace(DEEPLAB_V2, encoder="s101")),
                *bounds("ResNeSt-200", replace(DEEPLAB_V2, encoder="s200")),
                *bounds("MiT-B3", replace(SEGFORMER, encoder="mitb3")),
                *bounds("MiT-B4", replace(SEGFORMER, encoder="mitb4")),
                *bounds("MiT-B5", SEGFORMER, shared_with=1),
            ),
        ),
    ),
)

WARM_UP = Study(
    title="Learning-rate warm-up",
    source="DAFormer, Table 4",
    seeds=(0,),
    tables=(
        Table(
            key="4",
            title="GTA to Cityscapes",
            rows=(
                *with_oracle("DeepLabV2, with warm-up", DEEPLAB_V2, DACS_DEEPLAB_V2, shared_with=1),
                Row(title="DeepLabV2, no warm-up, adapted", setup=replace(DEEPLAB_V2, warm_up=False)),
                Row(title="DeepLabV2, no warm-up, oracle", setup=replace(target_only(DEEPLAB_V2), warm_up=False)),
                *with_oracle("SegFormer, with warm-up", SEGFORMER, shared_with=1),
                Row(title="SegFormer, no warm-up, adapted", setup=replace(SEGFORMER, warm_up=False)),
                Row(title="SegFormer, no warm-up, oracle", setup=replace(target_only(SEGFORMER), warm_up=False)),
            ),
        ),
    ),
)

TRAINING = Study(
    title="Rare-class sampling and feature distance",
    source="DAFormer, Table 5",
    tables=(
        Table(
            key="5",
            title="GTA to Cityscapes, SegFormer MiT-B5",
            rows=(
                Row(title="DACS", setup=SEGFORMER, shared_with=1),
                Row(title="+ class-uniform sampling (T = ∞)", setup=replace(SEGFORMER, rare_class_temperature=float("inf"))),
                Row(title="+ rare-class sampling (T = 0.01)", setup=replace(SEGFORMER, rare_class_temperature=0.01)),
                Row(title="+ feature distance, all classes", setup=replace(SEGFORMER, feature_distance="all")),
                Row(title="+ feature distance, things", setup=replace(SEGFORMER, feature_distance="things")),
                Row(
                    title="+ rare-class sampling, feature distance on things",
                    setup=replace(SEGFORMER, feature_distance="things", rare_class_temperature=0.01),
                ),
                Row(title="+ α = 0.999, ignored margins", setup=ADAPTED_SEGFORMER),
                Row(title="all of it with DeepLabV2", setup=replace(ADAPTED_SEGFORMER, decoder="dlv2red", encoder="r101v1c")),
            ),
        ),
    ),
)

DECODERS = Study(
    title="Decoders of DAFormer",
    source="DAFormer, Table 7",
    tables=(
        Table(
            key="7",
            title="GTA to Cityscapes, MiT-B5",
            rows=(
                *with_oracle("1x1 convolution", replace(DAFORMER, decoder="daformer_conv1")),
                *with_oracle("UPerNet", replace(DAFORMER, decoder="upernet")),
                *with_oracle("UPerNet, 256 channels", replace(DAFORMER, decoder="upernet_ch256")),
                *with_oracle("ISA fusion", replace(DAFORMER, decoder="daformer_isa")),
                *with_oracle("context on the last level", replace(DAFORMER, decoder="daformer_sepaspp_bottleneck")),
                *with_oracle("ASPP on all levels", replace(DAFORMER, decoder="daformer_aspp")),
                *with_oracle("DAFormer: separable ASPP on all levels", DAFORMER, DAFORMER_RESULT),
            ),
        ),
    ),
)

ON_SYNTHIA = Study(
    title="DAFormer on Synthia",
    source="DAFormer, Table 6",
    tables=(
        Table(
            key="6",
            title="Synthia to Cityscapes",
            metrics=SYNTHIA,
            rows=(Row(title="DAFormer", setup=replace(DAFORMER, source="syn"), published=Published(mean=60.9)),),
        ),
    ),
)

ADVERSE_CONDITIONS = Study(
    title="DAFormer from day to adverse conditions",
    source="DAFormer's follow-up",
    tables=(
        Table(
            key="acdc",
            title="Cityscapes to ACDC",
            rows=(
                Row(
                    title="DAFormer",
                    setup=replace(DAFORMER, source="cs", target="acdc"),
                    published=Published(mean=55.4, note="test split"),
                ),
            ),
        ),
        Table(
            key="dzur",
            title="Cityscapes to Dark Zurich",
            rows=(
                Row(
                    title="DAFormer",
                    setup=replace(DAFORMER, source="cs", target="dzur"),
                    published=Published(mean=53.8, note="test split"),
                ),
            ),
        ),
    ),
)
