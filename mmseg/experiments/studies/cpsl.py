"""Class-balanced pixel-level self-labelling (CPSL, Li et al., CVPR 2022): chains from a warm-up to two rounds of distillation.

Published are single numbers of one seed, each the best of all evaluations of its training; rows here end with the last state. Per-class
numbers of stage 2 are from the log of the released code, all others from the paper. The rows of ProDA are not built, see docs/cpsl.md.
"""

from __future__ import annotations

from collections.abc import Mapping

from mmseg.datasets.classes.names import CLASSES
from mmseg.experiments import Command, ConfigFile, Published, Row, Stage, Study, Table, from_stage
from mmseg.experiments.studies.active_learning import CLASSES_16, MEANS, Task

WARM_UP, PROTOTYPES, SOFT, STAGE_1, STAGE_2, STAGE_3 = "warmup", "prototypes", "soft", "stage1", "stage2", "stage3"
LABELS_1, LABELS_2, HRDA = "labels1", "labels2", "hrda"
PROTOTYPE_FILE, SOFT_FOLDER, LABEL_FOLDER = "prototypes.npz", "soft_labels", "labels"
SOFT_LABELS, HARD_LABELS = "train_dataloader.dataset.target_soft_labels", "train_dataloader.dataset.target_labels"
OF_PAPER = {"uda.sampling": "class", "uda.marginal": "moving"}
"""What the paper describes and the released code does not have."""
PLAIN_RATES = {
    "optim_wrapper.paramwise_cfg.published_quirks": False,
    "optim_wrapper.paramwise_cfg.custom_keys.backbone": {"lr_mult": 3.0},
}
"""About the rates that the repeated parameters of the released code amount to, with every parameter counted once."""
SELF_TRAINING = {
    "uda.temperature": 1e6,  # every class has the same probability by the prototypes, so that the soft pseudo-labels alone decide
    "uda.lambda_self_labelling": 0.0,
    "uda.lambda_consistency": 0.0,
    "uda.lambda_contrast": 0.0,
}
UNDER_HRDA = "configs/cpsl/gtaHR2csHR_hrda_cpsl.py"
MEANS_ALONE = {"uda.labeling.0.self_labelling": None, "uda.objectives": {"_delete_": True}}
"""Prototypes that follow the features and learn nothing."""


class Chain(Task):
    """The stages of one pair of domains, each made where it is asked for."""

    def config(self, stage: str) -> ConfigFile:
        return ConfigFile(path=f"configs/cpsl/{self.name}_{stage}.py")

    def command(self, name: str, tool: str, product: str, checkpoint: str, network: str, **options: object) -> Stage:
        """A stage that works with the last state of an earlier one, whose network is that of the config ``network``."""
        command = Command(
            tool=f"tools/prepare/{tool}.py", product=product, checkpoint=from_stage(checkpoint, "checkpoint"), options=options
        )
        return Stage(name=name, setup=self.config(network), command=command)

    @property
    def warm_up(self) -> tuple[Stage, ...]:
        return (Stage(name=WARM_UP, setup=self.config(WARM_UP)),)

    def stage_1(self, changes: Mapping[str, object] | None = None, *, random: bool = False) -> tuple[Stage, ...]:
        """Self-labelling with other options; ``random`` replaces the directions of the first prototypes."""
        gather = self.command(PROTOTYPES, "prototypes", PROTOTYPE_FILE, WARM_UP, WARM_UP, passes=4, random=random)
        soft = self.command(SOFT, "pseudo_labels", SOFT_FOLDER, WARM_UP, WARM_UP, soft=True, native=True)
        products = {
            "load_from": from_stage(WARM_UP, "checkpoint"),
            "uda.prototypes": from_stage(PROTOTYPES, PROTOTYPE_FILE),
            SOFT_LABELS: from_stage(SOFT, SOFT_FOLDER),
        }
        return (*self.warm_up, gather, soft, Stage(name=STAGE_1, setup=self.config(STAGE_1), changes={**products, **(changes or {})}))

    def labels(self, name: str, checkpoint: str, network: str) -> Stage:
        """Hard pseudo-labels of a stage, by both looks at each image, of pixels of a probability from 0.95 on."""
        return self.command(name, "pseudo_labels", LABEL_FOLDER, checkpoint, network, flip=True, threshold=0.95)

    def stage_2(self, before: Mapping[str, object] | None = None, changes: Mapping[str, object] | None = None) -> tuple[Stage, ...]:
        """Distillation with other options, from a stage 1 with the options ``before``."""
        products = {"uda.distilled_from": from_stage(STAGE_1, "checkpoint"), HARD_LABELS: from_stage(LABELS_1, LABEL_FOLDER)}
        trained = Stage(name=STAGE_2, setup=self.config(STAGE_2), changes={**products, **(changes or {})})
        return (*self.stage_1(before), self.labels(LABELS_1, STAGE_1, STAGE_1), trained)

    def stage_3(self, before: Mapping[str, object] | None = None, changes: Mapping[str, object] | None = None) -> tuple[Stage, ...]:
        """Distillation once more, with the same options."""
        checkpoint = from_stage(STAGE_2, "checkpoint")
        products = {"load_from": checkpoint, "uda.distilled_from": checkpoint, HARD_LABELS: from_stage(LABELS_2, LABEL_FOLDER)}
        trained = Stage(name=STAGE_3, setup=self.config(STAGE_3), changes={**products, **(changes or {})})
        return (*self.stage_2(before, changes), self.labels(LABELS_2, STAGE_2, STAGE_2), trained)


