"""Rendered streets to photographs, from ImageNet weights on a CPU (ours, not from a paper)."""

from __future__ import annotations

from mmseg.experiments import ConfigFile, Row, Stage, Study, Table

METRICS = (("mIoU", "mIoU"), ("mIoU.thin", "mIoU of thin classes"))


def streets(name: str) -> ConfigFile:
    """A config of this study."""
    return ConfigFile(path=f"configs/streets/{name}.py")


def tenth(name: str, domain: str) -> tuple[Stage, ...]:
    """A config of 5 % labelled photographs with 10 % of them.

    Args:
        name: of the config.
        domain: 'source' or 'target', where the photographs are in it.
    """
    return (Stage(name="train", setup=streets(name), changes={f"train_dataloader.dataset.{domain}.labeled": 0.1}),)


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
                Row(title="5 % labelled photographs alone", setup=streets("camvid_few")),
                Row(title="HRDA + 5 % labelled photographs", setup=streets("streets2camvid_hrda_few")),
                Row(title="10 % labelled photographs alone", setup=tenth("camvid_few", "source")),
                Row(title="HRDA + 10 % labelled photographs", setup=tenth("streets2camvid_hrda_few", "target")),
            ),
        ),
    ),
)
