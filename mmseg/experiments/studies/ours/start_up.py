"""Does every network, does every training start? Two iterations each."""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import Experiment, Row, Study, Table, run_stem
from mmseg.experiments.studies.bases import (
    ADAPTED_SEGFORMER,
    DA_NET,
    DAFORMER,
    DEEPLAB_V2,
    DEEPLAB_V3_PLUS,
    ISA_NET,
    MIT_WITH_DEEPLAB,
    RESNET_WITH_SEGFORMER,
    SEGFORMER,
    source_only,
    target_only,
)


def start_up(*experiments: Experiment) -> tuple[Row, ...]:
    """Two iterations of each: does it start at all?"""
    starting = [replace(experiment, iterations=2) for experiment in experiments]
    return tuple(Row(title=run_stem(experiment), setup=experiment) for experiment in starting)


NETWORKS = Study(
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
)

TRAININGS = Study(
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
)
