"""Depth distribution (Wu & Liu, NeurIPS 2022): chains from mixtures over place and depth to self-training on the target.

Published are single numbers without a deviation, from the slides of the paper. The rows of SPIGAN, AdaptSegNet, AdaptPatch, CLAN, DADA and
CTRL are not built, see docs/depth_distribution.md; those of AdvEnt are other people's numbers of it, at the same sizes.
"""

from __future__ import annotations

from dataclasses import dataclass

from mmseg.datasets.classes.groups import CATEGORIES
from mmseg.experiments import Command, ConfigFile, Published, Row, Stage, Study, Table, from_stage
from mmseg.experiments.studies.active_learning import CLASSES_16, MEANS

FOLDER = "configs/depth_distribution"
MIXTURES, ADAPT, LABELS, SELF_TRAIN, DEPTH = "mixtures", "adapt", "labels", "selftrain", "depth"
MIXTURE_FILE, LABEL_FOLDER, RESULT = "mixtures.npz", "labels", "evaluation.json"
FIT = "tools/prepare/depth_distribution.py"
FULL, SMALL = (1280, 760), (640, 320)
"""Sizes (w, h) of all images of a training."""
GRIDS = {FULL: (161, 96), SMALL: (81, 41)}
"""What the network makes of them."""
CONFIDENCE = 0.9
AREAS_16 = (3165, 3311, 5000, 89, 89, 219, 50, 61, 1788, 1202, 762, 123, 730, 302, 78, 81)
AREAS_CITYSCAPES, AREAS_MAPILLARY = (1000, 772, 100, 316, 234, 173, 173), (100, 87, 50, 62, 57, 54, 54)
"""Smallest components of each class, in pixels of the images of the training."""
ADV_ENT = {"uda": {"_delete_": True, "type": "AdvEnt", "lambda_adv_target": {"main": 0.001}, "lr_D_iters": 90000}}
NO_DEPTH = {"model.depth_head": None, "train_dataloader.dataset.source.depth_dir": None}
NORMALISATION = {"mean": (122.67891434, 116.66876762, 104.00698793), "std": (1.0, 1.0, 1.0)}
DEPTH_ERRORS = (
    ("depth.rel", "|Rel|, %"),
    ("depth.rel2", "Rel²"),
    ("depth.rms", "RMS"),
    ("depth.lrms", "LRMS, 1/100"),
    ("depth.delta1", "δ1, %"),
    ("depth.delta2", "δ2, %"),
    ("depth.delta3", "δ3, %"),
)


