"""Domain generalisation of HRDA's extension (Hoyer et al., PAMI 2024, section 6): trained on GTA alone."""

from __future__ import annotations

from dataclasses import replace

from mmseg.experiments import HRDA, Experiment, Published, Row, Study, Table

DAFORMER = Experiment(
    method="generalization",
    distorted=True,
    feature_distance="things",
    rare_class_temperature=0.01,
    decoder="daformer_sepaspp",
)
WITH_STYLES = replace(DAFORMER, style_hallucination=True)
HRDA_NET = replace(DAFORMER, full_resolution=True, crop=1024, sliding_test=True, hrda=HRDA())
HRDA_WITH_STYLES = replace(HRDA_NET, style_hallucination=True, hrda=HRDA(detail_crop=384))


MEAN = "mIoU@Cityscapes+BDD100K+Mapillary"
TARGETS = (
    ("mIoU", "Cityscapes"),
    ("mIoU@BDD100K", "BDD100K"),
    ("mIoU@Mapillary", "Mapillary"),
    (MEAN, "mean of the three"),
)
"""Cityscapes is measured by every training, the others by ``tools/test.py --targets``: docs/domain_generalisation.md."""


def ladder(key: str, title: str, daformer: Experiment, hrda: Experiment, styles: Experiment, shared_with: int | None = None) -> Table:
    """What each part adds, from supervision alone to all of it: a table of our own.

    Args:
        daformer, hrda: with everything but style hallucination, at half and at full resolution.
        styles: with everything.
        shared_with: id of the study whose own rows the last three are.
    """
    supervised = replace(daformer, method="source-only", feature_distance=None, rare_class_temperature=None)
    return Table(
        key=key,
        title=title,
        metrics=TARGETS,
        rows=(
            Row(title="source-only, without warm-up", setup=replace(supervised, warm_up=False)),
            Row(title="+ warm-up", setup=supervised),
            Row(title="+ rare-class sampling", setup=replace(supervised, rare_class_temperature=0.01)),
            Row(title="+ feature distance", setup=daformer, shared_with=shared_with),
            Row(title="+ HRDA", setup=hrda, shared_with=shared_with),
            Row(title="+ style hallucination", setup=styles, shared_with=shared_with),
        ),
    )


_DEEPLAB = {"decoder": "dlv2red", "encoder": "r101v1c"}

GENERALIZATION = Study(
    title="Domain generalisation",
    source="HRDA's extension (PAMI 2024), section 6",
    tables=(
        Table(
            key="shade",
            title="GTA alone, for three targets",
            metrics=TARGETS,
            rows=(
                Row(
                    title="DAFormer",
                    setup=WITH_STYLES,
                    published=Published(mean=52.65),
                    also_published={"mIoU@BDD100K": 47.89, "mIoU@Mapillary": 54.66, MEAN: 51.73},
                ),
                Row(
                    title="HRDA",
                    setup=HRDA_WITH_STYLES,
                    published=Published(mean=57.41),
                    also_published={"mIoU@BDD100K": 49.11, "mIoU@Mapillary": 61.16, MEAN: 55.90},
                ),
            ),
        ),
        Table(
            key="plain",
            title="The same without style hallucination",
            metrics=TARGETS,
            rows=(Row(title="DAFormer", setup=DAFORMER), Row(title="HRDA", setup=HRDA_NET)),
        ),
        ladder("daformer", "What each part adds to a MiT-B5 with DAFormer's decoder", DAFORMER, HRDA_NET, HRDA_WITH_STYLES, shared_with=50),
        ladder(
            "dlv2",
            "What each part adds to DeepLabV2",
            *(replace(each, **_DEEPLAB) for each in (DAFORMER, HRDA_NET, replace(HRDA_NET, style_hallucination=True))),
        ),
    ),
)
