"""The studies by id: data only, one row per row of a table. ``python run_experiments.py --exp ID`` runs one.

1-8 and the start-up tests 100, 101 are DAFormer's (CVPR 2022), 40-49 HRDA's (ECCV 2022), 80-85 MIC's (CVPR 2023), 0 is our
own on the demo domains. A variant is ``replace(base, field=...)``; the fields are those of mmseg/experiments/fields.py.
"""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import HRDA, ConfigFile, Experiment, Masking, Published, Row, Study, Table, run_stem

# --- DAFormer: half resolution, crops of 512 x 512 -------------------------------------------------------------------

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

# --- HRDA: full resolution, crops of 1024 x 1024, sliding windows at test time ---------------------------------------

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

# --- MIC: masked image consistency on top of each --------------------------------------------------------------------

MASKED = Masking()  # at full resolution
MASKED_HALF = Masking(block=32)
UNAUGMENTED = replace(MASKED, color_augmentation=False)
MIC_DAFORMER = replace(DAFORMER, masking=MASKED_HALF)
MIC_HRDA = replace(HRDA_GTA, masking=MASKED)
MIC_ACDC = replace(HRDA_ACDC, masking=replace(UNAUGMENTED, domains="both"))


def masked(**changes) -> Experiment:
    """MIC on DAFormer with other masks."""
    return replace(MIC_DAFORMER, masking=replace(MASKED_HALF, **changes))


def start_up(*experiments: Experiment) -> tuple[Row, ...]:
    """Two iterations of each: does it start at all?"""
    starting = [replace(experiment, iterations=2) for experiment in experiments]
    return tuple(Row(title=run_stem(experiment), setup=experiment) for experiment in starting)


DEMO_METRICS = (("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes"))

STUDIES: dict[int, Study] = {
    0: Study(
        title="Demo domains: what adaptation and high resolution bring, from scratch on a CPU",
        source="ours",
        tables=(
            Table(
                key="demo",
                title="demo source to demo target",
                metrics=DEMO_METRICS,
                rows=(
                    Row(title="source-only (HRDA network)", setup=ConfigFile(path="configs/demo/demoHR_source_only.py")),
                    Row(title="DAFormer (half resolution)", setup=ConfigFile(path="configs/demo/demo2demo_daformer.py")),
                    Row(title="HRDA", setup=ConfigFile(path="configs/demo/demoHR2demoHR_hrda.py")),
                    Row(title="target-only (oracle)", setup=ConfigFile(path="configs/demo/demoHR_target_only.py")),
                ),
            ),
        ),
    ),
    1: Study(
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
    ),
    2: Study(
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
    ),
    3: Study(
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
    ),
    4: Study(
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
    ),
    5: Study(
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
    ),
    6: Study(
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
    ),
    7: Study(
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
    ),
    8: Study(
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
    ),
    40: Study(
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
    ),
    41: Study(
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
    ),
    42: Study(
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
    ),
    43: Study(
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
    ),
    44: Study(
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
    ),
    49: Study(
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
    ),
    80: Study(
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
    ),
    81: Study(
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
    ),
    82: Study(
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
    ),
    83: Study(
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
    ),
    84: Study(
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
    ),
    85: Study(
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
    ),
    100: Study(
        title="Start-up of every network",
        source="DAFormer",
        seeds=(0,),
        tables=(
            Table(
                key="networks",
                title="two iterations on Cityscapes",
                rows=start_up(
                    *map(
                        target_only,
                        (
                            *(DEEPLAB_V2, DEEPLAB_V3_PLUS, DA_NET, SEGFORMER, ISA_NET),
                            *(replace(DEEPLAB_V2, encoder=encoder) for encoder in ("r50v1c", "s50", "s101", "s200", "x50-32", "x101-32")),
                            *(replace(SEGFORMER, encoder=encoder) for encoder in ("mitb4", "mitb3")),
                            *(MIT_WITH_DEEPLAB, RESNET_WITH_SEGFORMER),
                            *(replace(DAFORMER, decoder=f"daformer_{fusion}") for fusion in ("conv1", "isa", "sepaspp_bottleneck", "aspp")),
                            *(DAFORMER, replace(DAFORMER, decoder="upernet"), replace(DAFORMER, decoder="upernet_ch256")),
                        ),
                    )
                ),
            ),
        ),
    ),
    101: Study(
        title="Start-up of every training",
        source="DAFormer",
        seeds=(0,),
        tables=(
            Table(
                key="methods",
                title="two iterations of SegFormer MiT-B5, GTA to Cityscapes",
                rows=start_up(
                    source_only(SEGFORMER),
                    target_only(SEGFORMER),
                    SEGFORMER,
                    replace(SEGFORMER, rare_class_temperature=float("inf")),
                    replace(SEGFORMER, rare_class_temperature=0.01),
                    replace(SEGFORMER, feature_distance="all"),
                    replace(SEGFORMER, feature_distance="things"),
                    replace(SEGFORMER, feature_distance="things", rare_class_temperature=0.01),
                    ADAPTED_SEGFORMER,
                ),
            ),
        ),
    ),
}
