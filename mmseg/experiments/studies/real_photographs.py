"""Rendered streets to photographs, from ImageNet weights on a CPU (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import ConfigFile, Row, Study, Table

METRICS = (("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes"))


def streets(name: str) -> ConfigFile:
    """A config of this study."""
    return ConfigFile(path=f"configs/streets/{name}.py")


STREETS_TO_CAMVID = Study(
    title="Real photographs: from rendered streets to CamVid, on a CPU",
    source="ours",
    tables=(
        Table(
            key="real",
            title="rendered streets to CamVid, 11 classes, EfficientNet-Lite0",
            metrics=METRICS,
            rows=(
                Row(title="source-only (HRDA network)", setup=streets("streets_source_only")),
                Row(title="source-only, strong augmentation", setup=streets("streets_source_only_augmented")),
                Row(title="DAFormer", setup=streets("streets2camvid_daformer")),
                Row(title="HRDA", setup=streets("streets2camvid_hrda")),
                Row(title="MIC on HRDA", setup=streets("streets2camvid_mic_hrda")),
                Row(title="target-only (oracle)", setup=streets("camvid_oracle")),
            ),
        ),
    ),
)
