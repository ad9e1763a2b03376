"""Label shift adaptation (Liu et al., CVPR 2022): chains from the source alone to corrected predictions and self-distillation.

Published are single numbers without a deviation. The rows with IAST and ProDA are not built, see docs/label_shift.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mmseg.experiments import Command, ConfigFile, Published, Row, Stage, Study, Table, from_stage

SOURCE, FADA, PRIORS, TRUE, IA, CR, LABELS, STUDENT, HRDA = "source", "fada", "priors", "true", "ia", "cr", "labels", "sd", "hrda"
PRIORS_FILE, RESULT, LABEL_FOLDER = "priors.json", "evaluation.json", "labels"
MIN_PIXELS = 1000
"""As published, of labels at their native size; demo images are smaller, and so is it there."""
MODIFIED = {"_delete_": True, "type": "SEASPPHead", "in_channels": 2048, "channels": 256, "num_classes": 19, "align_corners": True}
"""The other head of the paper, without its loss."""


class Chain:
    """The stages of one task and head, each made where it is asked for.

    Args:
        task: what the names of the configs begin with.
        head: changes of the decoder; None for that of the configs.
    """

    def __init__(self, task: str, head: Mapping | None = None) -> None:
        self.task, self.head = task, head

    def config(self, stage: str) -> ConfigFile:
        return ConfigFile(path=f"configs/label_shift/{self.task}_{stage}.py")

    def decoder(self, **loss: object) -> dict:
        """Changes of the decoder, with its loss."""
        return {} if self.head is None else {"model.decode_head": {**self.head, "loss_decode": {"type": "CrossEntropyLoss", **loss}}}

    def command(self, name: str, tool: str, product: str, checkpoint: str, config: str = FADA, **options: object) -> Stage:
        command = Command(tool=tool, product=product, checkpoint=from_stage(checkpoint, "checkpoint"), options=options)
        return Stage(name=name, setup=self.config(config), changes=self.decoder(avg_non_ignore=True, temperature=1.8), command=command)

    @property
    def source(self) -> tuple[Stage, ...]:
        return (Stage(name=SOURCE, setup=self.config("source"), changes=self.decoder(avg_non_ignore=True)),)

    @property
    def fada(self) -> tuple[Stage, ...]:
        changes = {"load_from": from_stage(SOURCE, "checkpoint"), **self.decoder(avg_non_ignore=True, temperature=1.8)}
        return (*self.source, Stage(name=FADA, setup=self.config("fada"), changes=changes))

    @property
    def priors(self) -> tuple[Stage, ...]:
        return (*self.fada, self.command(PRIORS, "tools/prepare/priors.py", PRIORS_FILE, FADA, min_pixels=MIN_PIXELS))

    @property
    def inference_adjustment(self) -> tuple[Stage, ...]:
        return (*self.priors, self.command(IA, "tools/test.py", RESULT, FADA, prior_correction=from_stage(PRIORS, PRIORS_FILE)))

    @property
    def adjustment_by_labels(self) -> tuple[Stage, ...]:
        """Inference adjustment with the priors of the validation labels: no result, but what a perfect estimate would bring."""
        options = {"min_pixels": MIN_PIXELS, "split": "val", "target_labels": True}
        true = self.command(TRUE, "tools/prepare/priors.py", PRIORS_FILE, FADA, **options)
        return (*self.fada, true, self.command(IA, "tools/test.py", RESULT, FADA, prior_correction=from_stage(TRUE, PRIORS_FILE)))

    @property
    def rectification(self) -> tuple[Stage, ...]:
        products = {"load_from": from_stage(FADA, "checkpoint"), "uda.priors": from_stage(PRIORS, PRIORS_FILE)}
        return (*self.priors, Stage(name=CR, setup=self.config("cr"), changes={**products, **self.decoder()}))

    def distilled(self, before: tuple[Stage, ...], teacher: str, **options: object) -> tuple[Stage, ...]:
        """Self-distillation from the labels of an earlier stage."""
        labels = self.command(LABELS, "tools/prepare/pseudo_labels.py", LABEL_FOLDER, teacher, **options)
        changes = {"train_dataloader.dataset.source.ann_dir": from_stage(LABELS, LABEL_FOLDER)}
        return (*before, labels, Stage(name=STUDENT, setup=self.config("sd"), changes=changes))


def under_hrda() -> tuple[Row, ...]:
    """The same corrections under HRDA's self-training; its network estimates its own priors."""
    network = Stage(name=HRDA, setup=ConfigFile(path="configs/hrda/gtaHR2csHR_hrda.py"))

    def command(name: str, tool: str, product: str, **options: object) -> Stage:
        return replace(network, name=name, command=Command(tool=tool, product=product, checkpoint=checkpoint, options=options))

    checkpoint, priors = from_stage(HRDA, "checkpoint"), from_stage(PRIORS, PRIORS_FILE)
    estimated = (network, command(PRIORS, "tools/prepare/priors.py", PRIORS_FILE, min_pixels=MIN_PIXELS))
    adjusted = command(IA, "tools/test.py", RESULT, prior_correction=priors)
    rectified = ConfigFile(path="configs/label_shift/gtaHR2csHR_hrda_cr.py")
    changes = {"load_from": checkpoint, "uda.priors": priors}
    corrected = ConfigFile(path="configs/label_shift/gtaHR2csHR_hrda_prior.py")
    return (
        Row(title="HRDA", setup=(network,)),
        Row(title="HRDA + IA", setup=(*estimated, adjusted)),
        Row(title="HRDA + CR", setup=(*estimated, Stage(name=CR, setup=rectified, changes=changes))),
        Row(
            title="HRDA, the teacher corrected",
            setup=(*estimated, Stage(name="corrected", setup=corrected, changes={"uda.labeling.0.priors": priors})),
        ),
    )


