"""Our own study on the demo domains."""

from __future__ import annotations

from mmseg.experiments import ConfigFile, Row, Study, Table

DEMO_METRICS = (("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes"))

DEMO = Study(
    title="Demo domains: what adaptation and high resolution bring, from scratch on a CPU",
    source="ours",
    tables=(
        Table(
            key="demo",
            title="demo source to demo target",
            metrics=DEMO_METRICS,
            rows=(
                Row(title="source-only (HRDA network)", setup=ConfigFile(path="configs/demo/demoHR_source_only.py")),
                Row(title="DAFormer (half resolution)", setup=ConfigFile(path="configs/demo/demo2demo_daformer.py")),
                Row(title="HRDA", setup=ConfigFile(path="configs/demo/demoHR2demoHR_hrda.py")),
                Row(title="target-only (oracle)", setup=ConfigFile(path="configs/demo/demoHR_target_only.py")),
            ),
        ),
    ),
)