def mean(title: str, setup: tuple[Stage, ...], number: float, note: str = "", shared_with: int | None = None) -> Row:
    """A row whose classes were not published."""
    return Row(title=title, setup=setup, published=Published(mean=number, note=note), shared_with=shared_with)


def under_hrda(changes: Mapping[str, object]) -> tuple[Stage, ...]:
    """HRDA with prototypes and other options of theirs."""
    return (Stage(name=HRDA, setup=ConfigFile(path=UNDER_HRDA), changes=changes),)


GTA = Chain("gta2cs", "GTA to Cityscapes", CLASSES)
SYNTHIA = Chain("syn2cs", "Synthia to Cityscapes, 16 classes", CLASSES_16)


def samples_of(number: int) -> tuple[Stage, ...]:
    """Stage 1 with so many pixels of each image that label themselves."""
    return GTA.stage_1({"uda.samples": number})


GTA_TO_CITYSCAPES = Study(
    title="CPSL: class-balanced self-labelling, GTA to Cityscapes",
    source="CPSL (CVPR 2022), Tables 1 and 3 to 5, and the logs of its code",
    seeds=(0,),
    tables=(
        Table(
            key="1",
            title="GTA to Cityscapes",
            rows=(
                mean("warm-up", GTA.warm_up, 41.4, "the released model"),
                GTA.row(
                    "stage 1",
                    GTA.stage_1(),
                    55.7,
                    "91.7 52.9 83.6 43.0 32.3 43.7 51.3 42.8 85.4 37.6 81.1 69.5 30.0 88.1 44.1 59.9 24.9 47.2 48.4",
                ),
                GTA.row(
                    "stage 2",
                    GTA.stage_2(),
                    59.4,
                    "93.0 60.6 85.5 46.7 34.6 48.1 57.6 52.8 88.1 48.2 80.7 71.9 32.3 89.1 46.5 65.3 23.7 49.7 54.2",
                ),
                GTA.row(
                    "stage 3",
                    GTA.stage_3(),
                    60.8,
                    "92.3 59.9 84.9 45.7 29.7 52.8 61.5 59.5 87.9 41.5 85.0 73.0 35.5 90.4 48.7 73.9 26.3 53.8 53.9",
                ),
            ),
        ),
        Table(
            key="ablation",
            title="Stage 1 without one of its parts, as we read their names",
            rows=(
                mean("without self-labelling", GTA.stage_1(SELF_TRAINING), 47.8),
                mean("without class balance", GTA.stage_1({"uda.marginal": "uniform"}), 51.8),
                mean("without self-training", GTA.stage_1({"uda.objectives": {"target": None}}), 39.4),
                mean("without initialisation", GTA.stage_1(random=True), 49.9),
                mean("without augmentation", GTA.stage_1({"uda.lambda_consistency": 0.0}), 54.2, "not explained in the paper"),
                mean("without moving marginal", GTA.stage_1({"uda.sampling": "class"}), 54.6),
                mean("as the paper describes it", GTA.stage_1(OF_PAPER), 55.7, "by a code that has neither"),
            ),
        ),
        Table(
            key="samples",
            title="Stage 1 with other numbers of pixels that label themselves",
            rows=(
                *(mean(f"{samples} samples", samples_of(samples), number) for samples, number in {64: 54.9, 128: 55.3}.items()),
                mean("256 samples", GTA.stage_1(), 55.5, shared_with=65),
                *(
                    mean(f"{samples} samples", samples_of(samples), number)
                    for samples, number in {512: 55.7, 1024: 54.3, 2048: 53.4}.items()
                ),
            ),
        ),
    ),
)

