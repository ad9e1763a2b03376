"""Depth and its distribution with self-training on mixed images, step by step and under HRDA: ours, not from a paper."""

from __future__ import annotations

from collections.abc import Mapping

from mmseg.experiments import Command, ConfigFile, Row, Stage, Study, Table, from_stage
from mmseg.experiments.studies.bases import SYNTHIA
from mmseg.experiments.studies.depth_distribution import FIT, FOLDER, MIXTURE_FILE, MIXTURES

TRAIN = "train"
SOURCE, DAFORMER, HRDA = (
    ConfigFile(path=f"{FOLDER}/{name}.py") for name in ("syn_source_depth", "syn2cs_daformer_depth", "synHR2csHR_hrda_depth")
)
DEPTH_ALONE = {"uda.depth.mixtures": None, "model.depth_head.density": False}
SURE = {"type": "ConfidenceShare", "threshold": 0.968}
WITHOUT_PRIOR = {"uda.labeling": [SURE]}
WITHOUT_PRIOR_AT_HALF = {"uda.labeling": [SURE, {"type": "IgnoreRows", "top": 15, "bottom": 120}]}
"""Where rows without pseudo-labels take the place of margins."""


def with_mixtures(setup: ConfigFile, changes: Mapping[str, object] | None = None, **options: object) -> tuple[Stage, ...]:
    """A training with mixtures of a stage of its own; ``options`` are those of the mixtures."""
    fit = Command(tool=FIT, product=MIXTURE_FILE, options={"units": "normalized", **options})
    products = {"uda.depth.mixtures": from_stage(MIXTURES, MIXTURE_FILE)}
    source = DAFORMER if setup == SOURCE else setup  # of the same source: they share the mixtures
    return (
        Stage(name=MIXTURES, setup=source, command=fit),
        Stage(name=TRAIN, setup=setup, changes={**products, **(changes or {})}),
    )


def depth_alone(setup: ConfigFile, changes: Mapping[str, object]) -> tuple[Stage, ...]:
    """A training without mixtures."""
    return (Stage(name=TRAIN, setup=setup, changes={**DEPTH_ALONE, **changes}),)


OURS = Study(
    title="Depth distribution: step by step, and under HRDA",
    source="ours, without published numbers",
    tables=(
        Table(
            key="demo",
            title="Step by step at half resolution, Synthia to Cityscapes",
            metrics=SYNTHIA,
            rows=(
                Row(title="segmentation + depth", setup=depth_alone(SOURCE, {"uda.objectives": {"_delete_": True}})),
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
                Row(title="+ depth", setup=depth_alone(HRDA, WITHOUT_PRIOR)),
                Row(title="+ density", setup=with_mixtures(HRDA, WITHOUT_PRIOR)),
                Row(title="+ spatial prior", setup=with_mixtures(HRDA)),
                Row(title="+ spatial prior, mixtures of other classes", setup=with_mixtures(HRDA, shuffle=True)),
            ),
        ),
    ),
)
