"""A few labels of the target: how many, chosen how, and with self-training (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import ConfigFile, Experiment, Row, Stage, Study, Table
from mmseg.experiments.studies.active_learning import GTA, HOOK, acquisition
from mmseg.experiments.studies.bases import DACS_DEEPLAB_V2, DAFORMER, DAFORMER_RESULT, DEEPLAB_V2, HRDA_GTA, HRDA_RESULT

NOTHING_BOUGHT = {"RIPU": 0, "random": 0, "entropy": 0}
ROUNDS = (10000, 12000, 14000, 16000, 18000)


def annotated(experiment: Experiment, ratio: float) -> tuple[Stage, ...]:
    """A row of self-training with what configs/ripu/gtaHR2csHR_hrda_ripu.py adds to HRDA.

    Args:
        experiment: the training without labels of the target.
        ratio: share of the pixels that get a label.
    """
    reports = [{"type": "ResultHook"}, {"type": "PictureHook", "interval": 1000}, {"type": "ClassHealthHook", "interval": 500}]
    rounds = {"type": "AnnotationRounds", "rounds": list(ROUNDS), "budget": {"ratio": ratio}, "oracle": "labels"}
    changes = {
        "uda.annotated": {},
        "custom_hooks": [*reports, {**rounds, "acquisition": {"type": "RegionImpurity", "radius": 1}}],
        "train_dataloader.dataset.target.ann_dir": "gtFine/train",
    }
    return (Stage(name="train", setup=experiment, changes=changes),)


def with_budget(ratio: float, kind: str = "RegionImpurity") -> tuple[Stage, ...]:
    """RIPU with regions, at another budget or chosen in another way."""
    return GTA.changed("ripu_ra", {f"{HOOK}.budget.ratio": ratio, **acquisition(kind)})


SELF_TRAINING = Study(
    title="Active learning with self-training: HRDA and RIPU",
    source="ours",
    tables=(
        Table(
            key="budgets",
            title="Budgets, GTA to Cityscapes, DeepLabV2",
            axis="labelled pixels of the target, percent",
            rows=(
                Row(
                    title="no labels of the target",
                    setup=GTA.config("source"),
                    shared_with=70,
                    places=NOTHING_BOUGHT,
                ),
                Row(title="RIPU, 0.1 %", setup=with_budget(0.001), places={"RIPU": 0.1}),
                Row(title="RIPU, 1 %", setup=with_budget(0.01), places={"RIPU": 1}),
                Row(title="RIPU, 5 %", setup=with_budget(0.05), places={"RIPU": 5}),
                Row(title="all labels", setup=GTA.config("supervised"), shared_with=70, places={"RIPU": 100}),
                Row(title="random regions, 1 %", setup=with_budget(0.01, "RegionRandom"), places={"random": 1}),
                Row(title="regions by entropy, 1 %", setup=with_budget(0.01, "RegionEntropy"), places={"entropy": 1}),
                Row(title="DACS", setup=DEEPLAB_V2, published=DACS_DEEPLAB_V2, shared_with=1, places={"DACS": 0}),
                Row(title="DACS + RIPU, 1 %", setup=annotated(DEEPLAB_V2, 0.01), places={"DACS": 1}),
            ),
        ),
        Table(
            key="hrda",
            title="GTA to Cityscapes, HRDA",
            rows=(
                Row(title="HRDA", setup=HRDA_GTA, published=HRDA_RESULT, shared_with=40),
                Row(title="HRDA + RIPU, 1 %", setup=annotated(HRDA_GTA, 0.01)),
                Row(title="HRDA + RIPU, 2.2 %", setup=ConfigFile(path="configs/ripu/gtaHR2csHR_hrda_ripu.py")),
            ),
        ),
        Table(
            key="others",
            title="GTA to Cityscapes, at half resolution",
            rows=(
                Row(title="DAFormer", setup=DAFORMER, published=DAFORMER_RESULT, shared_with=6),
                Row(title="DAFormer + RIPU, 2.2 %", setup=annotated(DAFORMER, 0.022)),
                Row(title="DACS, DeepLabV2", setup=DEEPLAB_V2, published=DACS_DEEPLAB_V2, shared_with=1),
                Row(title="DACS, DeepLabV2 + RIPU, 2.2 %", setup=annotated(DEEPLAB_V2, 0.022)),
            ),
        ),
    ),
)