def row(title: str, setup: tuple[Stage, ...], mean: float, **also: float) -> Row:
    """A row with its published numbers; ``also`` of other means, such as of 13 classes."""
    others = {f"mIoU.{key[1:]}": value for key, value in also.items()}
    return Row(title=title, setup=setup, published=Published(mean=mean), also_published=others)


GTA, GTA_MODIFIED, SYNTHIA = Chain("gta2cs"), Chain("gta2cs", MODIFIED), Chain("syn2cs")

GTA_TO_CITYSCAPES = Study(
    title="Label shift: FADA with corrected priors, GTA to Cityscapes",
    source="Undoing the Damage of Label Shift (CVPR 2022), Table 1 and the table of heads",
    seeds=(0,),
    tables=(
        Table(
            key="1",
            title="GTA to Cityscapes",
            rows=(
                row("source", GTA.source, 36.8),
                row("FADA", GTA.fada, 46.9),
                row("FADA + IA", GTA.inference_adjustment, 48.8),
                row("FADA + CR", GTA.rectification, 49.0),
                row("FADA + SD", GTA.distilled(GTA.fada, FADA), 49.2),
                row("FADA + CR + SD", GTA.distilled(GTA.rectification, CR), 52.7),
            ),
        ),
        Table(
            key="heads",
            title="The modified head",
            rows=(
                row("FADA", GTA_MODIFIED.fada, 47.6),
                row("FADA + IA", GTA_MODIFIED.inference_adjustment, 49.2),
                row("FADA + CR", GTA_MODIFIED.rectification, 48.7),
            ),
        ),
        Table(
            key="ours",
            title="Ours, without published numbers",
            rows=(Row(title="FADA + IA by the priors of validation labels", setup=GTA.adjustment_by_labels), *under_hrda()),
        ),
    ),
)

SYNTHIA_TO_CITYSCAPES = Study(
    title="Label shift: FADA with corrected priors, Synthia to Cityscapes",
    source="Undoing the Damage of Label Shift (CVPR 2022), Table 2",
    seeds=(0,),
    tables=(
        Table(
            key="2",
            title="Synthia to Cityscapes, 16 classes",
            metrics=(("mIoU", "mIoU"), ("mIoU.13", "mIoU of 13")),
            rows=(
                row("source", SYNTHIA.source, 33.5, _13=38.6),
                row("FADA", SYNTHIA.fada, 40.9, _13=47.5),
                row("FADA + IA", SYNTHIA.inference_adjustment, 42.5, _13=49.5),
                row("FADA + CR", SYNTHIA.rectification, 43.0, _13=50.1),
                row("FADA + SD", SYNTHIA.distilled(SYNTHIA.fada, FADA), 45.2, _13=52.5),
                row("FADA + CR + SD", SYNTHIA.distilled(SYNTHIA.rectification, CR), 47.0, _13=54.3),
            ),
        ),
    ),
)