@dataclass(frozen=True)
class Chain:
    """The stages of one pair of domains and one size.

    Attributes:
        name: what the names of its configs begin with.
        classes: in the order of the published rows.
        size: of the images.
        areas: smallest components of pseudo-labels.
        first: so many images of the target get pseudo-labels, the first ones; None for all.
    """

    name: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    areas: tuple[int, ...]
    first: int | None = None

    def config(self, stage: str) -> ConfigFile:
        return ConfigFile(path=f"{FOLDER}/{self.name}_{stage}.py")

    @property
    def adv_ent(self) -> tuple[Stage, ...]:
        """The same network, data and schedule without depth."""
        method = {"uda": {**ADV_ENT["uda"], "data_preprocessor": {"type": "SegDataPreprocessor", **NORMALISATION}}}
        plain = {"model.decode_head.loss_decode": {"_delete_": True, "type": "CrossEntropyLoss", "avg_non_ignore": True}}
        return (Stage(name=ADAPT, setup=self.config(ADAPT), changes={**method, **NO_DEPTH, **plain}),)

    @property
    def depth_alone(self) -> tuple[Stage, ...]:
        """M1; what its discriminator looks at was not published: self-information here."""
        return (Stage(name=ADAPT, setup=self.config(ADAPT), changes={"uda.mixtures": None, "model.depth_head.density": False}),)

    def adapted(self, **options: object) -> tuple[Stage, ...]:
        """M2; ``options`` are those of the mixtures."""
        fit = Command(tool=FIT, product=MIXTURE_FILE, options={"grid": list(GRIDS[self.size]), **options})
        changes = {"uda.mixtures": from_stage(MIXTURES, MIXTURE_FILE)}
        return (
            Stage(name=MIXTURES, setup=self.config(ADAPT), command=fit),
            Stage(name=ADAPT, setup=self.config(ADAPT), changes=changes),
        )

    def self_trained(self, *, prior: bool = True) -> tuple[Stage, ...]:
        """M3, and M4 with the spatial prior."""
        islands = {"spatial_prior": list(self.areas), "spatial_prior_size": list(self.size)} if prior else {}
        checkpoint = from_stage(ADAPT, "checkpoint")
        make = Command(
            tool="tools/prepare/pseudo_labels.py",
            product=LABEL_FOLDER,
            checkpoint=checkpoint,
            options={"threshold": CONFIDENCE, **islands},
        )
        before = self.adapted()
        products = {"load_from": checkpoint, "train_dataloader.dataset.source.ann_dir": from_stage(LABELS, LABEL_FOLDER)}
        chosen = {} if self.first is None else {"train_dataloader.dataset.target.first": self.first}
        return (
            *before,
            Stage(name=LABELS, setup=self.config(ADAPT), changes={**before[-1].changes, **chosen}, command=make),
            Stage(name=SELF_TRAIN, setup=self.config(SELF_TRAIN), changes=products),
        )

    def row(self, title: str, setup: tuple[Stage, ...], mean: float, classes: str, **also: float) -> Row:
        """A row with its published numbers; ``also`` of other means, such as of 13 classes."""
        numbers = dict(zip((f"IoU.{name}" for name in self.classes), map(float, classes.split()), strict=True))
        means = {f"mIoU.{key[1:]}": value for key, value in also.items()}
        return Row(title=title, setup=setup, published=Published(mean=mean), also_published={**means, **numbers})


def with_depth_errors(title: str, stages: tuple[Stage, ...], *numbers: float) -> Row:
    """A row whose numbers are the errors of its predicted depth on the images of the source, in the order of :data:`DEPTH_ERRORS`."""
    source = {"type": "SynthiaDataset", "data_root": "data/synthia", "img_dir": "RGB", "ann_dir": "GT/LABELS", "depth_dir": "Depth/Depth"}
    data = {"val_dataloader.dataset": {"_delete_": True, **source, "classes": list(CLASSES_16), "test_scale": list(FULL)}}
    command = Command(tool="tools/test.py", product=RESULT, checkpoint=from_stage(ADAPT, "checkpoint"))
    adapt = stages[-1]
    tested = Stage(name=DEPTH, setup=adapt.setup, changes={**adapt.changes, **data}, command=command)
    first, *others = zip((name for name, _ in DEPTH_ERRORS), numbers, strict=True)
    note = "on images that are not named"
    return Row(title=title, setup=(*stages, tested), published=Published(mean=first[1], note=note), also_published=dict(others))


def mean(title: str, setup: tuple[Stage, ...], number: float, shared_with: int | None = None) -> Row:
    """A row whose classes were not published."""
    return Row(title=title, setup=setup, published=Published(mean=number), shared_with=shared_with)


SEVEN = tuple(CATEGORIES)
CITYSCAPES_16 = Chain("syn2cs", CLASSES_16, FULL, AREAS_16)
CITYSCAPES, CITYSCAPES_SMALL = Chain("syn2cs7", SEVEN, FULL, AREAS_CITYSCAPES), Chain("syn2cs7_small", SEVEN, SMALL, AREAS_CITYSCAPES)
MAPILLARY = Chain("syn2map7", SEVEN, FULL, AREAS_MAPILLARY, first=9000)
MAPILLARY_SMALL = Chain("syn2map7_small", SEVEN, SMALL, AREAS_MAPILLARY, first=9000)

