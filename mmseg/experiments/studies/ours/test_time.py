"""Continual adaptation at test time: the demo's styles in sequence, which HRDA has not seen (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import Command, ConfigFile, Row, Stage, Study, Table, from_stage

HRDA = ConfigFile(path="configs/demo/demoHR2demoHR_hrda.py")
STYLES = ("fog", "night", "town")
METRICS = (
    ("mIoU", "mean of the styles"),
    *((f"mIoU.{name}", name) for name in STYLES),
    ("mIoU.after", "afterwards on the demo target"),
    ("frames_per_second", "images a second"),
)


def adapted(method: str) -> tuple[Stage, ...]:
    """HRDA of the demo study, then three rounds through the styles.

    Args:
        method: of ``tools/adapt.py``.
    """
    streams = tuple(f"{name}=configs/_base_/datasets/demo_{name}_val.py" for name in STYLES)
    adapt = Command(
        tool="tools/adapt.py",
        product="adaptation.json",
        checkpoint=from_stage("train", "checkpoint"),
        inputs=streams,
        options={"method": method, "rounds": 3, "forgetting": True},
    )
    return (Stage(name="train", setup=HRDA), Stage(name="adapt", setup=HRDA, command=adapt))


TEST_TIME = Study(
    title="Test time: the demo's fog, night and town in sequence, three rounds",
    source="ours, after the protocol of CoTTA (CVPR 2022)",
    tables=(
        Table(
            key="styles",
            title="HRDA from demo source to demo target, then through styles that it has not seen",
            metrics=METRICS,
            rows=(
                Row(title="no adaptation", setup=adapted("source")),
                Row(title="statistics of batch norm", setup=adapted("bn")),
                Row(title="TENT", setup=adapted("tent")),
                Row(title="CoTTA", setup=adapted("cotta")),
                Row(title="masked consistency", setup=adapted("mic")),
            ),
        ),
    ),
)
