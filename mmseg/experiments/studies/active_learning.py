"""Active learning (RIPU, Xie et al., CVPR 2022): a few pixels of the target are labelled, chosen during the training.

Published are single numbers without a deviation, with their classes; "fully supervised" is the source and all labels of the target.
The rows of LabOR, AADA and MADA are not built, see docs/active_learning.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mmseg.datasets.classes.names import CLASSES
from mmseg.experiments import ConfigFile, Published, Row, Stage, Study, Table, from_stage

CLASSES_16 = tuple(name for name in CLASSES if name not in ("terrain", "truck", "train"))
"""What Synthia shows."""
SOURCE, ADAPTED = "source", "adapted"
HOOK = "custom_hooks.3"
"""Where the configs of this folder have their rounds of annotation."""
ACQUISITION = f"{HOOK}.acquisition"
V3_PLUS = {
    "model.backbone.out_indices": [0, 3],
    "model.decode_head.type": "DLV3PlusHead",
    "model.decode_head.in_channels": [256, 2048],
    "model.decode_head.channels": 512,
    "model.decode_head.c1_channels": 48,
}
WITHOUT_CONSISTENCY = {"uda.local_consistency_lambda": 0.0}
WITHOUT_NEGATIVES = {"uda.annotated.negative": 0.0}
CHOICE_ALONE = {**WITHOUT_CONSISTENCY, **WITHOUT_NEGATIVES}
"""Supervision on what is labelled, and no other loss."""


@dataclass(frozen=True)
class Task:
    """A pair of domains.

    Attributes:
        name: what the names of its configs begin with.
        title: in words.
        classes: in the order of the published rows.
    """

    name: str
    title: str
    classes: tuple[str, ...]

    def config(self, method: str) -> ConfigFile:
        return ConfigFile(path=f"configs/ripu/{self.name}_{method}.py")

    def changed(self, method: str, changes: Mapping[str, object]) -> tuple[Stage, ...]:
        """A config with other entries."""
        return (Stage(name="train", setup=self.config(method), changes=changes),)

    def row(self, title: str, setup: ConfigFile | tuple[Stage, ...], mean: float, classes: str, **also: float) -> Row:
        """A row with its published numbers.

        Args:
            title, setup: of the row.
            mean: mIoU over all classes.
            classes: IoU of each of them, in their order.
            also: other means, such as of 13 classes.
        """
        numbers = dict(zip((f"IoU.{name}" for name in self.classes), map(float, classes.split()), strict=True))
        means = {f"mIoU.{key[1:]}": value for key, value in also.items()}
        return Row(title=title, setup=setup, published=Published(mean=mean), also_published={**means, **numbers})

    def source_free(self) -> tuple[Stage, ...]:
        changes = {"load_from": from_stage(SOURCE, "checkpoint")}
        return (
            Stage(name=SOURCE, setup=self.config("source")),
            Stage(name=ADAPTED, setup=self.config("ripu_source_free"), changes=changes),
        )

    def chosen_by(self, kind: str, **options: object) -> tuple[Stage, ...]:
        """Supervision alone with other regions (or pixels, by the name of the acquisition)."""
        method = "ripu_pa" if kind.startswith("Pixel") else "ripu_ra"
        own = kind in ("RegionImpurity", "PixelImpurity") and not options
        return self.changed(method, CHOICE_ALONE if own else {**CHOICE_ALONE, **acquisition(kind, **options)})


def acquisition(kind: str, **options: object) -> dict[str, object]:
    """Changes of what is picked; the radius stays that of the config."""
    return {f"{ACQUISITION}.type": kind, **{f"{ACQUISITION}.{key}": value for key, value in options.items()}}


GTA = Task("gta2cs", "GTA to Cityscapes", CLASSES)
SYNTHIA = Task("syn2cs", "Synthia to Cityscapes, 16 classes", CLASSES_16)
MEANS = (("mIoU", "mIoU"), ("mIoU.13", "mIoU of 13"))

GTA_TO_CITYSCAPES = Study(
    title="Active learning: RIPU, GTA to Cityscapes",
    source="RIPU (CVPR 2022), Table 1",
    seeds=(0,),
    tables=(
        Table(
            key="v2",
            title="GTA to Cityscapes, DeepLabV2",
            rows=(
                GTA.row(
                    "source only",
                    GTA.config("source"),
                    36.6,
                    "75.8 16.8 77.2 12.5 21.0 25.5 30.1 20.1 81.3 24.6 70.3 53.8 26.4 49.9 17.2 25.9 6.5 25.3 36.0",
                ),
                GTA.row(
                    "RIPU, 40 pixels",
                    GTA.config("ripu_pa"),
                    65.5,
                    "95.5 69.2 88.2 48.0 46.5 36.9 45.2 55.7 88.5 55.3 90.2 69.2 46.1 91.2 70.7 73.0 58.2 50.1 65.9",
                ),
                GTA.row(
                    "RIPU, regions, 2.2 %",
                    GTA.config("ripu_ra"),
                    69.6,
                    "96.5 74.1 89.7 53.1 51.0 43.8 53.4 62.2 90.0 57.6 92.6 73.0 53.0 92.8 73.8 78.5 62.0 55.6 70.0",
                ),
                GTA.row(
                    "fully supervised",
                    GTA.config("supervised"),
                    70.2,
                    "96.8 77.5 90.0 53.5 51.5 47.6 55.6 62.9 90.2 58.2 92.3 73.7 52.3 92.4 74.3 77.1 64.5 52.4 70.1",
                ),
            ),
        ),
        Table(
            key="v3plus",
            title="GTA to Cityscapes, DeepLabV3+",
            rows=(
                GTA.row(
                    "RIPU, regions, 5 %",
                    GTA.config("ripu_ra_v3plus"),
                    71.2,
                    "97.0 77.3 90.4 54.6 53.2 47.7 55.9 64.1 90.2 59.2 93.2 75.0 54.8 92.7 73.0 79.7 68.9 55.5 70.3",
                ),
                GTA.row(
                    "fully supervised",
                    GTA.changed("supervised", V3_PLUS),
                    71.9,
                    "97.4 77.9 91.1 54.9 53.7 51.9 57.9 64.7 91.1 57.8 93.2 74.7 54.8 93.6 76.4 79.3 67.8 55.6 71.3",
                ),
            ),
        ),
    ),
)

SYNTHIA_TO_CITYSCAPES = Study(
    title="Active learning: RIPU, Synthia to Cityscapes",
    source="RIPU (CVPR 2022), Table 2",
    seeds=(0,),
    tables=(
        Table(
            key="v2",
            title="Synthia to Cityscapes, 16 classes, DeepLabV2",
            metrics=MEANS,
            rows=(
                SYNTHIA.row(
                    "source only",
                    SYNTHIA.config("source"),
                    34.9,
                    "64.3 21.3 73.1 2.4 1.1 31.4 7.0 27.7 63.1 67.6 42.2 19.9 73.1 15.3 10.5 38.9",
                    _13=40.3,
                ),
                SYNTHIA.row(
                    "RIPU, 40 pixels",
                    SYNTHIA.config("ripu_pa"),
                    66.1,
                    "95.8 71.9 87.8 39.9 41.5 38.3 47.1 54.2 89.2 90.8 69.9 48.5 91.4 71.5 52.2 67.2",
                    _13=72.1,
                ),
                SYNTHIA.row(
                    "RIPU, regions, 2.2 %",
                    SYNTHIA.config("ripu_ra"),
                    70.1,
                    "96.8 76.6 89.6 45.0 47.7 45.0 53.0 62.5 90.6 92.7 73.0 52.9 93.1 80.5 52.4 70.1",
                    _13=75.7,
                ),
                SYNTHIA.row(
                    "fully supervised",
                    SYNTHIA.config("supervised"),
                    70.6,
                    "96.7 77.8 90.2 40.1 49.8 52.2 58.5 67.6 91.7 93.8 74.9 52.0 92.6 70.5 50.6 70.2",
                    _13=75.9,
                ),
            ),
        ),
        Table(
            key="v3plus",
            title="Synthia to Cityscapes, 16 classes, DeepLabV3+",
            metrics=MEANS,
            rows=(
                SYNTHIA.row(
                    "RIPU, regions, 5 %",
                    SYNTHIA.changed("ripu_ra", {**V3_PLUS, f"{HOOK}.budget.ratio": 0.05}),
                    71.4,
                    "97.0 78.9 89.9 47.2 50.7 48.5 55.2 63.9 91.1 93.0 74.4 54.1 92.9 79.9 55.3 71.0",
                    _13=76.7,
                ),
                SYNTHIA.row(
                    "fully supervised",
                    SYNTHIA.changed("supervised", V3_PLUS),
                    72.2,
                    "97.5 81.4 90.9 48.5 51.3 53.6 59.4 68.1 91.7 93.4 75.6 51.9 93.2 75.6 52.0 71.2",
                    _13=77.1,
                ),
            ),
        ),
    ),
)


def mean(title: str, setup: ConfigFile | tuple[Stage, ...], number: float, shared_with: int | None = None) -> Row:
    """A row whose classes were not published."""
    return Row(title=title, setup=setup, published=Published(mean=number), shared_with=shared_with)


def components(task: Task, numbers: tuple[float, ...], results: int) -> Table:
    """What each score and each loss adds, with regions; ``results`` is the study of the last row."""
    setups = {
        "random regions": task.chosen_by("RegionRandom"),
        "impurity": task.chosen_by("RegionImpurity", factors="impurity"),
        "uncertainty": task.chosen_by("RegionEntropy"),
        "both": task.chosen_by("RegionImpurity"),
        "both + local consistency": task.changed("ripu_ra", WITHOUT_NEGATIVES),
        "both + negative learning": task.changed("ripu_ra", WITHOUT_CONSISTENCY),
        "all": task.config("ripu_ra"),
    }
    shared = {"all": results}
    rows = tuple(mean(title, setup, number, shared.get(title)) for (title, setup), number in zip(setups.items(), numbers, strict=True))
    return Table(key=task.name, title=f"Scores and losses, regions, 2.2 %, {task.title}", rows=rows)


ABLATION = Study(
    title="Active learning: components of RIPU",
    source="RIPU (CVPR 2022), ablations",
    seeds=(0,),
    tables=(
        components(GTA, (63.8, 68.1, 66.2, 68.5, 69.0, 69.2, 69.6), results=70),
        components(SYNTHIA, (64.7, 69.0, 67.9, 69.2, 69.7, 69.8, 70.1), results=71),
        Table(
            key="pixels",
            title="Choice of 40 pixels, supervision alone, GTA to Cityscapes",
            rows=(
                mean("random", GTA.chosen_by("PixelRandom"), 60.3),
                mean("entropy", GTA.chosen_by("PixelEntropy"), 55.0),
                mean("least confidence", GTA.chosen_by("PixelLeastConfidence"), 59.1),
                mean("RIPU", GTA.chosen_by("PixelImpurity"), 64.9),
            ),
        ),
        Table(
            key="regions",
            title="Choice of regions, 2.2 %, supervision alone, GTA to Cityscapes",
            rows=(
                mean("random", GTA.chosen_by("RegionRandom"), 63.8, shared_with=72),
                mean("entropy", GTA.chosen_by("RegionEntropy"), 66.2, shared_with=72),
                mean("least confidence", GTA.chosen_by("RegionLeastConfidence"), 66.5),
                mean("RIPU", GTA.chosen_by("RegionImpurity"), 68.5, shared_with=72),
            ),
        ),
    ),
)

WITHOUT_SOURCE = Study(
    title="Active learning without the source: RIPU",
    source="RIPU (CVPR 2022), source-free",
    seeds=(0,),
    tables=tuple(
        Table(
            key=task.name,
            title=f"Regions, 2.2 %, {task.title}",
            metrics=(("mIoU", "mIoU"), (f"{SOURCE}:mIoU", "source alone")),
            rows=(mean("RIPU, source-free", task.source_free(), number),),
        )
        for task, number in ((GTA, 67.1), (SYNTHIA, 68.7))
    ),
)