SIXTEEN_CLASSES = Study(
    title="Depth distribution: Synthia to Cityscapes, 16 classes",
    source="Depth Distribution (NeurIPS 2022), results and ablation",
    seeds=(0,),
    tables=(
        Table(
            key="2",
            title="Synthia to Cityscapes, 16 classes",
            metrics=MEANS,
            rows=(
                CITYSCAPES_16.row(
                    "AdvEnt",
                    CITYSCAPES_16.adv_ent,
                    40.8,
                    "87.0 44.1 79.7 9.6 0.6 24.3 4.8 7.2 80.1 83.6 56.4 23.7 72.7 32.6 12.8 33.7",
                    _13=47.6,
                ),
                CITYSCAPES_16.row(
                    "depth distribution",
                    CITYSCAPES_16.self_trained(),
                    48.2,
                    "85.3 40.2 79.7 19.6 1.3 29.4 29.7 32.2 82.5 79.2 64.3 26.7 85.2 49.4 22.7 44.9",
                    _13=55.5,
                ),
            ),
        ),
        Table(
            key="ablation",
            title="Step by step",
            rows=(
                mean("M1: segmentation and depth", CITYSCAPES_16.depth_alone, 41.7),
                mean("M2: + density", CITYSCAPES_16.adapted(), 44.8),
                mean("M3: + self-training", CITYSCAPES_16.self_trained(prior=False), 47.6),
                mean("M4: + spatial prior", CITYSCAPES_16.self_trained(), 48.2, shared_with=75),
                Row(title="M2 with mixtures of other classes", setup=CITYSCAPES_16.adapted(shuffle=True)),
            ),
        ),
        Table(
            key="depth",
            title="Errors of the predicted depth, here on the images of the source",
            metrics=DEPTH_ERRORS,
            rows=(
                with_depth_errors("M1: segmentation and depth", CITYSCAPES_16.depth_alone, 70, 13.7, 20.7, 90, 21, 40, 56),
                with_depth_errors("M2: + density", CITYSCAPES_16.adapted(), 50, 9.0, 18.3, 70, 26, 48, 66),
            ),
        ),
    ),
)


def both_sizes(title: str, source: str, small: Table, full: Table) -> Study:
    return Study(title=title, source=source, seeds=(0,), tables=(small, full))


def seven(key: str, chain: Chain, title: str, adv_ent: tuple[float, str], ours: tuple[float, str]) -> Table:
    """The two rows of a size that are built, with their published means and classes."""
    rows = (chain.row("AdvEnt", chain.adv_ent, *adv_ent), chain.row("depth distribution", chain.self_trained(), *ours))
    return Table(key=key, title=title, rows=rows)


SEVEN_CLASSES = both_sizes(
    "Depth distribution: Synthia to Cityscapes, 7 classes",
    "Depth Distribution (NeurIPS 2022), results of 7 classes",
    seven(
        "small",
        CITYSCAPES_SMALL,
        "Cityscapes at 640 x 320",
        (59.4, "86.3 72.7 12.0 70.4 81.2 29.8 62.9"),
        (67.7, "92.6 78.2 23.4 77.2 82.9 49.6 69.8"),
    ),
    seven(
        "full",
        CITYSCAPES,
        "Cityscapes at 1280 x 760",
        (67.2, "89.6 77.8 22.1 76.3 81.4 54.7 68.7"),
        (72.6, "92.4 81.8 34.3 78.9 82.0 64.5 74.1"),
    ),
)

ON_MAPILLARY = both_sizes(
    "Depth distribution: Synthia to Mapillary, 7 classes",
    "Depth Distribution (NeurIPS 2022), results of 7 classes",
    seven(
        "small",
        MAPILLARY_SMALL,
        "Mapillary at 640 x 320",
        (54.0, "82.7 51.8 18.4 67.8 79.5 22.7 54.9"),
        (60.3, "86.2 58.7 19.4 68.9 86.1 40.4 62.4"),
    ),
    seven(
        "full",
        MAPILLARY,
        "Mapillary at 1280 x 760",
        (65.2, "86.9 58.8 30.5 74.1 85.1 48.3 72.5"),
        (70.4, "87.7 68.6 33.7 74.8 93.0 61.4 73.4"),
    ),
)
