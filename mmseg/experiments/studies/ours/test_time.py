"""Without the source: at test time, through the demo's styles in sequence, and in a training (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import Command, ConfigFile, Row, Stage, Study, Table, from_stage

HRDA, SOURCE_ONLY, SOURCE_FREE = (
    ConfigFile(path=f"configs/demo/{name}.py") for name in ("demoHR2demoHR_hrda", "demoHR_source_only", "demoHR2demoHR_source_free")
)
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


def source_free() -> tuple[Stage, ...]:
    """The network of the source, and what self-training on the target makes of it."""
    source = from_stage("source", "checkpoint")
    return (
        Stage(name="source", setup=SOURCE_ONLY),
        Stage(name="train", setup=SOURCE_FREE, changes={"load_from": source, "uda.distilled_from": source}),
    )


TEST_TIME = Study(
    title="Without the source: test time, and a training",
    source="ours, CoTTA's protocol",
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
        Table(
            key="free",
            title="demo source to demo target, without images of the source",
            rows=(
                Row(title="source-only (HRDA network)", setup=SOURCE_ONLY, shared_with=0),
                Row(title="source-free", setup=source_free()),
                Row(title="HRDA, with the source", setup=HRDA, shared_with=0),
            ),
        ),
    ),
)
