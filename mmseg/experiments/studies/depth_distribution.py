"""Depth distribution (Wu & Liu, NeurIPS 2022): chains from mixtures over place and depth to self-training, and under HRDA.

Published are single numbers without a deviation, from the slides of the paper.
"""

from __future__ import annotations

from mmseg.experiments import Command, ConfigFile, Row, Stage, Study, Table, from_stage
from mmseg.experiments.studies.bases import SYNTHIA

FOLDER = "configs/depth_distribution"
MIXTURES, TRAIN = "mixtures", "train"
MIXTURE_FILE = "mixtures.npz"


def config(name: str) -> ConfigFile:
    return ConfigFile(path=f"{FOLDER}/{name}.py")


def fitted(setup: ConfigFile, **options: object) -> Stage:
    """The mixtures of the source of a config."""
    return Stage(
        name=MIXTURES, setup=setup, command=Command(tool="tools/prepare/depth_distribution.py", product=MIXTURE_FILE, options=options)
    )


def with_mixtures(setup: ConfigFile, changes: dict[str, object] | None = None, **options: object) -> tuple[Stage, ...]:
    """A training of ours with mixtures of a stage of its own."""
    products = {"uda.depth.mixtures": from_stage(MIXTURES, MIXTURE_FILE)}
    return (fitted(setup, units="normalized", **options), Stage(name=TRAIN, setup=setup, changes={**products, **(changes or {})}))


def alone(setup: ConfigFile, changes: dict[str, object]) -> tuple[Stage, ...]:
    """A training of ours without mixtures."""
    return (Stage(name=TRAIN, setup=setup, changes=changes),)


SOURCE, DAFORMER, HRDA = (config(name) for name in ("syn_source_depth", "syn2cs_daformer_depth", "synHR2csHR_hrda_depth"))
DEPTH_ALONE = {"uda.depth.mixtures": None, "model.depth_head.density": False}
SURE = {"type": "ConfidenceShare", "threshold": 0.968}
WITHOUT_PRIOR = {"uda.labeling": [SURE]}
WITHOUT_PRIOR_AT_HALF = {"uda.labeling": [SURE, {"type": "IgnoreRows", "top": 15, "bottom": 120}]}
"""Where rows without pseudo-labels take the place of margins."""

OURS = Study(
    title="Depth distribution: step by step, and under HRDA",
    source="ours, without published numbers",
    tables=(
        Table(
            key="demo",
            title="Step by step at half resolution, Synthia to Cityscapes",
            metrics=SYNTHIA,
            rows=(
                Row(title="segmentation + depth", setup=alone(SOURCE, {**DEPTH_ALONE, "uda.objectives": {"_delete_": True}})),
                Row(title="+ density", setup=with_mixtures(SOURCE)),
                Row(title="+ self-training", setup=with_mixtures(DAFORMER, WITHOUT_PRIOR_AT_HALF)),
                Row(title="+ spatial prior", setup=with_mixtures(DAFORMER)),
                Row(title="+ density, mixtures of other classes", setup=with_mixtures(SOURCE, shuffle=True)),
                Row(title="+ spatial prior, mixtures of other classes", setup=with_mixtures(DAFORMER, shuffle=True)),
            ),
        ),
        Table(
            key="hrda",
            title="HRDA, Synthia to Cityscapes at full resolution",
            metrics=SYNTHIA,
            rows=(
                Row(title="HRDA", setup=ConfigFile(path="configs/hrda/synHR2csHR_hrda.py")),
                Row(title="+ depth", setup=alone(HRDA, {**DEPTH_ALONE, **WITHOUT_PRIOR})),
                Row(title="+ density", setup=with_mixtures(HRDA, WITHOUT_PRIOR)),
                Row(title="+ spatial prior", setup=with_mixtures(HRDA)),
                Row(title="all, mixtures of other classes", setup=with_mixtures(HRDA, shuffle=True)),
            ),
        ),
    ),
)