SYNTHIA_TO_CITYSCAPES = Study(
    title="CPSL: class-balanced self-labelling, Synthia to Cityscapes",
    source="CPSL (CVPR 2022), Table 2",
    seeds=(0,),
    tables=(
        Table(
            key="2",
            title="Synthia to Cityscapes, 16 classes",
            metrics=MEANS,
            rows=(
                Row(title="warm-up", setup=SYNTHIA.warm_up),
                SYNTHIA.row(
                    "stage 1",
                    SYNTHIA.stage_1(),
                    54.4,
                    "87.3 44.4 83.8 25.0 0.4 42.9 47.5 32.4 86.5 83.3 69.6 29.1 89.4 52.1 42.6 54.1",
                    _13=61.7,
                ),
                Row(title="stage 2", setup=SYNTHIA.stage_2()),
                SYNTHIA.row(
                    "stage 3",
                    SYNTHIA.stage_3(),
                    57.9,
                    "87.2 43.9 85.5 33.6 0.3 47.7 57.4 37.2 87.8 88.5 79.0 32.0 90.6 49.4 50.8 59.8",
                    _13=65.3,
                ),
            ),
        ),
    ),
)

OURS = Study(
    title="CPSL: a long tail, other readings, and under HRDA",
    source="ours, without published numbers",
    tables=(
        Table(
            key="tail",
            title="Stage 1, GTA to Cityscapes: which assignment serves rare classes",
            metrics=(("mIoU", "mIoU"), ("mIoU.tail", "tail"), ("mIoU.head", "head"), (f"{WARM_UP}:mIoU", "warm-up")),
            rows=(
                Row(title="self-training alone", setup=GTA.stage_1(SELF_TRAINING), shared_with=65),
                Row(title="CPSL, static marginal", setup=GTA.stage_1(), shared_with=65),
                Row(title="CPSL, class sampling", setup=GTA.stage_1({"uda.sampling": "class"}), shared_with=65),
                Row(title="CPSL, moving marginal", setup=GTA.stage_1({"uda.marginal": "moving"})),
                Row(title="CPSL, uniform marginal", setup=GTA.stage_1({"uda.marginal": "uniform"}), shared_with=65),
            ),
        ),
        Table(
            key="hrda",
            title="Under HRDA, GTA to Cityscapes at full resolution",
            rows=(
                Row(title="HRDA", setup=ConfigFile(path="configs/hrda/gtaHR2csHR_hrda.py")),
                Row(title="rectified by means of features", setup=under_hrda(MEANS_ALONE)),
                Row(title="prototypes that label themselves", setup=ConfigFile(path=UNDER_HRDA)),
                Row(title="the same, uniform marginal", setup=under_hrda({"uda.labeling.0.self_labelling.marginal": "uniform"})),
            ),
        ),
        Table(
            key="readings",
            title="What the released code does otherwise than one would, one by one",
            rows=(
                Row(title="aligned contrast", setup=GTA.stage_1({"uda.contrast": "aligned"})),
                Row(title="exact replay of the strong view", setup=GTA.stage_1({"uda.replay": "exact"})),
                Row(title="rates counted once", setup=GTA.stage_1(PLAIN_RATES)),
                Row(title="stage 2, KL divergence", setup=GTA.stage_2(changes={"uda.distillation": "kl"})),
            ),
        ),
    ),
)
